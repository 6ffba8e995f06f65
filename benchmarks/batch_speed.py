"""Writing with retrieval, search included: batches, what retrieval costs, and how cost grows with the text.

    python benchmarks/batch_speed.py BOOK --model small
    python benchmarks/batch_speed.py BOOK --model HuggingFaceTB/SmolLM2-135M-Instruct --temperature 0.8

BOOK is a database with the tokens of that model and chunks of 64:

    openbook build BOOK SOURCE --tokenizer HuggingFaceTB/SmolLM2-135M-Instruct --embedder none

A preset (tiny, small, …) has random weights, whose predictions are so flat that top-p has to sort all tokens:
so it is asked for the likeliest. A base is read with the adapter that comes with openbook. Texts
of 65 tokens are written: the prompt with the first of them is not counted, so each looks up once. All are
measured in turns in one process, with one thread, in processor seconds. Of each of the 64 steps the least of
all turns counts: on a machine that others use, what they take from the memory makes single steps longer.
"""

import argparse
import time

import torch

from openbook.cli.asked_model import load_asked_model
from openbook.database import Version
from openbook.generation import Sampling
from openbook.generation.running_batch import RunningBatch
from openbook.generation.text_request import Lookup, TextRequest
from openbook.generation.text_writing import prepare
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.model.presets import PRESETS, preset

COUNT = 65


def model_of(name: str, book: Version) -> RetroForCausalLM:
    """A preset for the book's tokens, or a base with its adapter."""
    if name not in PRESETS:
        return load_asked_model(name, reads=True).model.eval()
    torch.manual_seed(0)
    config = RetroConfig(**(preset(name) | {"vocab_size": book.tokenizer.vocab_size, "chunk_size": 64}))
    return RetroForCausalLM(config).eval()


class Writer:
    """Measures texts that continue parts of the book."""

    def __init__(self, model: RetroForCausalLM, book: Version, k: int, temperature: float) -> None:
        self.model, self.book, self.k = model, book, k
        self.sampling = Sampling(temperature=temperature)
        self.tokens = book.tokens[: min(len(book.tokens), 20_000)].reshape(-1)
        self.turn = 0

    def seconds(self, *, rows: int, context: int, retrieval: bool = True) -> list[float]:
        """Of each step, for one text, where so many are written together after so many tokens."""
        batch = RunningBatch(self.model)
        jobs = [
            prepare(self.model, self.book.tokenizer, self._request(context, retrieval)) for _ in range(rows)
        ]
        batch.step([job.row for job in jobs])
        steps = []
        while batch.rows:
            began = time.process_time()
            batch.step()
            steps.append((time.process_time() - began) / rows)
        for job in jobs:
            assert job.row.error is None
            assert len(job.row.written) == COUNT
        return steps

    def _request(self, context: int, retrieval: bool) -> TextRequest:
        self.turn += 1
        start = self.turn * 7919 % (len(self.tokens) - context)
        return TextRequest(
            prompt_ids=tuple(self.tokens[start : start + context].tolist()),
            sampling=self.sampling,
            max_new_tokens=COUNT,
            min_new_tokens=COUNT,
            lookup=Lookup(book=self.book, k=self.k, mode="bm25") if retrieval else None,
            seed=self.turn,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("book")
    parser.add_argument("--model", default="small")
    parser.add_argument("-k", type=int, default=2)
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--keep", action="store_true", help="read neighbors again that were read before")
    parser.add_argument("--read-precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    book = Version.open(arguments.book)
    writer = Writer(model_of(arguments.model, book), book, arguments.k, arguments.temperature)
    cases = {
        "one text, 64 tokens before it": {"rows": 1, "context": 64},
        "eight texts": {"rows": 8, "context": 64},
        "one text, 128 tokens before it": {"rows": 1, "context": 128},
        "one text, 512 tokens before it": {"rows": 1, "context": 512},
        "the same without retrieval": {"rows": 1, "context": 512, "retrieval": False},
        "one text, 1024 tokens before it": {"rows": 1, "context": 1024},
    }
    taken: dict[str, list[list[float]]] = {name: [] for name in cases}
    if arguments.read_precision != "float32":
        writer.model.read_neighbors_in(arguments.read_precision)
    if arguments.keep:
        writer.model.keep_neighbors(2**31)
    for turn in range(arguments.turns + arguments.keep):
        writer.turn = writer.turn if not arguments.keep else 0  # the same texts in each turn
        for name, options in cases.items():
            seconds = writer.seconds(**options)
            if turn >= arguments.keep:
                taken[name].append(seconds)
    least = {name: [min(turns) for turns in zip(*found, strict=True)] for name, found in taken.items()}
    means = {name: sum(steps) / len(steps) for name, steps in least.items()}
    print(f"{arguments.model}, k {arguments.k}, a book of {book.layout.num_chunks:,} chunks")
    for name, mean in means.items():
        print(f"{name:34} {1000 * mean:8.2f} ms a token, the last step {1000 * least[name][-1]:8.2f}")
    one, eight, short, middle, plain, long = means.values()
    print(f"throughput of eight against one    {one / eight:8.2f} times")
    print(f"with retrieval against without     {middle / plain:8.2f} times")
    print(f"512 against 128 tokens before      {middle / short:8.2f} times")
    print(f"1024 against 128 tokens before     {long / short:8.2f} times")


if __name__ == "__main__":
    main()

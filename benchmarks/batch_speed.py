"""Writing with retrieval, search included: batches, what retrieval costs, and how cost grows with the text.

    python benchmarks/batch_speed.py BOOK --model small
    python benchmarks/batch_speed.py BOOK --model HuggingFaceTB/SmolLM2-135M-Instruct --temperature 0.8

BOOK is a database with the tokens of that model and chunks of 64:

    openbook build BOOK SOURCE --tokenizer HuggingFaceTB/SmolLM2-135M-Instruct --embedder none

A preset (tiny, small, …) has random weights, whose predictions are so flat that top-p has to sort all tokens:
so it is asked for the likeliest. A base is read with the adapter that comes with openbook. Texts
of 65 tokens are written: the prompt with the first of them is not counted, so each looks up once. All are
written beside each other in one process, with one thread, a step of each in turn, in processor seconds: where
others use the machine, or its clock changes, that falls on all alike. Ratios are of the 64 steps of one turn;
of the turns the median is given.
"""

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from openbook.cli.asked_model import load_asked_model
from openbook.database import Version
from openbook.generation import Sampling
from openbook.generation.batch_row import BatchRow
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


@dataclass(frozen=True)
class Case:
    """So many texts that are written together, after so many tokens each."""

    rows: int
    context: int
    retrieval: bool = True


CASES = {
    "one text, 64 tokens before it": Case(1, 64),
    "eight texts": Case(8, 64),
    "one text, 128 tokens before it": Case(1, 128),
    "one text, 512 tokens before it": Case(1, 512),
    "the same without retrieval": Case(1, 512, retrieval=False),
    "one text, 1024 tokens before it": Case(1, 1024),
}


class Writer:
    """Measures texts that continue parts of the book."""

    def __init__(self, model: RetroForCausalLM, book: Version, k: int, temperature: float) -> None:
        self.model, self.book, self.k = model, book, k
        self.sampling = Sampling(temperature=temperature)
        self.tokens = book.tokens[: min(len(book.tokens), 20_000)].reshape(-1)
        self.turn = 0

    def seconds(self, cases: Iterable[Case]) -> list[list[float]]:
        """Of each step of each case, for one of its texts."""
        started = [self._start(case) for case in cases]
        steps: list[list[float]] = [[] for _ in started]
        for _ in range(COUNT - 1):
            for (batch, rows), taken in zip(started, steps, strict=True):
                began = time.process_time()
                batch.step()
                taken.append((time.process_time() - began) / len(rows))
        for batch, rows in started:
            assert not batch.rows
            for row in rows:
                assert row.error is None
                assert len(row.written) == COUNT
        return steps

    def _start(self, case: Case) -> tuple[RunningBatch, list[BatchRow]]:
        batch = RunningBatch(self.model)
        requests = [self._request(case.context, case.retrieval) for _ in range(case.rows)]
        rows = [prepare(self.model, self.book.tokenizer, request).row for request in requests]
        batch.step(rows)
        return batch, rows

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
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    book = Version.open(arguments.book)
    writer = Writer(model_of(arguments.model, book), book, arguments.k, arguments.temperature)
    if arguments.read_precision != "float32":
        writer.model.read_neighbors_in(arguments.read_precision)
    if arguments.keep:
        writer.model.keep_neighbors(2**31)
    turns = []
    for _ in range(arguments.turns + arguments.keep):
        writer.turn = writer.turn if not arguments.keep else 0  # the same texts in each turn
        turns.append(writer.seconds(CASES.values()))
    steps = np.array(turns[arguments.keep :])  # [turns, cases, steps]
    means, lasts = np.median(steps.mean(-1), 0), np.median(steps[..., -1], 0)
    print(f"{arguments.model}, k {arguments.k}, a book of {book.layout.num_chunks:,} chunks")
    for name, mean, last in zip(CASES, means, lasts, strict=True):
        print(f"{name:34} {1000 * mean:8.2f} ms a token, the last step {1000 * last:8.2f}")
    one, eight, short, middle, plain, long = steps.mean(-1).T
    for name, ratios in {
        "throughput of eight against one": one / eight,
        "with retrieval against without": middle / plain,
        "512 against 128 tokens before": middle / short,
        "1024 against 128 tokens before": long / short,
    }.items():
        print(f"{name:34} {np.median(ratios):8.2f} times ({ratios.min():.2f} to {ratios.max():.2f})")


if __name__ == "__main__":
    main()

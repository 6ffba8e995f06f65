"""How long texts that are being written wait while a long prompt is read: whole, and in parts.

    python benchmarks/long_prompt.py --tokens 1500 --parts 0 128 256 512

SmolLM2-135M-Instruct with the adapter that comes with openbook writes a text out of documentation that comes
with every Python; once it is under way, a text with a prompt of so many tokens is asked for. Told are, for
each size of a part (0: the whole prompt in one pass): the longest time between two tokens of the first text,
a usual one, the time to the second text's first token, and whether both texts are the same each time.
"""

import argparse
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from openbook import Database
from openbook.cli.asked_model import AskedModel, load_asked_model
from openbook.generation import Engine, Sampling
from openbook.generation.text_request import Lookup, TextEnd, TextEvent, TextPiece, TextRequest
from openbook.text import read_documents
from openbook.text.python_docs import write_python_docs

_BEFORE = 8
"""Tokens of the first text that are written before the other one is asked for."""


@dataclass
class Stamps:
    """When the tokens of a text came."""

    times: list[float] = field(default_factory=list)
    text: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, event: TextEvent) -> None:
        if isinstance(event, TextPiece):
            self.times += [time.perf_counter()] * len(event.tokens)
        else:
            self.text = event.text if isinstance(event, TextEnd) else self.text
        if isinstance(event, TextEnd):
            self.over.set()


def main() -> None:
    """Build the book, then measure with each size of a part."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--tokens", type=int, default=1500)
    options.add_argument("--parts", type=int, nargs="+", default=[0, 256])
    options.add_argument("--runs", type=int, default=2, help="of each, one after the other in turn")
    given = options.parse_args()
    asked = load_asked_model(None, reads=True)
    asked.model.keep_neighbors()
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "pydocs.jsonl"
        write_python_docs(rows)
        book = Database.create(Path(folder) / "book", tokenizer=asked.chat.tokenizer, embedder=None)
        book.add(read_documents([rows]))
        texts = set()
        for _ in range(given.runs):
            for part in given.parts:
                texts.add(measure(asked, book, given.tokens, part or None))
        print("the same texts" if len(texts) == 1 else f"{len(texts)} different pairs of texts")


def measure(asked: AskedModel, book: Database, count: int, part: int | None) -> tuple[str, str]:
    """Write both texts, print the times, and return the texts."""
    tokenizer = asked.chat.tokenizer
    engine = Engine(asked.model, tokenizer, prompt_part=part)
    first, second = Stamps(), Stamps()
    engine.submit(request_of(book, tokenizer.encode(["The shutil module offers"])[0], 150), first)
    while len(first.times) < _BEFORE:
        time.sleep(0.01)
    tokens = book.opened.tokens[1000:1100].ravel()[:count].tolist()
    began = time.perf_counter()
    engine.submit(request_of(book, tokens, 8), second)
    second.over.wait()
    first.over.wait()
    engine.close()
    gaps = np.diff(first.times)
    print(
        f"part {part or 'none'}: longest wait {gaps.max():.2f} s, usual {np.median(gaps):.3f} s, "
        f"{gaps.max() / np.median(gaps):.0f} times; the other's first token after "
        f"{second.times[0] - began:.2f} s",
        flush=True,
    )
    return first.text, second.text


def request_of(book: Database, prompt: list[int], count: int) -> TextRequest:
    """A text of so many tokens, the likeliest ones."""
    return TextRequest(
        prompt_ids=tuple(prompt),
        sampling=Sampling(temperature=0),
        max_new_tokens=count,
        min_new_tokens=count,
        lookup=Lookup(book=book.opened),
        num_logprobs=0,
    )


if __name__ == "__main__":
    main()

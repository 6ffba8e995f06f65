"""How fast the importable openbook does one kind of work, start-up and imports left out.

    python benchmarks/before/timings.py words

Run by speed_against_before.py, in a folder that it has made. Prints one JSON value: by the name of what was
measured its speed by the wall's clock, and by the time that all processors spent together.
"""

import argparse
import io
import json
import runpy
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openbook

_STEPS, _FIRST_STEPS = 24, 4
_WINDOWS = 24


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds that some work took."""

    wall: float
    cpu: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


Speed = dict[str, float]
"""By clock: wall, cpu."""


def cost(work: Callable[[], Any]) -> Cost:
    """Do some work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def speed(count: float, taken: Cost) -> Speed:
    """Things a second."""
    return {"wall": count / taken.wall, "cpu": count / taken.cpu}


def verb(*arguments: str) -> Any:
    """Run a verb in this process, which has loaded the libraries already; returns its JSON."""
    said, sys.argv = io.StringIO(), ["openbook", *arguments, "--json"]
    try:
        with redirect_stdout(said), redirect_stderr(io.StringIO()):
            runpy.run_module("openbook", run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise RuntimeError(f"{' '.join(arguments)}: exit code {end.code}") from end
    return json.loads(said.getvalue())


def documents(path: Path) -> list[Any]:
    """The rows of a file as documents."""
    rows = map(json.loads, path.read_text().splitlines())
    return [openbook.Document(id=row["id"], title=row.get("title", ""), text=row["text"]) for row in rows]


def chunks_of(folder: Path) -> int:
    """Of the live documents of a database."""
    count: int = openbook.Database.open(folder).info().chunks
    return count


def add(name: str, source: str) -> Speed:
    """Chunks a second that are added to a copy of a database."""
    copy = Path("copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(name, copy)
    database, rows = openbook.Database.open(copy), documents(Path(source))
    database.search(["anything"], k=1)  # loads what searching needs, the encoder too
    before = chunks_of(copy)
    taken = cost(lambda: database.add(rows))
    return speed(chunks_of(copy) - before, taken)


def neighbors(name: str, mode: str) -> Speed:
    """Chunks a second that get their neighbors."""
    taken = cost(lambda: verb("neighbors", name, "--mode", mode, "--rebuild"))
    return speed(chunks_of(Path(name)), taken)


def search(name: str, mode: str, questions: int, *, at_once: bool) -> Speed:
    """Questions a second."""
    database = openbook.Database.open(name)
    texts = json.loads(Path("questions.json").read_text())[:questions]
    database.search(texts[:2], k=10, mode=mode)
    asked = [texts] if at_once else [[text] for text in texts]
    return speed(len(texts), cost(lambda: [database.search(some, k=10, mode=mode) for some in asked]))


def words() -> dict[str, Speed]:
    """A database without vectors."""
    verb("info", "book")
    return {
        "add, words only: chunks/s": add("book", "rows.jsonl"),
        "neighbors, bm25: chunks/s": neighbors("book", "bm25"),
        "search, bm25, one by one: queries/s": search("book", "bm25", 400, at_once=False),
        "search, bm25, all at once: queries/s": search("book", "bm25", 800, at_once=True),
    }


def vectors() -> dict[str, Speed]:
    """Databases with vectors: one of the default encoder, one of an encoder that costs nearly nothing."""
    verb("info", "quick")
    return {
        "add, with the encoder: chunks/s": add("encoded", "few.jsonl"),
        "neighbors, dense: chunks/s": neighbors("quick", "dense"),
        "search, dense, one by one: queries/s": search("quick", "dense", 300, at_once=False),
        "search, hybrid, one by one: queries/s": search("quick", "hybrid", 300, at_once=False),
    }


def train(steps: int) -> Cost:
    """A short training."""
    settings = (f"train.max_steps={steps}", "train.eval_every=0", "train.save_every=0")
    changes = [part for setting in settings for part in ("--set", setting)]
    return cost(
        lambda: verb("train", "tiny", "--database", "book", "--output", "trained", "--overwrite", *changes)
    )


def model() -> dict[str, Speed]:
    """Training and evaluation: what a few steps and a window cost is taken off."""
    recipe_tokens = 8 * 256
    train(1)
    begun = train(_FIRST_STEPS)
    trained = speed((_STEPS - _FIRST_STEPS) * recipe_tokens, train(_STEPS) - begun)
    evaluate = ("eval", "perplexity", "model", "book", "--max-sequences")
    verb(*evaluate, "1")
    found: list[Any] = []
    taken = cost(lambda: found.append(verb(*evaluate, str(_WINDOWS))))
    tokens = sum(mode["tokens"] for mode in found[0]["modes"].values())
    chunk_size = openbook.Database.open("book").info().chunk_size
    return {
        "train tiny: tokens/s": trained,
        "eval perplexity: chunks/s": speed(tokens / chunk_size, taken),
    }


KINDS: dict[str, Callable[[], dict[str, Speed]]] = {"words": words, "vectors": vectors, "model": model}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=list(KINDS))
    print(json.dumps(KINDS[parser.parse_args().kind]()))


if __name__ == "__main__":
    main()

"""The share of a training step that is spent waiting for data, with a database of any size.

    python benchmarks/data_wait.py --gigabytes 20 --chunk-size 128 --folder /tmp/big

Writes a database of random tokens and random neighbors (the arrays and the catalog; nothing can be searched
in it) and trains on it. Waiting is the time until a step has its batches. Take more gigabytes than the memory
has free: then most rows come from the disk.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openbook.database import Database, NeighborTable
from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.database.storage.neighbor_files import TableStamp
from openbook.text import train_tokenizer
from openbook.train import load_recipe, train
from openbook.train.loop import TrainingLoop

NEIGHBORS = 2
DOCUMENT = 500
"""Chunks in each document."""
BLOCK = 1_000
"""Documents written at a time."""


def make_database(folder: Path, gigabytes: float, chunk_size: int) -> Database:
    """Random tokens and a table of random neighbors, of about that size together."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghijklmnop"), size=5)) for _ in range(2000)]
    tokenizer = train_tokenizer([" ".join(words)] * 3, vocab_size=2500)
    database = Database.create(folder, tokenizer=tokenizer, embedder=None, chunk_size=chunk_size)
    bytes_per_chunk = chunk_size * 2 + NEIGHBORS * 12 + 12
    documents = max(1, int(gigabytes * 2**30 / bytes_per_chunk / DOCUMENT / BLOCK)) * BLOCK
    tokens = database.opened.files.tokens
    for first in range(0, documents, BLOCK):
        rows = rng.integers(1, tokenizer.vocab_size, size=(BLOCK * DOCUMENT, chunk_size), dtype=np.uint16)
        tokens.append(rows, first=first * DOCUMENT)
    records = [
        DocumentRecord(
            id=str(number),
            title="",
            source="",
            sha256=f"{number:064x}",
            holdout=False,
            first_chunk=number * DOCUMENT,
            num_chunks=DOCUMENT,
            num_tokens=DOCUMENT * chunk_size,
            num_bytes=DOCUMENT * chunk_size * 4,
        )
        for number in range(documents)
    ]
    database.catalog.commit(action="add", add=records, remove=[], num_chunks=documents * DOCUMENT)
    database = Database.open(folder)
    stamp = TableStamp(database.version, "bm25", NEIGHBORS, documents * DOCUMENT)
    table = database.opened.files.neighbors
    table.mkdir()
    ids, scores = stamp.arrays(table)
    for first in range(0, stamp.num_chunks, BLOCK * DOCUMENT):
        drawn = rng.integers(0, stamp.num_chunks, size=(BLOCK * DOCUMENT, NEIGHBORS))
        ids.append(drawn, first=first)
        scores.append(np.ones(drawn.shape, dtype=np.float32), first=first)
    stamp.write(table)
    return database


def measure(database: Database, settings: list[str], recipe: str) -> tuple[float, float]:
    """Seconds spent waiting for data, and seconds in all, after the first quarter of the steps."""
    waited: list[float] = []
    moments: list[float] = []
    original: Any = TrainingLoop.read_step

    def timed(self: TrainingLoop, *arguments: Any, **options: Any) -> Any:
        began = time.perf_counter()
        found = original(self, *arguments, **options)
        waited.append(time.perf_counter() - began)
        return found

    TrainingLoop.read_step = timed  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as output:
            train(
                load_recipe(recipe, settings),
                database,
                output,
                progress=lambda done, total: moments.append(time.perf_counter()),
            )
    finally:
        TrainingLoop.read_step = original  # type: ignore[method-assign]
    warm = len(moments) // 4
    return sum(waited[warm + 1 :]), moments[-1] - moments[warm]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--chunk-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--recipe", default="small")
    parser.add_argument("--workers", type=int, nargs="*", default=[0, 1])
    parser.add_argument("--folder", type=Path, help="where the database is, or is made; else a temporary one")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary) / "db"
        if folder.exists():
            database = Database.open(folder)
        else:
            database = make_database(folder, arguments.gigabytes, arguments.chunk_size)
        table = NeighborTable.load(database)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**30
        print(f"database: {size:.2f} GiB, {len(table.ids):,} chunks; {torch.get_num_threads()} torch threads")
        for number, workers in enumerate(arguments.workers):
            settings = [f"train.max_steps={arguments.steps}", "train.eval_every=0", "train.save_every=0"]
            # Another seed reads other rows, which the first run has not brought to memory.
            settings += [*arguments.settings, f"train.workers={workers}", f"train.seed={number}"]
            waited, whole = measure(database, settings, arguments.recipe)
            print(f"workers {workers}: {whole:.1f} s, {waited:.2f} s of them waiting: {waited / whole:.2%}")


if __name__ == "__main__":
    main()

"""Speed and memory of the database on Simple English Wikipedia. One part a run, or all of them:

    python benchmarks/database_speed.py PART ARTICLES.jsonl.xz --work /tmp/speed

lexical   builds, words only, at 1/4, 1/2 and all of the articles, with peak memory
encoder   Database.add with the real encoder against the encoder alone, in turns
open      opens a million chunks
add       adds one document to 200,000 chunks

`open` and `add` use vectors of latent semantic analysis (see bulk_neighbors.py), encoded in no time.
"""

import argparse
import itertools
import json
import lzma
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from bulk_neighbors import make

from openbook.database import Database
from openbook.text import Document, train_tokenizer

OPENBOOK = [sys.executable, "-c", "from openbook.cli import main; main()"]


def timed(command: list[str]) -> tuple[float, int]:
    """Seconds and peak memory in bytes of a process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - began, usage.ru_maxrss * 1024


def lexical(articles: Path, work: Path) -> None:
    with lzma.open(articles) as file:
        lines = file.readlines()
    for share in (4, 2, 1):
        source = work / f"part-{share}.jsonl"
        source.write_bytes(b"".join(lines[::share]))
        shutil.rmtree(work / "lexical", ignore_errors=True)
        seconds, memory = timed(
            [*OPENBOOK, "build", str(work / "lexical"), str(source), "--embedder", "none"]
        )
        chunks = Database.open(work / "lexical").info().chunks
        size = source.stat().st_size / 1e6
        print(
            f"1/{share}: {len(lines[::share]):,} articles, {size:.0f} MB, {chunks:,} chunks: "
            f"{seconds:.1f} s, peak memory {memory / 1e6:,.0f} MB",
            flush=True,
        )


def some(articles: Path, count: int) -> Iterator[Document]:
    with lzma.open(articles) as lines:
        for row in map(json.loads, itertools.islice(lines, count)):
            yield Document(id=str(row["id"]), title=row["title"], text=row["text"])


def encoder(articles: Path, work: Path) -> None:
    documents = list(some(articles, 150))
    tokenizer = train_tokenizer((document.text for document in documents), vocab_size=8000)
    shutil.rmtree(work / "encoder", ignore_errors=True)
    database = Database.create(work / "encoder", tokenizer=tokenizer)
    model = database.embedder
    model.encode(["warm up"] * 64)
    inside = Inside(model.model.encode)
    half = len(documents) // 2
    alone, whole = 0.0, 0.0
    for part in (documents[:half], documents[half:]):
        texts = [text for document in part for text in chunked(database, document.text)]
        for measured in ("alone", "whole", "alone"):  # before and after: these machines are shared
            began = time.perf_counter()
            if measured == "alone":
                model.encode(texts)
                alone += (time.perf_counter() - began) / 2
            else:
                with mock.patch.object(model.model, "encode", inside):
                    database.add(part)
                whole += time.perf_counter() - began
    chunks = database.layout.num_chunks
    print(
        f"{chunks} chunks: Database.add {whole:.1f} s, of which {inside.seconds:.1f} s inside the encoder: "
        f"{inside.seconds / whole:.3f}; encoder alone, before and after, {alone:.1f} s: "
        f"ratio {alone / whole:.3f}"
    )


class Inside:
    """A function that counts the seconds spent in it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.seconds = 0.0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return self.function(*arguments, **named)
        finally:
            self.seconds += time.perf_counter() - began


def chunked(database: Database, text: str) -> list[str]:
    """The texts of a document's chunks."""
    ids = [*database.tokenizer.encode([text])[0], database.tokenizer.eos_id]
    rows = [ids[start : start + 64] for start in range(0, len(ids), 64)]
    return database.tokenizer.decode(rows)


def prepared(work: Path, articles: Path, chunks: int, *, chunk_size: int = 64) -> Path:
    folder = work / f"dense-{chunks}"
    if not (folder / "catalog.sqlite").exists():
        database = make(folder, articles, chunks, chunk_size=chunk_size)
        print(
            f"made {database.layout.num_chunks:,} chunks, {database.info().documents:,} documents", flush=True
        )
    return folder


def opening(articles: Path, work: Path) -> None:
    folder = prepared(work, articles, 1_000_000, chunk_size=40)  # else there are not enough
    code = (
        "import re, sys, time\n"
        "from pathlib import Path\n"
        "from openbook.database import Database\n"
        "began = time.perf_counter()\n"
        "database = Database.open(sys.argv[1])\n"
        "seconds = time.perf_counter() - began\n"
        "status = Path('/proc/self/status').read_text()\n"
        "used = int(re.search(r'VmRSS:\\s+(\\d+)', status)[1]) / 1e3\n"
        "size = sum(database.info().disk.values()) / 1e6\n"
        "print(f'opened {database.layout.num_chunks:,} chunks ({size:,.0f} MB) in {seconds:.2f} s; '\n"
        "      f'memory of the whole process {used:,.0f} MB')\n"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


def add(articles: Path, work: Path) -> None:
    folder = prepared(work, articles, 200_000)
    database = Database.open(folder)
    lsa = mock.Mock(fingerprint="lsa")
    lsa.encode = lambda texts: np.full((len(texts), 384), 384**-0.5, dtype=np.float32)
    database.__dict__["embedder"] = lsa
    database.search(["warm up"], k=1)
    for number in range(5):
        document = Document(id=f"new-{number}", text=f"The quokka number {number} lives on an island. " * 40)
        began = time.perf_counter()
        database.add([document])
        added = time.perf_counter() - began
        hits = database.search([f"quokka number {number}"], k=1, mode="bm25")
        dense = database.search(["anything"], k=1, mode="dense")
        assert hits[0] and dense[0][0].document_id.startswith("new-"), "not found"
        print(
            f"Database.add to {database.layout.num_chunks:,} chunks: {added:.3f} s; "
            f"with a first search of each mode {time.perf_counter() - began:.3f} s"
        )
    lexical_only(articles, work)


def lexical_only(articles: Path, work: Path) -> None:
    folder, source = work / "lexical-200000", work / "note.md"
    if not (folder / "catalog.sqlite").exists():
        tokenizer = train_tokenizer((d.text for d in some(articles, 5000)), vocab_size=16_000)
        database = Database.create(folder, tokenizer=tokenizer, embedder=None, holdout=0.02)
        database.add(some(articles, 33_000))
    for number in range(3):
        source.write_text(f"# A note\n\nThe quokka number {number} lives on an island.\n")
        seconds, _ = timed([*OPENBOOK, "add", str(folder), str(source)])
        found, _ = timed([*OPENBOOK, "search", str(folder), f"quokka number {number}"])
        chunks = Database.open(folder).layout.num_chunks
        print(
            f"openbook add to {chunks:,} chunks, words only: {seconds:.2f} s; openbook search {found:.2f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = {"lexical": lexical, "encoder": encoder, "open": opening, "add": add}
    parser.add_argument("part", choices=[*parts, "all"])
    parser.add_argument("articles", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        if arguments.part in (name, "all"):
            part(arguments.articles, arguments.work)


if __name__ == "__main__":
    main()

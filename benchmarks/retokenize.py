"""Deriving a database for another model's tokenizer, against building one from scratch for it.

    python benchmarks/retokenize.py ARTICLES.jsonl.xz --tokenizer BASE --work FOLDER

The first database has a tokenizer of 16,000 tokens, trained on the articles, and vectors of the default
encoder. For each chunk size prints the seconds of both ways, and how well the kept vectors fit: the share of
chunks whose nearest neighbor by them is that by vectors encoded from the derived chunks' own texts.
"""

import argparse
import json
import lzma
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, retokenize
from openbook.text import Document, load_tokenizer, train_tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("articles", type=Path)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--chunk-sizes", type=int, nargs="+", default=[64, 80])
    arguments = parser.parse_args()
    with lzma.open(arguments.articles) as lines:
        rows = [json.loads(next(lines)) for _ in range(arguments.documents)]
    documents = [Document(id=str(row["id"]), title=row["title"], text=row["text"]) for row in rows]
    arguments.work.mkdir(parents=True)  # a new one
    own = train_tokenizer((document.text for document in documents), vocab_size=16_000)
    old = Database.create(arguments.work / "old", tokenizer=own)
    old.add(documents)
    base = load_tokenizer(arguments.tokenizer)
    for size in arguments.chunk_sizes:
        began = time.perf_counter()
        report = retokenize(old, arguments.work / f"derived-{size}", base, chunk_size=size, tell=print)
        seconds = time.perf_counter() - began
        derived = Database.open(report.output)
        began = time.perf_counter()
        rebuilt = Database.create(arguments.work / f"rebuilt-{size}", tokenizer=base, chunk_size=size)
        rebuilt.add(documents)
        of_building = time.perf_counter() - began
        same = np.mean(nearest(derived.vectors) == nearest(encoded(derived)))
        print(
            f"M {size}: {report.chunks:,} chunks from {old.layout.num_chunks:,}, {report.encoded_again:,} "
            f"encoded again: derived in {seconds:.1f} s, rebuilt ({rebuilt.layout.num_chunks:,} chunks) in "
            f"{of_building:.1f} s: {of_building / seconds:.1f} times; nearest neighbor equal for {same:.1%}",
            flush=True,
        )


def encoded(database: Database) -> NDArray[np.float32]:
    """Vectors [chunks, E] of the texts that the chunks have now."""
    texts: Sequence[str] = database.chunk_texts(np.arange(database.layout.num_chunks))
    return database.embedder.encode(texts)


def nearest(vectors: object) -> NDArray[np.int64]:
    """[chunks]: of each chunk the nearest other one."""
    rows = np.asarray(vectors, dtype=np.float32)
    products = rows @ rows.T
    np.fill_diagonal(products, -1)
    return products.argmax(axis=1)


if __name__ == "__main__":
    main()

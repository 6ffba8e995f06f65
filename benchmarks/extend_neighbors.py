"""Extending a neighbor table after documents were added and removed, against building it again.

    python benchmarks/extend_neighbors.py ARTICLES.jsonl.xz --work /tmp/extend

Prints, for each mode of search, the time of both and the share of rows that are the same. Vectors are those
of latent semantic analysis (see bulk_neighbors.py).
"""

import argparse
import json
import lzma
import shutil
import time
from pathlib import Path
from unittest import mock

import numpy as np
from bulk_neighbors import SIZE, Lsa

from openbook.database import Database, SearchMode, build_neighbors
from openbook.database.search.embedder import Embedder
from openbook.text import Document, train_tokenizer

MODES: tuple[SearchMode, ...] = ("dense", "bm25", "hybrid")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("articles", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=3000)
    arguments = parser.parse_args()
    with lzma.open(arguments.articles) as lines:
        rows = [json.loads(next(lines)) for _ in range(arguments.documents)]
    documents = [Document(id=str(row["id"]), title=row["title"], text=row["text"]) for row in rows]
    tokenizer = train_tokenizer((document.text for document in documents), vocab_size=16_000)
    model = Embedder("lsa", "this benchmark", "lsa", SIZE, Lsa(tokenizer, [d.text[:250] for d in documents]))
    changed, gone = len(documents) // 100, documents[:: len(documents) // 10]
    for mode in MODES:
        shutil.rmtree(arguments.work, ignore_errors=True)
        with mock.patch("openbook.database.search.embedder.load_embedder", lambda name: model):
            database = Database.create(arguments.work, tokenizer=tokenizer, embedder="lsa", holdout=0.02)
            database.add(documents[:-changed])
            build_neighbors(database, mode=mode)
            before = database.layout.num_chunks
            database.add(documents[-changed:])
            database.remove(document.id for document in gone)
            began = time.perf_counter()
            extended = np.asarray(build_neighbors(database, mode=mode).ids)
            seconds = time.perf_counter() - began
            began = time.perf_counter()
            rebuilt = np.asarray(build_neighbors(database, mode=mode, rebuild=True).ids)
            rebuild_seconds = time.perf_counter() - began
        live = database.layout.live[database.layout.document_of]
        same = (extended == rebuilt).all(axis=1)[live].mean()
        pairs = zip(extended[live], rebuilt[live], strict=True)
        kept = np.mean([len(set(a) & set(b)) / len(set(b)) for a, b in pairs])
        print(
            f"{mode}: {live.sum():,} chunks, {database.layout.num_chunks - before:,} of them new: "
            f"extended in {seconds:.1f} s, built again in {rebuild_seconds:.1f} s; "
            f"{same:.1%} of rows equal, {kept:.2%} of neighbors",
            flush=True,
        )


if __name__ == "__main__":
    main()

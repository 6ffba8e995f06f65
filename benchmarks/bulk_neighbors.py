"""The neighbor table of 400,000 chunks with 384-dimensional vectors against the raw faiss index, in one run.

    python benchmarks/bulk_neighbors.py ARTICLES.jsonl.xz --work /tmp/bulk

Encoding as many chunks with a transformer takes hours on two cores. So the vectors are those of latent
semantic analysis (tf-idf of tokens, 384 leading directions), made in minutes and harder to search than an
encoder's; or with --like DATABASE… as an encoder's: those of databases that it has made
(retrieval_quality.py leaves some), each moved by 0.6 of the difference of two of its 20 nearest.
Raw: the database's own index, asked for each chunk's 10 nearest, nothing filtered, nothing written.
"""

import argparse
import itertools
import json
import lzma
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from openbook.database import Database, build_neighbors
from openbook.database.search.dense import ApproximateIndex
from openbook.database.search.embedder import Embedder
from openbook.database.search.recall import exact_neighbors
from openbook.text import Document, Tokenizer, train_tokenizer

SIZE = 384
FITTED_ON = 60_000
SAMPLE = 1000


class Lsa:
    """Latent semantic analysis with the interface of a sentence-transformers model."""

    def __init__(self, tokenizer: Tokenizer, texts: Sequence[str]) -> None:
        self.tokenizer = tokenizer
        counts = self.counts(texts)
        frequency = np.bincount(counts.indices, minlength=tokenizer.vocab_size)
        self.idf = np.log((len(texts) + 1) / (frequency + 1)).astype(np.float32)
        weighted = self.weighted(counts)
        directions = np.random.default_rng(0).standard_normal((tokenizer.vocab_size, SIZE + 36))
        for _ in range(3):
            directions, _ = np.linalg.qr(weighted.T @ (weighted @ directions.astype(np.float32)))
        reduced = weighted @ directions
        rotation = np.linalg.svd(reduced.T @ reduced)[0][:, :SIZE]
        self.projection = (directions @ rotation).astype(np.float32)

    def counts(self, texts: Sequence[str]) -> csr_matrix:
        ids = self.tokenizer.encode(texts)
        rows = np.repeat(np.arange(len(texts)), [len(row) for row in ids])
        columns = np.fromiter(itertools.chain.from_iterable(ids), dtype=np.int64)
        ones = np.ones(len(rows), dtype=np.float32)
        counts = csr_matrix((ones, (rows, columns)), shape=(len(texts), self.tokenizer.vocab_size))
        counts.sum_duplicates()
        return counts

    def weighted(self, counts: csr_matrix) -> csr_matrix:
        values = (1 + np.log(counts.data)) * self.idf[counts.indices]
        return csr_matrix((values, counts.indices, counts.indptr), shape=counts.shape)

    def encode(self, texts: Sequence[str], **_: Any) -> NDArray[np.float32]:
        vectors = self.weighted(self.counts(texts)) @ self.projection
        return vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6)


class Spread:
    """As many vectors as are asked for, distributed like those of some databases, whatever the texts."""

    def __init__(self, databases: Sequence[Path]) -> None:
        opened = [Database.open(path).vectors for path in databases]
        self.stored = np.concatenate([vectors[:] for vectors in opened if vectors]).astype(np.float32)
        _, self.near = faiss.knn(self.stored, self.stored, 20, metric=faiss.METRIC_INNER_PRODUCT)
        self.rng = np.random.default_rng(0)

    def encode(self, texts: Sequence[str], **_: Any) -> NDArray[np.float32]:
        start = self.rng.integers(0, len(self.stored), len(texts))
        one, other = (self.near[start, self.rng.integers(1, 20, len(texts))] for _ in range(2))
        vectors = self.stored[start] + 0.6 * (self.stored[one] - self.stored[other])
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def make(
    folder: Path, articles: Path, chunks: int, like: Sequence[Path] = (), *, chunk_size: int = 64
) -> Database:
    with lzma.open(articles) as lines:
        rows = map(json.loads, itertools.islice(lines, chunks // 4))
        documents = [Document(id=str(r["id"]), title=r["title"], text=r["text"]) for r in rows]
    tokenizer = train_tokenizer((document.text for document in documents[::10]), vocab_size=16_000)
    fitted = [document.text[:250] for document in documents[:FITTED_ON]]
    model = Spread(like) if like else Lsa(tokenizer, fitted)
    embedder = Embedder("lsa", "this benchmark", "lsa", SIZE, model)
    with mock.patch("openbook.database.search.embedder.load_embedder", lambda name: embedder):
        database = Database.create(
            folder, tokenizer=tokenizer, embedder="lsa", holdout=0.02, chunk_size=chunk_size
        )
        per_document = 0.0
        while database.layout.num_chunks < chunks and documents:
            missing = chunks - database.layout.num_chunks
            count = 1 + int(missing / per_document) if per_document else 1000
            database.add(documents[:count])
            documents = documents[count:]
            per_document = database.layout.num_chunks / database.info().documents
    return database


def raw_speed(database: Database) -> float:
    """Queries a second of faiss alone, with the parameters that the database uses."""
    index = database.opened.searcher.indexes.dense
    assert isinstance(index, ApproximateIndex)
    assert database.vectors is not None
    lists = faiss.SearchParametersIVF()
    lists.nprobe = index.nprobe
    parameters = faiss.IndexRefineSearchParameters()
    parameters.k_factor, parameters.base_index_params = 7.4 * index.rerank, lists  # as many re-ranked
    seconds = 0.0
    for start in range(0, len(database.vectors), 2048):
        queries = database.vectors[start : start + 2048].astype(np.float32)
        began = time.perf_counter()
        index.index.search(queries, 10, params=parameters)
        seconds += time.perf_counter() - began
    return len(database.vectors) / seconds


def recall(database: Database, ids: NDArray[np.int64], scores: NDArray[np.float32]) -> float:
    """recall@10 of the table, of what each chunk may have: nothing of its own document."""
    layout = database.layout
    assert database.vectors is not None
    candidates = np.flatnonzero(layout.retrievable)
    drawn = np.random.default_rng(0).choice(candidates, SAMPLE, replace=False)
    deepest = 11 + int(layout.document_chunks[layout.document_of[drawn]].max())
    queries = database.vectors[drawn].astype(np.float32)
    near, products = exact_neighbors(database.vectors, candidates, queries, deepest)
    shares = []
    for chunk, row, product in zip(drawn, near, products, strict=True):
        allowed = product[layout.document_of[row] != layout.document_of[chunk]][:10]
        shares.append(float((scores[chunk] >= allowed[-1] - 1e-3)[ids[chunk] >= 0].sum() / 10))
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("articles", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--chunks", type=int, default=400_000)
    parser.add_argument(
        "--like", type=Path, nargs="+", default=[], help="databases with an encoder's vectors"
    )
    arguments = parser.parse_args()
    folder = arguments.work / "bulk"
    began = time.perf_counter()
    if (folder / "catalog.sqlite").exists():
        database = Database.open(folder)
    else:
        database = make(folder, arguments.articles, arguments.chunks, arguments.like)
    print(f"{database.layout.num_chunks:,} chunks ready after {time.perf_counter() - began:.0f} s")
    database.search_chunks(database.opened.chunk_queries(np.arange(10)), k=10)
    index = database.opened.searcher.indexes.dense
    assert isinstance(index, ApproximateIndex)
    print(f"{index.name}, nprobe {index.nprobe}, rerank {index.rerank}, recall@10 {index.recall_at_10:.4f}")
    before = raw_speed(database)
    began = time.perf_counter()
    table = build_neighbors(database, k=10, mode="dense", rebuild=True)
    ours = int((table.ids[:, :1][:] >= 0).sum()) / (time.perf_counter() - began)
    after = raw_speed(database)
    raw = (before + after) / 2
    print(
        f"raw faiss {before:,.0f} and {after:,.0f} queries/s; the table {ours:,.0f}: ratio {ours / raw:.2f}"
    )
    print(f"recall@10 of the table {recall(database, table.ids[:], table.scores[:]):.4f}")


if __name__ == "__main__":
    main()

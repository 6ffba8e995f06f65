"""How well and how fast a database is searched: recall against exact search, queries per second, latency.

The queries are chunks of the database, so no encoder runs: what is measured is the search. Which documents
are relevant to a question is another matter (see benchmarks/retrieval_quality.py).
"""

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, SearchMode, Version
from openbook.database.search.dense import Ranking
from openbook.database.search.recall import EveryVector, overlap_at_10, recall_at_10
from openbook.database.search.searcher import Searcher, check_mode
from openbook.errors import DatabaseError, SettingsError
from openbook.given import opened
from openbook.progress import Progress, silent

_K = 11
"""Ten neighbors and the chunk itself, which is its own nearest."""
_LATENCY_QUERIES = 200


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that one query takes, alone."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """What `openbook eval retrieval` prints."""

    mode: SearchMode
    index: str
    queries: int
    recall_at_10: float
    """Against the same search with every inner product computed; BM25 is exact by construction."""
    queries_per_second: float
    """All queries in one call, vectors and words of the stored chunks at hand."""
    latency_ms: Latency


def evaluate_retrieval(
    database: Database | Version,
    *,
    mode: str | None = None,
    queries: int = 1000,
    seed: int = 0,
    progress: Progress = silent,
) -> RetrievalReport:
    """Measure one mode of search on chunks drawn at random.

    Args:
        database: not empty.
        mode: of search; None: dense where there are vectors, else bm25.
        queries: how many, fewer if the database has fewer chunks.
        seed: which ones.
        progress: called with how many of the three measurements are done.

    Raises:
        DatabaseError: nothing in the database can be found.
        SettingsError: no queries, or a mode that the database does not have.
    """
    version = opened(database)
    has_dense = version.vectors is not None
    checked = check_mode(mode or ("dense" if has_dense else "bm25"), has_dense=has_dense)
    candidates = np.flatnonzero(version.layout.retrievable)
    if queries < 1:
        raise SettingsError(f"{queries} queries: at least 1 is needed")
    if len(candidates) == 0:
        raise DatabaseError(f"{database.path}: holds nothing that can be found; add documents first")
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.choice(candidates, size=min(queries, len(candidates)), replace=False))
    _search(version, version.searcher, drawn[:10], checked)  # opens the index
    seconds, found = _timed_search(version, drawn, checked)
    progress(1, 3)
    alone = [drawn[place : place + 1] for place in range(min(_LATENCY_QUERIES, len(drawn)))]
    latencies = [_timed_search(version, chunk, checked)[0] for chunk in alone]
    progress(2, 3)
    recall = _recall(version, drawn, checked, found)
    progress(3, 3)
    p50, p99 = (float(np.percentile(latencies, p) * 1000) for p in (50, 99))
    return RetrievalReport(
        mode=checked,
        index="bm25" if checked == "bm25" else version.searcher.indexes.dense.name,
        queries=len(drawn),
        recall_at_10=recall,
        queries_per_second=len(drawn) / seconds,
        latency_ms=Latency(p50, p99),
    )


def _search(version: Version, searcher: Searcher, chunks: NDArray[np.int64], mode: SearchMode) -> Ranking:
    return searcher.search(version.chunk_queries(chunks), k=_K, mode=mode)


def _timed_search(version: Version, chunks: NDArray[np.int64], mode: SearchMode) -> tuple[float, Ranking]:
    """Seconds, and what was found."""
    began = time.perf_counter()
    found = _search(version, version.searcher, chunks, mode)
    return time.perf_counter() - began, found


def _recall(version: Version, chunks: NDArray[np.int64], mode: SearchMode, found: Ranking) -> float:
    """Share of the ten nearest of each chunk, as exact search finds them, that were found."""
    if mode == "bm25" or version.vectors is None:
        return 1.0
    every_vector = EveryVector(version.vectors, np.flatnonzero(version.layout.retrievable))
    exact_indexes = version.searcher.indexes.instead(dense=every_vector)
    exact = _search(version, replace(version.searcher, indexes=exact_indexes), chunks, mode)
    if mode == "dense":
        return recall_at_10(found, exact, chunks)
    return overlap_at_10(found[0], exact[0], chunks)  # scores of hybrid search cannot be compared

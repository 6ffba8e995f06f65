"""Finding neighbors: dense, BM25 and both, with what may not be found filtered out.

Works in chunk numbers; the database turns them into hits for people.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.allowed_chunks import AllowedChunks
from openbook.database.search.dense import Ranking, nothing_found
from openbook.database.search.indexes import Indexes
from openbook.database.storage.layout import ChunkLayout
from openbook.errors import SettingsError
from openbook.given import require_whole
from openbook.search_modes import SearchMode

_SPARE = 64
"""Fetched beyond k, because the filter takes some away; hardly more expensive than fetching k."""
_DENSE_WEIGHT = 0.6
"""Of the dense score in hybrid search, chosen on judged queries (benchmarks/retrieval_quality.py)."""
_FUSED = 100
"""Hits of each kind that hybrid search looks at, at least."""
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Hit:
    """One chunk that was found, for people."""

    document_id: str
    chunk_id: int
    score: float
    text: str
    continuation: str
    """The next chunk of the same document; empty if there is none."""
    title: str
    source: str
    language: str | None = None
    """As the document gave it."""

    @property
    def passage(self) -> str:
        """What is read of it: the chunk with its continuation."""
        return self.text + self.continuation


@dataclass(frozen=True, slots=True)
class Queries:
    """What to look for. Each mode needs its own view of the query; a view that no mode asks for is not made.

    Args:
        texts: of all queries, on demand.
        vectors: of all queries float32 [n, E], on demand.
        count: n.
    """

    texts: Callable[[], Sequence[str]]
    vectors: Callable[[], NDArray[np.float32]]
    count: int


def check_mode(mode: str | None, *, has_dense: bool) -> SearchMode:
    """The mode to search with: `mode`, or by default hybrid where the database has vectors, else bm25.

    Raises:
        SettingsError: an unknown mode, or one that needs vectors in a lexical-only database.
    """
    if mode is None:
        return "hybrid" if has_dense else "bm25"
    if mode not in get_args(SearchMode):
        raise SettingsError(f"search mode {mode!r}: choose one of {', '.join(get_args(SearchMode))}")
    if mode != "bm25" and not has_dense:
        raise SettingsError(
            f"search mode {mode!r} needs vectors, but this database is lexical only: use bm25"
        )
    return mode  # type: ignore[return-value]


@dataclass(frozen=True)
class Searcher:
    """Searches one version of a database."""

    layout: ChunkLayout
    indexes: Indexes

    def search(
        self,
        queries: Queries,
        *,
        k: int,
        mode: SearchMode,
        exclude: NDArray[np.int64] | None = None,
        among: AllowedChunks | None = None,
    ) -> Ranking:
        """The k best retrievable chunks for each query.

        Args:
            queries: n of them.
            k: at least 1; a k larger than the database gives what there is.
            mode: of search.
            exclude: [n] or [n, any] the places in the layout of the documents from which each query may get
                nothing (its own); -1 excludes nothing.
            among: what all queries are restricted to; None: nothing.
        """
        require_whole(k, where="k")
        if k < 1:
            raise SettingsError(f"k = {k}: at least 1 neighbor must be asked for")
        if mode == "hybrid":
            return self._hybrid(queries, k, exclude, among)
        return self._single(queries, k, mode, exclude, among)

    def _single(
        self,
        queries: Queries,
        k: int,
        mode: SearchMode,
        exclude: NDArray[np.int64] | None,
        among: AllowedChunks | None,
    ) -> Ranking:
        """Over-fetch and filter; ask again for the rows that the filter left short.

        A long document's nearest chunks are mostly its own, so the second question leaves them out in the
        index; whatever is still missing hides behind removed chunks, and is found by fetching more.
        """
        banned = np.full((queries.count, 1), -1) if exclude is None else exclude
        banned = banned[:, None] if banned.ndim == 1 else banned
        gaps = () if among is None else among.gaps
        ids, scores = nothing_found(queries.count, k)

        def fill(rows: NDArray[np.int64], fetch: int, avoid: Sequence[range]) -> NDArray[np.int64]:
            raw = self._raw(queries, rows, fetch, mode, avoid)
            ids[rows], scores[rows] = self._keep(*raw, k, banned[rows], among)
            short: NDArray[np.int64] = rows[(ids[rows, -1] < 0) & (raw[0][:, -1] >= 0)]
            return short

        short = fill(np.arange(queries.count), k + _SPARE, gaps) if queries.count else np.arange(0)
        for documents in np.unique(banned[short], axis=0):
            rows, fetch = short[(banned[short] == documents).all(axis=1)], k + _SPARE
            own = max((self.layout.chunks_of(d) for d in documents if d >= 0), key=len, default=range(0))
            avoid = (*gaps, own) if own else gaps
            while len(rows):
                rows = fill(rows, fetch, avoid)
                fetch *= 4
        return ids, scores

    def _raw(
        self, queries: Queries, rows: NDArray[np.int64], fetch: int, mode: SearchMode, avoid: Sequence[range]
    ) -> Ranking:
        if mode == "dense":
            enough = min(fetch, self.layout.num_chunks + 1)
            return self.indexes.dense.search(queries.vectors()[rows], enough, avoid=avoid)
        texts = queries.texts()
        return self.indexes.lexical.search([texts[row] for row in rows], fetch, avoid=avoid)

    def _keep(
        self,
        ids: NDArray[np.int64],
        scores: NDArray[np.float32],
        k: int,
        banned: NDArray[np.int64],
        among: AllowedChunks | None,
    ) -> Ranking:
        """The first k of each row that are retrievable, allowed and not of the banned documents [n, any]."""
        known = (ids >= 0) & (ids < self.layout.num_chunks)
        safe = np.where(known, ids, 0)
        if self.layout.num_chunks:
            known &= self.layout.retrievable[safe]
            if among is not None:
                known &= among.mask[safe]
            for documents in banned.T:
                known &= self.layout.document_of[safe] != documents[:, None]
        order = np.argsort(~known, axis=1, kind="stable")[:, :k]
        kept = np.take_along_axis(known, order, axis=1)
        ids = np.where(kept, np.take_along_axis(ids, order, axis=1), -1)
        scores = np.where(kept, np.take_along_axis(scores, order, axis=1), np.float32(0))
        missing = k - ids.shape[1]
        if missing > 0:
            ids = np.pad(ids, ((0, 0), (0, missing)), constant_values=-1)
            scores = np.pad(scores, ((0, 0), (0, missing)))
        return ids, scores

    def _hybrid(
        self, queries: Queries, k: int, exclude: NDArray[np.int64] | None, among: AllowedChunks | None
    ) -> Ranking:
        """Both lists by a weighted sum of their scores, each brought to 0 … 1 within its query."""
        depth = max(_FUSED, 4 * k)
        dense, dense_scores = self._single(queries, depth, "dense", exclude, among)
        lexical, lexical_scores = self._single(queries, depth, "bm25", exclude, among)
        dense_scores = _DENSE_WEIGHT * between_0_and_1(dense, dense_scores)
        best = np.maximum(lexical_scores.max(axis=1, initial=0, keepdims=True), _TINY)
        lexical_scores = (1 - _DENSE_WEIGHT) * lexical_scores / best
        for row in range(queries.count):
            _, in_dense, in_lexical = np.intersect1d(dense[row], lexical[row], return_indices=True)
            dense_scores[row, in_dense] += lexical_scores[row, in_lexical]
            lexical[row, in_lexical] = -1
        ids = np.concatenate([dense, lexical], axis=1)
        scores = np.where(ids >= 0, np.concatenate([dense_scores, lexical_scores], axis=1), -1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        ids, scores = (np.take_along_axis(values, order, axis=1) for values in (ids, scores))
        return ids, np.where(ids >= 0, scores, 0).astype(np.float32)


def between_0_and_1(ids: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row's scores as shares of the way from its lowest, or from 1 where that is less, to its highest.

    So cosines fill 0 … 1, and scores of words are nearly shares of the best one. All 1 where they are equal.
    """
    highest = np.where(ids >= 0, scores, -np.inf).max(axis=1, initial=-1, keepdims=True)
    lowest = np.where(ids >= 0, scores, np.inf).min(axis=1, initial=1, keepdims=True)
    width = highest - lowest
    return np.where(width > _TINY, (scores - lowest) / np.maximum(width, _TINY), 1).astype(np.float32)

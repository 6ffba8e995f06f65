"""How many of the true nearest neighbors a search finds: recall, measured against exact inner products."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense import ExactIndex, Ranking
from openbook.database.storage.arrays import Rows

ROWS_AT_ONCE = 65_536
_ROUNDING = 1e-3
"""Of scores from float16 vectors: hits nearer to each other than this are as good as each other."""


def exact_neighbors(
    vectors: Rows | NDArray[np.float32],
    chunk_ids: NDArray[np.int64],
    queries: NDArray[np.float32],
    k: int,
    *,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Ranking:
    """Find the k nearest of these chunks, by inner product with every one, block after block of the array.

    The best so far and the nearest of the next block stand side by side, and the k best of them are kept; of
    equal scores the earlier chunk comes first. For one query, k = 2:

        best so far    .9 .4       chunks 3 1
        next block     .7 .4       chunks 8 6
        together       .9 .4 .7 .4
        order          0 2 1 3     by falling score; of equal ones the lower chunk first
        best           .9 .7       chunks 3 8

    Args:
        vectors: [num_chunks, E].
        chunk_ids: chunks that may be found.
        queries: [n, E].
        k: neighbors a query.
        rows_at_once: vectors read at a time.

    Returns:
        Chunk ids [n, k], best first, -1 where there are fewer; and scores [n, k].
    """
    import faiss

    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    best_ids = np.full((len(queries), k), -1, dtype=np.int64)
    for start in range(0, len(chunk_ids), rows_at_once):
        part = chunk_ids[start : start + rows_at_once]
        near = min(k, len(part))
        block = vectors[part].astype(np.float32)
        scores, places = faiss.knn(queries, block, near, metric=faiss.METRIC_INNER_PRODUCT)
        scores = np.concatenate([best, scores], axis=1)  # [n, k + near]
        ids = np.concatenate([best_ids, part[places]], axis=1)
        order = np.lexsort((ids, -scores), axis=1)[:, :k]
        best = np.take_along_axis(scores, order, axis=1)
        best_ids = np.take_along_axis(ids, order, axis=1)
    return best_ids, np.where(best_ids >= 0, best, np.float32(0))


@dataclass(frozen=True, eq=False)
class EveryVector:
    """A dense index that computes every inner product, without holding the vectors in memory.

    Args:
        vectors: [num_chunks, E].
        chunk_ids: chunks that may be found, in order.
    """

    vectors: Rows | NDArray[np.float32]
    chunk_ids: NDArray[np.int64]
    name: str = ExactIndex.name
    recall_at_10: float = 1.0

    def search(self, vectors: NDArray[np.float32], k: int, *, avoid: Sequence[range] = ()) -> Ranking:
        allowed = self.chunk_ids
        for chunks in avoid:
            allowed = allowed[(allowed < chunks.start) | (allowed >= chunks.stop)]
        return exact_neighbors(self.vectors, allowed, vectors, k)


def recall_at_10(found: Ranking, exact: Ranking, own: NDArray[np.int64]) -> float:
    """Compute the share of each query's 10 nearest that were found. Of equally near ones any will do.

    With 2 nearest, not 10, of one query, which is chunk 5 itself:

        there is    5: 1.0    3: .9    8: .7    1: .7      without 5 itself, the second nearest has .7
        found       5: 1.0    3: .9    1: .7    2: .3      without it, of the first 2 both have that: 1.0

    Args:
        found: what the search returned, 11 or more a query.
        exact: what there is, 11 or more a query.
        own: [n] the chunk that is the query itself and does not count; -1 for none.
    """
    shares = []
    for ids, scores, true_ids, true_scores, itself in zip(*found, *exact, own, strict=True):
        nearest = true_scores[(true_ids >= 0) & (true_ids != itself)][:10]
        ours = scores[(ids >= 0) & (ids != itself)][:10]
        if len(nearest):
            shares.append(float((ours >= nearest[-1] - _ROUNDING).sum()) / len(nearest))
    return float(np.mean(shares)) if shares else 1.0


def overlap_at_10(
    found: NDArray[np.int64], exact: NDArray[np.int64], own: NDArray[np.int64] | None = None
) -> float:
    """Compute the share of the ten best that both name, where scores cannot be compared (hybrid search).

    Args:
        found: [n, any] chunks, best first, -1 where there are no more.
        exact: the same, of a search that misses nothing.
        own: [n] the chunk that is the query itself and does not count; None: there is none.
    """
    if own is None:
        own = np.full(len(found), -1)
    shares = []
    for ours, theirs, itself in zip(found.tolist(), exact.tolist(), own.tolist(), strict=True):
        wanted = [chunk for chunk in theirs if chunk not in (itself, -1)][:10]
        got = [chunk for chunk in ours if chunk not in (itself, -1)][:10]
        if wanted:
            shares.append(len(set(wanted).intersection(got)) / len(wanted))
    return float(np.mean(shares)) if shares else 1.0

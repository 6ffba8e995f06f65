"""How many of the true nearest neighbors a search finds: recall against exact inner products."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense import ExactIndex, Found
from openbook.database.storage.arrays import Rows

_ROWS_AT_ONCE = 65_536
_ROUNDING = 1e-3
"""Of scores from float16 vectors: hits nearer to each other than this are as good as each other."""


def exact_neighbors(
    vectors: Rows, chunk_ids: NDArray[np.int64], queries: NDArray[np.float32], k: int
) -> Found:
    """The k nearest of these chunks, by inner product with every one, block after block of the array.

    Args:
        vectors: [num_chunks, E].
        chunk_ids: chunks that may be found.
        queries: [n, E].
        k: neighbors a query.

    Returns:
        Chunk ids [n, k], best first, -1 where there are fewer; and scores [n, k].
    """
    import faiss

    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    best_ids = np.full((len(queries), k), -1, dtype=np.int64)
    for start in range(0, len(chunk_ids), _ROWS_AT_ONCE):
        part = chunk_ids[start : start + _ROWS_AT_ONCE]
        near = min(k, len(part))
        block = vectors[part].astype(np.float32)
        scores, places = faiss.knn(queries, block, near, metric=faiss.METRIC_INNER_PRODUCT)
        scores = np.concatenate([best, scores], axis=1)
        ids = np.concatenate([best_ids, part[places]], axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
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

    vectors: Rows
    chunk_ids: NDArray[np.int64]
    name: str = ExactIndex.name
    recall_at_10: float = 1.0

    def search(self, vectors: NDArray[np.float32], k: int, *, avoid: range = range(0)) -> Found:
        """See `DenseIndex.search`."""
        allowed = self.chunk_ids
        if avoid:
            allowed = allowed[(allowed < avoid.start) | (allowed >= avoid.stop)]
        return exact_neighbors(self.vectors, allowed, vectors, k)


def recall_at_10(found: Found, exact: Found, own: NDArray[np.int64]) -> float:
    """Share of each query's 10 nearest that were found. Of equally near ones any will do.

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
    """Share of the ten best that both name: of scores that cannot be compared, as those of hybrid search.

    Args:
        found: [n, any] chunks, best first, -1 where there are no more.
        exact: the same, of a search that misses nothing.
        own: [n] the chunk that is the query itself and does not count; None: there is none.
    """
    own = np.full(len(found), -1) if own is None else own
    shares = []
    for ours, theirs, itself in zip(found.tolist(), exact.tolist(), own.tolist(), strict=True):
        wanted = [chunk for chunk in theirs if chunk not in (itself, -1)][:10]
        got = [chunk for chunk in ours if chunk not in (itself, -1)][:10]
        if wanted:
            shares.append(len(set(wanted).intersection(got)) / len(wanted))
    return float(np.mean(shares)) if shares else 1.0

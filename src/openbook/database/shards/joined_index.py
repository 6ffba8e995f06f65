"""The approximate indexes of shards as one: what is in one list of each becomes one list, in memory.

Indexes that were trained together have the same lists and codes. When a book is opened, faiss appends the
lists of one to those of another, which takes some 2 µs a chunk. A search then takes what it takes in one
database of all chunks, however many shards there are; asked one by one, each would compare the query with all
lists and read short ones. Lists are held in memory in either case. The vectors that re-rank what is found
stay where they are, memory-mapped.

    list 0 of shard 0    rows 1 4        of shard 1    rows 0 3        joined    1 4 | 6 9
    list 1               rows 0 2 3 5                  rows 1 2                  0 2 3 5 | 7 8
"""

import hashlib
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense import ApproximateIndex, ExactIndex

_SCORED_AT_ONCE = 65_536
"""Vectors that are unpacked to be compared: of 384 dimensions 1.5 KB each, twice that while they are read."""


@dataclass(frozen=True, eq=False)
class StoredVectors:
    """The vectors with which several indexes of faiss re-rank, as one array; read where they are.

    Args:
        indexes: faiss' IndexRefine, in order.
    """

    indexes: Sequence[Any]

    @cached_property
    def _refined(self) -> list[Any]:
        import faiss

        return [faiss.downcast_index(index.refine_index) for index in self.indexes]

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.cumsum([refined.ntotal for refined in self._refined])

    @cached_property
    def _codes(self) -> list[NDArray[np.uint8]]:
        """Of each index, [its rows, bytes]; faiss' own memory."""
        import faiss

        return [
            faiss.rev_swig_ptr(refined.codes.data(), refined.codes.size()).reshape(refined.ntotal, -1)
            for refined in self._refined
        ]

    def scores(self, queries: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The inner products of each query [n, E] with its rows [n, k]; those of a row -1 mean nothing."""
        scores = np.empty(rows.shape, dtype=np.float32)
        step = max(1, _SCORED_AT_ONCE // max(1, rows.shape[1]))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            scores[part] = np.einsum("nke,ne->nk", self._read(rows[part]), queries[part])
        return scores

    def _read(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors [n, k, E] of these rows."""
        flat = np.maximum(rows.reshape(-1), 0)
        places = np.searchsorted(self._ends, flat, side="right")
        order = np.argsort(places, kind="stable")
        bounds = np.searchsorted(places[order], np.arange(len(self._codes) + 1))
        by_place = np.empty((len(flat), self._codes[0].shape[1]), dtype=np.uint8)
        for place, (first, end) in enumerate(pairwise(bounds.tolist())):
            if first == end:
                continue
            own = flat[order[first:end]] - (self._ends[place] - len(self._codes[place]))
            np.take(self._codes[place], own, axis=0, out=by_place[first:end], mode="clip")
        codes = np.take(by_place, np.argsort(order), axis=0)
        vectors: NDArray[np.float32] = self._refined[0].sa_decode(codes).reshape(*rows.shape, -1)
        return vectors


@dataclass(frozen=True)
class JoinedIndex(ApproximateIndex):
    """See `ApproximateIndex`; its `index` is the inverted file alone."""

    _: KW_ONLY
    vectors: StoredVectors

    def _visit(self, queries: NDArray[np.float32], k: int, lists: int, selector: Any) -> tuple[Any, Any]:
        _, rows = self.index.search(queries, k * self.rerank, params=self._lists_to_visit(lists, selector))
        scores = self.vectors.scores(queries, rows)
        if self.rerank == 1:
            return scores, rows  # which are sorted later
        best = np.argsort(np.where(rows >= 0, -scores, np.inf), axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, best, axis=1), np.take_along_axis(rows, best, axis=1)


def trained_together(indexes: Sequence[ApproximateIndex]) -> bool:
    """Whether all have the same lists and codes, so that they can be joined."""
    first = indexes[0]
    return all(_same_training(first, other) for other in indexes[1:])


def _same_training(one: ApproximateIndex, other: ApproximateIndex) -> bool:
    return one.name == other.name and all(
        np.array_equal(some, others)
        for some, others in zip(_training(one.index), _training(other.index), strict=True)
    )


def _training(index: Any) -> tuple[NDArray[np.float32], ...]:
    """What an index has learned: the centers of its lists, its codes, and how it turns vectors first."""
    import faiss

    base = faiss.downcast_index(index.base_index)
    lists: Any = faiss.downcast_index(faiss.extract_index_ivf(index))
    learned = lists.quantizer.reconstruct_n(0, lists.nlist), faiss.vector_to_array(lists.pq.centroids)
    if not isinstance(base, faiss.IndexPreTransform):
        return learned
    chain: Any = base.chain
    turn: Any = faiss.downcast_VectorTransform(chain.at(0))
    return *learned, faiss.vector_to_array(turn.A)


def joined_digest(digests: Sequence[str]) -> str:
    """Fingerprint the files of indexes that are joined in this order."""
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()[:16]


def join_indexes(indexes: Sequence[ApproximateIndex], starts: Sequence[int]) -> JoinedIndex:
    """Join indexes that were trained together; their lists are taken from them.

    Args:
        indexes: at least one; not to be searched any more.
        starts: what is added to the chunk ids of each, so that they ascend.

    Returns:
        All as one index, which is searched with the most effort that any of them is.
    """
    whole = [one.index for one in indexes]
    joined = whole[0].base_index
    for other in whole[1:]:
        joined.merge_from(other.base_index, joined.ntotal)
    chunk_ids, tail = joined_chunks(indexes, starts)
    return JoinedIndex(
        chunk_ids,
        joined,
        tail,
        indexes[0].name,
        nprobe=max(one.nprobe for one in indexes),
        rerank=max(one.rerank for one in indexes),
        recall_at_10=min(one.recall_at_10 for one in indexes),
        digest=joined_digest([one.digest for one in indexes]),
        vectors=StoredVectors(whole),
    )


def joined_chunks(
    indexes: Sequence[ApproximateIndex], starts: Sequence[int]
) -> tuple[NDArray[np.int64], ExactIndex]:
    """The chunk behind each row of indexes that are joined, and the tails of all as one."""
    import faiss

    chunk_ids = [start + one.chunk_ids for start, one in zip(starts, indexes, strict=True)]
    tails = [start + one.tail.chunk_ids for start, one in zip(starts, indexes, strict=True)]
    flat = faiss.IndexFlatIP(indexes[0].tail.index.d)
    for one in indexes:
        flat.merge_from(one.tail.index)
    return np.concatenate(chunk_ids), ExactIndex(np.concatenate(tails), flat)

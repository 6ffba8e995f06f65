"""Dense search by faiss: exact over few vectors, inverted lists with re-ranking over many.

Both give true inner products. Where the approximate index lags behind the arrays, its tail is searched
exactly.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.arrays import Rows

Ranking = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Chunk ids [n, k], best first, -1 where there are no more; and their scores [n, k]."""

_ROWS_AT_ONCE = 65_536
_SPARE_LISTS = 4
"""How many times the inverted lists that would hold k vectors on average are visited for k of them."""


def nothing_found(count: int, k: int) -> Ranking:
    """The ranking of so many queries before anything is found: -1 and 0, to be filled."""
    return np.full((count, k), -1, dtype=np.int64), np.zeros((count, k), dtype=np.float32)


class DenseIndex(Protocol):
    """What both kinds can do."""

    @property
    def name(self) -> str:
        """`exact`, or faiss' name of the index."""

    @property
    def recall_at_10(self) -> float:
        """Against exact search, measured when the index was built."""

    def search(self, vectors: NDArray[np.float32], k: int, *, avoid: Sequence[range] = ()) -> Ranking:
        """The k nearest chunks of each row of `vectors` [n, E], none of them in `avoid`."""


@dataclass(frozen=True)
class ExactIndex:
    """Inner products with every vector, in memory: 4·E bytes a chunk."""

    chunk_ids: NDArray[np.int64]
    """The chunk behind each row of the index, in order."""
    index: Any
    name: str = "exact"
    recall_at_10: float = 1.0

    @classmethod
    def build(cls, vectors: Rows, chunk_ids: NDArray[np.int64]) -> "ExactIndex":
        """Index the rows `chunk_ids`, in order, of `vectors` [num_chunks, E]."""
        import faiss

        index = faiss.IndexFlatIP(vectors.shape[1])
        add_rows(index, vectors, chunk_ids)
        return cls(chunk_ids, index)

    def search(self, vectors: NDArray[np.float32], k: int, *, avoid: Sequence[range] = ()) -> Ranking:
        import faiss

        if len(self.chunk_ids) == 0:
            return nothing_found(len(vectors), k)
        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        with _allowed(self.chunk_ids, avoid) as selector:
            parameters = faiss.SearchParameters()
            parameters.sel = selector
            scores, places = self.index.search(queries, k, params=parameters)
        return _named(self.chunk_ids, places, scores)


@dataclass(frozen=True)
class ApproximateIndex:
    """Inverted lists of product-quantized vectors; what they find is re-ranked by inner product.

    Args:
        chunk_ids: the chunk behind each row of the index, in order.
        index: faiss' IndexRefine around an inverted file.
        tail: chunks that the index does not hold yet.
        name: of the index, as faiss' factory reads it.
        nprobe: inverted lists visited for each query.
        rerank: how many times the hits asked for are compared by their true inner product.
        recall_at_10: measured when it was built.
        digest: of the file that it was read from.
    """

    chunk_ids: NDArray[np.int64]
    index: Any
    tail: ExactIndex
    name: str
    _: KW_ONLY
    nprobe: int
    rerank: int
    recall_at_10: float = 0.0
    digest: str = ""

    def search(self, vectors: NDArray[np.float32], k: int, *, avoid: Sequence[range] = ()) -> Ranking:
        ids, scores = self._search_lists(np.ascontiguousarray(vectors, dtype=np.float32), k, avoid)
        if len(self.tail.chunk_ids) == 0:
            return ids, scores
        tail_ids, tail_scores = self.tail.search(vectors, min(k, len(self.tail.chunk_ids)), avoid=avoid)
        ids = np.concatenate([ids, tail_ids], axis=1)
        scores = np.concatenate([scores, tail_scores], axis=1)
        order = np.argsort(np.where(ids >= 0, -scores, np.inf), axis=1, kind="stable")[:, :k]
        return np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1)

    def _search_lists(self, queries: NDArray[np.float32], k: int, avoid: Sequence[range]) -> Ranking:
        import faiss

        lists = faiss.extract_index_ivf(self.index).nlist
        needed = -(-_SPARE_LISTS * k * lists // len(self.chunk_ids))
        visited = min(lists, max(self.nprobe, needed))
        with _allowed(self.chunk_ids, avoid) as selector:
            scores, places = self._visit(queries, k, visited, selector)
            # What is allowed may all lie in lists that are far from the query.
            short = np.flatnonzero(places[:, -1] < 0)
            if avoid and len(short) and visited < lists:
                scores[short], places[short] = self._visit(queries[short], k, lists, selector)
        return _named(self.chunk_ids, places, scores)

    def _visit(self, queries: NDArray[np.float32], k: int, lists: int, selector: Any) -> tuple[Any, Any]:
        """Scores and rows of the index, of what so many nearest lists hold."""
        import faiss

        parameters = faiss.IndexRefineSearchParameters()
        parameters.k_factor = self.rerank
        parameters.base_index_params = self._lists_to_visit(lists, selector)
        return self.index.search(queries, k, params=parameters)  # type: ignore[no-any-return]

    def _lists_to_visit(self, lists: int, selector: Any) -> Any:
        """faiss' parameters of a search in so many lists, among the rows that a selector allows."""
        import faiss

        probe = faiss.SearchParametersIVF()
        probe.nprobe = lists
        probe.sel = selector
        if not self._rotates:
            return probe
        rotated = faiss.SearchParametersPreTransform()
        rotated.index_params = probe
        return rotated

    @property
    def _rotates(self) -> bool:
        """Such an index wants its parameters in an envelope."""
        return self.name.startswith("OPQ")


@contextmanager
def _allowed(chunk_ids: NDArray[np.int64], avoid: Sequence[range]) -> Iterator[Any]:
    """A faiss selector of the rows whose chunks are not in `avoid`, or None; alive inside the block."""
    import faiss

    if not avoid:
        yield None
        return
    if len(avoid) == 1:
        first, end = _rows_of(chunk_ids, avoid[0])
        avoided = faiss.IDSelectorRange(first, end)
        yield faiss.IDSelectorNot(avoided)
        return
    allowed = np.ones(len(chunk_ids), dtype=np.bool_)
    for chunks in avoid:
        allowed[slice(*_rows_of(chunk_ids, chunks))] = False
    bits = np.packbits(allowed, bitorder="little")
    yield faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))


def _rows_of(chunk_ids: NDArray[np.int64], chunks: range) -> tuple[int, int]:
    """The first row of these chunks, and the one after their last."""
    first, end = np.searchsorted(chunk_ids, [chunks.start, chunks.stop]).tolist()
    return first, end


def _named(chunk_ids: NDArray[np.int64], places: NDArray[np.int64], scores: NDArray[np.float32]) -> Ranking:
    """The chunks of these rows of an index [n, k] with their scores; of equals the lowest first.

    Of equals faiss keeps the lowest and lists them from the highest on, so that fewer hits would be others.
    """
    known = (places >= 0) & (places < len(chunk_ids))
    ids = np.where(known, chunk_ids[np.where(known, places, 0)], -1)
    order = np.lexsort((ids, np.where(known, -scores, np.inf)), axis=1)
    named, sorted_scores = (np.take_along_axis(values, order, axis=1) for values in (ids, scores))
    return named, np.where(named >= 0, sorted_scores, np.float32(0))


def add_rows(
    index: Any,
    vectors: Rows,
    chunk_ids: NDArray[np.int64],
    *,
    report: Callable[[int], None] = lambda done: None,
) -> None:
    """Add the rows `chunk_ids` to a faiss index, so many at a time as memory likes."""
    for start in range(0, len(chunk_ids), _ROWS_AT_ONCE):
        index.add(vectors[chunk_ids[start : start + _ROWS_AT_ONCE]].astype(np.float32))
        report(min(start + _ROWS_AT_ONCE, len(chunk_ids)))

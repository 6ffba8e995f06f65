"""Which approximate index suits a database, training it, and how much it must search to find what is near."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense import ApproximateIndex
from openbook.database.search.recall import exact_neighbors, recall_at_10
from openbook.database.storage.arrays import Rows

_COARSE_GRAPH_FROM = 10_000_000
"""Vectors from which finding the nearest lists is itself left to a graph."""
_LISTS_A_ROOT = 1.6
"""Lists by the square root of the number of vectors, near which comparing with all lists and with the vectors
of some are in balance; 100,000 vectors get 512 lists of some 200, twice what a list is trained on."""
TRAINING_VECTORS_A_LIST = 100
_WANTED_RECALL = 0.98
_FEWEST_LISTS_VISITED = 16
_RERANK_FACTORS = (1, 2, 4)
_QUERIES = 512
_FETCH = 74
"""Hits fetched when recall is measured: as many as a search for 10 fetches, to have some to filter."""


@dataclass(frozen=True, slots=True)
class IndexTuning:
    """How much of an index a search reads, and what that gives."""

    nprobe: int
    """Inverted lists visited."""
    rerank: int
    """Times the hits asked for that are compared by their full vectors."""
    recall_at_10: float


def index_name(num_vectors: int, size: int) -> str:
    """Choose the index for so many vectors of this size, by faiss' name: lists of 4-bit codes, re-ranked.

    The lists are a power of two near 1.6 times the square root of the number of vectors: of 400,000 that is
    1012, so 1024 lists of 390. A code takes 4 bits for each pair of numbers: the most parts, at most half the
    size, that the size is divisible by.

    >>> index_name(400_000, 384)
    'IVF1024,PQ192x4fs,Refine(SQfp16)'
    """
    lists = 2 ** round(np.log2(_LISTS_A_ROOT * num_vectors**0.5))
    codes = max(number for number in range(1, max(1, size // 2) + 1) if size % number == 0)
    if num_vectors < _COARSE_GRAPH_FROM:
        return f"IVF{lists},PQ{codes}x4fs,Refine(SQfp16)"
    return f"OPQ{codes},IVF{4 * lists}_HNSW32,PQ{codes}x4fs,Refine(SQfp16)"


def train_index(vectors: Rows, chunk_ids: NDArray[np.int64]) -> tuple[Any, str]:
    """Train an index on a sample of the vectors of these chunks; it holds none of them yet.

    Returns:
        faiss' index, and its name.
    """
    import faiss

    name = index_name(len(chunk_ids), vectors.shape[1])
    index = faiss.index_factory(vectors.shape[1], name, faiss.METRIC_INNER_PRODUCT)
    train_on_sample(index, vectors, chunk_ids)
    return index, name


def train_on_sample(index: Any, vectors: Rows | NDArray[np.float16], rows: NDArray[np.int64]) -> None:
    """Train an index of inverted lists on 100 vectors for each list, the same ones at every call.

    Args:
        index: of faiss, untrained.
        vectors: [any, E].
        rows: those to draw from; all are taken where there are fewer.
    """
    import faiss

    lists = faiss.extract_index_ivf(index).nlist
    sample = _sample(rows, TRAINING_VECTORS_A_LIST * lists)
    index.train(vectors[sample].astype(np.float32))


def tune_index(index: ApproximateIndex, vectors: Rows) -> IndexTuning:
    """Find the least effort that reaches a recall@10 of 0.98 on stored vectors; else the most there is.

    With 64 lists, (nprobe, rerank) are tried in this order:

        (16, 1) (16, 2) (16, 4)   (32, 1) (32, 2) (32, 4)   (64, 1) (64, 2) (64, 4)

    Args:
        index: with an empty tail; its effort does not matter.
        vectors: [num_chunks, E].
    """
    import faiss

    lists, chunk_ids = faiss.extract_index_ivf(index.index).nlist, index.chunk_ids
    sample = _sample(chunk_ids, _QUERIES)
    queries = vectors[sample].astype(np.float32)
    exact = exact_neighbors(vectors, chunk_ids, queries, 11)
    nprobe = min(_FEWEST_LISTS_VISITED, lists)
    while True:
        for rerank in _RERANK_FACTORS:
            tried = replace(index, nprobe=nprobe, rerank=rerank)
            recall = recall_at_10(tried.search(queries, _FETCH), exact, sample)
            most = nprobe == lists and rerank == _RERANK_FACTORS[-1]
            if recall >= _WANTED_RECALL or most:
                return IndexTuning(nprobe, rerank, recall)
        nprobe = min(2 * nprobe, lists)


def _sample(chunk_ids: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Up to `count` of them, the same at every call."""
    if len(chunk_ids) <= count:
        return chunk_ids
    drawn = np.random.default_rng(0).choice(chunk_ids, size=count, replace=False)
    return np.sort(drawn)

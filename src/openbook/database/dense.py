"""Exact dense search over the vectors of the chunks that may be retrieved, by faiss."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DenseIndex:
    """An exact inner-product index in memory, 4·E bytes a chunk."""

    chunk_ids: NDArray[np.int64]
    """The chunk behind each row of the index, in order."""
    index: Any

    @classmethod
    def build(cls, vectors: NDArray[np.float16], chunk_ids: NDArray[np.int64]) -> "DenseIndex":
        """Index the rows `chunk_ids`, in order, of `vectors` [num_chunks, E]."""
        import faiss

        index = faiss.IndexFlatIP(vectors.shape[1])
        step = 65_536  # rows turned to float32 at a time
        for start in range(0, len(chunk_ids), step):
            index.add(vectors[chunk_ids[start : start + step]].astype(np.float32))
        return cls(chunk_ids, index)

    def search(
        self, vectors: NDArray[np.float32], k: int, *, avoid: range = range(0)
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The k nearest chunks of each row of `vectors`.

        Args:
            vectors: [n, E].
            k: chunks a row.
            avoid: chunks that must not be found.

        Returns:
            chunk ids [n, k], best first, -1 where there are fewer; and inner products [n, k].
        """
        import faiss

        if len(self.chunk_ids) == 0:
            return np.full((len(vectors), k), -1, np.int64), np.zeros((len(vectors), k), np.float32)
        first, end = np.searchsorted(self.chunk_ids, [avoid.start, avoid.stop]).tolist()
        avoided = faiss.IDSelectorRange(first, end)
        allowed = faiss.IDSelectorNot(avoided)
        parameters = faiss.SearchParameters()
        parameters.sel = allowed if avoid else None
        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        scores, places = self.index.search(queries, k, params=parameters)
        return np.where(places >= 0, self.chunk_ids[places], -1), np.where(places >= 0, scores, 0.0)

"""The chunks that a search is restricted to, and how indexes are told."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.layout import ChunkLayout

_GAPS = 32
"""Ranges that an index is asked to avoid, at most: each costs a little for every chunk that is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class AllowedChunks:
    """The chunks of some documents.

    mask: bool [num_chunks].
    gaps: the longest runs of chunks that are not allowed. An index leaves these out while it searches; what
        else is not allowed is filtered from what it finds.
    """

    mask: NDArray[np.bool_]
    gaps: tuple[range, ...]

    @classmethod
    def of(cls, layout: ChunkLayout, documents: NDArray[np.bool_]) -> "AllowedChunks":
        """Allow the chunks of these documents, by their places in the layout.

        document_of    0 0 1 2 2 2 3
        documents      F   T F     T
        mask           F F T F F F T        gaps: 3 … 5, 0 … 1
        """
        return cls.of_mask(documents[layout.document_of])

    @classmethod
    def of_mask(cls, mask: NDArray[np.bool_]) -> "AllowedChunks":
        """Allow these chunks [num_chunks]."""
        edges = np.flatnonzero(np.diff(np.concatenate([[True], mask, [True]]).astype(np.int8)))
        runs = [range(start, end) for start, end in edges.reshape(-1, 2).tolist()]
        return cls(mask, tuple(sorted(runs, key=len, reverse=True)[:_GAPS]))

    def retrievable(self, layout: ChunkLayout) -> int:
        """Count those that may be anyone's neighbor."""
        return int(np.count_nonzero(self.mask & layout.retrievable))

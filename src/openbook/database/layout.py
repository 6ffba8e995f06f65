"""Which chunk is of which document, at one version: arithmetic over arrays, no files.

Documents stand in the order of their chunks, and each one's chunks are contiguous; so a chunk's continuation
is the next row if that is of the same document.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ChunkLayout:
    """All documents ever stored and not yet compacted away, at one version.

    Arrays are indexed by the document's place (0, 1, … in the order of chunks), not by its number or id.
    """

    version: int
    num_chunks: int
    """Rows of the arrays."""
    chunk_size: int
    """M."""
    number: NDArray[np.int64]
    """The catalogue's number of each document."""
    first_chunk: NDArray[np.int64]
    document_chunks: NDArray[np.int64]
    """Chunks of each document, at least 1."""
    document_tokens: NDArray[np.int64]
    """Tokens of each document without filling, with its end-of-text token."""
    document_bytes: NDArray[np.int64]
    """UTF-8 bytes of each document's text."""
    holdout: NDArray[np.bool_]
    """Stored for evaluation, never retrieved."""
    live: NDArray[np.bool_]
    """Neither removed nor replaced."""

    @classmethod
    def from_snapshot(
        cls, version: int, num_chunks: int, rows: NDArray[np.int64], *, chunk_size: int
    ) -> "ChunkLayout":
        """From what `Catalog.snapshot` returns."""
        number, first, chunks, tokens, num_bytes, holdout, live = rows.T
        return cls(
            version, num_chunks, chunk_size, number, first, chunks, tokens, num_bytes, holdout > 0, live > 0
        )

    @cached_property
    def document_of(self) -> NDArray[np.int64]:
        """[num_chunks]: the place of each chunk's document."""
        return np.repeat(np.arange(len(self.number)), self.document_chunks)

    @cached_property
    def retrievable(self) -> NDArray[np.bool_]:
        """[num_chunks]: may this chunk be anyone's neighbor?"""
        retrievable: NDArray[np.bool_] = (self.live & ~self.holdout)[self.document_of]
        return retrievable

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """[num_chunks]: tokens in each chunk without filling, 1 … M."""
        place = np.arange(self.num_chunks) - self.first_chunk[self.document_of]
        lengths: NDArray[np.int64] = np.minimum(
            self.chunk_size, self.document_tokens[self.document_of] - place * self.chunk_size
        )
        return lengths

    @cached_property
    def has_continuation(self) -> NDArray[np.bool_]:
        """[num_chunks]: is the next chunk of the same document?"""
        last = np.zeros(self.num_chunks, dtype=np.bool_)
        last[self.first_chunk + self.document_chunks - 1] = True
        return ~last

    def chunks_of(self, document: int) -> range:
        """The chunks of the document at this place."""
        first = int(self.first_chunk[document])
        return range(first, first + int(self.document_chunks[document]))

    def chunks_of_split(self, *, holdout: bool) -> NDArray[np.int64]:
        """Numbers of all live chunks of the held-out documents, or of the others, in order."""
        wanted = (self.live & (self.holdout == holdout))[self.document_of]
        return np.flatnonzero(wanted)

    def count(self, *, holdout: bool) -> dict[str, Any]:
        """Documents, chunks, tokens and bytes of one split."""
        wanted = self.live & (self.holdout == holdout)
        return {
            "documents": int(wanted.sum()),
            "chunks": int(self.document_chunks[wanted].sum()),
            "tokens": int(self.document_tokens[wanted].sum()),
            "bytes": int(self.document_bytes[wanted].sum()),
        }

"""Which chunk is of which document, at one version: arithmetic over arrays, no files.

Documents stand in the order of their chunks, and each one's chunks are contiguous; so a chunk's continuation
is the next row if that is of the same document. Three documents, the second removed, the third held out:

    place               0        1     2            of a document
    number              7        8     9            its number in the catalog
    live                T        F     T
    holdout             F        F     T
    first_chunk         0        2     3
    document_chunks     2        1     2

    chunk               0  1     2     3  4         a row of tokens.bin
    document_of         0  0     1     2  2
    retrievable         T  T     F     F  F
    indexed             0  1     2                  until `compact`, indexes hold removed ones too
    has_continuation    T  F     F     T  F
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.arrays import Rows
from openbook.database.storage.catalog_columns import SNAPSHOT, Snapshot
from openbook.database.storage.segments import segment_owners, segment_places, segment_starts


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
    """The catalog's number of each document."""
    first_chunk: NDArray[np.int64]
    document_chunks: NDArray[np.int64]
    """Chunks of each document, at least 1."""
    document_tokens: NDArray[np.int64]
    """Tokens of each document without padding, with its end-of-text token."""
    document_bytes: NDArray[np.int64]
    """UTF-8 bytes of each document's text."""
    holdout: NDArray[np.bool_]
    """Stored for evaluation, never retrieved."""
    live: NDArray[np.bool_]
    """Neither removed nor replaced."""
    excluded: NDArray[np.bool_]
    """Nearly equals a held-out or an earlier document: neither retrieved nor trained on."""
    compared: NDArray[np.bool_]
    """Was looked at for near-copies; before, nobody knows whether it is to be excluded."""
    added: NDArray[np.int64]
    """The version that added each document."""
    partly_excluded: NDArray[np.bool_] | None = None
    """[num_chunks], those that share a run with a held-out document, whose document is not excluded; None:
    there is none."""
    stored_lengths: Rows | NDArray[np.uint16] | None = None
    """[num_chunks, 1] of a database that stores them; None: a document's chunks but the last are full."""

    @classmethod
    def from_snapshot(
        cls, snapshot: Snapshot, *, chunk_size: int, stored_lengths: Rows | None = None
    ) -> "ChunkLayout":
        """From what `Catalog.snapshot` returns, and the array of lengths if there is one."""
        documents = {name: np.ascontiguousarray(snapshot.documents[name]) for name in SNAPSHOT}
        return cls(
            version=snapshot.head.version,
            num_chunks=snapshot.head.num_chunks,
            chunk_size=chunk_size,
            number=documents["number"],
            first_chunk=documents["first_chunk"],
            document_chunks=documents["num_chunks"],
            document_tokens=documents["num_tokens"],
            document_bytes=documents["num_bytes"],
            holdout=documents["holdout"] > 0,
            live=documents["live"] > 0,
            excluded=documents["excluded"] > 0,
            compared=documents["judged"] > 0,
            added=documents["added"],
            partly_excluded=snapshot.partly_excluded(),
            stored_lengths=stored_lengths,
        )

    @cached_property
    def document_of(self) -> NDArray[np.int64]:
        """[num_chunks]: the place of each chunk's document."""
        return segment_owners(self.document_chunks)

    @cached_property
    def retrievable(self) -> NDArray[np.bool_]:
        """[num_chunks]: may this chunk be anyone's neighbor?"""
        retrievable: NDArray[np.bool_] = (self.live & ~self.holdout)[self.document_of] & ~self.kept_out
        return retrievable

    @cached_property
    def kept_out(self) -> NDArray[np.bool_]:
        """[num_chunks]: is it a near-copy, or part of one: neither retrieved nor trained on?

        excluded           F F        T      of two documents, of three chunks and one
        document_of        0 0 0      1
        partly_excluded    F T F      F
        kept_out           F T F      T
        """
        whole: NDArray[np.bool_] = self.excluded[self.document_of]
        return whole if self.partly_excluded is None else whole | self.partly_excluded

    @cached_property
    def indexed(self) -> NDArray[np.int64]:
        """Numbers of all chunks that indexes hold, in order: of documents that are not held out.

        Removed and excluded ones are among them until `compact`, and are filtered from what is found.
        """
        return np.flatnonzero(~self.holdout[self.document_of])

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """[num_chunks]: tokens in each chunk without padding, 1 … M.

        Raises:
            DatabaseError: they are stored, and damaged.
        """
        if self.stored_lengths is not None:
            return self.stored_lengths[:][:, 0].astype(np.int64)
        return full_but_the_last(self.document_chunks, self.document_tokens, chunk_size=self.chunk_size)

    def token_mask(self, chunks: NDArray[np.int64] | slice) -> NDArray[np.bool_]:
        """Which places of chunks [...] hold tokens, rather than padding: [..., M].

        M = 4       lengths    3  4      mask    T T T F    T T T T
        """
        mask: NDArray[np.bool_] = np.arange(self.chunk_size) < self.lengths[chunks][..., None]
        return mask

    @cached_property
    def has_continuation(self) -> NDArray[np.bool_]:
        """[num_chunks]: is the next chunk of the same document, and not excluded alone?

        Else a neighbor would show what is kept out, as its continuation.
        """
        # first_chunk + document_chunks - 1 is 1 2 4 above: the chunks that end a document.
        last = np.zeros(self.num_chunks, dtype=np.bool_)
        last[self.first_chunk + self.document_chunks - 1] = True
        if self.partly_excluded is not None:
            last[:-1] |= self.partly_excluded[1:]
        return ~last

    def without_removed(self) -> "ChunkLayout":
        """As it is after `compact`: live documents one after the other."""
        live = self.live
        chunks = self.document_chunks[live]
        stored = self.stored_lengths
        partly = self.partly_excluded
        return ChunkLayout(
            version=self.version,
            num_chunks=int(chunks.sum()),
            chunk_size=self.chunk_size,
            number=self.number[live],
            first_chunk=segment_starts(chunks),
            document_chunks=chunks,
            document_tokens=self.document_tokens[live],
            document_bytes=self.document_bytes[live],
            holdout=self.holdout[live],
            live=np.ones(len(chunks), dtype=np.bool_),
            excluded=self.excluded[live],
            compared=self.compared[live],
            added=self.added[live],
            partly_excluded=None if partly is None else partly[live[self.document_of]],
            stored_lengths=None if stored is None else stored[:][live[self.document_of]],
        )

    def chunks_of(self, document: int) -> range:
        """The chunks of the document at this place."""
        first = int(self.first_chunk[document])
        return range(first, first + int(self.document_chunks[document]))

    def chunks_of_split(self, *, holdout: bool) -> NDArray[np.int64]:
        """Numbers of all live chunks of the held-out documents, or of the others less the excluded."""
        wanted = self.live & (self.holdout == holdout)
        return np.flatnonzero(wanted[self.document_of] & ~self.kept_out)

    def count(self, *, holdout: bool) -> dict[str, Any]:
        """Documents, chunks, tokens and bytes of one split."""
        wanted = self.live & (self.holdout == holdout)
        return {
            "documents": int(wanted.sum()),
            "chunks": int(self.document_chunks[wanted].sum()),
            "tokens": int(self.document_tokens[wanted].sum()),
            "bytes": int(self.document_bytes[wanted].sum()),
        }


def full_but_the_last(
    chunks: NDArray[np.int64], tokens: NDArray[np.int64], *, chunk_size: int
) -> NDArray[np.int64]:
    """The tokens in each chunk of documents that are cut as `cut_chunks` does.

        tokens      6        4      M = 4
        chunks      2        1
        before      0  4     0      tokens of the document before each chunk
        left        6  2     4      what it is then left with
        lengths     4  2     4      at most M

    Args:
        chunks: [documents] of each.
        tokens: [documents] of each, with its end-of-text token.
        chunk_size: M.

    Returns:
        [all chunks], 1 … M.
    """
    before = segment_places(chunks) * chunk_size
    lengths: NDArray[np.int64] = np.minimum(chunk_size, np.repeat(tokens, chunks) - before)
    return lengths

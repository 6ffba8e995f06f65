"""Samples to train on and evaluate, read straight from the arrays: C consecutive chunks and their neighbors.

Nothing is copied per sample: a sample is rows of `tokens.bin` and of the neighbor table, fetched when asked
for. Arrays in, arrays out; torch is not known here.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from openbook.database.neighbors.same_documents import SameDocuments, same_documents
from openbook.database.version import Version
from openbook.errors import DatabaseError, SettingsError
from openbook.given import opened

IGNORED_LABEL = -100
"""The label of tokens that no loss counts, as in torch and transformers."""


class NeighborRows(Protocol):
    """Rows of neighbors, by chunk: an array, one on the disk, or one of some chunks only."""

    def __getitem__(self, chunks: NDArray[np.int64], /) -> NDArray[np.int64]:
        """int64 [..., K] of chunks [...]."""


@dataclass(frozen=True)
class SequenceDataset:
    """Sequences over all documents of one split, in the order of their chunks.

    A sequence may span several documents. Its neighbors are masked where they do not exist, where they come
    from a document of the sequence (of another book: from one with its id or its tokens), and where the next
    chunk belongs to another document, which they could not inform. The last sequence is padded with
    end-of-text tokens that no loss counts. Where padding may stand inside documents (`openbook retokenize`),
    a mask hides it, and no loss counts the token after it, which could only be predicted from padding.

    Args:
        database: gives tokens and layout; of a `Database` its `opened` is taken, and stays.
        split: the documents to read.
        sequence_length: T, a multiple of the chunk size.
        neighbors: int64 [num_chunks, K], usually `NeighborTable.first(k)`; None: without retrieval.
        book: what they are chunks of, `NeighborTable.book`; None: the same database.
        stride: tokens from one sequence to the next; below T they overlap, and in each but the first only the
            last `stride` tokens are predicted, the others are there to be read. None: T.

    Raises:
        SettingsError: T is not a multiple of M, or not at least 2 M; or so with the stride, or it is above T.
        DatabaseError: the split is empty.
        MismatchError: the book is another version of the same database.
    """

    database: Version
    split: Literal["train", "holdout"]
    sequence_length: int
    neighbors: NeighborRows | None = None
    book: Version | None = None
    stride: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "database", opened(self.database))
        if self.book is not None:
            object.__setattr__(self, "book", opened(self.book, where="book"))
            self.database.require_same(self._read)
        M = self.database.settings.chunk_size
        if self.sequence_length % M or self.sequence_length < 2 * M:
            raise SettingsError(
                f"sequence length {self.sequence_length}: must be a multiple of the database's chunk size "
                f"{M}, at least {2 * M}"
            )
        chunks = self.database.layout.chunks_of_split(holdout=self.split == "holdout")
        if len(chunks) == 0:
            advice = "build it with --holdout 0.05" if self.split == "holdout" else "add documents"
            raise DatabaseError(f"{self.database.path}: no documents in the split {self.split!r}; {advice}")
        C, step = self.sequence_length // M, self._step(M)
        first = np.arange(1 + max(0, -(-(len(chunks) - C) // step))) * step
        padded = np.full(first[-1] + C, -1, dtype=np.int64)
        padded[: len(chunks)] = chunks
        object.__setattr__(self, "chunk_ids", padded[first[:, None] + np.arange(C)])
        object.__setattr__(self, "counted", (first[:, None] == 0) | (np.arange(C) >= C - step))
        if self._same is None and (self.neighbors is not None or self.book is not None):
            same = same_documents(self.database, self._read)
            object.__setattr__(self, "_same", same)

    chunk_ids: NDArray[np.int64] = None  # type: ignore[assignment]
    """[sequences, C] the chunks of each sequence, -1 after the last one; made at construction."""
    counted: NDArray[np.bool_] = None  # type: ignore[assignment]
    """[sequences, C]: chunks whose tokens are predicted here, each in one sequence."""
    _same: SameDocuments | None = None

    def _step(self, M: int) -> int:
        stride = self.sequence_length if self.stride is None else self.stride
        if stride % M or not M <= stride <= self.sequence_length:
            raise SettingsError(
                f"stride {stride}: must be a multiple of the database's chunk size {M}, at most the sequence "
                f"length {self.sequence_length}"
            )
        return stride // M

    @property
    def _read(self) -> Version:
        return self.database if self.book is None else self.book

    def __len__(self) -> int:
        return len(self.chunk_ids)

    def __getitem__(self, index: int) -> dict[str, NDArray[np.generic]]:
        """One sample.

        Returns:
            input_ids int64 [T]; labels int64 [T], -100 for padding and for the first token; and with
            retrieval neighbor_ids int64 [C-1, K, 2M] and neighbor_mask bool [C-1, K, 2M]: the last chunk's
            neighbors would inform no token of the sequence. Of a database that stores its chunks' lengths
            also attention_mask int64 [T], 0 for padding.
        """
        chunks = self.chunk_ids[index]
        layout = self.database.layout
        exists = chunks >= 0
        rows = np.where(exists, chunks, 0)
        ids = self.database.tokens[rows].astype(np.int64)
        ids[~exists] = self.database.tokenizer.eos_id
        there = layout.token_mask(rows) & exists[:, None]
        labels = np.where(there & self.counted[index][:, None], ids, IGNORED_LABEL).reshape(-1)
        labels[0] = IGNORED_LABEL
        sample: dict[str, NDArray[np.generic]] = {"input_ids": ids.reshape(-1), "labels": labels}
        if layout.stored_lengths is not None:
            shown = there.reshape(-1)
            labels[1:][~shown[:-1]] = IGNORED_LABEL
            sample["attention_mask"] = shown.astype(np.int64)
        if self.neighbors is not None:
            neighbor_ids, mask = self._read.retrieved_tokens(self.allowed_neighbors(index))
            sample |= {"neighbor_ids": neighbor_ids, "neighbor_mask": mask}
        return sample

    def allowed_neighbors(self, index: int) -> NDArray[np.int64]:
        """Neighbors [C-1, K] of a sample's chunks but the last, -1 where a neighbor must not be seen."""
        assert self.neighbors is not None, "of samples with retrieval"
        chunks, layout = self.chunk_ids[index], self.database.layout
        exists = chunks >= 0
        documents = np.where(exists, layout.document_of[np.where(exists, chunks, 0)], -1)
        found = self.neighbors[np.where(exists, chunks, 0)[:-1]]
        their_documents = self._read.layout.document_of[np.where(found >= 0, found, 0)]
        assert self._same is not None
        same = np.isin(their_documents, self._same.of(documents[exists]))
        continues = exists[:-1] & (documents[:-1] == documents[1:])
        return np.where((found >= 0) & ~same & continues[:, None], found, -1)

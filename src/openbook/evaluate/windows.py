"""The text that is evaluated, in windows of T tokens that may overlap, and which of their tokens count.

It knows no model and no neighbors.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openbook.database import SequenceDataset, Version
from openbook.errors import SettingsError


@dataclass(frozen=True)
class Windows:
    """Windows over one split of a database.

    dataset: the samples, without neighbors.
    rows: int64 [n], those that are read.
    """

    dataset: SequenceDataset
    rows: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        corpus: Version,
        split: Literal["train", "holdout"],
        *,
        book: Version,
        sequence_length: int,
        stride: int | None,
        max_sequences: int | None,
    ) -> "Windows":
        """All windows, or `max_sequences` of them, spread evenly.

        Raises:
            SettingsError: lengths that chunks do not fit into, or fewer than one sequence.
            DatabaseError: there is no text.
        """
        if max_sequences is not None and max_sequences < 1:
            raise SettingsError(f"max sequences {max_sequences}: must be at least 1")
        dataset = SequenceDataset(corpus, split, sequence_length, book=book, stride=stride)
        count = min(len(dataset), max_sequences or len(dataset))
        return cls(dataset, np.linspace(0, len(dataset) - 1, count).round().astype(np.int64))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def chunk_size(self) -> int:
        """M."""
        return self.dataset.database.settings.chunk_size

    @cached_property
    def chunk_ids(self) -> NDArray[np.int64]:
        """[n, C], -1 where there is no chunk."""
        return self.dataset.chunk_ids[self.rows]

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """[n, C]: chunks whose tokens count here, and in no other window."""
        return self.dataset.counted[self.rows]

    @cached_property
    def chunks(self) -> NDArray[np.int64]:
        """All chunks in the windows, sorted, each once."""
        return np.setdiff1d(self.chunk_ids, [-1])

    @cached_property
    def predicted(self) -> NDArray[np.bool_]:
        """[n, T]: tokens that are predicted and count."""
        return np.stack([self.dataset[row]["labels"] for row in self.rows]) >= 0

    @cached_property
    def documents(self) -> NDArray[np.int64]:
        """[n, T] the place of each token's document in the layout; of some document where nothing is."""
        of_chunks = self.dataset.database.layout.document_of[np.maximum(self.chunk_ids, 0)]
        return np.repeat(of_chunks, self.chunk_size, axis=1)

    def per_token(self, of_chunks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """[n, C] to the predicted tokens [n, T] of these chunks."""
        return np.repeat(of_chunks, self.chunk_size, axis=1) & self.predicted

    @cached_property
    def overlap_lengths(self) -> NDArray[np.int64]:
        """[n, C] tokens of which a chunk's overlap is a share: its own, and M of a document's last chunk."""
        layout, chunks = self.dataset.database.layout, np.maximum(self.chunk_ids, 0)
        inner = (self.chunk_ids >= 0) & layout.has_continuation[chunks]
        return np.where(inner, layout.lengths[chunks], self.chunk_size)

    @cached_property
    def bytes_per_token(self) -> float:
        """Of the text's UTF-8; the end-of-text tokens are counted, and stand for no byte."""
        counts = self.dataset.database.layout.count(holdout=self.dataset.split == "holdout")
        return float(counts["bytes"] / counts["tokens"])

    @cached_property
    def words_per_token(self) -> float:
        """Words are what white space separates in the chunks that count."""
        database = self.dataset.database
        chunks = np.unique(self.chunk_ids[self.counted & (self.chunk_ids >= 0)])
        documents = database.layout.document_of[chunks]
        breaks = np.flatnonzero((np.diff(chunks) != 1) | (np.diff(documents) != 0)) + 1
        tokens = words = 0
        for run in np.split(chunks, breaks):
            rows, lengths = database.tokens[run], database.layout.lengths[run]
            ids = rows[np.arange(rows.shape[1]) < lengths[:, None]].tolist()
            tokens += len(ids)
            words += len(database.tokenizer.decode([ids])[0].split())
        return words / tokens

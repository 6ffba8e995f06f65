"""The text that is evaluated, in windows of T tokens that may overlap, and which of their tokens count.

With T of four chunks and a stride of two, over a text of seven chunks a … g:

    window 0     a  b  c  d             all of it counts: nothing was before it
    window 1           c  d  e  f       e and f count, c and d are there to be read
    window 2                 e  f  g -  g counts; - is no chunk, its tokens are padding

so each chunk counts once, with as much text before it as the stride leaves. `SequenceDataset` cuts them; here
are the views of its samples that losses are measured by. Models and neighbors are not known here.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from openbook.database import NeighborRows, SequenceDataset, Version


@dataclass(frozen=True)
class Windows:
    """n samples of one split of a corpus.

    dataset: all samples, without neighbors.
    rows: int64 [n], those that are read.
    """

    dataset: SequenceDataset
    rows: NDArray[np.int64]

    @classmethod
    def spread(cls, dataset: SequenceDataset, max_sequences: int | None = None) -> "Windows":
        """All samples, or `max_sequences` of them, spread evenly; of 9, 4 are 0, 3, 5 and 8."""
        count = min(len(dataset), max_sequences or len(dataset))
        return cls(dataset, np.linspace(0, len(dataset) - 1, count).round().astype(np.int64))

    def __len__(self) -> int:
        return len(self.rows)

    def samples(self, neighbors: NeighborRows | None = None) -> SequenceDataset:
        """The dataset with the neighbors of its chunks; None: without retrieval."""
        return self.dataset if neighbors is None else replace(self.dataset, neighbors=neighbors)

    @property
    def corpus(self) -> Version:
        """What the text is a split of."""
        return self.dataset.database

    @property
    def chunk_size(self) -> int:
        """M."""
        return self.corpus.settings.chunk_size

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
        """[n, T] the place of each token's document in the layout; any place where there is no token."""
        documents = self.corpus.layout.document_of[np.maximum(self.chunk_ids, 0)]
        return np.repeat(documents, self.chunk_size, axis=1)

    def predicted_of(self, chunks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """[n, T]: the predicted tokens of these chunks [n, C].

        With M = 3:   chunks       1     0          predicted    0 1 1  1 1 1
                      repeated     1 1 1 0 0 0      both         0 1 1  0 0 0
        """
        return np.repeat(chunks, self.chunk_size, axis=1) & self.predicted

    @cached_property
    def overlap_lengths(self) -> NDArray[np.int64]:
        """[n, C] tokens of which a chunk's overlap is a share: its own, and M of a document's last chunk."""
        layout, chunks = self.corpus.layout, np.maximum(self.chunk_ids, 0)
        inner = (self.chunk_ids >= 0) & layout.has_continuation[chunks]
        return np.where(inner, layout.lengths[chunks], self.chunk_size)

    @cached_property
    def bytes_per_token(self) -> float:
        """Of the whole split's UTF-8; the end-of-text tokens are counted, and stand for no byte."""
        counts = self.corpus.layout.count(holdout=self.dataset.split == "holdout")
        return float(counts["bytes"] / counts["tokens"])

    @cached_property
    def words_per_token(self) -> float:
        """Words are what white space separates in the chunks that count.

        A word may continue in the next chunk, so chunks that follow each other in a document are one text:

            chunks       4  5  6  9  10         all that count, in order
            documents    0  0  1  1  1
            texts       [4  5][6][9  10]        cut where a number is left out or a document ends
        """
        layout, tokens = self.corpus.layout, self.corpus.tokens
        chunks = np.unique(self.chunk_ids[self.counted & (self.chunk_ids >= 0)])
        documents = layout.document_of[chunks]
        cuts = np.flatnonzero((np.diff(chunks) != 1) | (np.diff(documents) != 0)) + 1
        count = words = 0
        for text in np.split(chunks, cuts):
            ids = tokens[text][layout.token_mask(text)].tolist()
            count += len(ids)
            words += len(self.corpus.tokenizer.decode([ids])[0].split())
        return words / count

"""Which documents of a book are documents of a corpus too, by their id or by their tokens.

What trains on the one may not see them in the other. Tokens are compared by the checksums of their rows, so a
text that was added as tokens is known again; that two differ and are taken for the same has a chance of 2^-32
for documents of one chunk, less for longer ones, and hides a neighbor.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database.arrays import Rows
from openbook.database.layout import ChunkLayout
from openbook.database.version import Version


@dataclass(frozen=True, eq=False)
class SameDocuments:
    """Documents are named by their places in the layouts of corpus and book.

    Args:
        starts: int64 [documents of the corpus + 1]: where in `places` those of each document begin.
        places: int64, in the book.
    """

    starts: NDArray[np.int64]
    places: NDArray[np.int64]

    def of(self, documents: NDArray[np.int64]) -> NDArray[np.int64]:
        """All documents of the book that are one of these [n] of the corpus, each once."""
        starts, ends = self.starts[documents].tolist(), self.starts[documents + 1].tolist()
        parts = [self.places[start:end] for start, end in zip(starts, ends, strict=True)]
        return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *parts]))

    def rows(self, documents: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each document [n] of the corpus those of the book [n, at least 1], filled with -1."""
        counts = self.starts[documents + 1] - self.starts[documents]
        columns = np.arange(max(1, int(counts.max(initial=0))))
        there = columns < counts[:, None]
        found = np.full(there.shape, -1, dtype=np.int64)
        found[there] = self.places[(self.starts[documents, None] + columns)[there]]
        return found


def same_documents(corpus: Version, book: Version) -> SameDocuments:
    """Compare the live documents of a corpus with those of a book that have the same tokenizer and chunks."""
    count = len(corpus.layout.number)
    if corpus.layout is book.layout:
        return SameDocuments(np.arange(count + 1), np.arange(count))
    pairs = np.unique(np.concatenate([_same_ids(corpus, book), _same_tokens(corpus, book)]), axis=0)
    return SameDocuments(np.searchsorted(pairs[:, 0], np.arange(count + 1)), pairs[:, 1])


def _same_ids(corpus: Version, book: Version) -> NDArray[np.int64]:
    """Pairs [n, 2] of places in corpus and book."""
    ours, theirs = corpus.catalog.live_numbers(), book.catalog.live_numbers()
    shared = [(ours[name], theirs[name]) for name in ours.keys() & theirs.keys()]
    numbers = np.array(shared, dtype=np.int64).reshape(-1, 2)
    known = np.isin(numbers[:, 0], corpus.layout.number) & np.isin(numbers[:, 1], book.layout.number)
    places = (
        np.searchsorted(layout.number, numbers[known, column])
        for column, layout in enumerate((corpus.layout, book.layout))
    )
    return np.stack(list(places), axis=1)


def _same_tokens(corpus: Version, book: Version) -> NDArray[np.int64]:
    """Pairs [n, 2] of places in corpus and book."""
    ours = _fingerprints(corpus.layout, corpus.tokens)
    theirs = _fingerprints(book.layout, book.tokens)
    order = np.argsort(theirs, kind="stable")
    first = np.searchsorted(theirs, ours, "left", sorter=order)
    counts = np.searchsorted(theirs, ours, "right", sorter=order) - first
    places = np.repeat(np.arange(len(ours)), counts)
    steps = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.stack([places, order[np.repeat(first, counts) + steps]], axis=1)


def _fingerprints(layout: ChunkLayout, tokens: Rows) -> NDArray[np.uint64]:
    """Of each document's tokens: uint64 [documents]."""
    if not len(layout.number):
        return np.empty(0, dtype=np.uint64)
    place = np.arange(layout.num_chunks) - layout.first_chunk[layout.document_of]
    factors = (2 * place.astype(np.uint64) + 1) * np.uint64(0x9E3779B97F4A7C15)
    sums = np.add.reduceat(tokens.content_sums() * factors, layout.first_chunk)
    return sums + layout.document_tokens.astype(np.uint64)

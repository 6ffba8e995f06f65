"""Which documents of a book are documents of a corpus too, by their id or by their tokens.

What trains on the one may not see them in the other. Tokens decide, not texts, so that a text is known again
where it was added as tokens. Their rows' checksums say at once which documents may be the same; only of those
are the tokens read and hashed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.arrays import Rows
from openbook.database.storage.layout import ChunkLayout
from openbook.database.version import Version

_ROWS_AT_ONCE = 65_536
_SEARCHED_WITHOUT = 16
"""Documents with the same tokens that a search leaves out: a text of which there are thousands would cost
every query thousands of hits."""


@dataclass(frozen=True, eq=False)
class SameDocuments:
    """Documents are named by their places in the layouts of corpus and book.

    Args:
        by_id: int64 [documents of the corpus], the one in the book with the same id; -1: none.
        first: int64 [documents of the corpus], where in `places` those with the same tokens begin.
        end: where they end.
        places: int64, in the book.
    """

    by_id: NDArray[np.int64]
    first: NDArray[np.int64]
    end: NDArray[np.int64]
    places: NDArray[np.int64]

    def of(self, documents: NDArray[np.int64]) -> NDArray[np.int64]:
        """All documents of the book that are one of these [n] of the corpus, each once."""
        ranges = np.unique(np.stack([self.first[documents], self.end[documents]]), axis=1)
        parts = [self.places[first:end] for first, end in ranges.T.tolist()]
        return np.setdiff1d(np.concatenate([self.by_id[documents], *parts]), [-1])

    def rows(self, documents: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each document [n] of the corpus those of the book [n, 1 to 17], filled with -1.

        The one with its id, and the first 16 with its tokens: of a text that is there more often, the table
        may name other copies, which `of` keeps from being shown.
        """
        first, end = self.first[documents, None], self.end[documents, None]
        columns = first + np.arange(min(_SEARCHED_WITHOUT, (end - first).max(initial=0)))
        found = np.full(columns.shape, -1, dtype=np.int64)
        found[columns < end] = self.places[columns[columns < end]]
        return np.concatenate([self.by_id[documents, None], found], axis=1)


def same_documents(corpus: Version, book: Version) -> SameDocuments:
    """Compare the live documents of a corpus with those of a book that has the same tokenizer and chunks."""
    count = len(corpus.layout.number)
    if corpus.layout is book.layout:
        nothing = np.zeros(count, dtype=np.int64)
        return SameDocuments(np.arange(count), nothing, nothing, nothing[:0])
    return SameDocuments(_same_ids(corpus, book), *_same_tokens(corpus, book))


def _same_ids(corpus: Version, book: Version) -> NDArray[np.int64]:
    theirs = book.catalog.live_numbers()
    numbers = np.array(
        [(number, theirs[name]) for name, number in corpus.catalog.live_numbers().items() if name in theirs],
        dtype=np.int64,
    ).reshape(-1, 2)
    layouts = (corpus.layout, book.layout)
    known = [np.isin(column, layout.number) for column, layout in zip(numbers.T, layouts, strict=True)]
    numbers = numbers[known[0] & known[1]]  # others came after these versions
    found = np.full(len(corpus.layout.number), -1, dtype=np.int64)
    ours, same = (np.searchsorted(at.number, column) for at, column in zip(layouts, numbers.T, strict=True))
    found[ours] = same
    return found


def _same_tokens(corpus: Version, book: Version) -> tuple[NDArray[np.int64], ...]:
    """`first`, `end` and `places` of `SameDocuments`."""
    maybe: list[NDArray[Any]] = [version.layout.document_tokens for version in (corpus, book)]
    if corpus.layout.stored_lengths is None and book.layout.stored_lengths is None:
        # Else equal tokens may be cut into chunks in two ways, and their rows say nothing.
        maybe = [_by_checksums(version.layout, version.tokens) for version in (corpus, book)]
    ours = np.flatnonzero(np.isin(maybe[0], maybe[1]))
    theirs = np.flatnonzero(np.isin(maybe[1], maybe[0]))
    keys, known = _hashes(corpus, ours), _hashes(book, theirs)
    order = np.argsort(known, kind="stable")
    first, end = np.zeros((2, len(corpus.layout.number)), dtype=np.int64)
    first[ours] = np.searchsorted(known, keys, "left", sorter=order)
    end[ours] = np.searchsorted(known, keys, "right", sorter=order)
    return first, end, theirs[order]


def _by_checksums(layout: ChunkLayout, tokens: Rows) -> NDArray[np.uint64]:
    """[documents]: equal for equal documents, and seldom for others."""
    return _of_documents(tokens.content_sums(), layout.document_chunks, layout.document_tokens)


def _hashes(version: Version, documents: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Of the tokens of each of these documents [n], however they are cut into chunks."""
    layout = version.layout
    chunks = np.flatnonzero(np.isin(layout.document_of, documents))
    lengths, counts = layout.lengths[chunks], layout.document_chunks[documents]
    before, first = np.cumsum(lengths) - lengths, np.cumsum(counts) - counts
    before -= np.repeat(before[first], counts)  # tokens of the same document
    place = np.arange(layout.chunk_size)
    rows = [np.empty(0, dtype=np.uint64)]
    for start in range(0, len(chunks), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        places = _mixed((before[part, None] + place).astype(np.uint64))
        values = _mixed(version.tokens[chunks[part]].astype(np.uint64)) * places
        rows.append((values * (place < lengths[part, None])).sum(axis=1, dtype=np.uint64))
    sums: NDArray[np.uint64] = np.add.reduceat(np.concatenate(rows), first) if len(first) else rows[0]
    return sums + layout.document_tokens[documents].astype(np.uint64)


def _of_documents(
    rows: NDArray[np.uint64], chunks: NDArray[np.int64], tokens: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """A hash for each document of its rows' hashes, in their order, and of its number of tokens."""
    if not len(chunks):
        return np.empty(0, dtype=np.uint64)
    first = np.cumsum(chunks) - chunks
    place = np.arange(len(rows)) - np.repeat(first, chunks)
    sums: NDArray[np.uint64] = np.add.reduceat(_mixed(rows) * _mixed(place.astype(np.uint64)), first)
    return sums + tokens.astype(np.uint64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each value to another odd one that looks drawn at random: the steps of SplitMix64."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return (mixed ^ (mixed >> np.uint64(31))) | np.uint64(1)

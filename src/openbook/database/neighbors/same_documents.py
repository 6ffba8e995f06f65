"""Which documents of a book are documents of a corpus too, by their id or by their tokens.

What trains on the one may not see them in the other. Tokens decide, not texts, so that a text is known again
where it was added as tokens. Their rows' checksums say at once which documents may be the same; only of those
are the tokens read and hashed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.hashing import splitmix64
from openbook.database.storage.arrays import Rows
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.segments import segment_places, segment_starts, segment_sums
from openbook.database.version import Version

_ROWS_AT_ONCE = 65_536
_SEARCHED_WITHOUT = 16
"""Documents with the same tokens that a search leaves out: a text of which there are thousands would cost
every query thousands of hits."""


@dataclass(frozen=True, eq=False)
class SameDocuments:
    """For each document of a corpus those of a book with its id or its tokens, by places in the layouts.

    The corpus has the documents A B C. Of the book's documents 0 to 4, number 3 has A's id, and 0 and 4 have
    the tokens of A; 1 has those of C. What has the same tokens stands side by side in `places`:

        by_id     3 -1 -1       of A, B, C
        places    0 4 1
        first     0  0  2
        end       2  0  3       A's are places[0:2], B's places[0:0], C's places[2:3]

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
        """Find all documents of the book that are one of these [n] of the corpus, each once, in order."""
        ranges = np.unique(np.stack([self.first[documents], self.end[documents]]), axis=1)
        parts = [self.places[first:end] for first, end in ranges.T.tolist()]
        return np.setdiff1d(np.concatenate([self.by_id[documents], *parts]), [-1])

    def rows(self, documents: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find for each document [n] of the corpus those of the book [n, 1 to 17], padded with -1.

        The one with its id, and the first 16 with its tokens: of a text that is there more often, the table
        may name other copies, which `of` keeps from being shown. Of A, B and C above:

            columns    0 1      found    0  4      rows    3  0  4
                       0 1              -1 -1             -1 -1 -1
                       2 3               1 -1             -1  1 -1
        """
        first, end = self.first[documents, None], self.end[documents, None]
        columns = first + np.arange(min(_SEARCHED_WITHOUT, (end - first).max(initial=0)))
        exists = columns < end
        found = np.full(columns.shape, -1, dtype=np.int64)
        found[exists] = self.places[columns[exists]]
        return np.concatenate([self.by_id[documents, None], found], axis=1)


def same_documents(corpus: Version, book: Version) -> SameDocuments:
    """Compare the live documents of a corpus with those of a book that has the same tokenizer and chunks."""
    count = len(corpus.layout.number)
    if corpus == book:
        nothing = np.zeros(count, dtype=np.int64)
        return SameDocuments(np.arange(count), nothing, nothing, nothing[:0])
    return SameDocuments(_same_ids(corpus, book), *_same_tokens(corpus, book))


def _same_ids(corpus: Version, book: Version) -> NDArray[np.int64]:
    """`by_id` of `SameDocuments`."""
    found = np.full(len(corpus.layout.number), -1, dtype=np.int64)
    theirs = dict(zip(_live_ids(book), np.flatnonzero(book.layout.live).tolist(), strict=True))
    found[corpus.layout.live] = [theirs.get(name, -1) for name in _live_ids(corpus)]
    return found


def _live_ids(version: Version) -> list[str]:
    """Of the documents that the version holds, whatever the newest one does, in the order of their places."""
    return version.catalog.ids(version.layout.number[version.layout.live].tolist())


def _same_tokens(corpus: Version, book: Version) -> tuple[NDArray[np.int64], ...]:
    """`first`, `end` and `places` of `SameDocuments`.

    Documents are sorted by the hashes of their tokens; those with equal ones then stand side by side:

        ours          A: 20    C: 70            documents that may be in the book, and their hashes
        theirs        0: 20    1: 70    4: 20
        order         0 2 1                     which sorts the hashes: 20 20 70
        places        0 4 1
        first, end    A: 0 2   C: 2 3           where 20 and 70 begin and end among the sorted
    """
    ours, theirs = _documents_to_hash(corpus, book)
    keys, known = _hashes(corpus, ours), _hashes(book, theirs)
    order = np.argsort(known, kind="stable")
    first, end = np.zeros((2, len(corpus.layout.number)), dtype=np.int64)
    first[ours] = np.searchsorted(known, keys, "left", sorter=order)
    end[ours] = np.searchsorted(known, keys, "right", sorter=order)
    return first, end, theirs[order]


def _documents_to_hash(corpus: Version, book: Version) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of the documents of both that may have the tokens of one of the other."""
    if corpus.layout.stored_lengths is None and book.layout.stored_lengths is None:
        ours, theirs = (_by_checksums(version.layout, version.tokens) for version in (corpus, book))
    else:
        # Equal tokens may be cut into chunks in two ways, and rows say nothing: only as many can be equal.
        ours = corpus.layout.document_tokens.astype(np.uint64)
        theirs = book.layout.document_tokens.astype(np.uint64)
    return np.flatnonzero(np.isin(ours, theirs)), np.flatnonzero(np.isin(theirs, ours))


def _by_checksums(layout: ChunkLayout, tokens: Rows) -> NDArray[np.uint64]:
    """[documents]: equal for equal documents, and seldom for others.

    The hash of a document is a sum over its rows of checksum times place, each mixed first: so the order
    counts. Of two documents with 2 chunks and 1:

        checksums    s  t    u
        places       0  1    0          within the document
        products     m(s)·m(0)  m(t)·m(1)    m(u)·m(0)
        hashes       m(s)·m(0) + m(t)·m(1) + its tokens    m(u)·m(0) + its tokens
    """
    places = segment_places(layout.document_chunks).astype(np.uint64)
    products = _odd(tokens.content_sums()) * _odd(places)
    return segment_sums(products, layout.document_chunks) + layout.document_tokens.astype(np.uint64)


def _hashes(version: Version, documents: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Of the tokens of each of these documents [n], however they are cut into chunks.

    As above, with tokens in the place of checksums, and their places within the document. M = 4, a document
    of 6 tokens in two chunks, the padding (E) left out:

        tokens     5 6 7 8    9 2 E E
        lengths    4          2
        before     0          4             tokens of the same document before the chunk
        places     0 1 2 3    4 5 6 7       before + 0 1 2 3
        hash       m(5)·m(0) + m(6)·m(1) + … + m(2)·m(5) + 6
    """
    layout = version.layout
    chunks = np.flatnonzero(np.isin(layout.document_of, documents))
    lengths = layout.lengths[chunks]
    counts = layout.document_chunks[documents]
    before = segment_starts(lengths)
    before -= np.repeat(before[segment_starts(counts)], counts)
    column = np.arange(layout.chunk_size)
    rows = [np.empty(0, dtype=np.uint64)]
    for start in range(0, len(chunks), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        places = _odd((before[part, None] + column).astype(np.uint64))
        products = _odd(version.tokens[chunks[part]].astype(np.uint64)) * places
        rows.append((products * layout.token_mask(chunks[part])).sum(axis=1, dtype=np.uint64))
    sums = segment_sums(np.concatenate(rows), counts)
    return sums + layout.document_tokens[documents].astype(np.uint64)


def _odd(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each value to an odd one that looks drawn at random: a product with it loses nothing, modulo 2^64."""
    return splitmix64(values) | np.uint64(1)

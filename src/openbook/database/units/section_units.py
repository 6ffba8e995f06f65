"""Sections of documents as units: from a heading to the chunk before the next one's.

A long document is about many things, each under its heading, which the passages below it need not name:

    # The valley      Two mills stand in it.       ## The upper mill    It was founded in 1912. Its walls …
    ## The lower …    It was founded in 1850. …
    chunk             0                            1                    2        3        4
    headings begin    The valley                   The upper mill                The lower mill
    unit              0                            1        1           1        2        2

A unit begins with the chunk in which a heading does, so one of many short sections is found by the names of
all that begin there; and what stands there before the heading is found by the names of the unit before, too.
Its names are the document's title and the headings above it. What is not under any heading, as all of a plain
text, is one unit.

Headings are found in the text as it is stored, by the marks that its kind of file has, whenever they are
asked for; nothing of them is stored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.segments import ranges
from openbook.database.units.unit_search import HasVectors, Units
from openbook.text.headings import Heading, headings

_AT_ONCE = 256
"""Documents read at a time."""
_LOOKED_BACK = 1024
"""Chunks before one, in which the headings above it are looked for: a book's chapter, some 150 pages."""


@dataclass(frozen=True, slots=True)
class _Section:
    """Where a unit begins, counted in chunks of its document, and the headings above and at it."""

    first: int
    names: tuple[str, ...]


def sections_of(version: HasVectors) -> Units:
    """Each section of a version's live documents as a unit; all of the text is read once."""
    layout = version.layout
    found: list[list[_Section]] = [[_Section(0, ())] for _ in layout.live]
    titles = [""] * len(found)
    places = np.flatnonzero(layout.live & ~layout.holdout)
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        records = version.catalog.describe(layout.number[some].tolist())
        for place, record, texts in zip(some.tolist(), records, _texts(version, some), strict=True):
            titles[place] = record.title
            found[place] = _sections(texts, record)
    names = [
        " ".join(dict.fromkeys((title, *section.names)))
        for title, of_one in zip(titles, found, strict=True)
        for section in of_one
    ]
    cut = _cut(layout, found)
    return Units(cut, lambda units: (names[unit] for unit in units.tolist()), _ends_in(cut, layout))


def headings_above(version: HasVectors, chunks: Sequence[int]) -> list[tuple[str, ...]]:
    """Find the headings above the first character of each chunk, the highest first; none for -1.

    Args:
        version: the book.
        chunks: few of them: of each, what stands before it in its document is read.
    """
    layout = version.layout
    wanted = np.array(sorted({chunk for chunk in chunks if chunk >= 0}), dtype=np.int64)
    places = layout.document_of[wanted]
    records = version.catalog.describe(layout.number[places].tolist())
    above: dict[int, tuple[str, ...]] = {}
    for chunk, place, record in zip(wanted.tolist(), places.tolist(), records, strict=True):
        first = max(int(layout.first_chunk[place]), chunk - _LOOKED_BACK)
        *before, own = version.chunk_texts(np.arange(first, chunk + 1))
        start = sum(map(len, before))  # a heading that the border cuts is whole
        found = headings("".join([*before, own]), source=record.source)
        above[chunk] = _paths([heading for heading in found if heading.start < start])[-1]
    return [above.get(chunk, ()) for chunk in chunks]


def _texts(version: HasVectors, places: NDArray[np.int64]) -> Iterator[list[str]]:
    """The texts of each document's chunks."""
    counts = version.layout.document_chunks[places]
    texts = iter(version.chunk_texts(ranges(version.layout.first_chunk[places], counts)))
    return ([next(texts) for _ in range(count)] for count in counts.tolist())


def _sections(texts: Sequence[str], record: DocumentRecord) -> list[_Section]:
    """Cut a document, given as the texts of its chunks."""
    ends = np.array(list(accumulate(map(len, texts))))
    found = headings("".join(texts), source=record.source)
    chunks = np.searchsorted(ends, [heading.start for heading in found], side="right").tolist()
    sections = {0: _Section(0, ())}
    for chunk, path in zip(chunks, _paths(found)[1:], strict=True):
        before = sections[chunk].names if chunk in sections else ()
        sections[chunk] = _Section(chunk, (*before, *path))
    return [sections[chunk] for chunk in sorted(sections)]


def _paths(found: Sequence[Heading]) -> list[tuple[str, ...]]:
    """The headings in force before any, and after each: itself and those above it.

    # A  ## B  # C     gives     (), (A), (A, B), (C)
    """
    paths: list[tuple[Heading, ...]] = [()]
    for heading in found:
        above = (other for other in paths[-1] if other.level < heading.level)
        paths.append((*above, heading))
    return [tuple(heading.title for heading in path) for path in paths]


def _cut(layout: ChunkLayout, sections: Sequence[Sequence[_Section]]) -> ChunkLayout:
    """The layout with each section in a document's place."""
    counts = np.array([len(of_one) for of_one in sections], dtype=np.int64)
    firsts = np.array([section.first for of_one in sections for section in of_one], dtype=np.int64)
    first_chunk = np.repeat(layout.first_chunk, counts) + firsts
    ends = np.append(first_chunk[1:], layout.num_chunks)
    of_document = ("number", "document_tokens", "document_bytes", "holdout", "live", "excluded", "compared")
    repeated: dict[str, Any] = {
        name: np.repeat(getattr(layout, name), counts) for name in (*of_document, "added")
    }
    return replace(layout, first_chunk=first_chunk, document_chunks=ends - first_chunk, **repeated)


def _ends_in(cut: ChunkLayout, layout: ChunkLayout) -> NDArray[np.int64]:
    """The unit that ends in each chunk: its own, or the one before where a section begins, not a document.

    unit     0 0 1 1 2      document    0 0 0 0 1
    ends in  0 0 0 1 2
    """
    ends_in = cut.document_of.copy()
    begins = np.setdiff1d(cut.first_chunk, layout.first_chunk)
    ends_in[begins] -= 1
    return ends_in

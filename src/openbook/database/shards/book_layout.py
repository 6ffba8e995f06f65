"""Which chunk is of which document in a sharded book: the layouts of its shards, by the book's numbers.

What a missing shard holds stands there as removed documents, one for each extent: so all other chunks keep
their numbers, and no search finds it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.shards.chunk_numbers import ChunkNumbers
from openbook.database.storage.arrays import Rows
from openbook.database.storage.excluded_chunks import ExcludedChunks
from openbook.database.storage.layout import ChunkLayout

_SHIFT = 40
"""Bits for the number of a document in its shard."""
_SCALARS = ("version", "num_chunks", "chunk_size", "partly_excluded", "stored_lengths")
_COLUMNS = tuple(field.name for field in fields(ChunkLayout) if field.name not in _SCALARS)
"""What a layout has of each document."""
_ABSENT = {"number": -1, "compared": 1}
"""Of a document that stands for what is missing; everything else is 0."""


def book_number(place: int, number: NDArray[np.int64] | int) -> Any:
    """The book's number of documents, by the shard's place and their numbers there.

    >>> book_number(0, 17) == (1 << 40) + 17
    True
    """
    return ((place + 1) << _SHIFT) + number


def shard_number(number: int) -> tuple[int, int]:
    """The place of a document's shard, and its number there; of a document of no shard -1.

    >>> shard_number(book_number(3, 17))
    (3, 17)
    """
    return (number >> _SHIFT) - 1, number & ((1 << _SHIFT) - 1)


def book_layout(
    version: int,
    numbers: ChunkNumbers,
    layouts: Mapping[int, ChunkLayout],
    *,
    chunk_size: int,
    stored_lengths: Rows | None,
    commits_of: Callable[[int, NDArray[np.int64]], NDArray[np.int64]],
) -> ChunkLayout:
    """Join the layouts of shards.

    Args:
        version: of the book.
        numbers: of its chunks.
        layouts: by the shard's place, without those that are missing.
        chunk_size: M.
        stored_lengths: of all chunks, if shards store them.
        commits_of: the book's commits, of a shard's place and versions of it.
    """
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in _COLUMNS}
    added = {place: commits_of(place, layout.added) for place, layout in layouts.items()}
    extents = (numbers.shards, numbers.counts, numbers.rows, numbers.starts)
    for place, count, row, start in zip(*(values.tolist() for values in extents), strict=True):
        if place not in layouts:
            for name in _COLUMNS:
                columns[name].append(np.array([_ABSENT.get(name, 0)]))
            columns["first_chunk"][-1][:] = start
            columns["document_chunks"][-1][:] = count
            continue
        layout = layouts[place]
        part = slice(*np.searchsorted(layout.first_chunk, [row, row + count]).tolist())
        for name in _COLUMNS:
            columns[name].append(getattr(layout, name)[part])
        columns["first_chunk"][-1] = columns["first_chunk"][-1] + (start - row)
        columns["number"][-1] = book_number(place, columns["number"][-1])
        columns["added"][-1] = added[place][part]
    joined = {name: _joined(name, values) for name, values in columns.items()}
    return ChunkLayout(
        version=version,
        num_chunks=numbers.total,
        chunk_size=chunk_size,
        partly_excluded=_partly_excluded(numbers, layouts),
        stored_lengths=stored_lengths,
        **joined,
    )


def _joined(name: str, values: list[NDArray[Any]]) -> NDArray[Any]:
    kind = np.bool_ if name in ("holdout", "live", "excluded", "compared") else np.int64
    return np.concatenate([np.empty(0, dtype=kind), *values]).astype(kind)


def _partly_excluded(numbers: ChunkNumbers, layouts: Mapping[int, ChunkLayout]) -> NDArray[np.bool_] | None:
    parts = {place: layout.partly_excluded for place, layout in layouts.items()}
    if all(part is None for part in parts.values()):
        return None
    partly = np.zeros(numbers.total, dtype=np.bool_)
    for place, part in parts.items():
        if part is not None:
            partly[numbers.in_book(place, np.arange(len(part)))] = part
    return partly


def stored_original(place: int, original: int) -> int:
    """The number under which the catalog of the shard at `place` keeps the original of a near-copy.

    Of a document that the shard has itself it is the number there; of one of another shard it is the book's
    number, which is higher than any number of its own.
    """
    owner, number = shard_number(original)
    return number if owner == place else original


def stored_parts(place: int, parts: Collection[ExcludedChunks]) -> list[ExcludedChunks]:
    """Excluded parts of a document of the shard at `place`, as its catalog keeps them."""
    return [ExcludedChunks(part.first, part.end, stored_original(place, part.original)) for part in parts]


def book_original(place: int, stored: int) -> int:
    """The book's number of what the catalog of the shard at `place` keeps under a number."""
    is_own = shard_number(stored)[0] < 0
    return book_number(place, stored) if is_own else stored


def by_place(places: Mapping[str, int]) -> dict[int, list[str]]:
    """The ids of documents by their shards, these in order."""
    found: dict[int, list[str]] = {}
    for name, place in places.items():
        found.setdefault(place, []).append(name)
    return dict(sorted(found.items()))


def by_shard(numbers: Iterable[int]) -> dict[int, list[int]]:
    """Documents by their shards, with their numbers there."""
    found: dict[int, list[int]] = {}
    for number in sorted(numbers):
        place, own = shard_number(number)
        found.setdefault(place, []).append(own)
    return found

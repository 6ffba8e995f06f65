"""The numbers of a sharded book's chunks: in the order in which they came, whichever shard they went to.

Each commit of the book appends its new rows, shard after shard, to one sequence of extents. A number so stays
what it is when any shard grows, and there is no gap between shards. Two shards of 3 and 2 chunks, then two
more for the first and one for the second:

    extents    (0, 3) (1, 2) | (0, 2) (1, 1)       shard, chunks
    numbers    0 1 2   3 4     5 6     7           of the book
    shard      0 0 0   1 1     0 0     1
    row        0 1 2   0 1     3 4     2           in the shard

So a book whose shards were built from consecutive documents numbers its chunks as one database of all does.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.segments import segment_starts

_ROW_BITS = 40
Extent = tuple[int, int]
"""A shard's place in the manifest, and a number of chunks that follow each other in it."""


def joined(extents: Iterable[Extent]) -> tuple[Extent, ...]:
    """Make one of extents of the same shard that follow each other; empty ones are left out.

    >>> joined([(0, 3), (0, 2), (1, 0), (0, 1), (1, 4)])
    ((0, 6), (1, 4))
    """
    some = [extent for extent in extents if extent[1]]
    grouped = groupby(some, key=lambda extent: extent[0])
    return tuple((shard, sum(count for _, count in group)) for shard, group in grouped)


class ChunkNumbers:
    """Translates between numbers of the book and rows of its shards.

    Args:
        extents: in the order of the book's numbers.
    """

    def __init__(self, extents: Sequence[Extent]) -> None:
        table = np.array(extents, dtype=np.int64).reshape(-1, 2)
        self.shards, self.counts = table[:, 0], table[:, 1]
        self.total = int(self.counts.sum())

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """[extents]: the book's number of each one's first chunk."""
        return segment_starts(self.counts)

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """[extents]: the row of each one's first chunk in its shard."""
        rows = np.empty_like(self.counts)
        for shard in np.unique(self.shards):
            its = self.shards == shard
            rows[its] = segment_starts(self.counts[its])
        return rows

    @cached_property
    def _of_shards(self) -> Mapping[int, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """For each shard the rows and the numbers at which its extents begin."""
        found = {}
        for shard in np.unique(self.shards).tolist():
            its = self.shards == shard
            found[shard] = self.rows[its], self.starts[its]
        return found

    def size(self, shard: int) -> int:
        """Count the rows of a shard."""
        return int(self.counts[self.shards == shard].sum())

    def in_shards(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find the shard and the row of each chunk.

        Args:
            numbers: [...] of the book, 0 … total - 1.

        Returns:
            Both [...].
        """
        extent = np.searchsorted(self.starts, numbers, side="right") - 1
        return self.shards[extent], self.rows[extent] + (numbers - self.starts[extent])

    def in_book(self, shard: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the book's number of rows [...] of a shard; -1 stays -1."""
        if shard not in self._of_shards:
            return np.full(rows.shape, -1, dtype=np.int64)
        first, starts = self._of_shards[shard]
        extent = np.maximum(np.searchsorted(first, rows, side="right") - 1, 0)
        return np.where(rows < 0, -1, starts[extent] + (rows - first[extent]))

    @cached_property
    def _keys(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Shard and first row of each extent in one number, ascending; and the extents in that order."""
        keys = (self.shards << _ROW_BITS) + self.rows
        order = np.argsort(keys)
        return keys[order], order

    def of_all(self, shards: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the book's numbers of rows [n] of any shards [n]."""
        keys, order = self._keys
        extent = order[np.searchsorted(keys, (shards << _ROW_BITS) + rows, side="right") - 1]
        numbers: NDArray[np.int64] = self.starts[extent] + (rows - self.rows[extent])
        return numbers

    def ranges_in(self, shard: int, ranges: Sequence[range]) -> tuple[range, ...]:
        """Find the rows of a shard that some ranges of the book's numbers hold.

        >>> ChunkNumbers([(0, 3), (1, 2), (0, 2)]).ranges_in(0, [range(2, 6)])
        (range(2, 3), range(3, 4))
        """
        if not ranges or shard not in self._of_shards:
            return ()
        rows, starts = self._of_shards[shard]
        ends = starts + self.counts[self.shards == shard]
        found = []
        for part in ranges:
            between = slice(np.searchsorted(ends, part.start, "right"), np.searchsorted(starts, part.stop))
            extents = zip(*(values[between].tolist() for values in (rows, starts, ends)), strict=True)
            for row, start, end in extents:
                first, stop = max(part.start, start), min(part.stop, end)
                if first < stop:
                    found.append(range(row + first - start, row + stop - start))
        return tuple(found)

    def kept(self, keep: Mapping[int, NDArray[np.bool_]]) -> tuple[Extent, ...]:
        """The extents after some shards have lost rows, so that what is left stands in the same order.

        Args:
            keep: by shard bool [its rows]; a shard that is not named loses nothing.
        """
        left = []
        for shard, count, row in zip(
            self.shards.tolist(), self.counts.tolist(), self.rows.tolist(), strict=True
        ):
            part = keep[shard][row : row + count] if shard in keep else None
            left.append((shard, count if part is None else int(np.count_nonzero(part))))
        return joined(left)

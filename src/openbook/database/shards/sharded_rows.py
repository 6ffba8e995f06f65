"""The rows of all shards as one array, by the book's numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from openbook.database.shards.chunk_numbers import ChunkNumbers
from openbook.database.storage.arrays import Rows
from openbook.errors import DatabaseError
from openbook.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class ShardedRows(Rows):
    """What `Rows` is to one database. Rows of a missing shard cannot be read, and are an error.

    `values` and `sums` say shape and type alone: they take no memory and hold nothing.
    """

    numbers: ChunkNumbers
    parts: Mapping[int, Rows]
    """By the shard's place; without those that are missing."""
    names: Sequence[str]
    """Of all shards, for errors."""

    @classmethod
    def of(
        cls, book: Path, numbers: ChunkNumbers, parts: Mapping[int, Rows], names: Sequence[str]
    ) -> "ShardedRows":
        """Join the rows of shards, at least one."""
        some = next(iter(parts.values()))
        values = np.broadcast_to(np.zeros((), some.values.dtype), (numbers.total, some.columns))
        sums = np.broadcast_to(np.zeros((), np.uint32), (numbers.total, 1))
        return cls(book, values, sums, some.columns, numbers, parts, names)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, tuple):
            assert index[0] == slice(None) and not index[1].start, index
            parts = {place: rows[:, : index[1].stop] for place, rows in self.parts.items()}
            return replace(self, columns=min(self.columns, index[1].stop), parts=parts)
        if isinstance(index, slice) and (within := self._within_one(*index.indices(len(self)))):
            return self._part(within[0])[within[1]]
        wanted = np.arange(*index.indices(len(self))) if isinstance(index, slice) else np.asarray(index)
        flat = np.where(wanted < 0, wanted + len(self), wanted).reshape(-1)
        shards, rows = self.numbers.in_shards(flat)
        found = np.empty((len(flat), self.columns), dtype=self.values.dtype)
        for shard in np.unique(shards).tolist():
            its = shards == shard
            found[its] = self._part(shard)[rows[its]]
        return found.reshape(*wanted.shape, self.columns)

    def _within_one(self, start: int, stop: int, step: int) -> tuple[int, slice] | None:
        """The shard and its rows, where a slice lies within one extent, as that of a document does."""
        if step != 1 or start >= stop:
            return None
        extent = int(np.searchsorted(self.numbers.starts, start, side="right")) - 1
        before = start - int(self.numbers.starts[extent])
        if stop - start > int(self.numbers.counts[extent]) - before:
            return None
        first = int(self.numbers.rows[extent]) + before
        return int(self.numbers.shards[extent]), slice(first, first + stop - start)

    def _part(self, shard: int) -> Rows:
        if shard not in self.parts:
            raise DatabaseError(
                f"{self.path}: the shard {self.names[shard]} is missing, and this is a chunk of it; restore "
                "it from a copy"
            )
        return self.parts[shard]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)

    def content_sums(self) -> NDArray[np.uint64]:
        """As those of one database; 0 in missing shards."""
        sums = np.zeros(len(self), dtype=np.uint64)
        for shard, rows in self.parts.items():
            sums[self.numbers.in_book(shard, np.arange(len(rows)))] = rows.content_sums()
        return sums

    def damaged(self, *, progress: Progress = silent) -> NDArray[np.int64]:
        """As that of one database, of the shards that are there."""
        found = [np.empty(0, dtype=np.int64)]
        for shard, rows in self.parts.items():
            found.append(self.numbers.in_book(shard, rows.damaged(progress=progress)))
        return np.sort(np.concatenate(found))

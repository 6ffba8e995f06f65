"""Flat arrays on disk that only grow: rows of one type, no header; beside each a file of checksums.

How many rows are valid is the catalog's to say; a file may be longer (an append that was never committed)
and is then cut by the next writer. It may never be shorter. Every row that is read is compared with its
checksum, so damage is an error and never a wrong answer.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from openbook.database.storage.sealed import database_of, naming_errors
from openbook.errors import DatabaseError
from openbook.phrases import command
from openbook.progress import Progress, silent

_BLOCK_BYTES = 32_000_000


def row_sums(rows: NDArray[Any], numbers: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The checksum of each row, which depends on its number too, so that no row passes for another.

    A sum of the row's 16-bit words times odd numbers, modulo 2^32: any change within one word changes it,
    other changes pass with a chance of 2^-32.

    Args:
        rows: [n, width], of an even number of bytes each.
        numbers: [n].
    """
    words = np.ascontiguousarray(rows).view("<u2")
    factors = (np.arange(1, words.shape[1] + 1, dtype=np.uint64) * 0x9E3779B97F4A7C15) >> np.uint64(32)
    sums: NDArray[np.uint32] = np.einsum(
        "nw,w->n", words, factors.astype(np.uint32) | 1, dtype=np.uint32, casting="unsafe"
    )
    sums += _number_sums(numbers)
    return sums


def _number_sums(numbers: NDArray[np.int64]) -> NDArray[np.uint32]:
    return ((numbers + 1) * 0x85EBCA6B).astype(np.uint32)


@dataclass(frozen=True, eq=False)
class Rows:
    """The valid rows of an array, memory-mapped; indexing reads, checks and copies.

    `rows[numbers]` takes int64 [...] and gives [..., width]; `rows[first:end]` gives [end - first, width];
    `rows[:, :k]` reads nothing yet and gives the first k columns of all rows.
    """

    path: Path
    values: NDArray[Any]
    sums: NDArray[np.uint32]
    columns: int

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, and elements shown of each."""
        return len(self.values), self.columns

    @overload
    def __getitem__(self, index: tuple[slice, slice]) -> "Rows": ...
    @overload
    def __getitem__(self, index: slice | int | NDArray[np.int64]) -> NDArray[Any]: ...
    def __getitem__(self, index: Any) -> "NDArray[Any] | Rows":
        if isinstance(index, tuple):
            assert index[0] == slice(None) and not index[1].start, index
            return replace(self, columns=min(self.columns, index[1].stop))
        numbers = np.arange(*index.indices(len(self))) if isinstance(index, slice) else np.asarray(index)
        values = np.array(self.values[index])
        flat = np.where(numbers < 0, numbers + len(self), numbers).reshape(-1)
        wrong = flat[row_sums(values.reshape(len(flat), self.values.shape[1]), flat) != self.sums[flat, 0]]
        if len(wrong):
            raise DatabaseError(
                f"{self.path}: row {wrong[0]} does not match its checksum: the file is damaged; "
                f"see: {command('verify', database_of(self.path.parent))}"
            )
        return values[..., : self.columns]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)

    def content_sums(self) -> NDArray[np.uint64]:
        """A checksum of what each row holds, whatever its number: below 2^32, equal for equal rows."""
        return (self.sums[:, 0] - _number_sums(np.arange(len(self)))).astype(np.uint64)

    def damaged(self, *, progress: Progress = silent) -> NDArray[np.int64]:
        """The numbers of all rows that do not match their checksums, in order."""
        step = max(1, _BLOCK_BYTES // max(1, self.values.itemsize * self.values.shape[1]))
        found = [np.empty(0, dtype=np.int64)]
        for start in range(0, len(self), step):
            numbers = np.arange(start, min(start + step, len(self)))
            sums = row_sums(self.values[start : start + step], numbers)
            found.append(numbers[sums != self.sums[start : start + step, 0]])
            progress(min(start + step, len(self)), len(self))
        return np.concatenate(found)


class AppendOnlyArray:
    """One file of rows, and one of their checksums with the suffix `.sum`.

    Args:
        path: of the file; it need not exist yet.
        dtype: of the elements, little-endian on disk.
        width: elements in a row.
    """

    def __init__(self, path: Path, *, dtype: DTypeLike, width: int) -> None:
        self.path = path
        self.sums_path = path.with_suffix(".sum")
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.width = width

    def _files(self) -> tuple[tuple[Path, np.dtype[Any], int], ...]:
        return (self.path, self.dtype, self.width), (self.sums_path, np.dtype("<u4"), 1)

    def rows(self, count: int) -> Rows:
        """The first `count` rows: [count, width].

        Raises:
            DatabaseError: the files hold fewer.
        """
        values, sums = (self._mapped(path, dtype, width, count) for path, dtype, width in self._files())
        return Rows(self.path, values, sums, self.width)

    @staticmethod
    def _mapped(path: Path, dtype: np.dtype[Any], width: int, count: int) -> NDArray[Any]:
        if count == 0:
            return np.empty((0, width), dtype=dtype)
        _check_length(path, count * width * dtype.itemsize)
        with naming_errors(path):
            return np.memmap(path, dtype=dtype, mode="r", shape=(count, width))

    def whole_rows(self) -> int:
        """How many rows both files hold in full."""
        sizes = [(_size(path), width * dtype.itemsize) for path, dtype, width in self._files()]
        return min(size // row for size, row in sizes)

    def truncate(self, count: int) -> None:
        """Keep the first `count` rows: cut off what no commit vouches for."""
        for path, dtype, width in self._files():
            wanted = count * width * dtype.itemsize
            _check_length(path, wanted)
            if _size(path) > wanted:
                with naming_errors(path):
                    os.truncate(path, wanted)

    def append(self, rows: NDArray[Any], *, first: int) -> None:
        """Write rows [n, width] at the end, which is row `first`, and wait until they are on the disk."""
        assert rows.ndim == 2 and rows.shape[1] == self.width, (rows.shape, self.width)
        rows = np.ascontiguousarray(rows, dtype=self.dtype)
        sums = row_sums(rows, np.arange(first, first + len(rows))).astype("<u4")
        for path, values in ((self.path, rows), (self.sums_path, sums)):
            with naming_errors(path), path.open("ab") as file:
                file.write(values.data)
                file.flush()
                os.fsync(file.fileno())

    def overwrite(self, numbers: NDArray[np.int64], rows: NDArray[Any]) -> None:
        """Repair: write rows [n, width] and their checksums in the place of the rows `numbers`."""
        rows = np.ascontiguousarray(rows, dtype=self.dtype)
        sums = row_sums(rows, numbers).astype("<u4")[:, None]
        for path, values in ((self.path, rows), (self.sums_path, sums)):
            with naming_errors(path):
                path.touch()
                with path.open("r+b") as file:
                    for number, value in zip(numbers.tolist(), values, strict=True):
                        file.seek(number * value.nbytes)
                        file.write(value.data)
                    file.flush()
                    os.fsync(file.fileno())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _check_length(path: Path, expected: int) -> None:
    if (found := _size(path)) < expected:
        raise DatabaseError(
            f"{path}: {found} bytes where the catalog expects {expected}: the file was cut or is missing; "
            "restore it, or see what can be repaired: "
            f"{command('verify', database_of(path.parent), '--repair')}"
        )

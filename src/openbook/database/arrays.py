"""Flat arrays on disk that only grow: rows of one type, back to back, no header.

How many rows are valid is the catalogue's to say; a file may be longer (an append that was never committed)
and is then cut by the next writer. It may never be shorter.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from openbook.errors import DatabaseError


class AppendOnlyArray:
    """One file of rows.

    Args:
        path: of the file; it need not exist yet.
        dtype: of the elements, little-endian on disk.
        width: elements in a row.
    """

    def __init__(self, path: Path, *, dtype: DTypeLike, width: int) -> None:
        self.path = path
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.width = width

    @property
    def _row_bytes(self) -> int:
        return self.width * self.dtype.itemsize

    def rows(self, count: int) -> NDArray[Any]:
        """The first `count` rows, memory-mapped for reading: [count, width].

        Raises:
            DatabaseError: the file holds fewer.
        """
        if count == 0:
            return np.empty((0, self.width), dtype=self.dtype)
        self._check_length(count)
        with self._reported():
            return np.memmap(self.path, dtype=self.dtype, mode="r", shape=(count, self.width))

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """A full disk or a missing right is the user's to mend, not a fault of ours."""
        try:
            yield
        except OSError as error:
            raise DatabaseError(f"{self.path}: cannot be read or written: {error}") from error

    def _check_length(self, count: int) -> None:
        found = self.path.stat().st_size if self.path.is_file() else 0
        if found < count * self._row_bytes:
            raise DatabaseError(
                f"{self.path}: {found} bytes where the catalogue expects {count * self._row_bytes}; "
                "the file was cut or is missing: restore it, or build the database again"
            )

    def truncate(self, count: int) -> None:
        """Keep the first `count` rows: cut off what no commit vouches for."""
        self._check_length(count)
        with self._reported():
            if self.path.is_file():
                os.truncate(self.path, count * self._row_bytes)

    def append(self, rows: NDArray[Any]) -> None:
        """Write rows [n, width] at the end and wait until they are on the disk."""
        assert rows.ndim == 2 and rows.shape[1] == self.width, (rows.shape, self.width)
        with self._reported(), self.path.open("ab") as file:
            file.write(np.ascontiguousarray(rows, dtype=self.dtype).data)
            file.flush()
            os.fsync(file.fileno())

"""The neighbor table on the disk: for each chunk of the corpus its nearest chunks, read by every training.

Neighbors belong to chunks, not to samples, so any sequence length, seed or split works from one table.
Files in the folder `neighbors`: ids.i64 [num_chunks, K], scores.f32 [num_chunks, K], their checksums, and
table.json, written last, which says for which version and mode they were computed, and in which book where
that is another database; begun.json says it too, from the beginning.
"""

import os
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.searcher import SearchMode
from openbook.database.storage.arrays import AppendOnlyArray, Rows
from openbook.durable import read_sealed, read_sealed_if_there, write_sealed
from openbook.errors import DatabaseError, MismatchError, SettingsError

if TYPE_CHECKING:
    from openbook.database.database import Database


@dataclass(frozen=True, slots=True)
class BookStamp:
    """Another database, in whose chunks the neighbors are."""

    path: str
    """Relative to the folder of the corpus, where one leads to the other."""
    history: str
    """Fingerprint of its commits up to that version: of it and its copies alone."""
    version: int

    @classmethod
    def of(cls, book: "Database", *, corpus: Path) -> "BookStamp":
        """Of the version that `book` reads."""
        path, folder = book.path.resolve(), corpus.resolve()
        with suppress(ValueError):  # on another drive of Windows
            path = Path(os.path.relpath(path, folder))
        return cls(path.as_posix(), book.catalog.history(book.version), book.version)

    def place(self, corpus: Path) -> Path:
        """Its folder."""
        return Path(os.path.normpath(corpus / self.path))


@dataclass(frozen=True, slots=True)
class Stamp:
    """What table.json says."""

    version: int
    mode: SearchMode
    k: int
    num_chunks: int
    book: BookStamp | None = None
    """None: the neighbors are chunks of the database itself."""

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "Stamp":
        """Read what `values` gives; further names are ignored.

        Raises:
            KeyError: something is missing.
            TypeError: the book is described otherwise.
        """
        book = values.get("book")
        own = {field.name: values[field.name] for field in fields(cls) if field.name != "book"}
        return cls(**own, book=None if book is None else BookStamp(**book))

    def values(self) -> dict[str, Any]:
        """As JSON; of the book only where there is one."""
        return {name: value for name, value in asdict(self).items() if name != "book" or value is not None}

    def arrays(self, folder: Path) -> tuple[AppendOnlyArray, AppendOnlyArray]:
        """Ids and scores in this folder."""
        return (
            AppendOnlyArray(folder / "ids.i64", dtype="<i8", width=self.k),
            AppendOnlyArray(folder / "scores.f32", dtype="<f4", width=self.k),
        )

    def write(self, folder: Path) -> None:
        """Declare the folder's arrays complete."""
        write_sealed(folder / "table.json", self.values())


BEGUN = "begun.json"
"""What a table is to be: only the same call goes on with it, and `repair` makes the same one again."""


def table_stamp(folder: Path) -> Stamp | None:
    """The stamp of the table in this folder, None if there is no table.

    Raises:
        DatabaseError: it is damaged.
    """
    path = folder / "table.json"
    values = read_sealed_if_there(path)
    try:
        return None if values is None else Stamp.from_values(values)
    except (KeyError, TypeError) as error:
        raise DatabaseError(f"{path}: written by another version of openbook: {error}") from error


def wanted_stamp(folder: Path) -> Stamp | None:
    """What the table in this folder was to be, as far as that can still be read."""
    for name in ("table.json", BEGUN):
        with suppress(DatabaseError, KeyError, TypeError):
            return Stamp.from_values(read_sealed(folder / name))
    return None


@dataclass(frozen=True)
class NeighborTable:
    """Neighbors of every live chunk of one version.

    ids: int64 [num_chunks, K], best first, -1 where there are no more (all of a removed document's rows);
        chunks of `book`.
    scores: float32 [num_chunks, K].
    """

    ids: NDArray[np.int64] | Rows
    scores: NDArray[np.float32] | Rows
    version: int
    mode: SearchMode
    book: "Database"
    """The database that the neighbors are in: usually the one whose chunks have them."""

    @classmethod
    def load(cls, database: "Database", *, book: "Database | None" = None) -> "NeighborTable":
        """Open the table, memory-mapped.

        Args:
            database: whose chunks have the neighbors.
            book: the database that they are in, if it is open already; None: opened where the table says.

        Raises:
            DatabaseError: there is none, or its files are damaged; its book is not there.
            MismatchError: it was computed for another version of the database or of its book.
        """
        folder = database.opened.files.neighbors
        remedy = f"run: openbook neighbors {database.path}"
        try:
            stamp = table_stamp(folder)
            if stamp is not None:
                ids, scores = (array.rows(stamp.num_chunks) for array in stamp.arrays(folder))
        except DatabaseError as error:
            raise DatabaseError(f"{error}; {remedy}") from error
        if stamp is None:
            raise DatabaseError(f"{database.path}: has no neighbor table; {remedy}")
        if stamp.book is not None:
            remedy += f" --book {stamp.book.place(database.path)}"
        if stamp.version != database.version:
            raise MismatchError(
                f"{folder}: of version {stamp.version}, the database is at {database.version}; {remedy}"
            )
        found = database if stamp.book is None else _open_book(stamp.book, database.path, book, remedy)
        return cls(ids, scores, stamp.version, stamp.mode, found)

    def first(self, k: int) -> NDArray[np.int64] | Rows:
        """The k best of each chunk: [num_chunks, k].

        Raises:
            SettingsError: the table has fewer.
        """
        if not 1 <= k <= self.ids.shape[1]:
            raise SettingsError(
                f"{k} neighbors asked for, the table holds {self.ids.shape[1]}: run openbook neighbors -k {k}"
            )
        return self.ids[:, :k]


def _open_book(stamp: BookStamp, corpus: Path, book: "Database | None", remedy: str) -> "Database":
    """The book at the version that the table was computed for."""
    from openbook.database.database import Database

    try:
        found = Database.open(stamp.place(corpus)) if book is None else book
    except DatabaseError as error:
        raise DatabaseError(f"{corpus}: the book of its neighbor table cannot be opened: {error}") from error
    if found.version != stamp.version:
        raise MismatchError(
            f"{corpus}: its neighbors are of version {stamp.version} of {found.path}, which is at "
            f"{found.version}; {remedy}"
        )
    if found.catalog.history(stamp.version) != stamp.history:
        raise MismatchError(f"{corpus}: its neighbors are of another database than {found.path}; {remedy}")
    return found

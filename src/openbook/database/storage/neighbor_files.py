"""The files of a neighbor table: for each chunk of the corpus its nearest chunks.

In the folder `neighbors`: ids.i64 [num_chunks, K], scores.f32 [num_chunks, K], their checksums, and
table.json, written last, which says for which version and mode they were computed, and in which book where
that is another database; begun.json says it too, from the beginning.
"""

import os
from contextlib import suppress
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from openbook.database.storage.arrays import AppendOnlyArray
from openbook.database.storage.sealed import database_of, read_sealed, read_sealed_if_there, write_sealed
from openbook.errors import DatabaseError
from openbook.phrases import command
from openbook.search_modes import SearchMode


@dataclass(frozen=True, slots=True)
class BookStamp:
    """Another database, in whose chunks the neighbors are."""

    path: str
    """Relative to the folder of the corpus, where one leads to the other."""
    history: str
    """Fingerprint of its commits up to that version: of it and its copies alone."""
    version: int

    @classmethod
    def of(cls, book: Path, *, corpus: Path, history: str, version: int) -> "BookStamp":
        """Of the book in this folder, for the corpus in the other."""
        path, folder = book.resolve(), corpus.resolve()
        with suppress(ValueError):  # on another drive of Windows
            path = Path(os.path.relpath(path, folder))
        return cls(path.as_posix(), history, version)

    def place(self, corpus: Path) -> Path:
        """Its folder."""
        return Path(os.path.normpath(corpus / self.path))


@dataclass(frozen=True, slots=True)
class TableStamp:
    """What table.json says."""

    version: int
    mode: SearchMode
    k: int
    num_chunks: int
    book: BookStamp | None = None
    """None: the neighbors are chunks of the database itself."""
    analyzer: int = 1
    """The version of the words that were searched; 1, too, where none were."""

    @property
    def kind(self) -> tuple[object, ...]:
        """What two tables must have in common for one to be extended to the other."""
        return self.mode, self.k, self.book, self.analyzer

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "TableStamp":
        """Read what `values` gives; further names are ignored.

        Raises:
            KeyError: something is missing.
            TypeError: the book is described otherwise.
        """
        book = values.get("book")
        own = {field.name: values[field.name] for field in fields(cls) if field.default is MISSING}
        return cls(
            **own,
            book=None if book is None else BookStamp(**book),
            analyzer=values.get("analyzer", 1),
        )

    def values(self) -> dict[str, Any]:
        """As JSON; book and analyzer only where they are not the default, as in tables of before."""
        values = asdict(self)
        if self.book is None:
            del values["book"]
        if self.analyzer == 1:
            del values["analyzer"]
        return values

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
"""What a table is to be: only the same call resumes it, and `repair` makes the same one again."""


def table_stamp(folder: Path) -> TableStamp | None:
    """The stamp of the table in this folder, None if there is no table.

    Raises:
        DatabaseError: it is damaged.
    """
    path = folder / "table.json"
    values = read_sealed_if_there(path)
    try:
        return None if values is None else TableStamp.from_values(values)
    except (KeyError, TypeError) as error:
        raise DatabaseError(
            f"{path}: written by another version of openbook: {error}; compute the table again: "
            f"{command('neighbors', database_of(folder))}"
        ) from error


def wanted_stamp(folder: Path) -> TableStamp | None:
    """What the table in this folder was to be, as far as that can still be read."""
    for name in ("table.json", BEGUN):
        with suppress(DatabaseError, KeyError, TypeError):
            return TableStamp.from_values(read_sealed(folder / name))
    return None

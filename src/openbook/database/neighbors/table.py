"""The neighbor table, as training and evaluation read it: for each chunk of the corpus its nearest chunks.

Neighbors belong to chunks, not to samples, so any sequence length, seed or split works from one table.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.arrays import Rows
from openbook.database.storage.neighbor_files import BookStamp, table_stamp
from openbook.database.version import Version
from openbook.errors import DatabaseError, MismatchError, SettingsError, empty_error
from openbook.given import opened
from openbook.phrases import command, counted
from openbook.search_modes import SearchMode

if TYPE_CHECKING:
    from openbook.database.database import Database


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
    book: Version
    """What the neighbors are chunks of: usually the version whose chunks have them."""
    corpus: Path | None = None
    """Folder of the database whose chunks have them; None: that of the book."""

    @classmethod
    def load(cls, database: "Database | Version", *, book: Version | None = None) -> "NeighborTable":
        """Open the table, memory-mapped.

        Args:
            database: whose chunks have the neighbors.
            book: the version that they are in, if it is open already; None: opened where the table says.

        Raises:
            DatabaseError: there is none, or its files are damaged; its book is not there; nothing is in the
                database.
            MismatchError: it was computed for another version of the database or of its book.
            TypeError: a path in place of a database.
        """
        corpus = opened(database)
        for version in (corpus, corpus if book is None else book):
            _require_all_shards(version)
        if not corpus.layout.live.any():  # then no command makes a table
            raise empty_error(corpus.path)
        folder = corpus.files.neighbors
        remedy = f"run: {command('neighbors', corpus.path)}"
        try:
            stamp = table_stamp(folder)
            if stamp is not None:
                ids, scores = (array.rows(stamp.num_chunks) for array in stamp.arrays(folder))
        except DatabaseError as error:
            raise DatabaseError(f"{error}; {remedy}") from error
        if stamp is None:
            raise DatabaseError(f"{corpus.path}: has no neighbor table; {remedy}")
        if stamp.book is not None:
            remedy += f" --book {stamp.book.place(corpus.path)}"
        if stamp.version != corpus.version:
            raise MismatchError(
                f"{folder}: of version {stamp.version}, the database is at {corpus.version}; {remedy}"
            )
        found = corpus if stamp.book is None else _open_book(stamp.book, corpus.path, book, remedy)
        return cls(ids, scores, stamp.version, stamp.mode, found, corpus.path)

    def require_of(self, corpus: Version) -> None:
        """Refuse a version whose chunks have other numbers.

        Raises:
            MismatchError: the table was loaded for another version.
        """
        if self.version != corpus.version:
            raise MismatchError(
                f"{corpus.path}: the neighbor table is of version {self.version}, the database is at "
                f"{corpus.version}: run {command('neighbors', corpus.path)}, and load it again"
            )

    def first(self, k: int) -> NDArray[np.int64] | Rows:
        """The k best of each chunk: [num_chunks, k].

        Raises:
            SettingsError: the table has fewer.
        """
        if not 1 <= k <= self.ids.shape[1]:
            corpus = self.corpus or self.book.path
            other = () if corpus == self.book.path else ("--book", self.book.path)
            raise SettingsError(
                f"{counted(k, 'neighbor')} asked for, the table holds {self.ids.shape[1]}; run: "
                f"{command('neighbors', corpus, *other, '-k', k)}"
            )
        return self.ids[:, :k]


def _require_all_shards(version: Version) -> None:
    """Refuse a book without some of its shards: a row says nothing of which chunks are missing."""
    if missing := version.missing_shards:
        raise DatabaseError(
            f"{version.path}: the shard {missing[0]} is missing, and its neighbor table names chunks of it; "
            "restore it from a copy, or search anew where that is offered"
        )


def _open_book(stamp: BookStamp, corpus: Path, book: Version | None, remedy: str) -> Version:
    """The book at the version that the table was computed for."""
    try:
        found = Version.open(stamp.place(corpus)) if book is None else book
    except DatabaseError as error:
        raise DatabaseError(f"{corpus}: the book of its neighbor table cannot be opened: {error}") from error
    if found.version != stamp.version:
        raise MismatchError(
            f"{corpus}: its neighbors are of version {stamp.version} of {found.path}, which is at "
            f"{found.version}; {remedy}"
        )
    if found.history != stamp.history:
        raise MismatchError(f"{corpus}: its neighbors are of another database than {found.path}; {remedy}")
    return found

"""The catalogue: one SQLite file that is the truth about settings, documents and commits.

Everything else in the folder is either an array that the catalogue says how far to believe, or derived.
A commit is one transaction; its version grows by one. This file knows nothing of tokens and vectors.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.errors import DatabaseError

FILE_NAME = "catalog.sqlite"
UNFINISHED_NAME = "catalog.sqlite.new"

_SCHEMA = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    holdout INTEGER NOT NULL,
    first_chunk INTEGER NOT NULL,
    num_chunks INTEGER NOT NULL,
    num_tokens INTEGER NOT NULL,
    num_bytes INTEGER NOT NULL,
    added INTEGER NOT NULL,
    removed INTEGER
);
CREATE UNIQUE INDEX live_documents ON documents (id) WHERE removed IS NULL;
CREATE TABLE commits (
    version INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    action TEXT NOT NULL,
    num_chunks INTEGER NOT NULL
);
"""
_SQL_VARIABLES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRecord:
    """A row to add. Its chunks are rows `first_chunk` … `first_chunk + num_chunks - 1` of the arrays."""

    id: str
    title: str
    source: str
    sha256: str
    holdout: bool
    first_chunk: int
    num_chunks: int
    num_tokens: int
    num_bytes: int


@dataclass(frozen=True, slots=True)
class Description:
    """What people see of a document."""

    id: str
    title: str
    source: str


class Catalog:
    """Reads and writes one catalogue file.

    Args:
        folder: the database's folder.

    Raises:
        DatabaseError: the folder has no catalogue, or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        if not self.path.is_file():
            raise DatabaseError(
                f"{folder}: no openbook database here; make one: openbook build {folder} SOURCE"
            )

    @staticmethod
    def create(folder: Path, settings: dict[str, Any]) -> None:
        """Write an empty catalogue: the last step of making a database, complete or absent."""
        unfinished = folder / UNFINISHED_NAME
        unfinished.unlink(missing_ok=True)
        with closing(sqlite3.connect(unfinished)) as connection, connection:
            connection.executescript(_SCHEMA)
            rows = [(key, json.dumps(value)) for key, value in settings.items()]
            connection.executemany("INSERT INTO settings VALUES (?, ?)", rows)
            connection.execute("INSERT INTO commits VALUES (0, ?, 'create', 0)", (_now(),))
        unfinished.replace(folder / FILE_NAME)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end of the block, undone by an exception."""
        try:
            with closing(sqlite3.connect(self.path, timeout=60)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                with connection:
                    yield connection
        except sqlite3.Error as error:
            raise DatabaseError(f"{self.path}: {error}") from error

    def settings(self) -> dict[str, Any]:
        """All settings."""
        with self._connect() as connection:
            return {
                key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM settings")
            }

    def head(self) -> tuple[int, int]:
        """The newest version, and how many rows of the arrays it vouches for."""
        with self._connect() as connection:
            row = connection.execute(
                "SELECT version, num_chunks FROM commits ORDER BY version DESC"
            ).fetchone()
        return int(row[0]), int(row[1])

    def live(self, ids: Sequence[str]) -> dict[str, str]:
        """The SHA-256 of each of these documents that the newest version has."""
        found: dict[str, str] = {}
        with self._connect() as connection:
            for start in range(0, len(ids), _SQL_VARIABLES):
                part = ids[start : start + _SQL_VARIABLES]
                marks = ",".join("?" * len(part))
                query = f"SELECT id, sha256 FROM documents WHERE removed IS NULL AND id IN ({marks})"
                found.update(connection.execute(query, part).fetchall())
        return found

    def chunks_of(self, ids: Sequence[str]) -> list[range]:
        """The chunks of each of these live documents."""
        found: list[range] = []
        with self._connect() as connection:
            for document_id in ids:
                query = "SELECT first_chunk, num_chunks FROM documents WHERE removed IS NULL AND id = ?"
                for first, count in connection.execute(query, (document_id,)):
                    found.append(range(first, first + count))
        return found

    def retrievable_chunks(self, *, start: int) -> list[range]:
        """The chunks numbered `start` or higher of documents that searches may find, in order."""
        query = (
            "SELECT max(first_chunk, ?1), first_chunk + num_chunks FROM documents"
            " WHERE removed IS NULL AND NOT holdout AND first_chunk + num_chunks > ?1 ORDER BY first_chunk"
        )
        with self._connect() as connection:
            return [range(first, end) for first, end in connection.execute(query, (start,))]

    def commit(
        self, *, action: str, add: Iterable[DocumentRecord] = (), remove: Iterable[str] = (), num_chunks: int
    ) -> int:
        """Make a new version in one transaction: first remove, then add.

        Args:
            action: what this commit is, for people.
            add: documents whose rows are already safe in the arrays.
            remove: ids of live documents.
            num_chunks: rows of the arrays that the new version vouches for.

        Returns:
            The new version.
        """
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            version = int(connection.execute("SELECT max(version) FROM commits").fetchone()[0]) + 1
            connection.executemany(
                "UPDATE documents SET removed = ? WHERE id = ? AND removed IS NULL",
                [(version, document_id) for document_id in remove],
            )
            connection.executemany(
                "INSERT INTO documents (id, title, source, sha256, holdout, first_chunk, num_chunks,"
                " num_tokens, num_bytes, added) VALUES (:id, :title, :source, :sha256, :holdout,"
                " :first_chunk, :num_chunks, :num_tokens, :num_bytes, :added)",
                [asdict(record) | {"added": version} for record in add],
            )
            connection.execute(
                "INSERT INTO commits VALUES (?, ?, ?, ?)", (version, _now(), action, num_chunks)
            )
        return version

    def snapshot(self) -> tuple[int, int, NDArray[np.int64]]:
        """Read the newest version in one transaction.

        Returns:
            version, number of rows of the arrays, and one row a document in the order of its chunks:
            int64 [documents, 7] of number, first chunk, chunks, tokens, bytes, holdout, live.
        """
        with self._connect() as connection:
            connection.execute("BEGIN")
            version, num_chunks = connection.execute(
                "SELECT version, num_chunks FROM commits ORDER BY version DESC LIMIT 1"
            ).fetchone()
            rows = connection.execute(
                "SELECT number, first_chunk, num_chunks, num_tokens, num_bytes, holdout, removed IS NULL"
                " FROM documents ORDER BY first_chunk"
            ).fetchall()
        return version, num_chunks, np.array(rows, dtype=np.int64).reshape(len(rows), 7)

    def describe(self, numbers: Sequence[int]) -> list[Description]:
        """Id, title and source of the documents with these numbers, in the same order."""
        found: dict[int, Description] = {}
        unique = sorted(set(numbers))
        with self._connect() as connection:
            for start in range(0, len(unique), _SQL_VARIABLES):
                part = unique[start : start + _SQL_VARIABLES]
                marks = ",".join("?" * len(part))
                query = f"SELECT number, id, title, source FROM documents WHERE number IN ({marks})"
                found.update({row[0]: Description(*row[1:]) for row in connection.execute(query, part)})
        return [found[number] for number in numbers]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""Writing the catalogue. A commit is one transaction; its version grows by one."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openbook.database.storage.catalog_reading import FILE_NAME, SEALED, CatalogReader, read_head, seal_of
from openbook.database.storage.records import TOTALS, DocumentRecord, Head

UNFINISHED_NAME = "catalog.sqlite.new"

_SCHEMA = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL, seal INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
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
    removed INTEGER,
    judged INTEGER NOT NULL DEFAULT 0,
    excluded TEXT,
    original INTEGER,
    seal INTEGER
);
CREATE UNIQUE INDEX live_documents ON documents (id) WHERE removed IS NULL;
CREATE INDEX removed_documents ON documents (removed) WHERE removed IS NOT NULL;
CREATE INDEX copies ON documents (original) WHERE original IS NOT NULL;
CREATE INDEX unjudged ON documents (number) WHERE NOT judged;
CREATE TABLE commits (
    version INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    action TEXT NOT NULL,
    generation INTEGER NOT NULL,
    num_chunks INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    chunks INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    holdout INTEGER NOT NULL,
    excluded INTEGER NOT NULL,
    seal INTEGER NOT NULL
);
"""
_SUMS = (
    "SELECT count(*), total(num_chunks), total(num_tokens), total(num_bytes), total(holdout),"
    " total(excluded IS NOT NULL) FROM documents WHERE "
)


class Catalog(CatalogReader):
    """Reads and writes one catalogue file; see `CatalogReader`."""

    @staticmethod
    def create(folder: Path, settings: dict[str, Any]) -> None:
        """Write an empty catalogue: the last step of making a database, complete or absent."""
        unfinished = folder / UNFINISHED_NAME
        unfinished.unlink(missing_ok=True)
        with closing(sqlite3.connect(unfinished)) as connection, connection:
            connection.executescript(_SCHEMA)
            Catalog._insert_settings(connection, settings)
            Catalog._insert_commit(connection, "create", Head(0, 0, 0, (0,) * len(TOTALS)))
        unfinished.replace(folder / FILE_NAME)

    def commit(
        self, *, action: str, add: Sequence[DocumentRecord] = (), remove: Iterable[str] = (), num_chunks: int
    ) -> int:
        """Make a new version in one transaction: first remove, then add.

        What was excluded for the sake of a document that is removed comes back, to be judged again.

        Args:
            action: what this commit is, for people.
            add: documents whose rows are already safe in the arrays.
            remove: ids of live documents.
            num_chunks: rows of the arrays that the new version vouches for.

        Returns:
            The new version.
        """
        with self.connect() as connection:
            head = self._begin(connection)
            version = head.version + 1
            connection.executemany(
                f"UPDATE documents SET removed = ?1, seal = {SEALED.replace('removed', '?1')}"
                " WHERE id = ?2 AND removed IS NULL",
                [(version, document_id) for document_id in remove],
            )
            removed = connection.execute(_SUMS + "removed = ?", (version,)).fetchone()
            back = self._bring_back(connection, version)
            connection.executemany(
                "INSERT INTO documents (id, title, source, sha256, holdout, first_chunk, num_chunks,"
                " num_tokens, num_bytes, added, seal) VALUES (:id, :title, :source, :sha256, :holdout,"
                " :first_chunk, :num_chunks, :num_tokens, :num_bytes, :added, :seal)",
                [record.row(version, seal_of) for record in add],
            )
            added = [
                len(add),
                *(sum(getattr(record, name) for record in add) for name in ("num_chunks", "num_tokens")),
                sum(record.num_bytes for record in add),
                sum(record.holdout for record in add),
                -back,
            ]
            totals = [
                old + plus - int(minus) for old, plus, minus in zip(head.totals, added, removed, strict=True)
            ]
            self._insert_commit(connection, action, Head(version, head.generation, num_chunks, tuple(totals)))
        return version

    @staticmethod
    def _begin(connection: sqlite3.Connection) -> Head:
        connection.execute("BEGIN IMMEDIATE")
        return read_head(connection)

    @staticmethod
    def _insert_settings(connection: sqlite3.Connection, settings: dict[str, Any]) -> None:
        rows = [(key, json.dumps(value)) for key, value in settings.items()]
        sealed = [(key, value, seal_of(key, value)) for key, value in rows]
        connection.executemany("INSERT INTO settings VALUES (?, ?, ?)", sealed)

    @staticmethod
    def _insert_commit(connection: sqlite3.Connection, action: str, head: Head) -> None:
        values = (head.version, _now(), action, head.generation, head.num_chunks, *head.totals)
        sealed = (*values, seal_of(*values))
        connection.execute(f"INSERT INTO commits VALUES ({','.join('?' * len(sealed))})", sealed)

    @staticmethod
    def _bring_back(connection: sqlite3.Connection, version: int) -> int:
        """Undo the exclusion of live documents whose original was removed; returns how many."""
        which = (
            "excluded IS NOT NULL AND removed IS NULL"
            " AND original IN (SELECT number FROM documents WHERE removed = ?)"
        )
        numbers = connection.execute(f"SELECT number FROM documents WHERE {which}", (version,)).fetchall()
        connection.executemany(
            "UPDATE documents SET excluded = NULL, original = NULL, judged = 0 WHERE number = ?", numbers
        )
        connection.executemany(f"UPDATE documents SET seal = {SEALED} WHERE number = ?", numbers)
        return len(numbers)

    def exclude(self, judged: Iterable[int], excluded: Sequence[tuple[str, int, int]]) -> int:
        """Make a version in which these documents count as judged.

        Args:
            judged: numbers of documents.
            excluded: reason, number of the original and number of each document that no search may find.
        """
        with self.connect() as connection:
            head = self._begin(connection)
            rows = [(number,) for number in judged]
            connection.executemany("UPDATE documents SET judged = 1 WHERE number = ?", rows)
            connection.executemany(
                "UPDATE documents SET excluded = ?, original = ? WHERE number = ?", excluded
            )
            touched = rows + [(number,) for _, _, number in excluded]
            connection.executemany(f"UPDATE documents SET seal = {SEALED} WHERE number = ?", touched)
            live = connection.execute(_SUMS + "removed IS NULL").fetchone()
            totals = tuple(int(total) for total in live)
            self._insert_commit(
                connection, "judge", Head(head.version + 1, head.generation, head.num_chunks, totals)
            )
        return head.version + 1

    def compact(self, places: Iterable[tuple[int, int]], *, generation: int, num_chunks: int) -> int:
        """Make a version whose rows stand elsewhere; what was removed keeps its name until the next compact.

        Args:
            places: new first chunk and number of each live document.
            generation: where the files of the new version are.
            num_chunks: rows of its arrays.
        """
        with self.connect() as connection:
            head = self._begin(connection)
            connection.execute("DELETE FROM documents WHERE num_chunks = 0")
            connection.execute(
                "UPDATE documents SET num_chunks = 0, first_chunk = -1 WHERE removed IS NOT NULL"
            )
            connection.executemany("UPDATE documents SET first_chunk = ? WHERE number = ?", places)
            connection.execute(f"UPDATE documents SET seal = {SEALED}")
            self._insert_commit(
                connection, "compact", Head(head.version + 1, generation, num_chunks, head.totals)
            )
        return head.version + 1

    def copy_to(self, folder: Path) -> "Catalog":
        """Copy the newest version into another folder, where it is no catalogue before `become_another`."""
        unfinished = folder / UNFINISHED_NAME
        with self.connect() as connection, closing(sqlite3.connect(unfinished)) as target:
            connection.backup(target)
        return Catalog(folder, UNFINISHED_NAME)

    def become_another(self, settings: dict[str, Any], places: Iterable[tuple[int, int, int, int]]) -> None:
        """Make a copy the catalogue of a database of the same live documents in other tokens.

        The last step of making that database, complete or absent.

        Args:
            settings: of that database.
            places: first chunk, chunks, tokens and number of each live document.
        """
        with self.connect() as connection:
            head = self._begin(connection)
            connection.execute("DELETE FROM settings")
            self._insert_settings(connection, settings)
            connection.execute("DELETE FROM documents WHERE removed IS NOT NULL")
            connection.executemany(
                "UPDATE documents SET first_chunk = ?, num_chunks = ?, num_tokens = ? WHERE number = ?",
                places,
            )
            connection.execute(f"UPDATE documents SET seal = {SEALED}")
            totals = [int(sum_) for sum_ in connection.execute(_SUMS + "removed IS NULL").fetchone()]
            num_chunks = totals[TOTALS.index("chunks")]
            self._insert_commit(
                connection, "retokenize", Head(head.version + 1, 0, num_chunks, tuple(totals))
            )
        self.path.replace(self.path.with_name(FILE_NAME))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

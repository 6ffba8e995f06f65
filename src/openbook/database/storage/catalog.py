"""The catalog: one SQLite file that is the truth about settings, documents and commits.

Everything else in the folder is either an array that the catalog says how far to believe, or derived. A
commit is one transaction; its version grows by one. Each row carries a checksum, its seal. Which columns
there are is in catalog_columns.py; tokens and vectors are not known here.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from openbook.database.storage import catalog_sql
from openbook.database.storage.catalog_columns import (
    COMMIT_COLUMNS,
    DOCUMENT_COLUMNS,
    INDEX_OF_ORIGINS,
    LATER_COLUMNS,
    SCHEMA,
    SNAPSHOT,
    SNAPSHOT_TYPE,
    Commit,
    DocumentRecord,
    Exclusion,
    Snapshot,
    Totals,
    declaration,
    seal_of,
    seal_of_document,
)
from openbook.database.storage.excluded_chunks import (
    EXCLUDED_PARTS,
    ExcludedChunks,
    chunks_from_text,
    chunks_to_text,
    exclusions_in_part,
    rows_excluded,
)
from openbook.database.storage.sealed import CATALOG
from openbook.errors import DatabaseError, first_line
from openbook.phrases import command

FILE_NAME = CATALOG
UNFINISHED_NAME = "catalog.sqlite.new"

_COLUMNS = ", ".join(DOCUMENT_COLUMNS)
_MARKS = ", ".join(f":{name}" for name in DOCUMENT_COLUMNS)


class Catalog:
    """One catalog file.

    Args:
        folder: the database's folder.
        name: of the file: another while the database is being made.

    Raises:
        DatabaseError: the folder has no catalog, or it is damaged.
    """

    def __init__(self, folder: Path, name: str = FILE_NAME) -> None:
        self.path = folder / name
        self._is_complete = False
        if not self.path.is_file():
            raise DatabaseError(
                f"{folder}: no openbook database here; make one: {command('build', folder, 'SOURCE')}"
            )

    @staticmethod
    def create(folder: Path, settings: dict[str, Any]) -> None:
        """Write an empty catalog: the last step of making a database, complete or absent."""
        unfinished = folder / UNFINISHED_NAME
        unfinished.with_name(f"{UNFINISHED_NAME}-journal").unlink(missing_ok=True)
        unfinished.write_bytes(b"")  # not deleted: it is what says that the folder's files are ours
        with closing(catalog_sql.connect(unfinished)) as connection, connection:
            connection.executescript(SCHEMA)
            catalog_sql.insert_settings(connection, settings)
            now = catalog_sql.now()
            first = Commit(version=0, time=now, action="create", generation=0, num_chunks=0, totals=Totals())
            catalog_sql.insert_commit(connection, first)
        unfinished.replace(folder / FILE_NAME)

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """Open one transaction: committed at the end of the block, undone by an exception."""
        try:
            with closing(catalog_sql.connect(self.path, timeout=60)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                connection.create_function("seal", -1, seal_of, deterministic=True)
                connection.create_function("seal_of_document", -1, seal_of_document, deterministic=True)
                if missing := self._missing_columns(connection):
                    catalog_sql.show_as_null(connection, missing)
                with connection:
                    yield connection
        except (sqlite3.Error, UnicodeDecodeError) as error:  # its messages may quote damaged bytes
            raise DatabaseError(
                f"{self.path}: {first_line(error)}; see: {command('verify', self.path.parent)}"
            ) from error

    # --- Columns that came after the first catalogs of this format ---

    def _missing_columns(self, connection: sqlite3.Connection) -> list[str]:
        if self._is_complete:
            return []
        there = {name for _, name, *_ in connection.execute("PRAGMA main.table_info(documents)")}
        missing = [name for name in LATER_COLUMNS if there and name not in there]
        self._is_complete = not missing
        return missing

    @property
    def lacks_columns(self) -> bool:
        """Whether the file was made before some column was thought of."""
        with self.connect() as connection:
            return bool(self._missing_columns(connection))

    def add_missing_columns(self) -> None:
        """Add the columns that the file lacks: None in all rows, whose seals stay what they are."""
        with self.connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if missing := self._missing_columns(connection):
                connection.execute("DROP VIEW temp.documents")
            for name in missing:
                column = declaration(DocumentRecord, name)
                connection.execute(f"ALTER TABLE main.documents ADD COLUMN {column}")
            connection.execute(INDEX_OF_ORIGINS)

    # --- Reading ---

    def settings(self) -> dict[str, Any]:
        """Read all settings.

        Raises:
            DatabaseError: one does not match its checksum.
        """
        with self.connect() as connection:
            columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(settings)")}
            sealed = "seal" if "seal" in columns else "NULL"  # format 1 had none: to be refused by its number
            rows = connection.execute(f"SELECT key, value, {sealed} FROM settings").fetchall()
        for key, value, seal in rows:
            if "seal" in columns and seal_of(key, value) != seal:
                raise self._damaged(f"the setting {key!r}")
        return {key: json.loads(value) for key, value, _ in rows}

    def head(self) -> Commit:
        """Read the newest version."""
        with self.connect() as connection:
            return catalog_sql.newest_commit(connection)

    def parts(self, version: int) -> list[tuple["Catalog", int, int]]:
        """The catalogs that hold a version: each, its own version, and what is added to its numbers."""
        return [(self, version, 0)]

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(query, values).fetchall()

    def commits(self) -> list[Commit]:
        """List all versions, the oldest first."""
        query = f"SELECT {', '.join(COMMIT_COLUMNS)} FROM commits ORDER BY version"
        return [Commit.from_row(row) for row in self._rows(query)]

    def history(self, version: int) -> str:
        """Fingerprint the settings and all commits up to this version; only copies share it."""
        seals = self._rows("SELECT seal FROM settings ORDER BY key")
        seals += self._rows("SELECT seal FROM commits WHERE version <= ? ORDER BY version", version)
        return hashlib.sha256(repr(seals).encode()).hexdigest()[:16]

    def snapshot(self) -> Snapshot:
        """Read the newest version in one transaction.

        Raises:
            DatabaseError: the documents and the commit contradict each other.
        """
        query = f"SELECT {', '.join(SNAPSHOT.values())} FROM documents WHERE num_chunks > 0 ORDER BY number"
        with self.connect() as connection:
            connection.execute("BEGIN")
            head = catalog_sql.newest_commit(connection)
            rows = connection.execute(query).fetchall()
            parts = connection.execute(EXCLUDED_PARTS).fetchall()
        try:
            values = np.fromiter(chain.from_iterable(rows), np.int64, count=len(rows) * len(SNAPSHOT))
            excluded = rows_excluded(parts)
        except (TypeError, ValueError, OverflowError) as error:  # damage can make a text of a number
            raise self._damaged("the table of documents") from error
        snapshot = Snapshot(head, values.view(SNAPSHOT_TYPE), excluded)
        if problem := snapshot.contradiction():
            raise self._damaged(problem)
        return snapshot

    def describe(self, numbers: Sequence[int]) -> list[DocumentRecord]:
        """Read the documents with these numbers, in the same order.

        Raises:
            DatabaseError: one does not match its checksum, or has been compacted away twice over.
        """
        found = self._records("number", sorted(set(numbers)))
        if len(found) < len(set(numbers)):
            raise self._compacted()
        return [found[number] for number in numbers]

    def live_records(self, ids: Sequence[str]) -> dict[str, DocumentRecord]:
        """Read those of these documents that the newest version has, by id.

        Raises:
            DatabaseError: one does not match its checksum.
        """
        return {record.id: record for record in self._records("removed IS NULL AND id", ids).values()}

    def _records(self, column: str, values: Sequence[int] | Sequence[str]) -> dict[int, DocumentRecord]:
        """By number, those in whose column one of the values stands."""
        found: dict[int, DocumentRecord] = {}
        query = f"SELECT number, {catalog_sql.SEAL} = seal, {_COLUMNS} FROM documents WHERE {column} IN "
        with self.connect() as connection:
            for number, is_sound, *row in catalog_sql.rows_of_each(connection, query, values):
                record = DocumentRecord(**dict(zip(DOCUMENT_COLUMNS, row, strict=True)))
                if not is_sound:
                    raise self._damaged(f"the document {record.id!r}")
                found[number] = record
        return found

    def live(self, ids: Sequence[str]) -> dict[str, str]:
        """The SHA-256 of each of these documents that the newest version has."""
        query = "SELECT id, sha256 FROM documents WHERE removed IS NULL AND id IN "
        with self.connect() as connection:
            return dict(catalog_sql.rows_of_each(connection, query, ids))

    def live_ids(self) -> list[str]:
        """The ids of all documents of the newest version."""
        return [row[0] for row in self._rows("SELECT id FROM documents WHERE removed IS NULL")]

    def ids(self, numbers: Sequence[int]) -> list[str]:
        """The ids of the documents with these numbers, in the same order.

        Raises:
            DatabaseError: one has been compacted away twice over.
        """
        found = dict(self._rows("SELECT number, id FROM documents"))
        try:
            return [found[number] for number in numbers]
        except KeyError as error:
            raise self._compacted() from error

    def sha256s(self) -> dict[int, str]:
        """The fingerprint of each document's text, by the document's number."""
        return dict(self._rows("SELECT number, sha256 FROM documents"))

    def chunks_of(self, ids: Sequence[str]) -> list[range]:
        """The chunks of each of these live documents."""
        query = "SELECT first_chunk, num_chunks FROM documents WHERE removed IS NULL AND id = ?"
        with self.connect() as connection:
            rows = [row for name in ids for row in connection.execute(query, (name,))]
        return [range(first, first + count) for first, count in rows]

    def indexed_chunks(self, *, start: int) -> list[range]:
        """The chunks numbered `start` or higher of live documents that are not held out, in order."""
        query = (
            "SELECT max(first_chunk, ?1), first_chunk + num_chunks FROM documents"
            " WHERE removed IS NULL AND NOT holdout AND first_chunk + num_chunks > ?1 ORDER BY first_chunk"
        )
        return [range(first, end) for first, end in self._rows(query, start)]

    def uncompared(self) -> set[int]:
        """The numbers of live documents that were not yet compared with others for near-copies."""
        return {n for (n,) in self._rows("SELECT number FROM documents WHERE NOT judged AND removed IS NULL")}

    def excluded(self) -> list[Exclusion]:
        """The live documents that no search finds because they nearly equal another, then parts of others."""
        query = (
            "SELECT d.id, d.title, d.excluded, o.id FROM documents d"
            " JOIN documents o ON o.number = d.original"
            " WHERE d.excluded IS NOT NULL AND d.removed IS NULL ORDER BY d.number"
        )
        whole, parts = [Exclusion(*row) for row in self._rows(query)], self.excluded_chunks()
        numbers = parts.keys() | {part.original for found in parts.values() for part in found}
        return whole + exclusions_in_part(parts, self._records("number", sorted(numbers)))

    def excluded_chunks(self) -> dict[int, list[ExcludedChunks]]:
        """The parts of live documents that are excluded alone, by the document's number."""
        return {number: chunks_from_text(text) for number, text in self._rows(catalog_sql.PARTLY_EXCLUDED)}

    def unsound_rows(self) -> list[str]:
        """The ids of documents that do not match their checksums."""
        query = f"SELECT id FROM documents WHERE {catalog_sql.SEAL} IS NOT seal ORDER BY number"
        return [str(row[0]) for row in self._rows(query)]

    def unsound_commits(self) -> list[int]:
        """The versions that do not match their checksums."""
        rows = self._rows("SELECT * FROM commits ORDER BY version")
        return [row[0] for row in rows if seal_of(*row[:-1]) != row[-1]]

    def _damaged(self, what: str) -> DatabaseError:
        return DatabaseError(
            f"{self.path}: {what} does not match its checksum: the file is damaged; restore it from a copy, "
            "or build the database again"
        )

    def _compacted(self) -> DatabaseError:
        return DatabaseError(f"{self.path.parent}: was compacted since it was opened; open it again")

    # --- Writing: each method makes one version ---

    def commit(
        self, *, action: str, add: Sequence[DocumentRecord] = (), remove: Iterable[str] = (), num_chunks: int
    ) -> int:
        """Make a new version in one transaction: first remove, then add.

        What was excluded for the sake of a document that is removed comes back, to be compared again.

        Args:
            action: what this commit is, for people.
            add: documents whose rows are already safe in the arrays.
            remove: ids of live documents.
            num_chunks: rows of the arrays that the new version vouches for.

        Returns:
            The new version.
        """
        with self.connect() as connection:
            head = catalog_sql.begin(connection)
            version = head.version + 1
            connection.executemany(
                "UPDATE documents SET removed = ? WHERE id = ? AND removed IS NULL",
                [(version, document_id) for document_id in remove],
            )
            catalog_sql.seal(connection, "removed = ?", [(version,)])
            removed = catalog_sql.count(connection, "removed = ?", version)
            back = catalog_sql.bring_back(connection, catalog_sql.removed_by(connection, version))
            rows = [record.row(version) for record in add]
            connection.executemany(f"INSERT INTO documents ({_COLUMNS}, seal) VALUES ({_MARKS}, :seal)", rows)
            totals = head.totals - removed + Totals.of(add) - Totals(excluded=back)
            return catalog_sql.insert_next(connection, action, head, num_chunks=num_chunks, totals=totals)

    def redescribe(self, described: dict[str, dict[str, Any]]) -> int:
        """Make a version in which live documents of the same text are described otherwise.

        Args:
            described: by id, the new values of some columns.
        """
        with self.connect() as connection:
            head = catalog_sql.begin(connection)
            for document_id, values in described.items():
                assignments = ", ".join(f"{name} = :{name}" for name in values)
                connection.execute(
                    f"UPDATE documents SET {assignments} WHERE id = :its_id AND removed IS NULL",
                    values | {"its_id": document_id},
                )
            catalog_sql.seal(connection, "id = ? AND removed IS NULL", [(name,) for name in described])
            return catalog_sql.insert_next(connection, "describe", head)

    def exclude(
        self,
        compared: Iterable[int],
        excluded: Sequence[tuple[str, int, int]],
        chunks: Mapping[int, Sequence[ExcludedChunks]] | None = None,
    ) -> int:
        """Make a version in which these documents count as compared.

        Args:
            compared: numbers of documents.
            excluded: reason, number of the original and number of each document that no search may find.
            chunks: by the number of other documents, those of their chunks that no search may find either,
                besides what is excluded of them already.
        """
        parts = [(chunks_to_text(found), number) for number, found in (chunks or {}).items()]
        with self.connect() as connection:
            head = catalog_sql.begin(connection)
            rows = [(number,) for number in compared]
            connection.executemany("UPDATE documents SET judged = 1 WHERE number = ?", rows)
            connection.executemany(
                "UPDATE documents SET excluded = ?, original = ?, excluded_chunks = NULL WHERE number = ?",
                excluded,
            )
            connection.executemany(
                "UPDATE documents SET excluded_chunks = coalesce(excluded_chunks || ',', '') || ?"
                " WHERE number = ?",
                parts,
            )
            changed = [number for *_, number in excluded] + [number for _, number in parts]
            catalog_sql.seal(connection, "number = ?", rows + [(number,) for number in changed])
            return catalog_sql.insert_next(
                connection, "judge", head, totals=catalog_sql.count(connection, "removed IS NULL")
            )

    def compact(self, places: Iterable[tuple[int, int]], *, generation: int, num_chunks: int) -> int:
        """Make a version whose rows stand elsewhere; what was removed keeps its name until the next compact.

        Args:
            places: new first chunk and number of each live document.
            generation: where the files of the new version are.
            num_chunks: rows of its arrays.
        """
        with self.connect() as connection:
            head = catalog_sql.begin(connection)
            connection.execute("DELETE FROM documents WHERE num_chunks = 0")
            connection.execute(
                "UPDATE documents SET num_chunks = 0, first_chunk = -1 WHERE removed IS NOT NULL"
            )
            connection.executemany("UPDATE documents SET first_chunk = ? WHERE number = ?", places)
            catalog_sql.seal(connection, "TRUE", [()])
            return catalog_sql.insert_next(
                connection, "compact", head, generation=generation, num_chunks=num_chunks
            )

    def copy_to(self, folder: Path) -> "Catalog":
        """Copy the newest version into another folder, where it is not a catalog before `become_another`."""
        unfinished = folder / UNFINISHED_NAME
        with self.connect() as connection, closing(catalog_sql.connect(unfinished)) as target:
            connection.backup(target)
        copied = Catalog(folder, UNFINISHED_NAME)
        copied.add_missing_columns()
        return copied

    def become_another(
        self,
        settings: dict[str, Any],
        places: Iterable[tuple[int, int, int, int]],
        excluded: Mapping[int, Sequence[ExcludedChunks]],
    ) -> None:
        """Make a copy the catalog of a database of the same live documents in other tokens.

        The last step of making that database, complete or absent.

        Args:
            settings: of that database.
            places: first chunk, chunks, tokens and number of each live document.
            excluded: by the document's number, its chunks that are excluded alone.
        """
        parts = [(chunks_to_text(found), number) for number, found in excluded.items()]
        with self.connect() as connection:
            head = catalog_sql.begin(connection)
            connection.execute("DELETE FROM settings")
            catalog_sql.insert_settings(connection, settings)
            connection.execute("DELETE FROM documents WHERE removed IS NOT NULL")
            connection.executemany(
                "UPDATE documents SET first_chunk = ?, num_chunks = ?, num_tokens = ? WHERE number = ?",
                places,
            )
            connection.executemany("UPDATE documents SET excluded_chunks = ? WHERE number = ?", parts)
            catalog_sql.seal(connection, "TRUE", [()])
            totals = catalog_sql.count(connection, "removed IS NULL")
            catalog_sql.insert_next(
                connection, "retokenize", head, generation=0, num_chunks=totals.chunks, totals=totals
            )
        self.path.replace(self.path.with_name(FILE_NAME))

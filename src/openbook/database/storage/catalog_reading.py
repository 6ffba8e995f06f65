"""Reading the catalogue: one SQLite file that is the truth about settings, documents and commits.

Everything else in the folder is either an array that the catalogue says how far to believe, or derived.
Each row carries a checksum. This file knows nothing of tokens and vectors.
"""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from openbook.database.storage.records import Commit, Description, Exclusion, Head, Snapshot
from openbook.errors import DatabaseError, first_line

FILE_NAME = "catalog.sqlite"
SEALED = (
    "seal(id, title, source, sha256, holdout, first_chunk, num_chunks, num_tokens, num_bytes, added, removed,"
    " judged, excluded, original)"
)
"""SQL for the checksum of a document's row."""
_SQL_VARIABLES = 500


class CatalogReader:
    """Reads one catalogue file.

    Args:
        folder: the database's folder.
        name: of the file: another while the database is being made.

    Raises:
        DatabaseError: the folder has no catalogue, or it is damaged.
    """

    def __init__(self, folder: Path, name: str = FILE_NAME) -> None:
        self.path = folder / name
        if not self.path.is_file():
            raise DatabaseError(
                f"{folder}: no openbook database here; make one: openbook build {folder} SOURCE"
            )

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end of the block, undone by an exception."""
        try:
            with closing(sqlite3.connect(self.path, timeout=60)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                connection.create_function("seal", -1, seal_of, deterministic=True)
                with connection:
                    yield connection
        except (sqlite3.Error, UnicodeDecodeError) as error:  # its messages may quote damaged bytes
            raise DatabaseError(
                f"{self.path}: {first_line(error)}; see: openbook verify {self.path.parent}"
            ) from error

    def settings(self) -> dict[str, Any]:
        """All settings.

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

    def _damaged(self, what: str) -> DatabaseError:
        return DatabaseError(
            f"{self.path}: {what} does not match its checksum: the file is damaged; restore it from a copy, "
            "or build the database again"
        )

    def _compacted(self) -> DatabaseError:
        return DatabaseError(f"{self.path.parent}: was compacted since it was opened: open it again")

    def head(self) -> Head:
        """The newest version."""
        with self.connect() as connection:
            return read_head(connection)

    def commits(self) -> list[Commit]:
        """All versions, the oldest first."""
        with self.connect() as connection:
            rows = connection.execute("SELECT version, time, action FROM commits ORDER BY version")
            return [Commit(*row) for row in rows]

    def live(self, ids: Sequence[str]) -> dict[str, str]:
        """The SHA-256 of each of these documents that the newest version has."""
        found: dict[str, str] = {}
        with self.connect() as connection:
            for start in range(0, len(ids), _SQL_VARIABLES):
                part = ids[start : start + _SQL_VARIABLES]
                marks = ",".join("?" * len(part))
                query = f"SELECT id, sha256 FROM documents WHERE removed IS NULL AND id IN ({marks})"
                found.update(connection.execute(query, part).fetchall())
        return found

    def live_ids(self) -> list[str]:
        """The ids of all documents of the newest version."""
        with self.connect() as connection:
            return [row[0] for row in connection.execute("SELECT id FROM documents WHERE removed IS NULL")]

    def ids(self, numbers: Sequence[int]) -> list[str]:
        """The ids of the documents with these numbers, in the same order.

        Raises:
            DatabaseError: one has been compacted away twice over.
        """
        with self.connect() as connection:
            found = dict(connection.execute("SELECT number, id FROM documents").fetchall())
        try:
            return [found[number] for number in numbers]
        except KeyError as error:
            raise self._compacted() from error

    def history(self, version: int) -> str:
        """Fingerprint of the settings and all commits up to this version; only copies share it."""
        with self.connect() as connection:
            seals = connection.execute("SELECT seal FROM settings ORDER BY key").fetchall()
            query = "SELECT seal FROM commits WHERE version <= ? ORDER BY version"
            seals += connection.execute(query, (version,)).fetchall()
        return hashlib.sha256(repr(seals).encode()).hexdigest()[:16]

    def sha256s(self) -> dict[int, str]:
        """The fingerprint of each document's text, by the document's number."""
        with self.connect() as connection:
            return dict(connection.execute("SELECT number, sha256 FROM documents").fetchall())

    def unsound_rows(self) -> list[str]:
        """The ids of documents that do not match their checksums."""
        with self.connect() as connection:
            query = f"SELECT id FROM documents WHERE {SEALED} IS NOT seal ORDER BY number"
            return [str(row[0]) for row in connection.execute(query)]

    def unsound_commits(self) -> list[int]:
        """The versions that do not match their checksums."""
        with self.connect() as connection:
            rows = connection.execute("SELECT * FROM commits ORDER BY version").fetchall()
        return [row[0] for row in rows if seal_of(*row[:-1]) != row[-1]]

    def chunks_of(self, ids: Iterable[str]) -> list[range]:
        """The chunks of each of these live documents."""
        found: list[range] = []
        with self.connect() as connection:
            for document_id in ids:
                query = "SELECT first_chunk, num_chunks FROM documents WHERE removed IS NULL AND id = ?"
                for first, count in connection.execute(query, (document_id,)):
                    found.append(range(first, first + count))
        return found

    def indexed_chunks(self, *, start: int) -> list[range]:
        """The chunks numbered `start` or higher of live documents that are not held out, in order."""
        query = (
            "SELECT max(first_chunk, ?1), first_chunk + num_chunks FROM documents"
            " WHERE removed IS NULL AND NOT holdout AND first_chunk + num_chunks > ?1 ORDER BY first_chunk"
        )
        with self.connect() as connection:
            return [range(first, end) for first, end in connection.execute(query, (start,))]

    def unjudged(self) -> set[int]:
        """The numbers of live documents that were not yet compared with others for near-copies."""
        query = "SELECT number FROM documents WHERE NOT judged AND removed IS NULL"
        with self.connect() as connection:
            return {number for (number,) in connection.execute(query)}

    def excluded(self) -> list[Exclusion]:
        """The live documents that no search finds because they nearly equal another."""
        query = (
            "SELECT d.id, d.title, d.excluded, o.id FROM documents d"
            " JOIN documents o ON o.number = d.original"
            " WHERE d.excluded IS NOT NULL AND d.removed IS NULL ORDER BY d.number"
        )
        with self.connect() as connection:
            return [Exclusion(*row) for row in connection.execute(query)]

    def snapshot(self) -> Snapshot:
        """Read the newest version in one transaction.

        Raises:
            DatabaseError: the documents and the commit contradict each other.
        """
        with self.connect() as connection:
            connection.execute("BEGIN")
            head = read_head(connection)
            rows = connection.execute(
                "SELECT number, first_chunk, num_chunks, num_tokens, num_bytes, holdout, removed IS NULL,"
                " excluded IS NOT NULL, judged, added FROM documents WHERE num_chunks > 0 ORDER BY number"
            ).fetchall()
        try:
            values = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=10 * len(rows))
        except (TypeError, ValueError, OverflowError) as error:  # damage can make a text of a number
            raise self._damaged("the table of documents") from error
        snapshot = Snapshot(head, values.reshape(len(rows), 10))
        if problem := snapshot.contradiction():
            raise self._damaged(problem)
        return snapshot

    def describe(self, numbers: Sequence[int]) -> list[Description]:
        """Id, title and source of the documents with these numbers, in the same order.

        Raises:
            DatabaseError: one does not match its checksum, or has been compacted away twice over.
        """
        found: dict[int, Description] = {}
        unique = sorted(set(numbers))
        with self.connect() as connection:
            for start in range(0, len(unique), _SQL_VARIABLES):
                part = unique[start : start + _SQL_VARIABLES]
                marks = ",".join("?" * len(part))
                columns = f"number, {SEALED} = seal, id, title, source"
                query = f"SELECT {columns} FROM documents WHERE number IN ({marks})"
                for number, sound, *names in connection.execute(query, part):
                    if not sound:
                        raise self._damaged(f"the document {names[0]!r}")
                    found[number] = Description(*names)
        if len(found) < len(unique):
            raise self._compacted()
        return [found[number] for number in numbers]


def read_head(connection: sqlite3.Connection) -> Head:
    """The newest version, inside a transaction."""
    row = connection.execute("SELECT * FROM commits ORDER BY version DESC LIMIT 1").fetchone()
    if row is None:
        raise sqlite3.DatabaseError("no commit")
    *values, seal = row
    if seal_of(*values) != seal:
        raise sqlite3.DatabaseError(f"version {values[0]} does not match its checksum")
    version, _, _, generation, num_chunks, *totals = values
    return Head(version, generation, num_chunks, tuple(totals))


def seal_of(*values: object) -> int:
    """A checksum of a row's values."""
    return zlib.crc32(repr(values).encode("utf-8", "surrogatepass"))

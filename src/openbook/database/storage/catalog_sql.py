"""Statements on a catalog's connection, inside a transaction, that several methods of `Catalog` share."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from openbook.database.storage.catalog_columns import (
    COMMIT_COLUMNS,
    DOCUMENT_COLUMNS,
    TOTALS,
    Commit,
    Totals,
    seal_of,
)
from openbook.database.storage.excluded_chunks import chunks_from_text

SEAL = f"seal_of_document({', '.join(DOCUMENT_COLUMNS)})"
"""The checksum of a document's row."""
_TOTALS = (
    "SELECT count(*), total(num_chunks), total(num_tokens), total(num_bytes), total(holdout),"
    " total(excluded IS NOT NULL) FROM documents WHERE "
)
"""The fields of `Totals`, of the documents that are counted."""
PARTLY_EXCLUDED = (
    "SELECT number, excluded_chunks FROM documents WHERE excluded_chunks IS NOT NULL AND removed IS NULL"
)
"""The live documents of which parts are excluded, with these parts."""
_SQL_VARIABLES = 500


def connect(path: Path, *, timeout: float = 5.0) -> sqlite3.Connection:
    """Open a file by its absolute path: SQLite may take a relative one such as `file:x` for a URI.

    One thread uses it at a time, though not always the same.
    """
    return sqlite3.connect(path.absolute(), timeout=timeout, check_same_thread=False)


def show_as_null(connection: sqlite3.Connection, missing: Sequence[str]) -> None:
    """Let this connection read columns that the file lacks: a temporary view stands before the table."""
    nulls = ", ".join(f"NULL AS {name}" for name in missing)
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"CREATE TEMP VIEW documents AS SELECT *, {nulls} FROM main.documents")


def rows_of_each(
    connection: sqlite3.Connection, query: str, values: Sequence[int] | Sequence[str]
) -> Iterator[Any]:
    """The rows of a query that ends with IN, so many values at a time as SQLite takes."""
    left = iter(values)
    while part := tuple(islice(left, _SQL_VARIABLES)):
        yield from connection.execute(f"{query} ({','.join('?' * len(part))})", part)


def newest_commit(connection: sqlite3.Connection) -> Commit:
    """The newest version, inside a transaction."""
    query = f"SELECT {', '.join(COMMIT_COLUMNS)}, seal FROM commits ORDER BY version DESC LIMIT 1"
    row = connection.execute(query).fetchone()
    if row is None:
        raise sqlite3.DatabaseError("no commit")
    if seal_of(*row[:-1]) != row[-1]:
        raise sqlite3.DatabaseError(f"version {row[0]} does not match its checksum")
    return Commit.from_row(row[:-1])


def begin(connection: sqlite3.Connection) -> Commit:
    """Begin to write; returns the newest version."""
    connection.execute("BEGIN IMMEDIATE")
    return newest_commit(connection)


def count(connection: sqlite3.Connection, which: str, *values: int) -> Totals:
    """Count the documents that a condition names."""
    row = connection.execute(_TOTALS + which, values).fetchone()
    return Totals(**{name: int(value) for name, value in zip(TOTALS, row, strict=True)})


def seal(connection: sqlite3.Connection, which: str, values: Iterable[tuple[Any, ...]]) -> None:
    """Give new checksums to the rows that a condition names, for each of some values."""
    connection.executemany(f"UPDATE documents SET seal = {SEAL} WHERE {which}", values)


def removed_by(connection: sqlite3.Connection, version: int) -> list[int]:
    """The numbers of the documents that a version removed."""
    rows = connection.execute("SELECT number FROM documents WHERE removed = ?", (version,))
    return [number for (number,) in rows]


def copies_of(connection: sqlite3.Connection, originals: Collection[int]) -> tuple[set[int], set[int]]:
    """The numbers of live documents that are excluded for the sake of these, as a whole and in part."""
    query = "SELECT number FROM documents WHERE excluded IS NOT NULL AND removed IS NULL AND original IN "
    wanted = set(originals)
    whole = {number for (number,) in rows_of_each(connection, query, list(wanted))}
    return whole, {
        number
        for number, text in connection.execute(PARTLY_EXCLUDED)
        if any(part.original in wanted for part in chunks_from_text(text))
    }


def bring_back(connection: sqlite3.Connection, originals: Collection[int]) -> int:
    """Undo what is excluded, whole or in part, for the sake of these: as if it had not been compared.

    Returns:
        How many were excluded as a whole.
    """
    whole, parts = copies_of(connection, originals)
    numbers = [(number,) for number in sorted(whole | parts)]
    connection.executemany(
        "UPDATE documents SET excluded = NULL, original = NULL, excluded_chunks = NULL, judged = 0"
        " WHERE number = ?",
        numbers,
    )
    seal(connection, "number = ?", numbers)
    return len(whole)


def insert_settings(connection: sqlite3.Connection, settings: dict[str, Any]) -> None:
    rows = [(key, json.dumps(value)) for key, value in settings.items()]
    sealed = [(key, value, seal_of(key, value)) for key, value in rows]
    connection.executemany("INSERT INTO settings VALUES (?, ?, ?)", sealed)


def insert_commit(connection: sqlite3.Connection, commit: Commit) -> None:
    row = commit.row()
    marks = ",".join("?" * (len(row) + 1))
    connection.execute(f"INSERT INTO commits VALUES ({marks})", (*row, seal_of(*row)))


def insert_next(connection: sqlite3.Connection, action: str, head: Commit, **changed: Any) -> int:
    """Insert the version after `head`, like it but for what has changed; returns its number."""
    commit = replace(head, version=head.version + 1, time=now(), action=action, **changed)
    insert_commit(connection, commit)
    return commit.version


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

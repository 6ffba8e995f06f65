"""The catalog: commits are whole or absent, and a damaged file is an error that names it."""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from openbook.database.storage import catalog_sql
from openbook.database.storage.catalog import FILE_NAME, Catalog
from openbook.database.storage.catalog_columns import (
    DOCUMENT_COLUMNS,
    SNAPSHOT,
    TOTALS,
    DocumentRecord,
    Totals,
)
from openbook.errors import DatabaseError


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    Catalog.create(tmp_path, {"chunk_size": 8, "embedder": None, "holdout": 0.5})
    return Catalog(tmp_path)


def record(
    name: str, first: int, chunks: int = 1, *, holdout: bool = False, sha256: str = "0"
) -> DocumentRecord:
    return DocumentRecord(
        id=name,
        title=f"title of {name}",
        source=f"source of {name}",
        sha256=sha256,
        holdout=holdout,
        first_chunk=first,
        num_chunks=chunks,
        num_tokens=8 * chunks - 1,
        num_bytes=10 * chunks,
    )


def totals(*counts: int) -> Totals:
    """Documents, chunks, tokens, bytes, held out, excluded."""
    return Totals(**dict(zip(TOTALS, counts, strict=True)))


def vouched(catalog: Catalog) -> tuple[int, int, Totals]:
    """The newest version, the rows it vouches for, and its totals."""
    head = catalog.head()
    return head.version, head.num_chunks, head.totals


def test_settings_come_back_as_they_were(catalog: Catalog) -> None:
    assert catalog.settings() == {"chunk_size": 8, "embedder": None, "holdout": 0.5}


def test_a_new_catalog_is_version_0_and_vouches_for_nothing(catalog: Catalog) -> None:
    assert vouched(catalog) == (0, 0, Totals())
    snapshot = catalog.snapshot()
    assert (snapshot.head, len(snapshot.documents)) == (catalog.head(), 0)


def test_each_commit_is_one_version(catalog: Catalog) -> None:
    assert catalog.commit(action="add", add=[record("a", 0, 2)], num_chunks=2) == 1
    assert catalog.commit(action="add", add=[record("b", 2)], num_chunks=3) == 2
    assert vouched(catalog) == (2, 3, totals(2, 3, 15 + 7, 20 + 10, 0, 0))
    assert [(commit.version, commit.action) for commit in catalog.commits()] == [
        (0, "create"),
        (1, "add"),
        (2, "add"),
    ]


def test_snapshot_lists_documents_in_the_order_of_their_chunks(catalog: Catalog) -> None:
    catalog.commit(action="add", add=[record("a", 0, 2), record("b", 2, 3, holdout=True)], num_chunks=5)
    catalog.commit(action="remove", remove=["a"], num_chunks=5)
    snapshot = catalog.snapshot()
    assert vouched(catalog) == (2, 5, totals(1, 3, 23, 30, 1, 0))
    assert {name: snapshot.documents[name].tolist() for name in SNAPSHOT} == {
        "number": [1, 2],
        "first_chunk": [0, 2],
        "num_chunks": [2, 3],
        "num_tokens": [15, 23],
        "num_bytes": [20, 30],
        "holdout": [0, 1],
        "live": [0, 1],
        "excluded": [0, 0],
        "judged": [0, 0],
        "added": [1, 1],
    }


@pytest.mark.parametrize("firsts", [(2, 0), (0, 1), (0, 3), (1, 3)])
@pytest.mark.parametrize("num_chunks", [4, 5])
def test_documents_whose_chunks_do_not_follow_each_other_are_refused(
    catalog: Catalog, firsts: tuple[int, int], num_chunks: int
) -> None:
    records = [record(name, first, 2) for name, first in zip("ab", firsts, strict=True)]
    catalog.commit(action="add", add=records, num_chunks=num_chunks)
    with pytest.raises(DatabaseError, match=rf"{FILE_NAME}: .*documents.* restore it from a copy"):
        catalog.snapshot()


def test_a_replaced_document_is_live_once_and_keeps_both_rows(catalog: Catalog) -> None:
    catalog.commit(action="add", add=[record("a", 0, sha256="old")], num_chunks=1)
    catalog.commit(action="add", add=[record("a", 1, 2, sha256="new")], remove=["a"], num_chunks=3)
    assert catalog.live(["a"]) == {"a": "new"}
    assert catalog.chunks_of(["a"]) == [range(1, 3)]
    assert catalog.snapshot().documents["live"].tolist() == [0, 1]


class BrokenRecords(list[DocumentRecord]):
    """Fails after the first record."""

    def __iter__(self) -> Iterator[DocumentRecord]:
        yield self[0]
        raise RuntimeError("power cut")


@pytest.mark.parametrize("place", ["among the documents", "before the commit's own row"])
def test_a_commit_that_fails_on_the_way_leaves_nothing(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def die(*_: object) -> None:
        raise RuntimeError("power cut")

    catalog.commit(action="add", add=[record("a", 0)], num_chunks=1)
    records: list[DocumentRecord] = [record("b", 1)]
    if place == "among the documents":
        records = BrokenRecords(records)
    else:
        monkeypatch.setattr(catalog_sql, "insert_commit", die)
    with pytest.raises(RuntimeError):
        catalog.commit(action="add", add=records, remove=["a"], num_chunks=2)
    assert vouched(catalog) == (1, 1, totals(1, 1, 7, 10, 0, 0))
    assert catalog.live(["a", "b"]) == {"a": "0"}
    assert catalog.unsound_rows() == []


def test_two_live_documents_of_one_id_are_refused_whole(catalog: Catalog) -> None:
    with pytest.raises(DatabaseError, match="UNIQUE"):
        catalog.commit(action="add", add=[record("a", 0), record("a", 1)], num_chunks=2)
    assert catalog.head().version == 0
    assert len(catalog.snapshot().documents) == 0


def test_questions_about_more_ids_than_sql_takes_at_once(catalog: Catalog) -> None:
    names = [f"d{number}" for number in range(1201)]
    catalog.commit(
        action="add", add=[record(name, place) for place, name in enumerate(names)], num_chunks=1201
    )
    assert catalog.live([*names, "missing"]) == dict.fromkeys(names, "0")
    numbers = list(range(1201, 0, -1))
    assert [about.id for about in catalog.describe(numbers)] == names[::-1]


def test_describe_answers_in_the_order_of_the_question(catalog: Catalog) -> None:
    catalog.commit(action="add", add=[record("a", 0), record("b", 1)], num_chunks=2)
    assert [about.title for about in catalog.describe([2, 1, 2])] == [
        "title of b",
        "title of a",
        "title of b",
    ]
    assert catalog.describe([]) == []


def test_indexed_chunks_are_those_of_live_documents_that_are_not_held_out(catalog: Catalog) -> None:
    rows = [record("a", 0, 2), record("b", 2, 3), record("held", 5, holdout=True), record("gone", 6)]
    catalog.commit(action="add", add=rows, num_chunks=7)
    catalog.commit(action="remove", remove=["gone"], num_chunks=7)
    assert catalog.indexed_chunks(start=0) == [range(0, 2), range(2, 5)]
    assert catalog.indexed_chunks(start=3) == [range(3, 5)]
    assert catalog.indexed_chunks(start=5) == []


def test_an_interrupted_creation_is_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            Catalog.create(tmp_path, {"chunk_size": 8})
    with pytest.raises(DatabaseError, match="no openbook database here"):
        Catalog(tmp_path)
    Catalog.create(tmp_path, {"chunk_size": 16})
    assert Catalog(tmp_path).settings() == {"chunk_size": 16}


@pytest.mark.parametrize("content", [b"", b"no database" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_catalog_is_named(catalog: Catalog, content: bytes) -> None:
    catalog.path.write_bytes(content)
    for ask in (catalog.settings, catalog.head, catalog.snapshot):
        with pytest.raises(DatabaseError, match=FILE_NAME):
            ask()


def test_a_catalog_that_was_cut_is_named(catalog: Catalog) -> None:
    catalog.commit(
        action="add", add=[record(f"document {number}", number) for number in range(500)], num_chunks=500
    )
    os.truncate(catalog.path, catalog.path.stat().st_size // 2)
    with pytest.raises(DatabaseError, match=FILE_NAME):
        catalog.snapshot()


def test_a_catalog_of_another_program_is_named(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / FILE_NAME).execute("CREATE TABLE recipes (name TEXT)").connection.close()
    with pytest.raises(DatabaseError, match="no such table"):
        Catalog(tmp_path).head()


# --- Columns that came later ---


def without_later_columns(catalog: Catalog) -> Catalog:
    """Make it a catalog from before there were languages."""
    with sqlite3.connect(catalog.path) as connection:
        connection.execute("ALTER TABLE documents DROP COLUMN language")
    connection.close()
    return Catalog(catalog.path.parent)


def stored_rows(catalog: Catalog, columns: str = "*") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(catalog.path)) as connection:
        return connection.execute(f"SELECT {columns} FROM documents ORDER BY number").fetchall()


def test_a_row_without_a_language_has_the_checksum_that_it_always_had(catalog: Catalog) -> None:
    catalog.commit(action="add", add=[record("a", 0), record("b", 1)], num_chunks=2)
    catalog.exclude([1, 2], [("similar", 2, 1)])
    names = "id, title, source, sha256, holdout, first_chunk, num_chunks, num_tokens, num_bytes, added"
    for *row, seal in stored_rows(catalog, f"{names}, removed, judged, excluded, original, seal"):
        assert zlib.crc32(repr(tuple(row)).encode()) == seal


def test_a_language_is_kept_and_sealed(catalog: Catalog) -> None:
    catalog.commit(action="add", add=[replace(record("a", 0), language="en"), record("b", 1)], num_chunks=2)
    assert [about.language for about in catalog.describe([1, 2])] == ["en", None]
    assert catalog.unsound_rows() == []
    for number, value in ((1, "'de'"), (1, "NULL"), (2, "'en'")):
        with sqlite3.connect(catalog.path) as connection:
            before = connection.execute(
                "SELECT language FROM documents WHERE number = ?", (number,)
            ).fetchone()
            connection.execute(f"UPDATE documents SET language = {value} WHERE number = {number}")
            connection.commit()
            assert catalog.unsound_rows() == ["ab"[number - 1]]
            with pytest.raises(DatabaseError, match="does not match its checksum"):
                catalog.describe([number])
            connection.execute("UPDATE documents SET language = ? WHERE number = ?", (*before, number))
        connection.close()
    assert catalog.unsound_rows() == []


def test_an_old_catalog_is_read_as_it_is(catalog: Catalog) -> None:
    catalog.commit(action="add", add=[record("a", 0), record("b", 1)], num_chunks=2)
    expected = catalog.describe([1, 2])
    old = without_later_columns(catalog)
    content = old.path.read_bytes()
    assert old.lacks_columns
    assert old.describe([1, 2]) == expected
    assert [about.language for about in expected] == [None, None]
    assert old.snapshot().documents.tolist() == catalog.snapshot().documents.tolist()
    assert old.live_records(["a", "b", "c"]) == dict(zip("ab", expected, strict=True))
    assert (old.unsound_rows(), old.unsound_commits()) == ([], [])
    assert old.path.read_bytes() == content


def test_an_old_catalog_gets_its_columns_and_keeps_its_checksums(catalog: Catalog) -> None:
    catalog.commit(action="add", add=[record("a", 0)], num_chunks=1)
    old = without_later_columns(catalog)
    seals = stored_rows(old, "seal")
    old.add_missing_columns()
    assert not old.lacks_columns
    assert stored_rows(old, "seal") == seals
    assert stored_rows(old, "language") == [(None,)]
    old.commit(action="add", add=[replace(record("b", 1), language="de")], num_chunks=2)
    assert [about.language for about in old.describe([1, 2])] == [None, "de"]
    assert old.unsound_rows() == []
    old.add_missing_columns()  # which is nothing any more
    assert [about.language for about in Catalog(old.path.parent).describe([1, 2])] == [None, "de"]


def test_the_columns_are_the_fields_of_the_record(catalog: Catalog) -> None:
    with closing(sqlite3.connect(catalog.path)) as connection:
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(documents)")]
    assert sorted(columns) == sorted(["number", "seal", *DOCUMENT_COLUMNS])

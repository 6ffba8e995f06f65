"""The catalogue: commits are whole or absent, and a damaged file is an error that names it."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_reading import FILE_NAME
from openbook.database.storage.records import DocumentRecord, Head
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


def test_settings_come_back_as_they_were(catalog: Catalog) -> None:
    assert catalog.settings() == {"chunk_size": 8, "embedder": None, "holdout": 0.5}


def test_a_new_catalogue_is_version_0_and_vouches_for_nothing(catalog: Catalog) -> None:
    assert catalog.head() == Head(0, 0, 0, (0, 0, 0, 0, 0, 0))
    snapshot = catalog.snapshot()
    assert (snapshot.head, snapshot.rows.shape) == (catalog.head(), (0, 10))


def test_each_commit_is_one_version(catalog: Catalog) -> None:
    assert catalog.commit(action="add", add=[record("a", 0, 2)], num_chunks=2) == 1
    assert catalog.commit(action="add", add=[record("b", 2)], num_chunks=3) == 2
    # documents, chunks, tokens, bytes, held out, excluded
    assert catalog.head() == Head(2, 0, 3, (2, 3, 15 + 7, 20 + 10, 0, 0))
    assert [(commit.version, commit.action) for commit in catalog.commits()] == [
        (0, "create"),
        (1, "add"),
        (2, "add"),
    ]


def test_snapshot_lists_documents_in_the_order_of_their_chunks(catalog: Catalog) -> None:
    catalog.commit(action="add", add=[record("a", 0, 2), record("b", 2, 3, holdout=True)], num_chunks=5)
    catalog.commit(action="remove", remove=["a"], num_chunks=5)
    snapshot = catalog.snapshot()
    assert snapshot.head == Head(2, 0, 5, (1, 3, 23, 30, 1, 0))
    # number, first chunk, chunks, tokens, bytes, holdout, live, excluded, judged, added in version
    assert snapshot.rows.tolist() == [[1, 0, 2, 15, 20, 0, 0, 0, 0, 1], [2, 2, 3, 23, 30, 1, 1, 0, 0, 1]]


@pytest.mark.parametrize("firsts", [(2, 0), (0, 1), (0, 3), (1, 3)])
@pytest.mark.parametrize("num_chunks", [4, 5])
def test_documents_whose_chunks_do_not_follow_each_other_are_refused(
    catalog: Catalog, firsts: tuple[int, int], num_chunks: int
) -> None:
    records = [record(name, first, 2) for name, first in zip("ab", firsts, strict=True)]
    catalog.commit(action="add", add=records, num_chunks=num_chunks)
    with pytest.raises(DatabaseError, match=rf"{FILE_NAME}: the table of documents does not match"):
        catalog.snapshot()


def test_a_replaced_document_is_live_once_and_keeps_both_rows(catalog: Catalog) -> None:
    catalog.commit(action="add", add=[record("a", 0, sha256="old")], num_chunks=1)
    catalog.commit(action="add", add=[record("a", 1, 2, sha256="new")], remove=["a"], num_chunks=3)
    assert catalog.live(["a"]) == {"a": "new"}
    assert catalog.chunks_of(["a"]) == [range(1, 3)]
    assert catalog.snapshot().rows[:, 6].tolist() == [0, 1]


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
        monkeypatch.setattr(Catalog, "_insert_commit", die)
    with pytest.raises(RuntimeError):
        catalog.commit(action="add", add=records, remove=["a"], num_chunks=2)
    assert catalog.head() == Head(1, 0, 1, (1, 1, 7, 10, 0, 0))
    assert catalog.live(["a", "b"]) == {"a": "0"}
    assert catalog.unsound_rows() == []


def test_two_live_documents_of_one_id_are_refused_whole(catalog: Catalog) -> None:
    with pytest.raises(DatabaseError, match="UNIQUE"):
        catalog.commit(action="add", add=[record("a", 0), record("a", 1)], num_chunks=2)
    assert catalog.head().version == 0
    assert catalog.snapshot().rows.tolist() == []


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
def test_a_damaged_catalogue_is_named(catalog: Catalog, content: bytes) -> None:
    catalog.path.write_bytes(content)
    for ask in (catalog.settings, catalog.head, catalog.snapshot):
        with pytest.raises(DatabaseError, match=FILE_NAME):
            ask()


def test_a_catalogue_that_was_cut_is_named(catalog: Catalog) -> None:
    catalog.commit(
        action="add", add=[record(f"document {number}", number) for number in range(500)], num_chunks=500
    )
    os.truncate(catalog.path, catalog.path.stat().st_size // 2)
    with pytest.raises(DatabaseError, match=FILE_NAME):
        catalog.snapshot()


def test_a_catalogue_of_another_program_is_named(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / FILE_NAME).execute("CREATE TABLE recipes (name TEXT)").connection.close()
    with pytest.raises(DatabaseError, match="no such table"):
        Catalog(tmp_path).head()

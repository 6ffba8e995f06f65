"""Compaction: the same database in less room, while whoever opened the old one goes on reading it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breaking import contents_of, documents_of, files_of, hits_of, marker, text_of
from openbook.database import Database, NeighborTable, build_neighbors
from openbook.database.storage.neighbor_files import table_stamp
from openbook.errors import DatabaseError, MismatchError
from openbook.lock import take_lock
from openbook.text import Document, Tokenizer

Make = Callable[..., Database]

ALL = dict.fromkeys([f"d{number}" for number in range(12)], 1)
MODES = ("dense", "bm25", "hybrid")
QUERIES = ["river stone copper", "garden velvet", marker("d3")]


@pytest.fixture
def book(make: Make) -> Database:
    """Twelve documents."""
    database = make(dense=True)
    database.add(documents_of(ALL))
    return database


def test_afterwards_it_equals_one_that_never_had_what_was_removed(book: Database, make: Make) -> None:
    book.add(documents_of({"d2": 2, "d9": 2}))
    book.remove(["d0", "d5", "d11"])
    book.compact()
    fresh = make(dense=True)
    kept = {name: 1 for name in ALL if name not in ("d0", "d2", "d5", "d9", "d11")} | {"d2": 2, "d9": 2}
    fresh.add(documents_of(kept))
    assert contents_of(book) == contents_of(fresh)
    assert hits_of(book, QUERIES, MODES) == hits_of(fresh, QUERIES, MODES)
    assert book.tokens[:].tolist() == fresh.tokens[:].tolist()
    assert book.vectors is not None and fresh.vectors is not None
    assert book.vectors[:].tolist() == fresh.vectors[:].tolist()
    assert book.verify().ok
    info, same = book.info(), fresh.info()
    assert (info.documents, info.chunks, info.tokens, info.bytes, info.removed_chunks) == (
        *(same.documents, same.chunks, same.tokens, same.bytes),
        0,
    )


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "compact"]), st.integers(0, 5)), max_size=8))
@settings(max_examples=12, deadline=None)
def test_any_changes_and_compactions_keep_what_is_live(make: Make, steps: list[tuple[str, int]]) -> None:
    database = make()
    live: dict[str, int] = {}
    for number, (action, which) in enumerate(steps, start=1):
        name = f"d{which}"
        if action == "add":
            database.add(documents_of({name: number}))
            live[name] = number
        elif action == "remove" and name in live:
            database.remove([name])
            del live[name]
        elif action == "compact":
            database.compact()
            assert database.layout.live.all()
    expected = {(name, text_of(name, revision)) for name, revision in live.items()}
    found = {(name, text) for name, text, alive, *_ in contents_of(database) if alive}  # type: ignore[misc]
    assert found == expected
    for name, revision in live.items():
        assert [hit.document_id for hit in database.search([marker(name, revision)])[0]] == [name]
    assert database.verify().ok


def test_nothing_is_written_where_nothing_was_removed(book: Database) -> None:
    before = {name: (book.path / name).read_bytes() for name in files_of(book.path)}
    assert book.compact() == book.version == 1
    assert {name: (book.path / name).read_bytes() for name in files_of(book.path)} == before


def test_an_empty_database_has_nothing_to_compact(make: Make) -> None:
    assert make().compact() == 0


def test_when_all_was_removed_it_is_empty_and_can_be_added_to(book: Database) -> None:
    build_neighbors(book, k=2)
    book.remove(ALL)
    book.compact()
    assert (book.layout.num_chunks, book.info().documents) == (0, 0)
    assert hits_of(book, QUERIES, MODES) == [[[]] * len(QUERIES)] * len(MODES)
    assert book.verify().ok
    book.add(documents_of({"d3": 4}))
    assert [hit.document_id for hit in book.search([marker("d3", 4)], mode="bm25")[0]] == ["d3"]
    assert build_neighbors(book, k=2).ids[:].tolist() == [[-1, -1]] * book.layout.num_chunks


def test_the_files_take_less_room_and_the_old_ones_are_gone(make: Make) -> None:
    database = make()
    database.add(documents_of(dict.fromkeys([f"d{number}" for number in range(60)], 1)))
    before = database.info().disk
    database.remove([f"d{number}" for number in range(50)])
    database.compact()
    assert database.info().disk["tokens"] < before["tokens"] / 3
    assert not [name for name in files_of(database.path) if name.startswith(("tokens.", "lexical/"))]
    database.remove(["d55"])
    database.compact()
    generations = {name.split("/")[0] for name in files_of(database.path) if name.startswith("generation")}
    assert generations == {"generation-2"}


@pytest.mark.parametrize("searched", [True, False], ids=["after it searched", "before it ever searched"])
@pytest.mark.parametrize("mode", MODES)
def test_an_open_database_goes_on_reading_its_version(book: Database, mode: str, searched: bool) -> None:
    reader = Database.open(book.path)
    expected = hits_of(Database.open(book.path), QUERIES, [mode])
    contents = contents_of(reader)
    if searched:
        hits_of(reader, QUERIES, [mode])
    book.remove(["d3", "d4"])
    book.compact()
    book.add(documents_of({"d3": 2, "e1": 1}))
    assert hits_of(reader, QUERIES, [mode]) == expected
    assert contents_of(reader) == contents
    reader.refresh()
    assert [hit.document_id for hit in reader.search([marker("d3")], mode="bm25")[0]] == []


def test_a_reader_of_a_version_long_gone_never_gives_a_document_another_name(book: Database) -> None:
    reader = Database.open(book.path)
    for removed, added in (("d11", "new1"), ("d10", "new2"), ("d9", "new3")):
        book.remove([removed])
        book.compact()
        book.add([Document(id=added, text=text_of(added))])
    for name in ("d9", "d10", "d11", "d0"):
        try:
            hits = reader.search([marker(name)], mode="bm25")[0]
        except DatabaseError as error:
            assert "open it again" in str(error)
        else:
            assert [hit.document_id for hit in hits] == [name]


def test_numbers_of_documents_are_never_used_again(book: Database) -> None:
    numbers = set(book.layout.number.tolist())
    for _ in range(2):
        book.remove(book.catalog.live_ids()[-1:])
        book.compact()
    book.add(documents_of({"e1": 1}))
    assert int(book.layout.number[-1]) not in numbers


def test_held_out_and_excluded_documents_stay_what_they_were(
    tmp_path: Path, tokenizer: Tokenizer, embedder: object
) -> None:
    database = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=8, holdout=["d1"], deduplicate=True
    )
    copies = [Document(id="copy", text=text_of("d1")), Document(id="twin", text=text_of("d2"))]
    database.add([*documents_of(ALL), *copies])
    excluded = database.excluded()
    assert [copy.document_id for copy in excluded] == ["copy", "twin"]
    database.remove(["d0"])
    database.compact()
    assert database.excluded() == excluded
    assert (database.info().holdout_documents, database.info().excluded_documents) == (1, 2)
    database.remove(["d2"])
    assert [hit.document_id for hit in database.search([marker("d2")])[0]] == ["twin"]
    assert database.search([marker("d1")]) == [[]]
    assert database.verify().ok


def test_the_neighbor_table_moves_along_and_is_extended(book: Database) -> None:
    build_neighbors(book, k=2)
    book.remove(["d4"])
    book.compact()
    stamp = table_stamp(book.opened.files.neighbors)
    assert stamp is not None and stamp.num_chunks == book.layout.num_chunks
    with pytest.raises(MismatchError, match="openbook neighbors"):
        NeighborTable.load(book)
    extended = np.array(build_neighbors(book, k=2).ids)
    assert extended.tolist() == build_neighbors(book, k=2, rebuild=True).ids[:].tolist()


def test_a_table_of_this_version_is_one_of_the_new_version(book: Database) -> None:
    book.remove(["d4"])
    before = build_neighbors(book, k=50)
    kept = np.flatnonzero(book.layout.live[book.layout.document_of])
    new = np.full(book.layout.num_chunks + 1, -1)
    new[kept] = np.arange(len(kept))
    expected = new[before.ids[:][kept]].tolist()
    book.compact()
    table = NeighborTable.load(book)
    assert (table.version, table.ids[:].tolist()) == (book.version, expected)
    assert any(-1 in row for row in expected), "chunks with fewer neighbors are there too"


def test_a_damaged_table_is_no_reason_to_fail(book: Database) -> None:
    build_neighbors(book, k=2)
    (book.path / "neighbors" / "ids.i64").write_bytes(b"")
    book.remove(["d4"])
    book.compact()
    assert book.info().neighbors is None
    assert book.verify().ok


def test_damaged_tokens_are_an_error_and_not_copied(book: Database) -> None:
    book.remove(["d4"])
    file = book.path / "tokens.bin"
    file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:])
    with pytest.raises(DatabaseError, match=r"tokens\.bin"):
        book.compact()
    assert not list(book.path.glob("generation-*"))
    assert not book.verify().ok


def test_what_fails_leaves_no_second_copy_on_the_disk(
    book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.remove(["d4"])
    expected = hits_of(book, QUERIES, MODES)

    def full(*_: object, **__: object) -> None:
        raise DatabaseError("no room")

    with monkeypatch.context() as patch:
        patch.setattr("openbook.database.search.lexical.LexicalIndex.commit", full)
        with pytest.raises(DatabaseError, match="no room"):
            book.compact()
    assert not list(book.path.glob("generation-*"))
    assert hits_of(Database.open(book.path), QUERIES, MODES) == expected
    book.compact()
    assert book.verify().ok


def test_while_neighbors_are_computed_it_is_refused(book: Database) -> None:
    """While another process computes neighbors, the files that it reads stay."""
    book.remove(["d4"])
    lock = take_lock(book.path / "neighbors.lock")
    try:
        with pytest.raises(DatabaseError, match="another process"):
            book.compact()
    finally:
        lock.release()
    book.compact()
    assert book.info().removed_chunks == 0

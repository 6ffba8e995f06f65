"""Writers make derived files again from the truth, and an open database keeps the index it opened."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from openbook.database import Database, Hit
from openbook.database.search.lexical import LexicalIndex
from openbook.errors import DatabaseError
from openbook.text import Document

Copy = Callable[[Database], Database]
Documents = Callable[[Mapping[str, str]], Iterator[Document]]


@pytest.fixture(scope="module")
def texts(corpus: Callable[..., dict[str, str]]) -> dict[str, str]:
    return corpus(20)


@pytest.fixture(scope="module")
def whole(make: Callable[..., Database], texts: dict[str, str], documents: Documents) -> Database:
    """With held-out, replaced and removed documents; never changed by a test."""
    database = make(texts, holdout=0.2)
    database.add(documents({"unique0": "replaced by a violin"}))
    database.remove(["unique5"])
    return database


def delete(folder: Path) -> None:
    """Delete a lexical index, or a file of it; meanwhile a thread of tantivy's may put a lock file there."""
    while folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
    folder.unlink(missing_ok=True)


def found_chunks(database: Database, texts: Mapping[str, str]) -> list[list[int]]:
    """Of each text, all chunks that share a word with it, in order."""
    hits: list[list[Hit]] = database.search(list(texts.values()), k=10_000, mode="bm25")
    return [sorted(hit.chunk_id for hit in row) for row in hits]


@pytest.mark.parametrize("gone", ["lexical", "lexical/meta.json"])
def test_a_deleted_lexical_index_is_made_again_by_the_next_writer(
    whole: Database, copy: Copy, texts: dict[str, str], gone: str
) -> None:
    database = copy(whole)
    delete(database.path / gone)
    reader = Database.open(database.path)
    with pytest.raises(DatabaseError, match=f"openbook verify {database.path} --repair"):
        found_chunks(reader, texts)
    database.catch_up()
    reader.refresh()
    assert found_chunks(reader, texts) == found_chunks(whole, texts)


def test_an_index_deleted_behind_an_open_database_is_still_there_for_it(
    whole: Database, copy: Copy, texts: dict[str, str]
) -> None:
    database = copy(whole)
    delete(database.path / "lexical")
    assert found_chunks(database, texts) == found_chunks(whole, texts)


def test_adding_after_the_index_was_deleted_loses_nothing(
    whole: Database, copy: Copy, texts: dict[str, str], documents: Documents
) -> None:
    """Else the new chunks would hide that the old ones are missing."""
    database = copy(whole)
    delete(database.path / "lexical")
    database.add(documents({"fresh": "zebra"}))
    assert found_chunks(database, texts) == found_chunks(whole, texts)
    assert [hit.document_id for hit in database.search(["zebra"])[0]] == ["fresh"]


def test_an_index_that_lags_is_caught_up(
    whole: Database, copy: Copy, texts: dict[str, str], documents: Documents
) -> None:
    """As after putting back an old copy of its folder."""
    database = copy(whole)
    lexical = database.path / "lexical"
    shutil.copytree(lexical, database.path.parent / "old")
    database.add(documents({"fresh": "zebra zebra " * 20}))
    delete(lexical)
    shutil.copytree(database.path.parent / "old", lexical)
    reopened = Database.open(database.path)
    with pytest.raises(DatabaseError, match=f"lacks chunks .*openbook verify {database.path} --repair"):
        reopened.search(["zebra"])
    reopened.catch_up()
    assert {hit.document_id for hit in reopened.search(["zebra"])[0]} == {"fresh"}
    assert found_chunks(reopened, texts) == found_chunks(whole, texts)


def test_what_was_made_again_leaves_out_held_out_and_removed_documents(whole: Database, copy: Copy) -> None:
    database = copy(whole)
    delete(database.path / "lexical")
    database.catch_up()
    index = LexicalIndex(database.path / "lexical")
    ids, _ = index.search([" ".join(database.chunk_texts(database.layout.first_chunk))], 10_000)
    indexed = {int(chunk) for chunk in ids[0] if chunk >= 0}
    assert indexed
    assert all(database.layout.retrievable[chunk] for chunk in indexed)


def test_a_healthy_index_is_searched_without_the_writers_lock(whole: Database, copy: Copy) -> None:
    database = copy(whole)
    with database._writer():
        assert database.search(["river"])[0]


def test_damage_is_told_by_the_first_search_that_needs_the_index_and_by_adding(
    whole: Database, copy: Copy, documents: Documents
) -> None:
    database = copy(whole)
    (database.path / "lexical" / "meta.json").write_text("{")
    damaged = Database.open(database.path)
    assert damaged.info().documents == whole.info().documents
    for act in (lambda: damaged.search(["river"]), lambda: damaged.add(documents({"fresh": "zebra"}))):
        with pytest.raises(DatabaseError, match=r"lexical: .*repair it: openbook verify .*copy --repair"):
            act()
    delete(database.path / "lexical")
    damaged.catch_up()
    assert damaged.search(["river"])[0]


def test_an_open_database_still_finds_what_a_later_writer_replaced(
    whole: Database, copy: Copy, texts: dict[str, str], documents: Documents
) -> None:
    reader = copy(whole)
    before = found_chunks(whole, texts)
    writer = Database.open(reader.path)
    writer.add(documents(dict.fromkeys(texts, "nothing of the kind")))
    assert found_chunks(reader, texts) == before
    assert found_chunks(writer, texts) != before

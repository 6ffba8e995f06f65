"""What an error advises can be followed."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from openbook.database import Database, verify
from openbook.database.storage.sealed import database_of
from openbook.errors import DatabaseError
from openbook.text import Document

Documents = Callable[[Mapping[str, str]], Iterator[Document]]
TEXTS = {"a": "river stone lantern", "b": "copper meadow", "c": "silver forest", "d": "winter harbour"}


@pytest.fixture
def compacted(make: Callable[..., Database], copy: Callable[[Database], Database]) -> Database:
    """Three documents, in a folder of a later generation."""
    database = copy(make(TEXTS))
    database.remove(["a"])
    database.compact()
    assert database.opened.files.generation == 1
    return database


def change_a_byte(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(bytes(content))


def test_the_folder_that_an_error_names_is_the_databases(compacted: Database) -> None:
    change_a_byte(compacted.opened.files.tokens.path, 0)
    with pytest.raises(DatabaseError, match=f"openbook verify {compacted.path}$"):
        compacted.search(["copper"])
    (compacted.opened.files.lexical / "meta.json").write_text("x")
    with pytest.raises(DatabaseError, match=f"openbook verify {compacted.path} --repair$"):
        Database.open(compacted.path).search(["silver"])


def test_of_a_shard_that_is_searched_alone_it_is_the_book(
    make: Callable[..., Database], tmp_path: Path
) -> None:
    shard = shutil.copytree(make(TEXTS).path, tmp_path / "book" / "shard-00000")
    (tmp_path / "book" / "book.json").touch()
    shutil.rmtree(shard / "lexical")
    with pytest.raises(DatabaseError, match=rf"openbook verify {tmp_path / 'book'} --repair$"):
        Database.open(shard).search(["copper"], mode="bm25")


def test_a_damaged_document_can_be_removed_and_added_again(compacted: Database, documents: Documents) -> None:
    """Even if the lexical index, which is made from the tokens, is lost as well."""
    change_a_byte(compacted.opened.files.tokens.path, 0)
    shutil.rmtree(compacted.opened.files.lexical, ignore_errors=True)
    (problem,) = [p for p in verify(compacted.path).problems if p.file.endswith("tokens.bin")]
    assert "of documents 'b'; remove them, and add them again" in problem.problem
    database = Database.open(compacted.path)
    database.catch_up()
    assert [hit.document_id for hit in database.search(["silver"])[0]] == ["c"]
    database.remove(["b"])
    database.add(documents({"b": TEXTS["b"]}))
    assert [hit.document_id for hit in database.search(["copper"])[0]] == ["b"]
    database.compact()
    assert verify(compacted.path).ok


@pytest.mark.parametrize(
    ("place", "database"),
    [
        ("book/neighbors", "book"),
        ("book/shard-00000/generation-2", "book"),
        ("one/generation-1/neighbors", "one"),
        ("neighbors", "neighbors"),
        ("elsewhere", "elsewhere"),
    ],
)
def test_the_folder_is_found_from_all_that_is_in_it(tmp_path: Path, place: str, database: str) -> None:
    """That of a shard is its book's, for it is repaired there."""
    for name in ("book/book.json", "one/catalog.sqlite", "neighbors/catalog.sqlite"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert database_of(tmp_path / place) == tmp_path / database

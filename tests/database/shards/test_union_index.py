"""The words of all shards are opened through a folder of links, which is gone when they are open."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from older_words import make_words_older
from openbook.database import Database
from openbook.database.repair import repair
from openbook.database.search import tantivy_files
from openbook.database.shards import union_index
from openbook.database.shards.book_manifest import BookManifest
from openbook.database.shards.shard_copies import remove_other_shards
from openbook.database.storage import files
from openbook.errors import DatabaseError


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What stands in for the system's folder in memory."""
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(union_index, "_MEMORY", folder)
    return folder


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders in which links were made."""
    folders: list[Path] = []
    link = union_index.link_file

    def note(file: Path, name: Path) -> None:
        folders.append(name.parent)
        link(file, name)

    monkeypatch.setattr(union_index, "link_file", note)
    return folders


@pytest.mark.parametrize("room", [True, False])
def test_links_are_in_memory_where_there_is_room(
    make_book: Callable[..., Database],
    corpus: Callable[..., dict[str, str]],
    memory: Path,
    linked: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    room: bool,
) -> None:
    if not room:
        monkeypatch.setattr(union_index, "_LINKS_BYTES", 1 << 62)
    texts = list(corpus(12).items())
    book = make_book([dict(texts[:5]), dict(texts[5:])])
    linked.clear()
    opened = Database.open(book.path)
    assert len(set(linked)) == 1 and (linked[0].parent == memory) is room
    assert not linked[0].exists() and list(memory.iterdir()) == []
    assert [hit.document_id for hit in opened.search("unique3", k=1, mode="bm25")[0]] == ["unique3"]


def test_a_system_without_such_a_folder(
    make_book: Callable[..., Database],
    corpus: Callable[..., dict[str, str]],
    linked: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(union_index, "_MEMORY", tmp_path / "none")
    book = make_book([corpus(6)])
    assert linked and Database.open(book.path).search("unique3", k=1, mode="bm25")[0]


def lose_a_segment(folder: Path, **options: object) -> None:
    """Half of a deletion."""
    for path in (folder / "lexical").glob("*.store"):
        path.unlink()


@pytest.mark.parametrize("delete", [shutil.rmtree, lose_a_segment])
def test_a_shard_that_goes_while_its_files_are_checked_stays_open(
    make_book: Callable[..., Database],
    corpus: Callable[..., dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    delete: Callable[..., None],
) -> None:
    """A writer withdraws it after a reader has opened the book, between its first search and the answer."""
    book = Database.open(make_book([corpus(6)]).path)
    check = tantivy_files._against_footers

    def check_what_is_left(folder: Path) -> list[tuple[Path, str]]:
        remove_other_shards(book.path, named=())
        return check(folder)

    monkeypatch.setattr(files.shutil, "rmtree", delete)
    monkeypatch.setattr(tantivy_files, "_against_footers", check_what_is_left)
    assert [hit.document_id for hit in book.search("unique3", k=1, mode="bm25")[0]] == ["unique3"]
    assert not list(book.path.glob("shard-*/lexical/meta.json"))


def test_shards_of_other_words_are_not_searched_together(
    make_book: Callable[..., Database], corpus: Callable[..., dict[str, str]]
) -> None:
    texts = list(corpus(12).items())
    book = make_book([dict(texts[:5]), dict(texts[5:])])
    shard = Database.open(book.path / BookManifest.read(book.path).shards[0].folder)
    make_words_older(shard)
    with pytest.raises(DatabaseError, match=r"of different versions; .* verify .*--repair"):
        Database.open(book.path).search("unique3", mode="bm25")
    assert repair(book.path).ok
    assert Database.open(book.path).search("unique3", k=1, mode="bm25")[0][0].document_id == "unique3"

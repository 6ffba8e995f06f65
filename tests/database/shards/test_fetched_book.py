"""A book at a URL is read through a copy that follows it, and is not changed through it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from openbook.database import Database, Version, build_neighbors
from openbook.database.shards.book_manifest import BookManifest
from openbook.database.shards.fetched_book import fetched_copy, put_book
from openbook.database.storage.remote_folder import RemoteFolder, copy_folder
from openbook.errors import DatabaseError
from openbook.text import Document

Documents = Callable[[Mapping[str, str]], Iterator[Document]]
TEXTS = [{"a": "river stone", "b": "copper orchard"}, {"c": "lantern harbor", "d": "stone lantern"}]
QUERIES = ["stone lantern", "copper"]


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches"


@pytest.fixture
def book(make_book: Callable[..., Database]) -> Database:
    """Which may be changed."""
    return make_book(TEXTS, dense=False)


@pytest.fixture
def url(book: Database, tmp_path: Path) -> str:
    """Where it was copied, by any tool."""
    shutil.copytree(book.path, tmp_path / "store" / "book")
    return f"file://{tmp_path}/store/book"


def fetches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are fetched from now on."""
    names: list[str] = []
    fetch = RemoteFolder.fetch

    def noting(self: RemoteFolder, name: str, target: Path) -> None:
        names.append(name)
        fetch(self, name, target)

    monkeypatch.setattr(RemoteFolder, "fetch", noting)
    return names


def test_what_is_found_is_what_the_book_finds(book: Database, url: str) -> None:
    for opened in (Database.open(url), Database.open(Path(url)), Version.open(url)):
        assert opened.search(QUERIES) == book.search(QUERIES)
        assert opened.path == copy_folder(url)
    assert Database.open(url).verify().ok


def test_a_new_version_costs_what_has_changed(
    book: Database, url: str, tmp_path: Path, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Database.open(url)
    before = held.search(QUERIES)
    names = fetches(monkeypatch)
    assert Database.open(url).version == 1 and names == []
    book.add(documents({"e": "copper copper"}))
    (changed,) = {shard.folder for shard in BookManifest.read(book.path).shards if shard.version > 1}
    shutil.rmtree(tmp_path / "store" / "book")
    shutil.copytree(book.path, tmp_path / "store" / "book", copy_function=shutil.copy2)
    newest = Database.open(url)
    assert newest.search(QUERIES) == book.search(QUERIES) != before
    assert {name.split("/")[0] for name in names} == {changed}
    assert {path.name for path in newest.path.glob("shard-*")} == {
        shard.folder for shard in BookManifest.read(book.path).shards
    }
    assert held.search(QUERIES) == before, "it reads on what it has opened"


def test_what_an_interrupted_call_left_is_not_fetched(url: str, tmp_path: Path) -> None:
    left = tmp_path / "store" / "book" / "training" / "trained.faiss"
    left.parent.mkdir()
    left.write_bytes(b"large")
    assert not (Database.open(url).path / "training").exists()


def test_changes_are_refused(url: str, documents: Documents) -> None:
    copy = Database.open(url)
    for change in (
        lambda: copy.add(documents({"e": "copper"})),
        lambda: copy.remove(["a"]),
        copy.compact,
        lambda: build_neighbors(copy, k=2),
    ):
        with pytest.raises(
            DatabaseError, match=r"^file:///.*/book: a book in an object store .*copy its files"
        ):
            change()
    assert copy.version == 1


def test_a_server_serves_the_copy(url: str) -> None:
    from openbook.serve.books import Book

    served = Book("book", Path(url))
    with served.reading() as version:
        assert version.search("lantern")[0]
    assert served.path == copy_folder(url)
    served.close()


def test_what_is_lost_or_interrupted_is_fetched_again(
    book: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = RemoteFolder.fetch
    left = [3]

    def stopping(self: RemoteFolder, name: str, target: Path) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        fetch(self, name, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(RemoteFolder, "fetch", stopping)
        fetched_copy(url)
    names = fetches(monkeypatch)
    folder = fetched_copy(url)
    count = len([path for path in book.path.rglob("*") if path.is_file() and path.suffix != ".lock"])
    assert len(names) == count - 1 - 2, "all but the manifest, and what was fetched before"
    shutil.rmtree(folder / "shard-00001")
    assert Database.open(url).search(QUERIES) == book.search(QUERIES)


def test_what_is_no_book_is_named(tmp_path: Path, url: str) -> None:
    with pytest.raises(DatabaseError, match=r"store/none: no book here.*--ray"):
        Database.open(f"file://{tmp_path}/store/none")
    (tmp_path / "store" / "book" / "shard-00001" / "catalog.sqlite").unlink()
    with pytest.raises(DatabaseError, match="shard-00001"):
        Database.open(url)


def test_what_is_put_replaces_what_was_there(
    book: Database, url: str, tmp_path: Path, documents: Documents
) -> None:
    stale = tmp_path / "store" / "book" / "shard-00007-0123abcd" / "tokens.bin"
    stale.parent.mkdir()
    stale.write_bytes(b"half")
    book.add(documents({"e": "copper copper"}))
    put_book(book.path, url)
    assert not stale.exists()
    assert Database.open(url).search(QUERIES) == Database.open(tmp_path / "store" / "book").search(QUERIES)

"""A book at a URL is served at the version that is there by now, and read on where it cannot be reached."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openbook.database import Database
from openbook.serve import url_follower
from openbook.serve.books import Books
from openbook.text import Document

SOON = 0.02
PATIENCE = 30.0


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))


@pytest.fixture
def store(sharded: Path, tmp_path: Path) -> Path:
    """The folder of the book that is served by its URL."""
    return shutil.copytree(sharded, tmp_path / "store" / "book")


@pytest.fixture
def serve_url(store: Path) -> Iterator[Callable[[float], Books]]:
    """Serve it, looking for a newer version so often."""
    served: list[Books] = []

    def serve(follow: float) -> Books:
        served.append(Books(Path(f"file://{store}"), follow=follow))
        return served[-1]

    yield serve
    for books in served:
        books.close()


def publish(book: Path, store: Path, text: str) -> None:
    """Add a document, and copy what changed to the store, the manifest last."""
    Database.open(book).add([Document(id="new", text=text)])
    for path in sorted(book.rglob("*"), key=lambda path: path.name == "book.json"):
        target = store / path.relative_to(book)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        else:
            shutil.copy2(path, target)


def finds(books: Books, word: str) -> bool:
    with books.default.reading() as version:
        return any(hit.document_id == "new" for hit in version.search(word, k=3)[0])


def within_patience(happens: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + PATIENCE
    while not (happened := happens()) and time.monotonic() < give_up:
        time.sleep(0.01)
    return happened


def test_a_newer_version_is_read_without_being_asked_for(
    sharded: Path, store: Path, serve_url: Callable[[float], Books]
) -> None:
    books = serve_url(SOON)
    before = books.default.newest()
    assert not finds(books, "zyzzyva")
    publish(sharded, store, "zyzzyva zyzzyva")
    assert within_patience(lambda: finds(books, "zyzzyva"))
    assert "new" not in [hit.document_id for hit in before.search("zyzzyva", k=3)[0]]


def test_nobody_looks_where_it_is_not_wanted_or_not_needed(
    sharded: Path, store: Path, serve_url: Callable[[float], Books]
) -> None:
    books = serve_url(0)
    publish(sharded, store, "zyzzyva zyzzyva")
    time.sleep(10 * SOON)
    assert not finds(books, "zyzzyva")
    of_folder = Books(sharded, follow=SOON)
    assert of_folder._follower is None
    of_folder.close()


def test_a_store_that_is_away_is_said_once_and_followed_when_it_is_back(
    sharded: Path,
    store: Path,
    serve_url: Callable[[float], Books],
    caplog: pytest.LogCaptureFixture,
) -> None:
    books = serve_url(SOON)
    away = store.with_name("away")
    with caplog.at_level(logging.WARNING):
        store.rename(away)
        assert within_patience(lambda: bool(caplog.records))
        time.sleep(10 * SOON)
        assert [record.name for record in caplog.records] == ["openbook.serve.url_follower"]
    assert "file://" in caplog.text and "is read on" in caplog.text
    assert books.default.newest().search("fox", k=1)[0]
    publish(sharded, away, "zyzzyva zyzzyva")
    away.rename(store)
    assert within_patience(lambda: finds(books, "zyzzyva"))


def test_nobody_looks_any_more_once_it_is_closed(serve_url: Callable[[float], Books]) -> None:
    books = serve_url(SOON)
    follower = books._follower
    assert follower is not None and follower._thread.is_alive()
    books.close()
    assert not follower._thread.is_alive()


def test_the_end_does_not_wait_for_a_long_fetch(
    sharded: Path, store: Path, serve_url: Callable[[float], Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def fetch_for_long(url: str) -> Path:
        begun.set()
        go_on.wait(PATIENCE)
        return store

    monkeypatch.setattr(url_follower, "fetched_copy", fetch_for_long)
    monkeypatch.setattr(url_follower, "_LONGEST_END", SOON)
    books = serve_url(SOON)
    publish(sharded, store, "zyzzyva zyzzyva")
    assert begun.wait(PATIENCE)
    books.close()
    assert not go_on.is_set()
    go_on.set()

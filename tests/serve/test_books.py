"""Books that are served: always at their newest version, edited in turn, and named where they are damaged."""

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from fakes import use_fake_encoder
from openbook.database import Database, Version, database
from openbook.errors import DatabaseError, LockedError, NotFoundError, SettingsError, UnavailableError
from openbook.lock import take_lock
from openbook.serve import books as books_module
from openbook.serve.books import Book, Books
from openbook.text import Document, train_tokenizer


@pytest.fixture
def served(edited: Path) -> Iterator[Book]:
    """A book, open, with its folder at `served.path`."""
    book = Book("fables", edited)
    yield book
    book.close()


def finds(book: Book, word: str) -> list[str]:
    """The ids of what a search for a word finds."""
    with book.reading() as version:
        return [hit.document_id for hit in version.search(word, k=3)[0]]


def edit(book: Book, change: Callable[[Database], object]) -> object:
    """Make one edit and wait for it."""
    return asyncio.run(book.edit(change))


def test_an_unchanged_book_is_not_opened_again(served: Book) -> None:
    assert served.newest() is served.newest()


def test_what_another_process_writes_is_read_next_and_not_by_what_began_before(served: Book) -> None:
    before = served.newest()
    Database.open(served.path).add([Document(id="new", text="zyzzyva zyzzyva")])
    assert finds(served, "zyzzyva")[0] == "new"
    assert "new" not in [hit.document_id for hit in before.search("zyzzyva", k=3)[0]]


def test_an_edit_is_read_by_the_next_request(served: Book) -> None:
    edit(served, lambda database: database.add([Document(id="new", text="zyzzyva zyzzyva")]))
    assert finds(served, "zyzzyva")[0] == "new"
    edit(served, lambda database: database.remove(["new"]))
    assert "new" not in finds(served, "zyzzyva")
    edit(served, lambda database: database.compact())
    assert "new" not in finds(served, "zyzzyva")


def test_a_request_does_not_take_the_book_back_to_before_an_edit(
    served: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins to open a version; before it is done, an edit on its way commits the next one."""
    opens, is_opening, goes_on = database.open_version, threading.Event(), threading.Event()

    def open_slowly(*arguments: Any) -> Version:
        version = opens(*arguments)
        if threading.current_thread().name.startswith("request"):
            is_opening.set()
            goes_on.wait(20)
        return version

    Database.open(served.path).add([Document(id="first", text="zyzzyva first")])
    monkeypatch.setattr(database, "open_version", open_slowly)
    with ThreadPoolExecutor(1, "request") as request, ThreadPoolExecutor(1, "edit") as editor:
        asked = request.submit(served.newest)
        assert is_opening.wait(20)
        edited = editor.submit(served._database.add, [Document(id="second", text="zyzzyva second")])
        wait([edited], timeout=0.5)
        goes_on.set()
        asked.result()
        edited.result()
    assert sorted(finds(served, "zyzzyva")) == ["first", "second"]


def test_an_edit_changes_the_newest_version(served: Book) -> None:
    Database.open(served.path).add([Document(id="others", text="zyzzyva")])
    edit(served, lambda database: database.remove(["others"]))
    assert "others" not in finds(served, "zyzzyva")


def test_edits_run_one_after_the_other_off_the_event_loop(served: Book) -> None:
    threads, order = set(), []

    def change(number: int) -> Callable[[Database], None]:
        def run(database: Database) -> None:
            threads.add(threading.current_thread().name)
            database.add([Document(id=f"n{number}", text=f"text {number}")])
            order.append(number)

        return run

    async def all_of_them() -> None:
        await asyncio.gather(*(served.edit(change(number)) for number in range(6)))

    asyncio.run(all_of_them())
    assert order == list(range(6))
    assert len(threads) == 1 and threading.current_thread().name not in threads


def test_an_edit_waits_for_another_process(served: Book) -> None:
    taken = threading.Event()

    def hold() -> None:  # a lock belongs to the thread that takes it
        lock = take_lock(served.path / "write.lock")
        taken.set()
        time.sleep(0.3)
        lock.release()

    other = threading.Thread(target=hold)
    other.start()
    taken.wait()
    edit(served, lambda database: database.add([Document(id="new", text="zyzzyva")]))
    other.join()
    assert finds(served, "zyzzyva")[0] == "new"


def test_an_edit_gives_up_waiting(served: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books_module, "_PATIENCE", 0.1)
    lock = take_lock(served.path / "write.lock")
    with pytest.raises(LockedError, match=r"'fables'.*try again") as caught:
        edit(served, lambda database: database.add([Document(id="new", text="zyzzyva")]))
    lock.release()
    assert str(served.path) not in str(caught.value)


@pytest.mark.parametrize("damage", ["folder", "catalog", "bytes"])
def test_a_book_that_is_gone_or_damaged_is_an_error_that_names_it(served: Book, damage: str) -> None:
    catalog = served.path / "catalog.sqlite"
    whole = catalog.read_bytes()
    if damage == "folder":
        shutil.move(served.path, served.path.with_name("elsewhere"))
    elif damage == "catalog":
        catalog.unlink()
    else:
        catalog.write_bytes(b"\0" * len(whole))
    for ask in (served.newest, lambda: finds(served, "zyzzyva"), lambda: edit(served, lambda _: None)):
        with pytest.raises(UnavailableError, match="the book 'fables'") as caught:
            ask()
        assert str(served.path) not in str(caught.value)
    if damage == "catalog":
        assert not catalog.exists()
        catalog.write_bytes(whole)
    elif damage == "folder":
        shutil.move(served.path.with_name("elsewhere"), served.path)
    else:
        catalog.write_bytes(whole)
    assert served.newest().layout.num_chunks > 0


def test_damage_that_a_request_meets_names_the_book(served: Book) -> None:
    tokens = served.path / "tokens.bin"
    tokens.write_bytes(b"\xff" * tokens.stat().st_size)
    with pytest.raises(UnavailableError, match="the book 'fables'") as caught, served.reading() as version:
        version.chunk_texts(list(range(version.layout.num_chunks)))
    assert str(served.path) not in str(caught.value)


def test_another_database_in_the_folder_is_read_as_itself(served: Book) -> None:
    served.newest()
    versions = served.newest().version
    tokenizer = served.newest().tokenizer
    shutil.rmtree(served.path)
    other = Database.create(served.path, tokenizer=tokenizer, embedder=None, chunk_size=8)
    other.add([Document(id="only", text="zyzzyva")])
    while other.version < versions:
        other.add([Document(id=f"more{other.version}", text=f"text {other.version}")])
    assert finds(served, "zyzzyva") == ["only"]
    assert served.newest().settings.chunk_size == 8


def test_errors_of_the_user_stay_what_they_are(served: Book) -> None:
    with pytest.raises(SettingsError), served.reading() as version:
        version.search("x", mode="fast")


def test_searches_while_others_edit_are_each_of_one_version(served: Book) -> None:
    """Documents come and go in pairs; whoever reads finds both of a pair or neither."""
    stop = threading.Event()
    wrong: list[set[str]] = []
    searches = 0

    def search() -> None:
        nonlocal searches
        while not stop.is_set():
            found = set(finds(served, "zyzzyva"))
            if found & {"left", "right"} and not {"left", "right"} <= found:
                wrong.append(found)
            searches += 1

    readers = [threading.Thread(target=search) for _ in range(3)]
    for reader in readers:
        reader.start()
    pair = [Document(id=name, text=f"zyzzyva {name}") for name in ("left", "right")]
    for _ in range(4):
        edit(served, lambda database: database.add(pair))
        edit(served, lambda database: database.remove(["left", "right"]))
    edit(served, lambda database: database.compact())
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert searches > 0


def test_books_have_names(fables: Path, edited: Path) -> None:
    books = Books(fables, {"copy": edited})
    assert books.names == ["fables", "copy"]
    assert books.get(None) is books.get("fables") is books.default
    assert books.get("copy").path == edited
    with pytest.raises(NotFoundError, match=r"'other'.*'fables', 'copy'"):
        books.get("other")
    books.close()


@pytest.mark.parametrize("name", ["fables", ""])
def test_a_name_that_is_taken_or_empty_is_refused(fables: Path, name: str) -> None:
    with pytest.raises(SettingsError):
        Books(fables, {name: fables})


def test_a_folder_that_is_not_there_is_refused_at_once(fables: Path, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="openbook build"):
        Books(fables, {"other": tmp_path / "nothing"})


def test_the_encoder_is_loaded_before_the_first_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = use_fake_encoder(monkeypatch)
    tokenizer = train_tokenizer(["river stone"], vocab_size=280)
    folder = tmp_path / "dense"
    Database.create(folder, tokenizer=tokenizer, embedder="fake").add([Document(id="a", text="river stone")])
    loaded = threading.Event()

    def load(name: str) -> object:
        loaded.set()
        return fake

    monkeypatch.setattr("openbook.database.search.embedder.load_embedder", load)
    books = Books(folder)
    assert not loaded.is_set()
    books.warm()
    assert loaded.wait(timeout=60)
    books.close()

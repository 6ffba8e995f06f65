"""Threads search one database object while it changes: no error, and nothing that was removed before."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import faiss
import pytest

from breaking import documents_of, marker, text_of
from fakes import use_fake_encoder
from openbook.database import Database
from openbook.database.search.embedder import Embedder
from openbook.errors import DatabaseError
from openbook.text import train_tokenizer

Make = Callable[..., Database]
SECONDS = 1.5


class Shared:
    """What the changing thread has reported so far."""

    def __init__(self) -> None:
        self.live: dict[str, int] = {}
        self.gone: set[tuple[str, int]] = set()
        self.done = threading.Event()
        self.errors: list[BaseException] = []
        self.searches = 0

    def change(self, work: Callable[[], None]) -> None:
        """Run until it is done; an exception is an error."""
        try:
            work()
        except BaseException as error:
            self.errors.append(error)
            self.done.set()


def search(database: Callable[[], Database], shared: Shared, seed: int, modes: list[str]) -> None:
    """Search what is there and what is not, and compare with what was reported before the search began."""
    draw = random.Random(seed)
    while not shared.done.is_set():
        live, gone = dict(shared.live), set(shared.gone)
        name, revision = draw.choice(list(live.items()) or [("d0", 1)])
        mode = draw.choice(modes)
        query = marker(name, revision) if mode == "bm25" else text_of(name, revision)
        hits = database().search([query, "river stone"], k=20, mode=mode)
        words = {word for found in hits for hit in found for word in hit.text.split()}
        removed = {marker(*which) for which in gone} & words
        assert not removed, f"{mode} found {removed}, removed before"
        if mode == "bm25" and shared.live.get(name) == revision:
            assert name in [hit.document_id for hit in hits[0]], f"{name} is there and not found"
        shared.searches += 1


def change(database: Database, shared: Shared, seconds: float) -> None:
    """Add, replace, remove and compact."""
    draw = random.Random(0)
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        names = sorted(shared.live)
        action = draw.choice(["add", "add", "replace", "remove", "compact"])
        if action == "add" or len(names) < 4:
            new = {f"d{number}-{which}": 1 for which in range(5)}
            database.add(documents_of(new))
            shared.live |= new
        elif action == "replace":
            name = draw.choice(names)
            old = shared.live.pop(name)
            database.add(documents_of({name: old + 1}))
            shared.gone.add((name, old))
            shared.live[name] = old + 1
        elif action == "remove":
            removed = {name: shared.live.pop(name) for name in draw.sample(names, 3)}
            database.remove(removed)
            shared.gone |= set(removed.items())
        else:
            database.compact()
    shared.done.set()


def run(workers: list[Callable[[], None]], shared: Shared) -> None:
    threads = [threading.Thread(target=shared.change, args=(work,)) for work in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if shared.errors:
        raise shared.errors[0]
    assert shared.searches > 20


@pytest.mark.parametrize("dense", [False, True], ids=["words", "vectors and words"])
def test_searches_go_on_while_the_database_changes(
    make: Make, dense: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openbook.database.search.dense_store.EXACT_BELOW", 60)
    faiss.omp_set_num_threads(1)
    database, shared = make(dense=dense), Shared()
    modes = ["bm25", "dense", "hybrid"] if dense else ["bm25"]
    searchers = [lambda seed=seed: search(lambda: database, shared, seed, modes) for seed in range(4)]
    run([*searchers, lambda: change(database, shared, SECONDS)], shared)
    assert database.verify().ok


def test_so_do_those_of_others_who_open_it_meanwhile(make: Make) -> None:
    """Each search in a database that was opened just now."""
    database, shared = make(), Shared()

    def fresh() -> Database:
        return Database.open(database.path)

    searchers = [lambda seed=seed: search(fresh, shared, seed, ["bm25"]) for seed in range(3)]
    run([*searchers, lambda: change(database, shared, SECONDS)], shared)
    assert database.verify().ok


def test_an_index_that_is_missing_is_made_by_one_thread_for_all(make: Make) -> None:
    import shutil

    database = make()
    database.add(documents_of(dict.fromkeys([f"d{number}" for number in range(20)], 1)))
    shutil.rmtree(database.path / "lexical")
    again, shared = Database.open(database.path), Shared()

    def search_until_it_is_there() -> None:
        while not shared.done.is_set():
            with suppress(DatabaseError):
                assert [hit.document_id for hit in again.search([marker("d3")])[0]] == ["d3"]
                return
        raise AssertionError("never found")

    threads = [threading.Thread(target=shared.change, args=(search_until_it_is_there,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    again.catch_up()
    for thread in threads:
        thread.join(60)
    assert shared.errors == []
    assert again.verify().ok


def test_a_reader_that_never_searched_before_finds_its_version_after_many_changes(
    make: Make, tmp_path: Path
) -> None:
    database = make()
    database.add(documents_of(dict.fromkeys([f"d{number}" for number in range(6)], 1)))
    reader = Database.open(database.path)
    database.remove(["d3"])
    database.compact()
    database.add(documents_of({f"e{number}": 1 for number in range(3)}))
    assert [hit.document_id for hit in reader.search([marker("d3")])[0]] == ["d3"]
    assert reader.search([marker("e1")]) == [[]]


def test_threads_that_search_first_load_one_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use_fake_encoder(monkeypatch)
    loads = []

    def load(name: str) -> Embedder:
        loads.append(name)
        time.sleep(0.05)
        return fake

    documents = list(documents_of({"d0": 1}))
    tokenizer = train_tokenizer([document.text for document in documents], vocab_size=300)
    Database.create(tmp_path / "db", tokenizer=tokenizer, embedder="fake", chunk_size=8).add(documents)
    monkeypatch.setattr("openbook.database.search.embedder.load_embedder", load)
    database = Database.open(tmp_path / "db")
    threads = [threading.Thread(target=database.search, args=(["river"],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1

"""Adding to a sharded book, removing from it, and what readers see meanwhile."""

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from older_words import make_words_older
from openbook.database import Database, Hit, NeighborTable, Version, WordsInfo, build_neighbors
from openbook.database.shards import book_writer
from openbook.database.shards.book_creation import create_book
from openbook.database.shards.book_manifest import BookManifest
from openbook.database.shards.book_writer import BookWriter, place_of
from openbook.database.write.database_writer import DatabaseWriter
from openbook.errors import DatabaseError, LockedError, MismatchError, SourceError
from openbook.lock import take_lock
from openbook.text import Document

MODES = ("dense", "bm25", "hybrid")
Make = Callable[..., Database]
Corpus = Callable[..., dict[str, str]]
Documents = Callable[..., Iterator[Document]]
QUERIES = ["river stone unique3", "copper orchard", "unique25 lantern"]


def split(texts: dict[str, str], shards: int) -> list[dict[str, str]]:
    return [
        {n: t for number, (n, t) in enumerate(texts.items()) if number % shards == p} for p in range(shards)
    ]


def told(hits: list[list[Hit]]) -> list[list[tuple[str, str, str, float]]]:
    """What does not depend on the order of the documents."""
    return [[(h.document_id, h.text, h.continuation, round(h.score, 3)) for h in row] for row in hits]


def require_alike(book: Database, one: Database, modes: tuple[str, ...] = MODES) -> None:
    assert {d.document_id: d for d in book.documents()} == {d.document_id: d for d in one.documents()}
    assert set(book.excluded()) == set(one.excluded())
    for mode in modes:
        ours, theirs = (told(each.search(QUERIES, k=400, mode=mode)) for each in (book, one))
        assert [sorted(row) for row in ours] == [sorted(row) for row in theirs], mode


def test_what_is_added_goes_to_the_shard_of_its_id(
    make_book: Make, make_one: Make, corpus: Corpus, documents: Documents
) -> None:
    texts, more = corpus(20), dict(list(corpus(40).items())[20:])
    book, one = make_book(split(texts, 3)), make_one(texts)
    reports = [each.add(documents(more)) for each in (book, one)]
    assert reports[0].added == reports[1].added == 20
    assert reports[0].version == book.version == 2
    assert [commit.action for commit in book.commits()] == ["create", "build", "add"]
    require_alike(book, one)
    require_alike(Database.open(book.path), one)
    for place, entry in enumerate(BookManifest.read(book.path).shards):
        shard = Database.open(book.path / entry.folder)
        own = {document.document_id for document in shard.documents()}
        assert own & more.keys() == {name for name in more if place_of(name, 3) == place}
    assert book.add(documents(more)).unchanged == 20
    assert book.version == 2, "nothing was added, and yet there is a new version"


def test_changed_removed_synced_and_compacted_alike(
    make_book: Make, make_one: Make, corpus: Corpus, documents: Documents
) -> None:
    texts = corpus(24)
    book, one = make_book(split(texts, 3)), make_one(texts)
    changed = {name: f"{text} changed" for name, text in list(texts.items())[:7]}
    for each in (book, one):
        assert each.add(documents(changed)).replaced == 7
    require_alike(book, one, ("dense",))
    for each in (book, one):
        each.remove(["unique9", "unique10", "unique11"])
    require_alike(book, one, ("dense",))
    left = {name: (texts | changed)[name] for name in list(texts)[:20] if name not in ("unique9", "unique10")}
    for each in (book, one):
        assert each.add(documents(left), sync=True).removed == 4
    require_alike(book, one, ("dense",))
    before, chunks = book.version, book.layout.num_chunks
    for each in (book, one):
        each.compact()
    assert book.version == before + 1
    assert book.layout.num_chunks == one.layout.num_chunks < chunks
    require_alike(book, one)
    assert book.info().removed_chunks == 0
    assert book.verify().ok
    assert book.compact() == book.version


def test_a_document_that_is_not_there(make_book: Make, corpus: Corpus) -> None:
    book = make_book(split(corpus(4), 2))
    with pytest.raises(DatabaseError, match=r"no document 'unique9'.*nothing was removed"):
        book.remove(["unique1", "unique9"])
    assert book.version == 1 and len(book.documents()) == 4


def test_near_copies_come_back_from_other_shards(
    make_book: Make, make_one: Make, corpus: Corpus, documents: Documents
) -> None:
    texts = {name: f"{text} {text[::-1]}" for name, text in corpus(12, longest=90).items()}
    first = {f"a{name}": text for name, text in texts.items()}
    copies = {f"b{name}": text for name, text in texts.items()}
    made = {"holdout": ["aunique1", "aunique2", "aunique3"], "deduplicate": True}
    book, one = make_book([first, copies], **made), make_one(first | copies, **made)
    assert len(book.excluded()) >= 12
    require_alike(book, one)
    for each in (book, one):
        each.remove(["aunique1", "aunique5"])
    require_alike(book, one, ("dense",))
    for each in (book, one):
        each.add(documents({"aunique2": "entirely different words about nothing at all"}))
    assert set(book.excluded()) == set(one.excluded())
    assert "bunique2" not in {copy.document_id for copy in book.excluded()}
    for each in (book, one):
        each.compact()
    require_alike(book, one)
    assert book.verify().ok


def test_numbers_stay_and_the_table_grows(make_book: Make, corpus: Corpus, documents: Documents) -> None:
    texts, more = corpus(20), dict(list(corpus(40).items())[20:])
    book = make_book(split(texts, 3))
    build_neighbors(book, k=3)
    before = book.opened
    shown = before.chunk_texts(np.arange(before.layout.num_chunks))
    book.add(documents(more))
    assert book.chunk_texts(np.arange(len(shown))) == shown
    with pytest.raises(MismatchError, match="of version 1, the database is at 2"):
        NeighborTable.load(book)
    extended = build_neighbors(book, k=3)
    assert np.array_equal(extended.ids[:], build_neighbors(book, k=3, rebuild=True).ids[:])
    book.remove(["unique3"])
    rebuilt = build_neighbors(book, k=3)
    texts_before = neighbor_texts(book, rebuilt)
    book.compact()
    assert neighbor_texts(book, NeighborTable.load(book)) == texts_before


def neighbor_texts(book: Database, table: NeighborTable) -> dict[str, list[str]]:
    chunks = np.flatnonzero(book.layout.live[book.layout.document_of])
    queries = book.chunk_texts(chunks)
    return {
        f"{place} {text}": book.chunk_texts(table.ids[:][chunk])
        for place, (text, chunk) in enumerate(zip(queries, chunks, strict=True))
    }


def test_a_reader_keeps_its_version(make_book: Make, corpus: Corpus, documents: Documents) -> None:
    texts = corpus(20)
    book = make_book(split(texts, 3))
    held = [Version.open(book.path), Database.open(book.path).opened]
    held[1].search(QUERIES)
    before = held[1].search(QUERIES)
    book.add(documents({f"new{name}": text for name, text in texts.items()}))
    book.remove(["unique1", "unique2", "unique3"])
    book.compact()
    for version in held:
        assert version.version == 1 and version.search(QUERIES) == before
    assert Version.open(book.path).version == 4
    reader = Database.open(book.path)
    book.remove(["unique4"])
    assert reader.version == 4
    reader.refresh()
    assert reader.version == 5


def test_nothing_of_an_interrupted_call_is_seen(
    make_book: Make, corpus: Corpus, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, more = corpus(12), dict(list(corpus(40).items())[12:])
    book = make_book(split(texts, 3))
    found = book.search(QUERIES)

    def broken() -> Iterator[Document]:
        yield from documents(more)
        raise SourceError("cannot be read")

    with pytest.raises(SourceError):
        book.add(broken(), batch_characters=100)
    assert Database.open(book.path).search(QUERIES) == found
    assert {path.name for path in book.path.glob("shard-*")} == {f"shard-{place:05}" for place in range(3)}

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BookManifest, "write", killed)
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # a killed process deletes nothing
        with pytest.raises(KeyboardInterrupt):
            book.add(documents(more), batch_characters=100)
    assert len(list(book.path.glob("shard-*"))) > 3
    reader = Database.open(book.path)
    assert reader.search(QUERIES) == found and reader.verify().ok
    assert reader.add(documents(more)).added == 28
    assert reader.verify().ok
    named = {shard.folder for shard in BookManifest.read(book.path).shards}
    reader.remove(["unique1"])
    there = {path.name for path in book.path.glob("shard-*")}
    assert named <= there and len(there) <= 4


def test_long_calls_commit_on_their_way(
    make_book: Make, make_one: Make, corpus: Corpus, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_writer, "_SECONDS_A_COMMIT", 0.0)
    texts, more = corpus(10), dict(list(corpus(30).items())[10:])
    book, one = make_book(split(texts, 2), holdout=0.2), make_one(texts, holdout=0.2)
    for each in (book, one):
        each.add(documents(more), batch_characters=500)
    assert book.version > 4
    require_alike(book, one)
    assert [commit.version for commit in book.commits()] == list(range(book.version + 1))


def test_one_writes_at_a_time(make_book: Make, corpus: Corpus) -> None:
    book = make_book(split(corpus(4), 2))
    lock = take_lock(book.path / "write.lock")
    with pytest.raises(LockedError, match="another process is writing"):
        book.remove(["unique1"])
    lock.release()
    book.remove(["unique1"])


def test_shards_elsewhere_are_left_as_they_are(
    make_one: Make, tmp_path: Path, corpus: Corpus, documents: Documents
) -> None:
    parts = split(corpus(10), 2)
    ones = [make_one(part) for part in parts]
    create_book(tmp_path / "book", [str(one.path) for one in ones])
    book = Database.open(tmp_path / "book")
    book.add(documents({"x": "river", "y": "stone", "z": "copper"}))
    book.remove(["x"])
    assert len(book.documents()) == 12
    assert [len(Database.open(one.path).documents()) for one in ones] == [5, 5]


def test_shards_elsewhere_may_be_written_to_as_databases_of_their_own(
    make_one: Make, tmp_path: Path, corpus: Corpus, documents: Documents
) -> None:
    """What a commit of the book appends is not in files that the original appends to as well."""
    ones = [make_one(part) for part in split(corpus(10), 2)]
    create_book(tmp_path / "book", [str(one.path) for one in ones])
    book = Database.open(tmp_path / "book")
    book.add(documents({f"x{number}": "river stone" for number in range(8)}))
    for one in ones:
        one.add(documents({f"y{number}": "copper lantern" for number in range(5)}))
    for database in (book, *ones):
        assert not Database.open(database.path).verify().problems
    hits = Database.open(book.path).search("river stone", k=99, mode="bm25")[0]
    added = {hit.document_id: hit.text for hit in hits if hit.document_id.startswith("x")}
    assert added == {f"x{number}": "river stone" for number in range(8)}


def test_compact_leaves_nothing_of_what_it_has_replaced(make_book: Make, corpus: Corpus) -> None:
    book = make_book(split(corpus(12), 2))
    book.remove(["unique1", "unique2", "unique7"])
    book.compact()
    named = {shard.folder for shard in BookManifest.read(book.path).shards}
    assert {path.name for path in book.path.glob("shard-*") if path.is_dir()} == named


def test_commits_after_one_that_made_an_index_again_alone(
    make_book: Make, corpus: Corpus, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That has no number of its own, and leaves a shard in the folder that the next commit would take."""
    book = make_book(split(corpus(8), 2))
    before = [shard.folder for shard in BookManifest.read(book.path).shards]
    with monkeypatch.context() as patch:
        patch.setattr(book_writer, "needs_index", lambda shard, shards, bulk: True)
        for _ in range(3):
            version = book.version
            book.catch_up()
            assert book.version == version
    again = [shard.folder for shard in BookManifest.read(book.path).shards]
    assert not set(before) & set(again)
    for number in range(4):
        book.add(documents({f"new{number}": "river stone copper"}))
    opened = Database.open(book.path)
    assert len(opened.documents()) == 12
    assert not opened.verify().problems


def test_readers_see_whole_commits_while_another_writes(
    make_book: Make, corpus: Corpus, documents: Documents
) -> None:
    """Each call changes several shards; whoever opens the book meanwhile sees all of it or nothing."""
    book = make_book(split(corpus(6), 3))
    rounds = [{f"r{number}d{each}": "river stone copper" for each in range(7)} for number in range(4)]
    ended = threading.Event()

    def read() -> list[tuple[int, set[str]]]:
        seen = []
        while not ended.is_set():
            version = Version.open(book.path)
            found = {hit.document_id for hit in version.search("copper", k=99, mode="bm25")[0]}
            seen.append((version.version, found))
        return seen

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        try:
            for texts in rounds:
                book.add(documents(texts))
                book.remove(list(texts)[:5])
        finally:
            ended.set()
        seen = reading.result()
    assert seen
    for number, found in seen:
        whole, removed = number // 2, number % 2 == 1  # 1: built, 2: added, 3: five removed, 4: added …
        for place, texts in enumerate(rounds):
            names = set(texts)
            if place + 1 == whole and not removed:
                assert found & names == names
            elif place < whole:
                assert found & names == set(list(texts)[5:])
            else:
                assert not found & names


def test_its_writer_has_all_that_it_declares(make_book: Make) -> None:
    """It is no writer of one database, and has no rows and no index that only such a writer could set."""
    book = make_book([{"a": "river stone"}, {"b": "copper orchard"}])
    with book._writer() as writer:
        assert [one.name for one in fields(writer) if not hasattr(writer, one.name)] == []
        assert isinstance(writer, BookWriter) and not isinstance(writer, DatabaseWriter)


@pytest.mark.parametrize("removed", [[], ["unique2"]], ids=["nothing removed", "something removed"])
def test_compact_makes_words_of_before_again_in_all_shards(
    make_book: Make, corpus: Corpus, removed: list[str]
) -> None:
    book = make_book(split(corpus(9) | {"name": "2.4.0", "numbers": "0 2 4"}, 3), dense=False)
    version = book.remove(removed) if removed else book.version
    make_words_older(book)
    book = Database.open(book.path)
    assert book.info().words == WordsInfo(state="older", version=2)
    assert book.compact() == version + len(removed)
    for opened in (book, Database.open(book.path)):
        assert opened.info().words.state == "current"
        assert [hit.document_id for hit in opened.search("2.4.0")[0]] == ["name", "numbers"]
    assert book.verify().ok


def test_readers_find_words_of_one_kind_also_between_two_commits_of_a_call(
    make_book: Make, corpus: Corpus, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_writer, "_SECONDS_A_COMMIT", 0)
    book = make_book(split(corpus(9), 3), dense=False)
    make_words_older(book)
    found = []

    def given() -> Iterator[Document]:
        for name in ("one", "two"):
            found.append(Database.open(book.path).search("unique3", k=1)[0][0].document_id)
            yield from documents({name: f"{name} river"})

    book.add(given(), batch_characters=1)
    assert book.version == 3, "each is a commit of its own"
    assert found == ["unique3"] * 2
    assert book.info().words.state == "current"

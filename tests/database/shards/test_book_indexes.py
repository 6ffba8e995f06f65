"""When the vectors of a book's shards are one index, and when each shard has its own."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from breaking import files_of
from openbook.database import Database, Version, build_neighbors, repair, verify
from openbook.database.search import dense_store
from openbook.database.search.dense import ApproximateIndex, ExactIndex
from openbook.database.search.dense_store import maintain_dense, stored_index
from openbook.database.shards import book_indexes, book_writer
from openbook.database.shards.book_folder import open_book
from openbook.database.shards.book_indexes import HeldDense, open_sharded
from openbook.database.shards.book_manifest import BookManifest
from openbook.database.shards.sharded_dense import JoinedDense, ShardedDense
from openbook.database.storage.sealed import BOOK, read_sealed, write_sealed
from openbook.database.version import open_version
from openbook.errors import DatabaseError
from openbook.text import Document

Make = Callable[..., Database]
Corpus = Callable[..., dict[str, str]]
Documents = Callable[[Mapping[str, str]], Iterator[Document]]


@pytest.fixture
def book(make_book: Make, corpus: Corpus) -> Database:
    """Of two shards."""
    texts = list(corpus(12).items())
    return make_book([dict(texts[:5]), dict(texts[5:])])


def test_few_chunks_are_searched_as_one_database_searches_them(book: Database) -> None:
    book.remove(["unique3"])
    index = book.opened.searcher.indexes.dense
    assert isinstance(index, ExactIndex)
    assert index.chunk_ids.tolist() == np.flatnonzero(book.layout.retrievable).tolist()
    assert book.info().dense_index == index.name == "exact"


def test_many_have_an_index_of_each_shard(book: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense_store, "EXACT_BELOW", len(book.layout.indexed))
    index = Database.open(book.path).opened.searcher.indexes.dense
    assert isinstance(index, ShardedDense)
    assert list(index.parts) == [0, 1]


@pytest.fixture
def large_book(make_book: Make, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Of three shards, each with a third of the chunks from which one database has an approximate index."""
    texts = list(corpus(60).items())
    book = make_book([dict(texts[place::3]) for place in range(3)])
    fewest = min(len(shard.layout.indexed) for shard in open_book(book.path).shards.values())
    monkeypatch.setattr(dense_store, "EXACT_BELOW", 3 * fewest)
    monkeypatch.setattr(dense_store, "_SMALLEST_SHARD", 1)
    book.catch_up()
    return Database.open(book.path)


def require_approximate(book: Database) -> None:
    """Each shard has an index that holds all of its chunks, or nearly, and each chunk finds itself.

    They were trained together, and are searched as one, with an effort that was measured.
    """
    index = Database.open(book.path).opened.searcher.indexes.dense
    assert isinstance(index, ShardedDense)
    assert index.joined is not None and not index.parts
    assert [type(part) for part in index.joined.parts.values()] == [ApproximateIndex] * 3
    effort = open_book(book.path).manifest.effort
    assert effort is not None and effort.indexes == index.joined.index.digest
    assert (index.joined.index.nprobe, index.joined.index.rerank) == (effort.nprobe, effort.rerank)
    assert index.recall_at_10 == effort.recall_at_10 >= 0.98
    info = Database.open(book.path).info()
    assert (info.dense_index, info.recall_at_10) == (index.name, index.recall_at_10)
    assert info.dense_index != "exact"
    texts = book.chunk_texts(np.flatnonzero(book.layout.retrievable))
    found = Database.open(book.path).search(texts, k=1, mode="dense")
    assert [hits[0].text for hits in found] == texts
    assert book.verify().ok


def test_shards_have_approximate_indexes_where_one_database_of_all_would(large_book: Database) -> None:
    require_approximate(large_book)


def test_writers_keep_these_indexes_up(large_book: Database, corpus: Corpus, documents: Documents) -> None:
    large_book.add(documents({f"new {name}": f"{text} new" for name, text in corpus(30, seed=1).items()}))
    require_approximate(large_book)
    large_book.remove(["unique3", "unique30"])
    large_book.compact()
    require_approximate(large_book)


def test_a_new_version_has_the_lists_of_the_one_before(large_book: Database, documents: Documents) -> None:
    before = joined_of(large_book)
    large_book.add(documents({"one more": "a late lantern"}))
    after = joined_of(large_book)
    assert after.index.index is before.index.index
    assert len(after.index.tail.chunk_ids) == 1
    assert large_book.search("a late lantern", k=1, mode="dense")[0][0].document_id == "one more"


def test_an_older_version_is_searched_on_after_its_index_could_be_joined(
    large_book: Database, documents: Documents
) -> None:
    """Its only index is of a shard that stays; the next version joins that shard's to those of others."""
    for place in (1, 2):
        shutil.rmtree(open_book(large_book.path).shards[place].files.dense)
    book = Database.open(large_book.path)
    older = book.opened
    texts = older.chunk_texts(np.flatnonzero(older.layout.retrievable))
    found = older.search(texts, k=3, mode="dense")
    book.add(documents({"one more": "a late lantern"}))
    assert list(joined_of(book).parts) == [0, 1, 2]
    assert older.search(texts, k=3, mode="dense") == found


def test_files_that_go_while_they_are_opened_are_not_missed_in_what_was_joined(
    large_book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = joined_of(large_book)
    folder = open_book(large_book.path)
    monkeypatch.setattr(book_indexes, "stored_digests", lambda shards: before.digests)  # as a moment ago
    shutil.rmtree(folder.shards[1].files.dense)
    index = open_sharded(folder.shards, folder.manifest.numbers, HeldDense(joined=before))
    vectors = folder.vectors()
    assert vectors is not None
    chunks = np.flatnonzero(folder.layout().retrievable)
    ids, _ = index.search(vectors[chunks].astype(np.float32), 1)
    assert np.array_equal(vectors[ids[:, 0]], vectors[chunks])  # some have the same text


def test_a_shard_that_lacks_an_index_gets_one_of_the_same_training(large_book: Database) -> None:
    trained = [
        found.trained_rows
        for shard in open_book(large_book.path).shards.values()
        if (found := stored_index(shard.files.dense))
    ]
    shutil.rmtree(open_book(large_book.path).shards[1].files.dense)
    large_book.catch_up()
    require_approximate(Database.open(large_book.path))
    found = stored_index(open_book(large_book.path).shards[1].files.dense)
    assert found is not None and found.trained_rows == trained[0]


def test_all_are_trained_again_when_one_has_grown_fourfold(
    large_book: Database, corpus: Corpus, documents: Documents
) -> None:
    lists = joined_of(large_book).index.name
    for seed in range(1, 6):
        large_book.add(documents({f"{seed} {name}": text for name, text in corpus(60, seed=seed).items()}))
    assert joined_of(Database.open(large_book.path)).index.name != lists
    assert not (large_book.path / "training").exists()
    index = Database.open(large_book.path).opened.searcher.indexes.dense
    assert isinstance(index, ShardedDense) and not index.parts
    assert index.recall_at_10 >= 0.98


def test_an_interrupted_training_loses_nothing(
    large_book: Database, corpus: Corpus, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    texts = {f"more {name}": text for name, text in corpus(300, seed=1).items()}
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(book_writer, "tuned_effort", interrupted)
        large_book.add(documents(texts))
    assert (large_book.path / "training").exists()
    require_approximate(Database.open(large_book.path))
    large_book.add(documents(texts))
    assert not (large_book.path / "training").exists()
    assert texts.keys() <= {document.document_id for document in large_book.documents()}
    require_approximate(Database.open(large_book.path))


def test_indexes_that_were_trained_apart_are_searched_one_by_one(
    large_book: Database, documents: Documents
) -> None:
    """As in books from before."""
    for shard in open_book(large_book.path).shards.values():
        shutil.rmtree(shard.files.dense)
        assert shard.vectors is not None
        maintain_dense(shard.files.dense, shard.layout, shard.vectors, shards=3)
    values = read_sealed(large_book.path / BOOK)
    del values["effort"]
    write_sealed(large_book.path / BOOK, values)
    require_apart(large_book)
    large_book.add(documents({"one more": "a late lantern"}))
    require_apart(large_book)
    effort = open_book(large_book.path).manifest.effort
    assert effort is not None and effort.nprobe == 0


def require_apart(book: Database) -> None:
    """Each chunk finds itself, by an index of each shard."""
    opened = Database.open(book.path).opened
    index = opened.searcher.indexes.dense
    assert isinstance(index, ShardedDense) and index.joined is None
    assert [type(part) for part in index.parts.values()] == [ApproximateIndex] * 3
    texts = opened.chunk_texts(np.flatnonzero(opened.layout.retrievable))
    assert [hits[0].text for hits in opened.search(texts, k=1, mode="dense")] == texts


def joined_of(book: Database) -> JoinedDense:
    """What the book's shards are searched as."""
    index = book.opened.searcher.indexes.dense
    assert isinstance(index, ShardedDense) and index.joined is not None
    return index.joined


def test_repair_makes_the_index_of_a_shard_again(large_book: Database) -> None:
    gone, damaged = (open_book(large_book.path).shards[place].files.dense for place in (0, 1))
    shutil.rmtree(gone)
    found = stored_index(damaged)
    assert found is not None
    (damaged / found.file).write_bytes(b"damaged")
    assert repair(large_book.path).ok
    require_approximate(Database.open(large_book.path))


def test_a_file_of_an_index_of_a_shard_that_is_gone_is_named(large_book: Database, tmp_path: Path) -> None:
    build_neighbors(large_book, k=2)
    folder = large_book.path
    kept = shutil.copytree(folder, tmp_path / "kept")
    shard = open_book(folder).manifest.shards[1].folder
    dense, lexical = f"{shard}/dense", f"{shard}/lexical"
    names = [name for name in files_of(folder) if name.startswith((dense, lexical, "neighbors"))]
    assert len(names) > 10
    gone = {name: name for name in names if not name.endswith("sealed.json")}
    for name, file in (gone | {dense: f"{dense}/index.json", lexical: f"{lexical}/meta.json"}).items():
        remove = shutil.rmtree if (folder / name).is_dir() else Path.unlink
        remove(folder / name)
        found = {problem.file: problem.problem for problem in verify(folder).problems}
        assert list(found) == [file]
        assert "missing" in found[file] and f"openbook verify {folder} --repair" in found[file]
        assert repair(folder).ok, name
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)


def test_a_shard_by_itself_misses_the_index_that_its_book_wants(large_book: Database) -> None:
    manifest = open_book(large_book.path).manifest
    shard = large_book.path / manifest.shards[1].folder
    shutil.rmtree(shard / "dense")
    assert [problem.file for problem in verify(shard).problems] == ["dense/index.json"]
    former = shutil.copytree(shard, large_book.path / "former")
    assert verify(former).ok, "which the book does not name"


def test_few_chunks_miss_no_index(
    book: Database, large_book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert book.verify().ok
    monkeypatch.setattr(dense_store, "EXACT_BELOW", len(large_book.layout.indexed) + 1)
    for shard in open_book(large_book.path).shards.values():
        shutil.rmtree(shard.files.dense)
    assert large_book.verify().ok


def test_no_shard_has_one_where_the_book_is_searched_as_one(
    make_book: Make, corpus: Corpus, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its part of the chunks; the next one may bring the book to where it has."""
    texts = list(corpus(60).items())
    book = make_book([dict(texts[:50]), dict(texts[50:55]), dict(texts[55:])])
    monkeypatch.setattr(dense_store, "EXACT_BELOW", len(book.layout.indexed) + 1)
    monkeypatch.setattr(dense_store, "_SMALLEST_SHARD", 1)
    book.catch_up()
    assert not any(stored_index(shard.files.dense) for shard in open_book(book.path).shards.values())
    assert isinstance(Database.open(book.path).opened.searcher.indexes.dense, ExactIndex)
    book.add(documents({"one more": "river"}))
    assert stored_index(open_book(book.path).shards[0].files.dense) is not None
    assert isinstance(Database.open(book.path).opened.searcher.indexes.dense, ShardedDense)


def test_a_shard_by_itself_says_which_index_it_has(large_book: Database) -> None:
    shard = Database.open(open_book(large_book.path).shards[1].folder.path)
    found = stored_index(shard.opened.files.dense)
    assert found is not None
    assert (shard.info().dense_index, shard.info().recall_at_10) == (found.name, found.recall_at_10)


def test_a_shard_is_repaired_by_its_book_alone(large_book: Database) -> None:
    shard = open_book(large_book.path).shards[1]
    found = stored_index(shard.files.dense)
    assert found is not None
    (shard.files.dense / found.file).write_bytes(b"damaged")
    with pytest.raises(DatabaseError, match="is a shard of the book"):
        repair(shard.folder.path)
    assert stored_index(shard.files.dense) == found
    assert repair(large_book.path).ok
    require_approximate(Database.open(large_book.path))


def test_the_smallest_shards_are_searched_exactly(
    large_book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense_store, "_SMALLEST_SHARD", 10_000)
    large_book.catch_up()
    index = Database.open(large_book.path).opened.searcher.indexes.dense
    assert isinstance(index, ShardedDense)
    assert [type(part) for part in index.parts.values()] == [ExactIndex] * 3


def test_commits_between_the_manifest_and_the_indexes_delete_nothing_that_is_searched(
    book: Database, corpus: Corpus, documents: Documents
) -> None:
    """Each writer deletes what the commit before the last one has named, here all of what was read first."""
    read = open_book(book.path)
    for word in ("copper", "lantern"):
        book.add(documents({name: f"{text} {word}" for name, text in corpus(12).items()}))
    assert not any((book.path / entry.folder).exists() for entry in read.manifest.shards)
    opened = open_version(read)
    assert opened.version == book.version == read.manifest.head.version + 2
    (hit,) = opened.search("unique3 lantern", k=1, mode="bm25")[0]
    assert hit.document_id == "unique3"


@pytest.mark.parametrize("place", [0, 1])
def test_words_that_lag_behind_the_catalog_are_refused(
    book: Database, documents: Documents, place: int
) -> None:
    before = [shutil.copytree(path, path.with_suffix(".kept")) for path in sorted(book.path.glob("shard-*"))]
    book.add(documents({f"new{number}": "the newest mill" for number in range(8)}))
    shard = book.path / BookManifest.read(book.path).shards[place].folder
    shutil.rmtree(shard / "lexical")
    shutil.copytree(before[place] / "lexical", shard / "lexical")
    with pytest.raises(DatabaseError, match=rf"{shard.name}/lexical: lacks chunks .* --repair"):
        Version.open(book.path).search("mill", mode="bm25")
    assert repair(book.path).ok
    hits = Version.open(book.path).search("newest mill", k=20, mode="bm25")[0]
    assert {hit.document_id for hit in hits} == {f"new{number}" for number in range(8)}


def test_texts_without_words_and_removed_ones_are_no_lag(make_book: Make) -> None:
    book = make_book([{"a": "river stone"}, {"b": "copper river", "c": "--- !!!"}])
    assert [hit.document_id for hit in book.search("copper", mode="bm25")[0]] == ["b"]
    book.remove(["c"])
    assert [hit.document_id for hit in Database.open(book.path).search("copper", mode="bm25")[0]] == ["b"]
    book.remove(["b"])
    assert Database.open(book.path).search("copper", mode="bm25") == [[]]

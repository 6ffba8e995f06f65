"""The approximate index on the disk, with a threshold so low that small databases have one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breaking import Kill, documents_of, files_of, hits_of, kill_at, marker, text_of
from openbook.database import Database
from openbook.database.search import dense_store
from openbook.database.search.dense import ApproximateIndex, ExactIndex
from openbook.database.search.dense_store import StoredIndex, stored_index
from openbook.database.search.dense_tuning import index_name
from openbook.errors import DatabaseError
from openbook.text import Document, Tokenizer

Make = Callable[..., Database]
THRESHOLD = 60
"""Chunks."""


@pytest.fixture(autouse=True)
def low_threshold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(dense_store, "EXACT_BELOW", THRESHOLD)
    faiss.omp_set_num_threads(1)
    yield


def numbered(first: int, end: int) -> Iterator[Document]:
    """Documents of one to three chunks."""
    return documents_of(dict.fromkeys([f"d{number}" for number in range(first, end)], 1))


def entry_of(database: Database) -> StoredIndex:
    found = stored_index(database.opened.files.dense)
    assert found is not None
    return found


def index_of(database: Database) -> ApproximateIndex | ExactIndex:
    index = database.opened.searcher.indexes.dense
    assert isinstance(index, ApproximateIndex | ExactIndex)
    return index


def exact_hits(database: Database, queries: list[str], k: int = 5) -> list[list[str]]:
    """By a loop over all vectors."""
    assert database.vectors is not None
    vectors = database.vectors[:].astype(np.float32)
    scores = database.embedder.encode(queries) @ vectors.T
    scores[:, ~database.layout.retrievable] = -np.inf
    numbers = np.argsort(-scores, axis=1)[:, :k]
    return [[hit.text for hit in database.hits(row, row.astype(np.float32))] for row in numbers]


def own_texts(database: Database, count: int = 40) -> list[str]:
    """Texts of retrievable chunks, each of which is its own nearest."""
    return database.chunk_texts(np.flatnonzero(database.layout.retrievable)[:count])


def finds_all(database: Database) -> bool:
    texts = own_texts(database, 1000)
    return [hits[0].text for hits in database.search(texts, k=1, mode="dense")] == texts


def test_there_is_none_below_the_threshold_and_one_from_there_on(make: Make) -> None:
    database = make(dense=True)
    number = 0
    while database.layout.num_chunks < THRESHOLD:
        assert not (database.path / "dense").exists()
        assert (database.info().dense_index, database.info().recall_at_10) == ("exact", 1.0)
        database.add(numbered(number, number + 3))
        number += 3
    entry = entry_of(database)
    assert files_of(database.path / "dense") == [entry.file, "index.json"]
    info = database.info()
    assert (info.dense_index, info.recall_at_10) == (entry.name, entry.recall_at_10)
    assert info.disk["dense"] > 0
    assert isinstance(index_of(Database.open(database.path)), ApproximateIndex)
    assert database.verify().ok


def test_what_it_finds_is_nearly_what_a_loop_over_all_vectors_finds(make: Make) -> None:
    database = make(dense=True)
    database.add(numbered(0, 200))
    queries = [text_of(f"q{number}") for number in range(50)]
    found = database.search(queries, k=5, mode="dense")
    expected = exact_hits(database, queries)
    pairs = zip(found, expected, strict=True)
    shared = sum(len({hit.text for hit in hits} & set(texts)) for hits, texts in pairs)
    assert shared / (5 * len(queries)) >= 0.9
    assert entry_of(database).recall_at_10 >= 0.95
    assert finds_all(database)
    products = np.array([[hit.score for hit in hits] for hits in found])
    assert (np.diff(products, axis=1) <= 0).all()


def test_a_stored_chunk_is_found_the_moment_it_was_added_and_never_after_it_was_removed(make: Make) -> None:
    database = make(dense=True)
    database.add(numbered(0, 60))
    rows = entry_of(database).rows
    text = text_of("late")
    database.add([Document(id="late", text=text)])
    assert entry_of(database).rows == rows < database.layout.num_chunks, "it is in the tail"
    assert "late" in [
        hit.document_id for hit in database.search(own_texts(database, 1000)[-1:], mode="dense")[0]
    ]
    for name in ("late", "d7"):
        texts = [hit.text for hit in database.search([marker(name)], mode="bm25")[0]]
        database.remove([name])
        assert all(
            name != hit.document_id for hits in database.search(texts, k=50, mode="dense") for hit in hits
        )


def test_a_tail_that_has_grown_is_added_and_an_outgrown_index_is_trained_anew(make: Make) -> None:
    database = make(dense=True)
    database.add(numbered(0, 60))
    first = entry_of(database)
    assert first.trained_rows == first.rows
    database.add(numbered(60, 80))
    grown = entry_of(database)
    assert grown.rows == database.layout.num_chunks
    assert (grown.trained_rows, grown.name) == (first.trained_rows, first.name)
    assert finds_all(database)
    database.add(numbered(80, 330))
    anew = entry_of(database)
    assert anew.trained_rows == anew.rows == database.layout.num_chunks
    assert anew.name != first.name
    assert files_of(database.path / "dense") == [anew.file, "index.json"]
    assert finds_all(database)


def test_held_out_chunks_are_not_counted_and_not_found(
    tmp_path: Path, tokenizer: Tokenizer, embedder: object
) -> None:
    names = [f"d{number}" for number in range(100)]
    database = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder="fake", chunk_size=8, holdout=names[10:]
    )
    database.add(numbered(0, 100))
    assert database.layout.num_chunks > 2 * THRESHOLD > 4 * len(database.layout.indexed)
    assert not (database.path / "dense").exists()
    assert not dense_store.needs_care(database.path / "dense", database.layout)
    assert database.info().dense_index == "exact"
    assert database.verify().ok
    hits = database.search([text_of(name) for name in names], k=20, mode="dense")
    assert {hit.document_id for found in hits for hit in found} <= set(names[:10])


def test_a_database_of_nothing_but_held_out_documents(
    tmp_path: Path, tokenizer: Tokenizer, embedder: object
) -> None:
    names = [f"d{number}" for number in range(50)]
    database = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder="fake", chunk_size=8, holdout=names
    )
    database.add(numbered(0, 50))
    assert database.search([text_of("d1")], mode="dense") == [[]]
    assert database.verify().ok


def test_many_equal_vectors_do_no_harm(make: Make) -> None:
    database = make(dense=True)
    database.add(Document(id=f"d{number}", text="the same words") for number in range(90))
    hits = database.search(["the same words"], k=90, mode="dense")[0]
    assert len({hit.document_id for hit in hits}) == 90
    assert entry_of(database).recall_at_10 == 1.0


def test_a_document_asked_for_its_neighbors_gets_k_others(make: Make) -> None:
    """Its own chunks are left out inside the index, where they would take all places."""
    database = make(dense=True)
    database.add([*numbered(0, 40), Document(id="long", text=" ".join(["river stone"] * 400))])
    place = database.layout.number.tolist().index(database.layout.number[-1])
    chunks = np.array(list(database.layout.chunks_of(place)))
    ids, _ = database.search_chunks(
        database.opened.chunk_queries(chunks), k=10, exclude=np.full(len(chunks), place)
    )
    assert (ids >= 0).all()
    assert (database.layout.document_of[ids] != place).all()


@pytest.mark.parametrize("removed", [0, 20, 55])
def test_hits_hidden_behind_removed_documents_are_found(make: Make, removed: int) -> None:
    database = make(dense=True)
    database.add(numbered(0, 60))
    if removed:
        database.remove([f"d{number}" for number in range(removed)])
    hits = database.search([text_of("d1")], k=10_000, mode="dense")[0]
    assert sorted(hit.chunk_id for hit in hits) == np.flatnonzero(database.layout.retrievable).tolist()


def test_an_open_database_keeps_its_index_when_another_replaces_it(make: Make) -> None:
    database = make(dense=True)
    database.add(numbered(0, 60))
    searched, unsearched = Database.open(database.path), Database.open(database.path)
    queries = own_texts(database)
    expected = hits_of(searched, queries, ["dense"])
    database.add(numbered(60, 300))
    assert hits_of(searched, queries, ["dense"]) == expected
    found = unsearched.search(queries, k=1, mode="dense")
    assert [hits[0].text for hits in found] == queries
    assert max(hit.chunk_id for hits in found for hit in hits) < unsearched.layout.num_chunks


def test_an_index_replaced_while_it_is_opened_is_read_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make(dense=True)
    database.add(numbered(0, 60))
    reader = Database.open(database.path)
    original, calls = dense_store._read, []

    def slow(path: Path, *arguments: object, **options: object) -> object:
        calls.append(path)
        if len(calls) == 1:
            database.add(numbered(60, 300))
            assert not path.exists()
        return original(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(dense_store, "_read", slow)
    assert finds_all(reader)


@pytest.mark.parametrize("file", ["index.json", "faiss"])
def test_damage_is_an_error_that_names_the_file(make: Make, file: str) -> None:
    database = make(dense=True)
    database.add(numbered(0, 60))
    path = database.path / "dense" / (file if file == "index.json" else entry_of(database).file)
    content = path.read_bytes()
    for damaged in (content[:-1], content[:40], b"", content[:-9] + b"x" + content[-8:]):
        path.write_bytes(damaged)
        with pytest.raises(DatabaseError, match=path.name):
            Database.open(database.path).search(["river"], mode="dense")
        assert not database.verify().ok
    path.write_bytes(content)
    assert finds_all(Database.open(database.path))


@pytest.mark.parametrize("gone", ["index.json", "all"])
def test_without_its_index_search_is_exact_until_the_next_writer_makes_it_again(
    make: Make, gone: str
) -> None:
    database = make(dense=True)
    database.add(numbered(0, 60))
    for name in files_of(database.path / "dense") if gone == "all" else [gone]:
        (database.path / "dense" / name).unlink()
    again = Database.open(database.path)
    assert finds_all(again)
    assert again.opened.searcher.indexes.dense.name == "exact"
    assert [problem.file for problem in again.verify().problems] == ["dense/index.json"]
    again.catch_up()
    assert finds_all(again)
    assert again.verify().ok
    assert entry_of(again).rows == again.layout.num_chunks


def test_a_full_disk_leaves_the_old_index_and_names_the_file(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make(dense=True)
    database.add(numbered(0, 60))
    before = entry_of(database)

    def full(index: object, path: str) -> None:
        Path(path).write_bytes(b"half an index")
        raise RuntimeError("Error in size_t fwrite: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(faiss, "write_index", full)
        with pytest.raises(DatabaseError, match=r"\.faiss: cannot be written: .*No space"):
            database.add(numbered(60, 90))
    assert files_of(database.path / "dense") == [before.file, "index.json"]
    assert entry_of(database) == before
    again = Database.open(database.path)
    assert again.info().documents == 90, "the documents were committed before"
    assert finds_all(again)
    again.add([])
    assert entry_of(again).rows == again.layout.num_chunks


def test_a_file_that_lost_its_end_without_a_word_is_not_believed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So faiss writes where the disk becomes full with the last bytes: it prints, and goes on."""
    database = make(dense=True)
    database.add(numbered(0, 60))
    before = entry_of(database)
    original = faiss.write_index

    def silent(index: object, path: str) -> None:
        original(index, path)
        Path(path).write_bytes(Path(path).read_bytes()[:-300])

    with monkeypatch.context() as patch:
        patch.setattr(faiss, "write_index", silent)
        with pytest.raises(DatabaseError, match=r"\.faiss: cannot be written"):
            database.add(numbered(60, 90))
    assert entry_of(database) == before
    assert finds_all(Database.open(database.path))


@pytest.mark.parametrize("after", [False, True])
def test_a_kill_while_it_is_written_leaves_one_of_the_two(make: Make, tmp_path: Path, after: bool) -> None:
    database = make(dense=True)
    database.add(numbered(0, 60))
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, faiss, "write_index", 1, after=after, leave=tmp_path / "dead", folder=database.path)
        with pytest.raises(Kill):
            database.add(numbered(60, 90))
    again = Database.open(tmp_path / "dead")
    assert again.verify().ok
    assert finds_all(again)
    again.add(numbered(60, 91))
    assert files_of(again.path / "dense") == [entry_of(again).file, "index.json"]
    assert finds_all(again)


def test_after_compaction_it_holds_what_is_left_and_is_gone_when_that_is_little(make: Make) -> None:
    database = make(dense=True)
    database.add(numbered(0, 90))
    database.remove([f"d{number}" for number in range(20)])
    database.compact()
    assert entry_of(database).rows == database.layout.num_chunks == len(database.layout.indexed)
    assert finds_all(database)
    database.remove([f"d{number}" for number in range(20, 80)])
    database.compact()
    assert not database.opened.files.dense.exists()
    assert database.info().dense_index == "exact"
    assert finds_all(database)
    assert database.verify().ok


@given(st.integers(1, 10**9), st.integers(1, 2048))
def test_its_name_fits_every_size(num_vectors: int, size: int) -> None:
    name = index_name(num_vectors, size)
    codes = int(name.split("PQ")[-1].split("x")[0])
    assert size % codes == 0
    assert int("".join(filter(str.isdigit, name.split("IVF")[1].split(",")[0].split("_")[0]))) >= 1

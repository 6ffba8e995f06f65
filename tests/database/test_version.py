"""Retrieved tokens equal a loop over neighbors; a version stays what it was; reading writes nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from another_process import another_process, samples_of
from breaking import files_of
from openbook.database import (
    Database,
    NeighborTable,
    SequenceDataset,
    build_neighbors,
    nearest_neighbors,
    repair,
)
from openbook.database.storage.sealed import file_digest
from openbook.database.write.database_writer import DatabaseWriter
from openbook.database.write.writer import Exclusions
from openbook.errors import DatabaseError, MismatchError
from openbook.lock import take_lock
from openbook.text import Document


@pytest.fixture(scope="module")
def database(make: Callable[..., Database], corpus: Callable[..., dict[str, str]]) -> Database:
    return make(corpus(12))


def plain_value(database: Database, chunk: int) -> tuple[list[int], list[bool]]:
    """The chunk's tokens and those of the next chunk of its document, and which of them exist."""
    M, layout = database.settings.chunk_size, database.layout
    ids, mask = [0] * 2 * M, [False] * 2 * M
    for half, number in enumerate((chunk, chunk + 1)):
        within = 0 <= number < layout.num_chunks
        if chunk >= 0 and within and layout.document_of[number] == layout.document_of[chunk]:
            for place in range(int(layout.lengths[number])):
                ids[half * M + place] = int(database.tokens[number][place])
                mask[half * M + place] = True
    return ids, mask


@pytest.mark.parametrize("shape", [(60,), (10, 6), (2, 5, 6), (0, 2)])
def test_equal_to_a_loop_over_neighbors(database: Database, shape: tuple[int, ...]) -> None:
    chunks = np.random.default_rng(0).integers(-1, database.layout.num_chunks, size=shape)
    ids, mask = database.opened.retrieved_tokens(chunks)
    R = 2 * database.settings.chunk_size
    assert ids.shape == mask.shape == (*shape, R)
    assert (ids.dtype, mask.dtype) == (np.int64, np.bool_)
    for chunk, row, exists in zip(chunks.ravel(), ids.reshape(-1, R), mask.reshape(-1, R), strict=True):
        expected_ids, expected_mask = plain_value(database, int(chunk))
        assert exists.tolist() == expected_mask
        assert row[exists].tolist() == np.array(expected_ids)[expected_mask].tolist()


def test_a_missing_neighbor_is_not_the_last_chunk(database: Database) -> None:
    _, mask = database.opened.retrieved_tokens(np.array([-1]))
    assert not mask.any()


def test_the_last_chunk_of_all_has_no_continuation(database: Database) -> None:
    M = database.settings.chunk_size
    _, mask = database.opened.retrieved_tokens(np.array([database.layout.num_chunks - 1]))
    assert mask[0, 0]
    assert not mask[0, M:].any()


def test_a_continuation_is_never_of_another_document(make: Callable[..., Database]) -> None:
    database = make({"a": "river", "b": "stone"})
    _, mask = database.opened.retrieved_tokens(np.array([0, 1]))
    assert not mask[:, database.settings.chunk_size :].any()


# --- A version stays what it was, whatever happens to the folder ---


@pytest.fixture
def moving(make: Callable[..., Database], corpus: Callable[..., dict[str, str]]) -> Database:
    """With vectors, a neighbor table, and room for changes."""
    database = make(corpus(30), dense=True)
    build_neighbors(database, k=2)
    return database


def dataset_of(database: Database) -> SequenceDataset:
    table = NeighborTable.load(database)
    return SequenceDataset(
        database, "train", 4 * database.settings.chunk_size, table.first(2), book=table.book
    )


def change(database: Database) -> None:
    """Let other chunks stand under the numbers of the old ones."""
    database.remove([f"unique{number}" for number in range(0, 30, 3)])
    database.compact()
    database.add(Document(id=f"new{number}", text=f"new{number} " + "castle " * 60) for number in range(10))


@pytest.mark.parametrize("who", ["itself", "another"])
def test_a_dataset_gives_the_same_text_after_remove_and_compact(moving: Database, who: str) -> None:
    dataset = dataset_of(moving)
    before = samples_of(dataset)
    change(moving if who == "itself" else Database.open(moving.path))
    assert samples_of(dataset) == before


def test_a_dataset_travels_to_another_process_or_is_refused_there(moving: Database) -> None:
    dataset = dataset_of(moving)
    before = samples_of(dataset)
    with another_process() as other:
        other.send(dataset)
        assert other.recv() == before
        change(Database.open(moving.path))
        other.send(dataset)
        kind, message = other.recv()
    assert kind == "MismatchError"
    assert str(moving.path) in message
    assert "version 1" in message and "version 4 now" in message
    assert "open the database again" in message
    assert samples_of(dataset) == before


def test_another_database_in_the_place_of_the_old_one_is_refused_too(
    moving: Database, make: Callable[..., Database], corpus: Callable[..., dict[str, str]]
) -> None:
    dataset = dataset_of(moving)
    other_text = make(corpus(30, seed=1), dense=True)
    with another_process() as other:
        dataset.database.history  # noqa: B018 - what a loader has asked for before
        shutil.rmtree(moving.path)
        shutil.copytree(other_text.path, moving.path)
        other.send(dataset)
        kind, message = other.recv()
    assert kind == "MismatchError"
    assert "another database" in message


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
@pytest.mark.parametrize("searched_before", [True, False])
def test_a_search_finds_the_same_after_remove_and_compact(
    moving: Database, mode: str, searched_before: bool
) -> None:
    version, untouched = moving.opened, Database.open(moving.path)
    queries = ["unique3", "unique4 river", "stone castle"]
    expected = untouched.search(queries, k=8, mode=mode)
    if searched_before:
        version.search(queries, mode=mode)
    change(moving)
    assert version.search(queries, k=8, mode=mode) == expected
    assert version.commits() == untouched.commits()
    assert moving.search(queries, k=8, mode=mode) != expected


def test_neighbors_are_found_in_the_version_that_was_opened(moving: Database) -> None:
    version, chunks = moving.opened, np.arange(12)
    expected = nearest_neighbors(version, chunks, k=3)
    change(moving)
    assert np.array_equal(nearest_neighbors(version, chunks, k=3), expected)


def test_what_was_compacted_away_twice_is_an_error_and_no_other_document(moving: Database) -> None:
    version = moving.opened
    change(moving)
    moving.remove(["unique1"])
    moving.compact()
    with pytest.raises(DatabaseError, match=r"compacted .*open it again"):
        version.search(["unique3"], mode="bm25")


def test_a_table_of_another_version_is_refused(moving: Database) -> None:
    table = NeighborTable.load(moving)
    change(moving)
    with pytest.raises(MismatchError, match=r"at version 4 .*version 1; take one version for both"):
        SequenceDataset(moving, "train", 4 * moving.settings.chunk_size, table.first(2), book=table.book)


def test_versions_are_equal_that_are_the_same_version_of_the_same_folder(moving: Database) -> None:
    first = moving.opened
    assert first == Database.open(moving.path).opened == first.opened
    assert first != moving
    change(moving)
    assert first != moving.opened
    assert len({first, moving.opened, Database.open(moving.path).opened}) == 2


# --- Reading writes nothing ---


def contents(folder: Path) -> dict[str, tuple[int, str]]:
    """Time and checksum of every file that holds something, locks aside."""
    return {
        name: ((folder / name).stat().st_mtime_ns, file_digest(folder / name)) for name in files_of(folder)
    }


def read_all(database: Database) -> None:
    """All that reads a database, by this room."""
    for mode in ("dense", "bm25", "hybrid"):
        assert database.search(["river stone"], mode=mode)[0]
        nearest_neighbors(database.opened, np.arange(4), k=2, mode=mode)
    samples_of(dataset_of(database))
    database.info(), database.excluded(), database.commits()
    assert database.verify().ok


def test_a_reader_neither_waits_for_a_writer_nor_writes(moving: Database) -> None:
    before = contents(moving.path)
    lock = take_lock(moving.path / "write.lock")
    try:
        read_all(Database.open(moving.path))
    finally:
        lock.release()
    assert contents(moving.path) == before


@pytest.mark.parametrize("gone", ["lexical", "lexical/meta.json"])
def test_a_missing_lexical_index_is_made_by_the_command_that_the_error_names(
    moving: Database, gone: str
) -> None:
    expected = moving.search(["unique3"], mode="bm25")
    path = moving.path / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = contents(moving.path)
    reader = Database.open(moving.path)
    with pytest.raises(DatabaseError, match=rf"lexical: .*openbook verify {moving.path} --repair"):
        reader.search(["unique3"], mode="bm25")
    assert contents(moving.path) == before
    assert repair(moving.path).ok
    reader.refresh()
    assert reader.search(["unique3"], mode="bm25") == expected


def test_documents_that_were_not_compared_yet_are_no_neighbors(
    make: Callable[..., Database], corpus: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an `add` leaves them that is killed before its end."""
    texts = corpus(20, longest=60)
    database = make(texts, holdout=0.3)
    held_out = database.opened.catalog.ids(database.layout.number[database.layout.holdout].tolist())
    copy = Document(id="copy", text=texts[max(held_out, key=lambda name: len(texts[name]))])
    with monkeypatch.context() as patch:
        patch.setattr(DatabaseWriter, "finish", lambda self, **options: Exclusions())
        database.add([copy])
    assert not database.layout.compared.all()
    before = contents(database.path)
    with pytest.raises(DatabaseError, match=f"not yet compared .*openbook verify {database.path} --repair"):
        nearest_neighbors(database.opened, np.arange(4), k=2)
    assert contents(database.path) == before
    assert repair(database.path).ok
    database.refresh()
    assert [found.document_id for found in database.excluded()] == ["copy"]
    nearest_neighbors(database.opened, np.arange(4), k=2)

"""A kill at any write: what was committed is there, the database verifies, and the same call goes on."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest

from breaking import contents_of, documents_of, hits_of, kills, marker, text_of
from openbook.database import Database, NeighborTable, TableBlocks, build_neighbors
from openbook.database.search.lexical import LexicalIndex
from openbook.database.storage.arrays import AppendOnlyArray
from openbook.database.storage.catalog import Catalog
from openbook.text import Document, Tokenizer

Work = Callable[[Database], object]

LIVE = dict.fromkeys([f"d{number}" for number in range(12)], 1) | {"d3": 2}
QUERIES = [marker("d5"), marker("d3", 2), "river stone copper", text_of("d11")]


BATCH_CHARACTERS = 500
BLOCKS = TableBlocks(chunks=16, seconds=-1.0, rebuild_below=0)
"""Tables are written in many blocks, and small ones extended."""


@pytest.fixture(autouse=True)
def small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small data has an approximate index."""
    monkeypatch.setattr("openbook.database.search.dense_store.EXACT_BELOW", 20)
    faiss.omp_set_num_threads(1)


def add(database: Database) -> None:
    """New documents, changed ones, and a copy of one that is held out."""
    changed = documents_of({"d1": 2} | {f"e{number}": 1 for number in range(6)})
    database.add([*changed, Document(id="copy", text=text_of("d7"))], batch_characters=BATCH_CHARACTERS)


def sync(database: Database) -> None:
    left = {name: revision for name, revision in LIVE.items() if name > "d5"}
    database.add(documents_of(left), sync=True, batch_characters=BATCH_CHARACTERS)


def remove(database: Database) -> None:
    """What was removed before the kill cannot be removed again, so the next call is any other."""
    if left := database.catalog.live(["d2", "d4"]):
        database.remove(left)
    else:
        database.catch_up()


def compact(database: Database) -> None:
    database.compact()


def neighbors(database: Database) -> None:
    build_neighbors(database, k=3, mode="dense", blocks=BLOCKS)


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer, embedder: object
) -> Iterator[Path]:
    """Of a database with vectors, documents held out and replaced, and a neighbor table that is behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("openbook.database.search.dense_store.EXACT_BELOW", 20)
        path = tmp_path_factory.mktemp("broken") / "db"
        database = Database.create(path, tokenizer=tokenizer, embedder="fake", chunk_size=8, holdout=["d7"])
        database.add(documents_of(LIVE | {"d3": 1}))
        build_neighbors(database, k=3, mode="dense", blocks=BLOCKS)
        database.add(documents_of({"d3": 2}))
    return path


Call = tuple[object, str]
TOKENS, INDEXED, DENSE = (AppendOnlyArray, "append"), (LexicalIndex, "commit"), (faiss, "write_index")
ROWS, JUDGED, MOVED = (Catalog, "commit"), (Catalog, "exclude"), (Catalog, "compact")
REPLACED, RENAMED, DELETED = (Path, "replace"), (Path, "rename"), (shutil, "rmtree")
CLOSED, UNLINKED, CUT = (LexicalIndex, "close"), (Path, "unlink"), (AppendOnlyArray, "truncate")
POINTS: dict[Work, list[Call]] = {
    add: [TOKENS, INDEXED, ROWS, JUDGED, DENSE, REPLACED, CLOSED, CUT],
    sync: [ROWS, REPLACED],
    remove: [INDEXED, ROWS, CLOSED],
    compact: [TOKENS, INDEXED, DENSE, MOVED, DELETED, CLOSED, REPLACED, UNLINKED],
    neighbors: [TOKENS, REPLACED, RENAMED, DELETED],
}


def state_of(database: Database) -> list[object]:
    """All that a user can see but versions, numbers and the scores of BM25.

    Those count words of removed documents too, until tantivy next merges the files that hold them.
    """
    build_neighbors(database, k=3, mode="dense", blocks=BLOCKS)
    table = NeighborTable.load(database)
    return [
        contents_of(database),
        hits_of(database, QUERIES, ("dense",)),
        [[hit.document_id for hit in hits] for hits in database.search(QUERIES[:2], mode="bm25")],
        database.excluded(),
        np.asarray(table.ids).tolist(),
    ]


@pytest.mark.parametrize(
    ("work", "owner", "name"),
    [
        pytest.param(work, *call, id=f"{work.__name__} {call[1]}")
        for work, calls in POINTS.items()
        for call in calls
    ],
)
def test_after_a_kill_the_same_call_ends_as_if_there_had_been_none(
    folder: Path, tmp_path: Path, work: Work, owner: object, name: str
) -> None:
    reference = Database.open(shutil.copytree(folder, tmp_path / "reference"))
    before = {document[:2] for document in contents_of(reference)}
    work(reference)
    expected = state_of(reference)
    every = 3 if name == "unlink" else 1
    for database in kills(work, folder, tmp_path, owner, name, every=every):
        assert before & {document[:2] for document in contents_of(database)}
        report = database.verify()
        assert report.ok, report.problems
        work(database)
        report = database.verify()
        assert report.ok, report.problems
        assert state_of(database) == expected


def build(database: Database) -> None:
    database.add(documents_of(dict.fromkeys([f"d{number}" for number in range(40)], 1)))


@pytest.mark.parametrize(("owner", "name"), [TOKENS, INDEXED, ROWS, CLOSED, REPLACED])
def test_a_build_that_was_killed_ends_with_the_same_scores_as_one_that_was_not(
    tmp_path: Path, tokenizer: Tokenizer, embedder: object, owner: object, name: str
) -> None:
    empty = tmp_path / "empty"
    Database.create(empty, tokenizer=tokenizer, embedder="fake", chunk_size=8, holdout=["d7"])
    reference = Database.open(shutil.copytree(empty, tmp_path / "reference"))
    build(reference)
    modes = ("dense", "bm25", "hybrid")
    for database in kills(build, empty, tmp_path, owner, name, every=3):
        build(database)
        assert contents_of(database) == contents_of(reference)
        assert hits_of(database, QUERIES, modes) == hits_of(reference, QUERIES, modes)

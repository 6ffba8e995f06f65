"""An older neighbor table, extended or resumed, ends as one that was computed in one go."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from breaking import Kill, kill_at, kills, text_of
from openbook import database as database_module
from openbook.database import Database, NeighborTable, TableBlocks
from openbook.database.storage.arrays import AppendOnlyArray
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.layout import ChunkLayout
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.text import Document, Tokenizer

Make = Callable[..., Database]
K = 3


BLOCKS = TableBlocks(chunks=7, seconds=-1.0, rebuild_below=0)
"""Small tables are extended too, and written in many blocks."""
build_neighbors = partial(database_module.build_neighbors, blocks=BLOCKS)


def numbered(first: int, end: int, *, longest: int = 6) -> list[Document]:
    """So short that a search over a handful of them names them all."""
    return [
        Document(id=f"d{number}", text=text_of(f"d{number}", longest=longest)) for number in range(first, end)
    ]


class Searches:
    """A Progress that knows how many rows were searched."""

    total = 0
    done = 0

    def __call__(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total or 0


def content(table: NeighborTable) -> tuple[list[list[int]], list[list[float]]]:
    return np.asarray(table.ids).tolist(), np.asarray(table.scores).tolist()


def rebuilt(database: Database, tmp: Path, mode: str = "hybrid") -> tuple[list[list[int]], list[list[float]]]:
    """By a copy that never saw an older table."""
    copy = Database.open(shutil.copytree(database.path, tmp))
    shutil.rmtree(copy.opened.files.neighbors, ignore_errors=True)
    table = content(build_neighbors(copy, k=K, mode=mode, rebuild=True))
    shutil.rmtree(tmp)
    return table


def check_rules(layout: ChunkLayout, ids: NDArray[np.int64]) -> None:
    """Nobody's neighbor is removed, excluded, held out or of the same document; the dead have none."""
    there = ids >= 0
    assert layout.retrievable[ids[there]].all()
    own = np.broadcast_to(layout.document_of[:, None], ids.shape)
    assert (layout.document_of[np.where(there, ids, 0)] != own)[there].all()
    alive = (layout.live & ~layout.excluded)[layout.document_of]
    assert not there[~alive].any()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 9)),
        st.tuples(st.just("remove"), st.integers(0, 9)),
        st.tuples(st.just("compact"), st.just(0)),
        st.tuples(st.just("neighbors"), st.just(0)),
    ),
    min_size=1,
    max_size=8,
)


@given(STEPS)
@settings(max_examples=15, deadline=None)
def test_whatever_happened_in_between_an_extended_table_equals_a_new_one(
    make: Make, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    database = make(dense=True, holdout=0.15)
    database.add(numbered(0, 12))
    build_neighbors(database, k=K, mode="dense")
    for number, (action, which) in enumerate([*steps, ("neighbors", 0)]):
        name = f"d{which}"
        if action == "add":
            database.add([Document(id=name, text=text_of(name, number + 2, longest=6))])
        elif action == "remove" and name in database.catalog.live_ids():
            database.remove([name])
        elif action == "compact":
            database.compact()
        elif action == "neighbors":
            table = build_neighbors(database, k=K)
            assert (table.version, table.mode) == (database.version, "dense")
            assert content(table) == rebuilt(database, tmp_path_factory.mktemp("again") / "db", "dense")
            check_rules(database.layout, np.asarray(table.ids))
    assert database.verify().ok


@pytest.mark.parametrize("mode", ["bm25", "hybrid"])
def test_other_modes_extend_by_the_same_rules(make: Make, mode: str) -> None:
    """Scores of BM25 change with the corpus, so rows that are kept may be a little out of date."""
    database = make(dense=True, holdout=0.1)
    database.add(numbered(0, 30, longest=20))
    build_neighbors(database, k=K, mode=mode)
    database.add(numbered(30, 33, longest=20))
    database.remove(["d4", "d5"])
    table = build_neighbors(database, k=K, mode=mode)
    check_rules(database.layout, np.asarray(table.ids))
    new = database.layout.document_of >= 30
    anew = build_neighbors(database, k=K, mode=mode, rebuild=True)
    assert np.asarray(table.ids)[new].tolist() == np.asarray(anew.ids)[new].tolist()
    same = (np.asarray(table.ids) == np.asarray(anew.ids)).mean()
    assert same > 0.8


def test_in_a_larger_corpus_nearly_all_rows_are_those_of_a_new_table(make: Make) -> None:
    database = make(dense=True)
    database.add(numbered(0, 300, longest=12))
    build_neighbors(database, k=10)
    database.add(numbered(300, 302, longest=12))
    searches = Searches()
    table = np.array(build_neighbors(database, k=10, progress=searches).ids)
    assert searches.total < 0.9 * database.layout.num_chunks
    anew = np.array(build_neighbors(database, k=10, rebuild=True).ids)
    assert (table == anew).mean() > 0.97


def test_only_what_may_have_changed_is_searched(make: Make) -> None:
    database = make(dense=True)
    database.add(numbered(0, 300, longest=6))
    build_neighbors(database, k=K)
    nothing, one = Searches(), Searches()
    build_neighbors(database, k=K, progress=nothing)
    assert nothing.total == 0, "it is up to date"
    database.remove(["d7"])
    build_neighbors(database, k=K, progress=one)
    assert 0 < one.total < 60


@pytest.fixture
def behind(make: Make) -> Database:
    """A table that an addition, a change and a removal have left behind."""
    database = make(dense=True, holdout=0.1)
    database.add(numbered(0, 30))
    build_neighbors(database, k=K)
    database.add([*numbered(30, 34), Document(id="d3", text=text_of("d3", 2))])
    database.remove(["d8"])
    return database


@pytest.mark.parametrize("rebuild", [False, True], ids=["extended", "built anew"])
def test_after_a_kill_at_any_block_the_same_call_ends_the_same(
    behind: Database, tmp_path: Path, rebuild: bool
) -> None:
    expected = rebuilt(behind, tmp_path / "expected")

    def work(database: Database) -> object:
        return build_neighbors(database, k=K, rebuild=rebuild)

    for database in kills(work, behind.path, tmp_path, AppendOnlyArray, "append"):
        assert database.verify().ok
        with pytest.raises(MismatchError):
            NeighborTable.load(database)
        assert content(build_neighbors(database, k=K, rebuild=rebuild)) == expected


def test_what_was_searched_before_the_kill_is_not_searched_again(behind: Database, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, AppendOnlyArray, "append", 9, leave=tmp_path / "dead", folder=behind.path)
        with pytest.raises(Kill):
            build_neighbors(behind, k=K, rebuild=True)
    searched: list[int] = []
    database = Database.open(tmp_path / "dead")
    searcher = type(database.opened.searcher)
    original = searcher.search

    def counting(self: object, queries: object, **options: object) -> object:
        searched.append(queries.count)  # type: ignore[attr-defined]
        return original(self, queries, **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searcher, "search", counting)
        build_neighbors(database, k=K, rebuild=True)
    alive = int(database.layout.live[database.layout.document_of].sum())
    assert sum(searched) <= alive - 4 * 7 + 7, (
        "four blocks of ids and scores were written, the fifth only begun"
    )


@pytest.mark.parametrize("damaged", ["ids.i64", "ids.sum", "scores.f32", "scores.sum", "begun.json"])
def test_rows_that_were_damaged_since_are_searched_again(
    behind: Database, tmp_path: Path, damaged: str
) -> None:
    expected = rebuilt(behind, tmp_path / "expected")
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, AppendOnlyArray, "append", 9, leave=tmp_path / "dead", folder=behind.path)
        with pytest.raises(Kill):
            build_neighbors(behind, k=K, rebuild=True)
    database = Database.open(tmp_path / "dead")
    path = database.path / "neighbors.new" / damaged
    path.write_bytes(path.read_bytes()[:60] + b"?" + path.read_bytes()[61:])
    assert content(build_neighbors(database, k=K, rebuild=True)) == expected


def test_another_call_does_not_go_on_with_what_it_did_not_begin(behind: Database, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, AppendOnlyArray, "append", 5, leave=tmp_path / "dead", folder=behind.path)
        with pytest.raises(Kill):
            build_neighbors(behind, k=K, mode="bm25", rebuild=True)
    database = Database.open(tmp_path / "dead")
    assert content(build_neighbors(database, k=K)) == rebuilt(database, tmp_path / "again")
    assert not (database.path / "neighbors.new").exists()


def test_kills_while_it_takes_the_old_ones_place_lose_no_complete_table(
    behind: Database, tmp_path: Path
) -> None:
    expected = rebuilt(behind, tmp_path / "expected")

    def work(database: Database) -> object:
        return build_neighbors(database, k=K)

    for owner, name in ((Path, "rename"), (shutil, "rmtree")):
        for database in kills(work, behind.path, tmp_path / name, owner, name):
            assert database.verify().ok
            searches = Searches()
            assert content(build_neighbors(database, k=K, progress=searches)) == expected
            assert searches.total == 0 or name == "rmtree", "the first is before anything was searched"
            assert {path.name for path in database.path.glob("neighbors*")} == {"neighbors", "neighbors.lock"}


@pytest.mark.parametrize("options", [{"k": K + 1}, {"k": K, "mode": "bm25"}, {"k": K - 1}])
def test_a_table_of_another_kind_is_not_extended(behind: Database, options: dict[str, object]) -> None:
    table = build_neighbors(behind, **options)  # type: ignore[arg-type]
    anew = build_neighbors(behind, rebuild=True, **options)  # type: ignore[arg-type]
    assert content(table) == content(anew)


@pytest.mark.parametrize("file", ["ids.i64", "ids.sum", "scores.f32", "scores.sum", "table.json"])
@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_table_is_an_error_to_read_and_is_not_extended(
    make: Make, tmp_path: Path, file: str, damage: str
) -> None:
    database = make(dense=True)
    database.add(numbered(0, 8))
    build_neighbors(database, k=K)
    path = database.path / "neighbors" / file
    content_before = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content_before[:-1] + (b"" if damage == "cut" else bytes([content_before[-1] ^ 1])))
    with pytest.raises(DatabaseError, match="neighbors"):
        np.asarray(NeighborTable.load(database).ids), np.asarray(NeighborTable.load(database).scores)
    database.add(numbered(8, 9))
    assert content(build_neighbors(database, k=K)) == rebuilt(database, tmp_path / "again")


def test_after_an_exclusion_is_undone_the_document_has_neighbors_and_is_one(
    tmp_path: Path, tokenizer: Tokenizer, embedder: object
) -> None:
    database = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder="fake", chunk_size=8, holdout=["d1"]
    )
    text = text_of("d1", longest=20)
    database.add([*numbered(2, 12), Document(id="copy", text=text)])
    build_neighbors(database, k=K)
    database.add([Document(id="d1", text=text)])
    assert [copy.document_id for copy in database.excluded()] == ["copy"]
    without = np.asarray(build_neighbors(database, k=K).ids)
    check_rules(database.layout, without)
    chunks = list(database.layout.chunks_of(10))
    assert (without[chunks] == -1).all()
    assert not np.isin(without, chunks).any()
    assert (without[list(database.layout.chunks_of(11))] >= 0).all(), "a held-out document has neighbors"
    database.remove(["d1"])
    back = build_neighbors(database, k=K)
    assert (np.asarray(back.ids)[chunks] >= 0).all()
    assert np.isin(np.asarray(back.ids), chunks).any()
    assert content(back) == rebuilt(database, tmp_path / "again")


def test_an_interrupted_addition_is_completed_first_so_no_near_copy_slips_in(
    tmp_path: Path, tokenizer: Tokenizer, embedder: object
) -> None:
    database = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder="fake", chunk_size=8, holdout=["d1"]
    )
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, Catalog, "exclude", 1, leave=tmp_path / "dead", folder=database.path)
        with pytest.raises(Kill):
            database.add([*numbered(0, 8), Document(id="copy", text=text_of("d1", longest=6))])
    database = Database.open(tmp_path / "dead")
    table = build_neighbors(database, k=K)
    assert [copy.document_id for copy in database.excluded()] == ["copy"]
    assert table.version == database.version
    check_rules(database.layout, np.asarray(table.ids))


def test_a_database_compacted_by_another_is_to_be_opened_again(make: Make) -> None:
    database = make(dense=True)
    database.add(numbered(0, 8))
    other = Database.open(database.path)
    database.remove(["d2"])
    database.compact()
    with pytest.raises(DatabaseError, match="open it again"):
        build_neighbors(other, k=K)
    other.refresh()
    assert build_neighbors(other, k=K).version == other.version


def test_an_older_version_does_not_replace_the_table_of_a_newer_one_unasked(make: Make) -> None:
    """It is computed for what was opened; the newer database then says that its table is stale."""
    database = make(dense=True)
    database.add(numbered(0, 8))
    older = Database.open(database.path)
    database.add(numbered(8, 9))
    build_neighbors(database, k=K)
    table = build_neighbors(older, k=K)
    assert table.version == older.version
    assert len(table.ids) == older.layout.num_chunks
    with pytest.raises(MismatchError, match="openbook neighbors"):
        NeighborTable.load(database)


def test_what_cannot_be_computed_is_refused(make: Make) -> None:
    database = make()
    with pytest.raises(DatabaseError, match="is empty"):
        build_neighbors(database)
    database.add(numbered(0, 2))
    with pytest.raises(SettingsError, match="k = 0"):
        build_neighbors(database, k=0)
    with pytest.raises(SettingsError, match="lexical only"):
        build_neighbors(database, mode="dense")
    assert content(build_neighbors(database, k=50))[0][0].count(-1) >= 48

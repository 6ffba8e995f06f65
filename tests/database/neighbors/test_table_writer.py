"""The neighbor table equals search without the own document, and a wrong table is refused."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest

from openbook.database import Database, NeighborTable, SearchMode, TableBlocks, build_neighbors
from openbook.database.search.lexical import LexicalIndex
from openbook.errors import DatabaseError, MismatchError, OpenbookWarning, SettingsError
from openbook.text import Document

Documents = Callable[[Mapping[str, str]], Iterator[Document]]
MODES: tuple[SearchMode, ...] = ("dense", "bm25", "hybrid")
K = 4


@pytest.fixture(scope="module")
def database(
    make: Callable[..., Database], corpus: Callable[..., dict[str, str]], documents: Documents
) -> Database:
    """With held-out, replaced and removed documents."""
    texts = corpus(24)
    database = make(texts, dense=True, holdout=0.25)
    database.add(documents({name: f"changed {texts[name]}" for name in list(texts)[:4]}))
    database.remove(list(texts)[10:13])
    assert database.info().holdout_documents > 1
    return database


def candidates(database: Database, chunk: int) -> list[int]:
    """The chunks that may be this one's neighbors, by a walk over all."""
    layout = database.layout
    own = layout.document_of[chunk]
    return [
        other
        for other, place in enumerate(layout.document_of.tolist())
        if place != own and layout.live[place] and not layout.holdout[place]
    ]


def live_chunks(database: Database) -> list[int]:
    return [chunk for chunk, place in enumerate(database.layout.document_of) if database.layout.live[place]]


def test_dense_neighbors_are_those_of_brute_force(database: Database) -> None:
    table = build_neighbors(database, k=K, mode="dense")
    assert database.vectors is not None
    vectors = database.vectors[:].astype(np.float32)
    for chunk in live_chunks(database):
        products = {other: float(vectors[other] @ vectors[chunk]) for other in candidates(database, chunk)}
        ids, scores = table.ids[chunk].tolist(), table.scores[chunk].tolist()
        assert len(set(ids)) == K
        assert scores == pytest.approx(sorted(products.values(), reverse=True)[:K], abs=1e-5)
        assert scores == pytest.approx([products[other] for other in ids], abs=1e-5)


def test_bm25_neighbors_are_those_of_sorting_all_scores(database: Database) -> None:
    table = build_neighbors(database, k=K, mode="bm25")
    index = LexicalIndex(database.path / "lexical")
    for chunk in live_chunks(database):
        text = database.chunk_texts(np.array([chunk]))
        all_ids, all_scores = index.search(text, database.layout.num_chunks)
        found = dict(zip(all_ids[0].tolist(), all_scores[0].tolist(), strict=True))
        scores = {other: found[other] for other in candidates(database, chunk) if other in found}
        expected = sorted(scores.values(), reverse=True)[:K]
        ids = [other for other in table.ids[chunk].tolist() if other >= 0]
        assert table.scores[chunk][: len(ids)].tolist() == pytest.approx(expected, rel=1e-5)
        assert [scores[other] for other in ids] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_no_neighbor_is_of_the_own_document_held_out_or_gone(database: Database, mode: SearchMode) -> None:
    layout = database.layout
    table = build_neighbors(database, k=K, mode=mode)
    for chunk, row in enumerate(table.ids[:].tolist()):
        for neighbor in row:
            assert neighbor == -1 or neighbor in candidates(database, chunk)
    held_out = layout.chunks_of_split(holdout=True)
    assert len(held_out) and (table.ids[held_out] >= 0).mean() > 0.5
    dead = np.setdiff1d(np.arange(layout.num_chunks), live_chunks(database))
    assert len(dead) and (table.ids[dead] == -1).all()


def test_hybrid_neighbors_are_those_of_search_with_the_own_document_excluded(database: Database) -> None:
    table = build_neighbors(database, k=K, mode="hybrid")
    chunk = live_chunks(database)[-1]
    query = database.opened.chunk_queries(np.array([chunk]))
    own = database.layout.document_of[[chunk]]
    ids, scores = database.search_chunks(query, k=K, mode="hybrid", exclude=own)
    assert table.ids[chunk].tolist() == ids[0].tolist()
    assert table.scores[chunk] == pytest.approx(scores[0], abs=1e-6)


def test_blocks_make_no_difference(database: Database) -> None:
    whole = build_neighbors(database, k=K)
    ids, scores = whole.ids[:], whole.scores[:]
    steps: list[tuple[int, int | None]] = []
    pieces = build_neighbors(
        database,
        k=K,
        rebuild=True,
        blocks=TableBlocks(chunks=7),
        progress=lambda done, total: steps.append((done, total)),
    )
    assert np.array_equal(pieces.ids, ids)
    assert pieces.scores[:] == pytest.approx(scores, abs=1e-6)
    total = len(live_chunks(database))
    assert steps == [(min(done, total), total) for done in range(7, total + 7, 7)]


def test_a_corpus_of_one_document_has_no_neighbors(make: Callable[..., Database]) -> None:
    database = make({"a": "river stone " * 200}, dense=True)
    for mode in MODES:
        assert (build_neighbors(database, k=2, mode=mode).ids[:] == -1).all()


@pytest.mark.parametrize("mode", MODES)
def test_a_corpus_that_is_all_held_out_has_no_neighbors(
    make: Callable[..., Database], corpus: Callable[..., dict[str, str]], mode: SearchMode
) -> None:
    database = make(corpus(3), dense=True, holdout=1 - 1e-9)
    assert (build_neighbors(database, k=2, mode=mode).ids[:] == -1).all()


def test_the_default_mode_is_that_of_search(make: Callable[..., Database]) -> None:
    assert build_neighbors(make({"a": "river", "b": "stone"}), k=1).mode == "bm25"
    assert build_neighbors(make({"a": "river", "b": "stone"}, dense=True), k=1).mode == "hybrid"


def test_a_later_call_keeps_the_mode_of_the_table(make: Callable[..., Database]) -> None:
    database = make({"a": "river stone", "b": "stone", "c": "river"}, dense=True)
    build_neighbors(database, k=1, mode="dense")
    assert build_neighbors(database, k=1).mode == "dense"
    assert build_neighbors(database, k=2, mode="bm25").mode == "bm25"
    database.add([Document(id="d", text="river stone river")])
    assert build_neighbors(database, k=1).mode == "bm25"


def test_a_later_call_keeps_as_many_neighbors(make: Callable[..., Database]) -> None:
    database = make({"a": "river stone", "b": "stone", "c": "river"})
    assert build_neighbors(database, k=3, mode="bm25").ids.shape[1] == 3
    assert build_neighbors(database).ids.shape[1] == 10, "as without a table"
    assert build_neighbors(database, k=12).ids.shape[1] == 12
    assert build_neighbors(database).ids.shape[1] == 12, "a training run may read them"


def test_a_saved_table_is_loaded_as_it_was(database: Database) -> None:
    built = build_neighbors(database, k=K, mode="bm25")
    loaded = NeighborTable.load(Database.open(database.path))
    assert np.array_equal(loaded.ids, built.ids)
    assert np.array_equal(loaded.scores, built.scores)
    assert (loaded.version, loaded.mode) == (database.version, "bm25")


def test_first_gives_the_best_and_refuses_more_than_were_saved(database: Database) -> None:
    table = build_neighbors(database, k=K)
    assert np.array_equal(table.first(2), table.ids[:][:, :2])
    for k in (0, K + 1):
        with pytest.raises(
            SettingsError, match=rf"{k} .*{K}; run: openbook neighbors {database.path} -k {k}$"
        ):
            table.first(k)


@pytest.fixture(scope="module")
def two(make: Callable[..., Database]) -> Database:
    return make({"a": "river stone", "b": "river copper"})


@pytest.fixture
def small(two: Database, copy: Callable[[Database], Database]) -> Database:
    """Two documents of one chunk each."""
    return copy(two)


def test_a_table_of_another_version_is_refused(small: Database, documents: Documents) -> None:
    build_neighbors(small, k=1)
    small.add(documents({"c": "river lantern"}))
    with pytest.raises(MismatchError, match=r"version 1, .* 2; run: openbook neighbors"):
        NeighborTable.load(small)
    assert build_neighbors(small, k=1).version == 2


def test_a_missing_table_names_the_command(small: Database) -> None:
    with pytest.raises(DatabaseError, match="has no neighbor table; run: openbook neighbors"):
        NeighborTable.load(small)


def test_an_empty_database_has_no_table(make: Callable[..., Database]) -> None:
    with pytest.raises(DatabaseError, match="is empty; add documents first"):
        build_neighbors(make())


def test_a_database_that_was_emptied_is_told_so_not_that_its_table_is_old(small: Database) -> None:
    build_neighbors(small, k=2)
    small.remove([document.document_id for document in small.documents()])
    with pytest.raises(DatabaseError, match="is empty; add documents first"):
        NeighborTable.load(small)


@pytest.mark.parametrize("k", [0, -3])
def test_k_below_1_is_refused_and_the_old_table_stays(small: Database, k: int) -> None:
    build_neighbors(small, k=1)
    with pytest.raises(SettingsError, match="at least 1"):
        build_neighbors(small, k=k)
    assert NeighborTable.load(small).ids.shape == (2, 1)


@pytest.mark.parametrize("name", ["ids.i64", "ids.sum", "scores.f32", "scores.sum", "table.json"])
@pytest.mark.parametrize("harm", ["removed", "cut", "emptied"])
def test_a_damaged_table_is_refused(small: Database, name: str, harm: str) -> None:
    build_neighbors(small, k=1)
    file = small.path / "neighbors" / name
    if harm == "removed":
        file.unlink()
    else:
        os.truncate(file, 0 if harm == "emptied" else file.stat().st_size - 1)
    with pytest.raises(DatabaseError, match="run: openbook neighbors"):
        NeighborTable.load(small)
    assert build_neighbors(small, k=1).ids[:].tolist() == [[1], [0]]


@pytest.mark.parametrize("content", ["[]", "{}", "null", '{"version": 1}', '{"version": "x", "surplus": 2}'])
def test_a_stamp_of_another_form_is_refused(small: Database, content: str) -> None:
    build_neighbors(small, k=1)
    (small.path / "neighbors" / "table.json").write_text(content)
    with pytest.raises(DatabaseError, match="damaged"):
        NeighborTable.load(small)


def test_the_stamp_comes_last(small: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that dies on the way leaves the old table, and the next one starts afresh."""
    build_neighbors(small, k=1)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_neighbors(small, k=2, progress=die)
    assert NeighborTable.load(small).ids.shape == (2, 1)
    assert not (small.path / "neighbors.new" / "table.json").exists()
    assert build_neighbors(small, k=2).ids[:].tolist() == [[1, -1], [0, -1]]


def test_two_builds_at_once_do_not_mix(small: Database) -> None:
    """The second would clear the folder that the first writes to."""
    refused: list[str] = []

    def meanwhile(done: int, total: int | None) -> None:
        with pytest.raises(DatabaseError, match="another process") as error:
            build_neighbors(Database.open(small.path), k=2)
        refused.append(str(error.value))

    assert build_neighbors(small, k=1, progress=meanwhile).ids[:].tolist() == [[1], [0]]
    assert refused


def test_a_folder_that_cannot_be_written_is_named(small: Database) -> None:
    (small.path / "neighbors.new").write_text("in the way")
    with pytest.raises(DatabaseError, match=r"neighbors\.new: cannot be read or written"):
        build_neighbors(small, k=1)
    (small.path / "neighbors.new").unlink()
    assert build_neighbors(small, k=1).ids[:].tolist() == [[1], [0]]


def test_the_table_is_plain_arrays_and_json(small: Database) -> None:
    build_neighbors(small, k=3)
    folder = small.path / "neighbors"
    stamp = json.loads((folder / "table.json").read_text())
    assert stamp.keys() == {"crc32", "values"}
    assert stamp["values"] == {"version": 1, "mode": "bm25", "k": 3, "num_chunks": 2, "analyzer": 3}
    ids = np.fromfile(folder / "ids.i64", dtype="<i8").reshape(2, 3)
    assert ids.tolist() == [[1, -1, -1], [0, -1, -1]]
    shutil.rmtree(folder)
    with pytest.raises(DatabaseError, match="has no neighbor table"):
        NeighborTable.load(small)


def test_a_table_in_which_most_chunks_have_no_neighbor_is_a_warning(make: Callable[..., Database]) -> None:
    with pytest.warns(OpenbookWarning, match="4 of 4 chunks have no neighbor: no other document"):
        table = build_neighbors(make({"a": "river", "b": "stone", "c": "copper", "d": "stony"}), k=2)
    assert (np.asarray(table.ids) < 0).all()


def test_half_of_them_is_none(make: Callable[..., Database], recwarn: pytest.WarningsRecorder) -> None:
    build_neighbors(make({"a": "river", "b": "river", "c": "copper", "d": "stone"}), k=2)
    assert not recwarn.list

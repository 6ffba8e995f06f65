"""What search gives equals filtering and sorting everything there is, in plain loops."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from openbook.database import Database, SearchMode
from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.searcher import check_mode
from openbook.errors import SettingsError
from openbook.text import Document

Documents = Callable[[Mapping[str, str]], Iterator[Document]]
MODES: tuple[SearchMode, ...] = ("dense", "bm25", "hybrid")


@pytest.fixture(scope="module")
def database(
    make: Callable[..., Database], corpus: Callable[..., dict[str, str]], documents: Documents
) -> Database:
    """With held-out, replaced and removed documents."""
    texts = corpus(30)
    database = make(texts, dense=True, holdout=0.2)
    database.add(documents({name: f"changed {texts[name]}" for name in list(texts)[:5]}))
    database.remove(list(texts)[10:14])
    return database


def everything(database: Database, text: str, mode: SearchMode) -> dict[int, float]:
    """The score of every chunk that any query may find, straight from vectors and lexical index."""
    layout = database.layout
    places = layout.document_of.tolist()
    allowed = [
        chunk
        for chunk, place in enumerate(places)
        if bool(layout.live[place]) and not bool(layout.holdout[place])
    ]
    if mode == "dense":
        assert database.vectors is not None
        query = database.embedder.encode([text])[0]
        return {chunk: float(database.vectors[chunk].astype(np.float32) @ query) for chunk in allowed}
    ids, scores = LexicalIndex(database.path / "lexical").search([text], layout.num_chunks)
    found = dict(zip(ids[0].tolist(), scores[0].tolist(), strict=True))
    return {chunk: found[chunk] for chunk in allowed if chunk in found}


def fused(dense: dict[int, float], lexical: dict[int, float], k: int) -> dict[int, float]:
    """0.6 of the dense score plus 0.4 of the lexical one, each brought to 0 … 1; of equals the first."""
    scores: dict[int, float] = {}
    lowest, highest = min(dense.values()), max(dense.values())
    for chunk, score in dense.items():
        scores[chunk] = 0.6 * ((score - lowest) / (highest - lowest) if highest > lowest else 1)
    for chunk, score in lexical.items():
        scores[chunk] = scores.get(chunk, 0.0) + 0.4 * score / max(lexical.values())
    best = sorted(scores, key=lambda chunk: -scores[chunk])[:k]
    return {chunk: scores[chunk] for chunk in best}


def found_by(
    database: Database, texts: list[str], k: int, mode: str, exclude: NDArray[np.int64] | None = None
) -> list[dict[int, float]]:
    """Chunk and score of every query's hits, best first."""
    queries = database.text_queries(texts)
    ids, scores = database.search_chunks(queries, k=k, mode=mode, exclude=exclude)
    assert ids.shape == scores.shape == (len(texts), k)
    for row in ids.tolist():
        assert -1 not in row[: sum(chunk >= 0 for chunk in row)], "missing ones come last"
    return [
        {chunk: score for chunk, score in zip(*row, strict=True) if chunk >= 0}
        for row in zip(ids.tolist(), scores.tolist(), strict=True)
    ]


QUERIES = ["river stone", "unique3", "winter harbour lantern engine", "changed meadow", "unique11 copper"]


@pytest.mark.parametrize("k", [1, 4, 500])
@pytest.mark.parametrize("mode", ["dense", "bm25"])
def test_equal_to_sorting_everything(database: Database, mode: SearchMode, k: int) -> None:
    for text, hits in zip(QUERIES, found_by(database, QUERIES, k, mode), strict=True):
        scores = everything(database, text, mode)
        best = sorted(scores.values(), reverse=True)[:k]
        assert list(hits.values()) == pytest.approx(best, abs=1e-5)
        assert hits == pytest.approx({chunk: scores[chunk] for chunk in hits}, abs=1e-5)


@pytest.mark.parametrize("k", [1, 4, 500])
def test_hybrid_equals_a_loop_over_scores(database: Database, k: int) -> None:
    dense, lexical = (found_by(database, QUERIES, max(100, 4 * k), mode) for mode in ("dense", "bm25"))
    for row, hits in enumerate(found_by(database, QUERIES, k, "hybrid")):
        expected = fused(dense[row], lexical[row], k)
        assert list(hits.values()) == pytest.approx(list(expected.values()), abs=1e-5)
        everything = fused(dense[row], lexical[row], 10**6)
        assert [everything[chunk] for chunk in hits] == pytest.approx(list(hits.values()), abs=1e-5)


@pytest.mark.parametrize("count", [1, 2])
def test_hybrid_finds_every_chunk_of_a_tiny_database(make: Callable[..., Database], count: int) -> None:
    """The worst dense hit has the score 0 and is a hit all the same."""
    database = make({name: f"{name} stone" for name in ("river", "copper")[:count]}, dense=True)
    assert len(database.search(["unrelated"], k=5, mode="hybrid")[0]) == count


@pytest.mark.parametrize("mode", MODES)
def test_what_is_excluded_is_one_document_a_query(database: Database, mode: SearchMode) -> None:
    places = np.array([-1, 20, 21, -1, 0])
    free = found_by(database, QUERIES, 1000, mode)
    kept = found_by(database, QUERIES, 1000, mode, exclude=places)
    for place, without, hits in zip(places, free, kept, strict=True):
        own = set() if place < 0 else set(database.layout.chunks_of(place))
        assert set(hits) == without.keys() - own


@pytest.mark.parametrize("mode", MODES)
def test_a_long_document_does_not_hide_the_others(make: Callable[..., Database], mode: SearchMode) -> None:
    """Hundreds of its own chunks are nearer than any other document's."""
    long = "river stone " * 1500
    database = make({"long": long, "other": "river lantern " * 40}, dense=True)
    layout = database.layout
    assert len(layout.chunks_of(0)) > 400
    query = database.chunk_texts(np.array([200]))
    hits = found_by(database, query * 2, 5, mode, exclude=np.array([0, -1]))
    assert len(hits[0]) == 5
    assert {int(layout.document_of[chunk]) for chunk in hits[0]} == {1}
    assert {int(layout.document_of[chunk]) for chunk in hits[1]} == {0}


@pytest.mark.parametrize("exclude", [None, 0])
def test_dead_chunks_in_front_do_not_hide_live_ones(
    make: Callable[..., Database],
    documents: Documents,
    monkeypatch: pytest.MonkeyPatch,
    exclude: int | None,
) -> None:
    """As after a crash between a commit and the clearing of the lexical index."""
    database = make({"own": "copper", **{f"old{number}": "copper copper" for number in range(400)}})
    with monkeypatch.context() as patch:
        patch.setattr(LexicalIndex, "delete_chunks", lambda self, chunks: None)
        database.add(documents({f"old{number}": "velvet" for number in range(400)}))
    database.add(documents({f"live{number}": "copper and much else besides" for number in range(3)}))
    own = None if exclude is None else np.array([exclude])
    (hits,) = found_by(database, ["copper"], 4, "bm25", exclude=own)
    about = {database.hits(np.array([chunk]), np.array([0.0]))[0].document_id for chunk in hits}
    assert about == {"live0", "live1", "live2"} | ({"own"} if exclude is None else set())


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_found_where_everything_is_held_out_or_gone(
    make: Callable[..., Database], mode: SearchMode
) -> None:
    database = make({"a": "river", "b": "stone"}, dense=True)
    database.remove(["a", "b"])
    assert found_by(database, ["river", "stone"], 3, mode) == [{}, {}]


@pytest.mark.parametrize("mode", MODES)
def test_no_queries_find_nothing(database: Database, mode: SearchMode) -> None:
    assert found_by(database, [], 3, mode) == []


@pytest.mark.parametrize("k", [0, -1])
@pytest.mark.parametrize("mode", MODES)
def test_k_must_be_at_least_1(database: Database, mode: SearchMode, k: int) -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        database.search(["river"], k=k, mode=mode)


def test_the_default_mode_is_hybrid_where_there_are_vectors() -> None:
    assert check_mode(None, has_dense=True) == "hybrid"
    assert check_mode(None, has_dense=False) == "bm25"


@pytest.mark.parametrize("mode", ["", "Dense", "bm-25"])
def test_an_unknown_mode_names_the_known_ones(mode: str) -> None:
    with pytest.raises(SettingsError, match="dense, bm25, hybrid"):
        check_mode(mode, has_dense=True)


@pytest.mark.parametrize("mode", ["dense", "hybrid"])
def test_a_mode_that_needs_vectors_is_refused_without_them(mode: str) -> None:
    with pytest.raises(SettingsError, match="lexical only: use bm25"):
        check_mode(mode, has_dense=False)


def test_a_view_that_no_mode_asks_for_is_not_made(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    encode = type(database.embedder).encode
    monkeypatch.setattr(
        type(database.embedder), "encode", lambda self, texts: calls.append(len(texts)) or encode(self, texts)
    )
    database.search(["river", "stone"], mode="bm25")
    assert calls == []
    database.search(["river", "stone"], mode="hybrid")
    assert calls == [2]

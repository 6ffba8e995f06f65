"""Searches restricted to some documents equal filtering the full ranking, in every mode."""

from collections.abc import Callable

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breaking import documents_of
from openbook.database import Database, DocumentFilter, SearchMode
from openbook.database.search import allowed_chunks, dense_store, searcher
from openbook.database.search.allowed_chunks import AllowedChunks
from openbook.database.search.dense import ApproximateIndex

QUERIES = ["river stone", "unique3", "winter harbour lantern engine", "castle meadow unique11"]


@pytest.fixture(scope="module")
def database(make: Callable[..., Database], corpus: Callable[..., dict[str, str]]) -> Database:
    """With held-out and removed documents, and so little over-fetching that rows are left short."""
    made = make(corpus(40), dense=True, holdout=0.1)
    made.remove(list(corpus(40))[7:9])
    return made


@st.composite
def documents(draw: st.DrawFn) -> set[int]:
    """Places of some of the documents, alone and in rows."""
    chosen = draw(st.sets(st.integers(0, 39), min_size=1, max_size=6))
    start = draw(st.integers(0, 39))
    return chosen | set(range(start, min(40, start + draw(st.integers(0, 15)))))


def ranking(database: Database, text: str, k: int, mode: SearchMode, allowed: AllowedChunks) -> list[float]:
    """The scores of the k best, by filtering everything that is found, in a plain loop."""
    everything = database.layout.num_chunks + 1

    def full(mode: SearchMode) -> dict[int, float]:
        ids, scores = database.search_chunks(database.text_queries([text]), k=everything, mode=mode)
        pairs = zip(ids[0].tolist(), scores[0].tolist(), strict=True)
        return {chunk: score for chunk, score in pairs if chunk >= 0 and allowed.mask[chunk]}

    if mode != "hybrid":
        return list(full(mode).values())[:k]
    dense, lexical = ([*full(part).items()][: max(100, 4 * k)] for part in ("dense", "bm25"))
    lowest, highest = dense[-1][1], dense[0][1]
    joined: dict[int, float] = {}
    for chunk, score in dense:
        joined[chunk] = 0.6 * ((score - lowest) / (highest - lowest) if highest - lowest > 1e-6 else 1)
    for chunk, score in lexical:
        joined[chunk] = joined.get(chunk, 0.0) + 0.4 * score / lexical[0][1]
    return sorted(joined.values(), reverse=True)[:k]


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
@given(chosen=documents(), k=st.integers(1, 30), gaps=st.integers(0, 4), text=st.sampled_from(QUERIES))
def test_equal_to_filtering_the_full_ranking(
    database: Database, mode: SearchMode, chosen: set[int], k: int, gaps: int, text: str
) -> None:
    places = np.isin(np.arange(len(database.layout.live)), list(chosen))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allowed_chunks, "_GAPS", gaps)
        patch.setattr(searcher, "_SPARE", 1)
        allowed = AllowedChunks.of(database.layout, places)
        expected = ranking(database, text, k, mode, allowed) if allowed.retrievable(database.layout) else []
        ids, scores = database.opened.searcher.search(
            database.text_queries([text] * 2), k=k, mode=mode, among=allowed
        )
    found = ids[0][ids[0] >= 0]
    assert scores[0, : len(found)].tolist() == pytest.approx(expected, abs=1e-5)
    assert set(database.layout.document_of[found].tolist()) <= chosen
    assert ids[0].tolist() == ids[1].tolist()


@given(chosen=documents())
def test_gaps_are_the_longest_runs_that_are_not_allowed(database: Database, chosen: set[int]) -> None:
    layout = database.layout
    allowed = AllowedChunks.of(layout, np.isin(np.arange(len(layout.live)), list(chosen)))
    mask = [place in chosen for place in layout.document_of.tolist()]
    assert allowed.mask.tolist() == mask
    assert not any(mask[chunk] for gap in allowed.gaps for chunk in gap)
    text = "".join(" x"[is_allowed] for is_allowed in mask)
    assert sorted(map(len, allowed.gaps)) == sorted(len(run) for run in text.split("x") if run)


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_a_filter_and_the_querys_own_document(database: Database, mode: SearchMode) -> None:
    places = np.zeros(len(database.layout.live), dtype=np.bool_)
    places[[2, 3]] = True
    allowed = AllowedChunks.of(database.layout, places)
    ids, _ = database.opened.searcher.search(
        database.text_queries(["river stone"]), k=50, mode=mode, among=allowed, exclude=np.array([2])
    )
    assert set(database.layout.document_of[ids[ids >= 0]].tolist()) == {3}


def test_inverted_lists_far_from_the_query_are_searched_too(
    make: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chunk that the filter leaves lies in none of the lists that are nearest to the query."""
    monkeypatch.setattr(dense_store, "EXACT_BELOW", 60)
    faiss.omp_set_num_threads(1)
    database = make(dense=True)
    database.add(documents_of(dict.fromkeys([f"d{number}" for number in range(300)], 1)))
    index = database.opened.searcher.indexes.dense
    assert isinstance(index, ApproximateIndex)
    object.__setattr__(index, "nprobe", 1)
    texts = [f"d{number}" for number in range(40)]
    for number in (0, 150, 299):
        hits = database.search(texts, k=1, mode="dense", documents=DocumentFilter(ids=[f"d{number}"]))
        assert [hit.document_id for row in hits for hit in row] == [f"d{number}"] * len(texts)

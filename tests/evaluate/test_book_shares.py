"""A share of a database, searched: nested draws, and what a database of just those documents finds."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from openbook.database import Database, SearchMode
from openbook.database.shares import document_shares, searcher_of_documents
from openbook.errors import SettingsError

Make = Callable[..., Database]


@pytest.fixture(scope="module")
def whole(make: Make, corpus: Callable[..., dict[str, str]]) -> Database:
    """Sixty documents, some held out, some removed."""
    database = make(corpus(60), dense=True, holdout=0.2)
    database.remove([f"unique{number}" for number in range(0, 60, 9)])
    return database


@pytest.mark.parametrize("seed", [0, 1])
def test_each_share_holds_the_smaller_ones(whole: Database, seed: int) -> None:
    shares = document_shares(whole.layout, [0, 1, 10, 30, 50.5, 100], seed=seed)
    found = [set(documents.tolist()) for documents in shares.values()]
    for smaller, larger in pairwise(found):
        assert smaller < larger
    layout = whole.layout
    assert found[-1] == set(np.flatnonzero(layout.live & ~layout.holdout).tolist())
    assert [len(documents) for documents in found] == [
        -(-round(share * len(found[-1])) // 100) for share in shares
    ]


def test_the_seed_decides(whole: Database) -> None:
    one, again, other = (document_shares(whole.layout, [30], seed=seed)[30].tolist() for seed in (0, 0, 1))
    assert one == again != other


@pytest.mark.parametrize("share", [-1, 100.5, float("nan")])
def test_refuses_what_is_no_share(whole: Database, share: float) -> None:
    with pytest.raises(SettingsError, match=rf"share {share:g}: must be from 0 to 100 percent"):
        document_shares(whole.layout, [10, share])


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_a_share_is_searched_as_a_database_of_its_documents(
    mode: SearchMode, whole: Database, make: Make, corpus: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    drawn = document_shares(whole.layout, [30])[30]
    names = [d.id for d in whole.catalog.describe(whole.layout.number[drawn].tolist())]
    texts = corpus(60)
    small = make({name: texts[name] for name in names}, dense=True)
    part = searcher_of_documents(whole.opened, drawn, mode=mode, folder=tmp_path / "part")
    queries = list(corpus(20, seed=1).values())
    ids, scores = part.search(whole.text_queries(queries), k=8, mode=mode)
    expected = small.search(queries, k=8, mode=mode)
    for row, row_scores, hits in zip(ids, scores, expected, strict=True):
        ours = [hit.text for hit in whole.hits(row, row_scores)]
        np.testing.assert_allclose(row_scores[row >= 0], [hit.score for hit in hits], rtol=1e-3, atol=1e-4)
        assert sorted(ours) == sorted(hit.text for hit in hits)
    assert whole.layout.retrievable[ids[ids >= 0]].all()


def test_what_may_not_be_retrieved_stays_so(whole: Database, tmp_path: Path) -> None:
    everything = np.arange(len(whole.layout.number))
    part = searcher_of_documents(whole.opened, everything, mode="bm25", folder=tmp_path / "part")
    np.testing.assert_array_equal(part.layout.retrievable, whole.layout.retrievable)
    np.testing.assert_array_equal(part.indexes.lexical.chunks(), np.flatnonzero(whole.layout.retrievable))


def test_an_empty_share_finds_nothing(whole: Database, tmp_path: Path) -> None:
    nothing = np.arange(0)
    part = searcher_of_documents(whole.opened, nothing, mode="hybrid", folder=tmp_path / "part")
    ids, _ = part.search(whole.text_queries(["river stone"]), k=3, mode="hybrid")
    assert (ids == -1).all()

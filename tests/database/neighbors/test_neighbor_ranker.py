"""A learned look-up: what is told of neighbors, what is learned from gains, what is chosen, and the file."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.database import Database
from openbook.database.neighbors.neighbor_features import FEATURES, neighbor_features, token_weights
from openbook.database.neighbors.neighbor_ranker import NeighborRanker, RankedBook
from openbook.errors import OutputError, SettingsError

F = len(FEATURES)


def learned(keep: float = 0.5, seed: int = 0) -> NeighborRanker:
    """From gains that follow the second feature, and the sixth with the other sign."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(600, 5, F)).astype(np.float32)
    gains = features[..., 1] - 0.5 * features[..., 5] + 0.1 * rng.normal(size=(600, 5))
    exists = rng.random((600, 5)) < 0.9
    return NeighborRanker.learn(features, gains.astype(np.float32), exists, keep=keep)


def counted(expected: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """What the neighbors of one chunk, from the best on, count: all, a half, a third."""
    return np.where(expected > 0, expected / (1 + np.arange(len(expected))), expected)


@pytest.fixture
def words(make: Callable[..., Database]) -> Database:
    return make(
        {
            "a": "copper mill copper engine winter violin marble thunder meadow silver",
            "b": "orchard lantern winter river stone castle feather island pepper velvet",
            "c": "river " * 12,
        }
    )


# Features


def test_what_is_told_of_neighbors(words: Database) -> None:
    book = words.opened
    weights = token_weights(book)
    assert weights.shape == (words.tokenizer.vocab_size,)
    assert weights[words.tokenizer.eos_id] == 0
    first = book.layout.first_chunk
    ids = np.array([[first[0], first[0] + 1, first[1], -1]])
    scores = np.array([[4.0, 3.0, 1.0, 0.0]], dtype=np.float32)
    query = words.tokenizer.encode(["copper mill copper engine"])[0]
    told = neighbor_features(book, [query], (ids, scores), weights)
    assert told.shape == (1, 4, F)
    of = dict(zip(FEATURES, told[0].T, strict=True))
    assert of["relative score"].tolist() == pytest.approx([1, 0.75, 0.25, 0])
    assert of["rank"].tolist() == pytest.approx([1, 1 / 2, 1 / 3, 0])
    assert of["step down"].tolist() == pytest.approx([0.25, 0.5, 0.25, 0])
    assert of["shared words"][0] == pytest.approx(1, abs=0.2)
    assert of["shared words"][0] > of["shared words"][2]
    assert of["shared pairs"][0] > of["shared pairs"][2]
    assert of["document again"].tolist() == [0, 1, 0, 0]
    assert of["text again"].tolist() == [0, 1, 0, 0]
    assert (told[0, 3] == 0).all()


# Learning and choosing


def test_gains_are_learned_and_a_share_is_kept() -> None:
    ranker = learned(keep=0.3)
    features = np.random.default_rng(9).normal(size=(2000, 5, F)).astype(np.float32)
    expected = ranker.gains(features)
    true = features[..., 1] - 0.5 * features[..., 5]
    assert np.corrcoef(expected.ravel(), true.ravel())[0, 1] > 0.95
    ids = np.arange(10_000).reshape(2000, 5)
    chosen, _ = ranker.choose(features, (ids, np.ones(ids.shape, dtype=np.float32)))
    assert (chosen >= 0).mean() == pytest.approx(0.3, abs=0.05)
    assert set((chosen >= 0).sum(axis=1).tolist()) >= {0, 1, 2, 3}
    assert learned(keep=1).threshold == -np.inf


@given(seed=st.integers(0, 1000), missing=st.integers(0, 5))
def test_what_is_chosen_are_the_best_first_and_nothing_that_is_not_there(seed: int, missing: int) -> None:
    ranker, rng = learned(), np.random.default_rng(seed)
    features = rng.normal(size=(4, 5, F)).astype(np.float32)
    ids = rng.permutation(100)[:20].reshape(4, 5)
    ids[0, 5 - missing :] = -1
    scores = rng.random((4, 5)).astype(np.float32)
    chosen, values = ranker.choose(features, (ids, scores))
    expected = ranker.gains(features)
    for row in range(4):
        best = [place for place in np.argsort(-expected[row], kind="stable").tolist() if ids[row, place] >= 0]
        values_of = counted(expected[row, best])
        wanted = [place for place, value in zip(best, values_of, strict=True) if value >= ranker.threshold]
        assert chosen[row, : len(wanted)].tolist() == ids[row, wanted].tolist()
        assert values[row, : len(wanted)].tolist() == scores[row, wanted].tolist()
        assert (chosen[row, len(wanted) :] == -1).all()
        assert (values[row, len(wanted) :] == 0).all()


def test_too_little_to_learn_from_and_no_share() -> None:
    few, all_there = np.zeros((5, 2, F), dtype=np.float32), np.ones((5, 2), dtype=np.bool_)
    with pytest.raises(SettingsError, match="10 neighbors to learn from are too few"):
        NeighborRanker.learn(few, few[..., 0], all_there, keep=0.5)
    for keep in (0.0, 1.5):
        with pytest.raises(SettingsError, match=f"keep {keep}"):
            NeighborRanker.learn(few, few[..., 0], all_there, keep=keep)


def test_a_book_is_ranked_by_the_words_of_texts(words: Database) -> None:
    ranked = RankedBook(learned(), words.opened)
    found = words.search_chunks(words.text_queries(["copper river", "winter"]), k=3, mode="bm25")
    ids, scores = ranked.choose(["copper river", "winter"], found)
    assert ids.shape == scores.shape == found[0].shape
    assert set(ids[ids >= 0].tolist()) <= set(found[0].ravel().tolist())


# The file


@pytest.mark.parametrize("keep", [0.5, 1.0])
def test_a_ranker_is_written_and_read(tmp_path: Path, keep: float) -> None:
    ranker, path = learned(keep), tmp_path / "ranker.json"
    ranker.save(path)
    read = NeighborRanker.load(path)
    features = np.random.default_rng(1).normal(size=(7, F)).astype(np.float32)
    assert np.array_equal(read.gains(features), ranker.gains(features))
    assert (read.threshold, read.about) == (ranker.threshold, ranker.about)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"features": ["score"]},
        {"weights": [1.0]},
        {"mean": "much"},
        {"spread": [float("nan")] * F},
        {"about": None},
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "ranker.json"
    learned().save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SettingsError, match="is not a ranker"):
        NeighborRanker.load(path)


def test_no_file_and_no_place_for_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="openbook rank"):
        NeighborRanker.load(tmp_path / "gone.json")
    with pytest.raises(OutputError):
        learned().save(tmp_path / "gone" / "ranker.json")

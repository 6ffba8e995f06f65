"""Exact dense search equals sorting all inner products."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from openbook.database.search.dense import ExactIndex
from openbook.database.storage.arrays import AppendOnlyArray, Rows


@pytest.fixture
def vectors() -> NDArray[np.float16]:
    return np.random.default_rng(0).normal(size=(40, 8)).astype(np.float16)


@pytest.fixture
def stored(vectors: NDArray[np.float16], tmp_path: Path) -> Rows:
    """The vectors on the disk."""
    array = AppendOnlyArray(tmp_path / "vectors.f16", dtype=np.float16, width=8)
    array.append(vectors, first=0)
    return array.rows(len(vectors))


def brute_force(
    vectors: NDArray[np.float16], allowed: list[int], query: NDArray[np.float32], k: int
) -> list[int]:
    products = {chunk: float(vectors[chunk].astype(np.float32) @ query) for chunk in allowed}
    best = sorted(allowed, key=lambda chunk: -products[chunk])[:k]
    return best + [-1] * (k - len(best))


@pytest.mark.parametrize("k", [1, 5, 20, 60])
@pytest.mark.parametrize(
    "avoid",
    [[], [range(7, 19)], [range(30, 40)], [range(40)], [range(9), range(12, 13), range(20, 31)]],
)
def test_the_nearest_are_those_of_brute_force(
    vectors: NDArray[np.float16], stored: Rows, k: int, avoid: list[range]
) -> None:
    indexed = [chunk for chunk in range(40) if chunk % 3]
    index = ExactIndex.build(stored, np.array(indexed))
    queries = np.random.default_rng(1).normal(size=(6, 8)).astype(np.float32)
    ids, scores = index.search(queries, k, avoid=avoid)
    allowed = [chunk for chunk in indexed if not any(chunk in chunks for chunks in avoid)]
    for row, query in enumerate(queries):
        assert ids[row].tolist() == brute_force(vectors, allowed, query, k)
        for chunk, score in zip(ids[row], scores[row], strict=True):
            expected = vectors[chunk].astype(np.float32) @ query if chunk >= 0 else 0.0
            assert score == pytest.approx(expected, abs=1e-5)


def test_an_empty_index_finds_nothing(stored: Rows) -> None:
    index = ExactIndex.build(stored, np.array([], dtype=np.int64))
    ids, scores = index.search(np.ones((2, 8), dtype=np.float32), 3)
    assert ids.tolist() == [[-1] * 3] * 2
    assert scores.tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize("k", [1, 5, 40])
def test_of_equal_vectors_the_lowest_are_found_in_their_order(tmp_path: Path, k: int) -> None:
    array = AppendOnlyArray(tmp_path / "vectors.f16", dtype=np.float16, width=8)
    array.append(np.ones((300, 8), dtype=np.float16), first=0)
    index = ExactIndex.build(array.rows(300), np.arange(0, 300, 2))
    ids, _ = index.search(np.ones((2, 8), dtype=np.float32), k)
    assert ids.tolist() == [list(range(0, 2 * k, 2))] * 2

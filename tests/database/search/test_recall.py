"""Exact neighbors equal those of a plain loop, and recall counts what it says."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openbook.database.search.recall import exact_neighbors, recall_at_10


class Plain:
    """Vectors in memory, read as an array's rows are."""

    def __init__(self, values: NDArray[np.float16]) -> None:
        self.values = values
        self.shape = values.shape

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: NDArray[np.int64]) -> NDArray[np.float16]:
        return self.values[index]


@given(st.integers(0, 40), st.integers(1, 30), st.integers(1, 6), st.integers(1, 7), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_exact_neighbors_are_those_of_a_plain_sort(
    count: int, k: int, queries: int, block: int, seed: int
) -> None:
    """Also where there are fewer than k, and across the blocks in which the array is read."""
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(count, 4)).astype(np.float16)
    allowed = np.flatnonzero(draw.random(count) < 0.7)
    asked = draw.normal(size=(queries, 4)).astype(np.float32)
    rows: Any = Plain(vectors)
    ids, scores = exact_neighbors(rows, allowed, asked, k, rows_at_once=block)
    products = asked @ vectors[allowed].astype(np.float32).T
    for row in range(queries):
        order = np.argsort(-products[row], kind="stable")[:k]
        padding = k - len(order)
        assert ids[row].tolist() == [*allowed[order].tolist(), *[-1] * padding]
        np.testing.assert_allclose(
            scores[row], [*products[row][order], *[0.0] * padding], rtol=1e-5, atol=1e-6
        )


def found(ids: list[list[int]], scores: list[list[float]]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    return np.array(ids), np.array(scores, dtype=np.float32)


EXACT = found([[*range(11)]], [[1.0 - number / 20 for number in range(11)]])
NONE = np.array([-1])


def test_finding_all_is_one_and_finding_nothing_is_zero() -> None:
    assert recall_at_10(EXACT, EXACT, NONE) == 1.0
    assert recall_at_10(found([[-1] * 11], [[0.0] * 11]), EXACT, NONE) == 0.0


def test_only_the_ten_nearest_count() -> None:
    half = found([[0, 1, 2, 3, 4, *range(20, 26)]], [[*EXACT[1][0, :5], *[0.3] * 6]])
    assert recall_at_10(half, EXACT, NONE) == 0.5
    without_eleventh = found([[*range(10), -1]], [[*EXACT[1][0, :10], 0.0]])
    assert recall_at_10(without_eleventh, EXACT, NONE) == 1.0


def test_the_query_itself_does_not_count() -> None:
    assert recall_at_10(EXACT, EXACT, np.array([0])) == 1.0
    only_itself = found([[0, *[-1] * 10]], [[1.0, *[0.0] * 10]])
    assert recall_at_10(only_itself, EXACT, np.array([0])) == 0.0


def test_of_equally_near_ones_any_will_do() -> None:
    tied = found([[*range(11)]], [[0.5] * 11])
    others = found([[*range(30, 41)]], [[0.5] * 11])
    assert recall_at_10(others, tied, NONE) == 1.0


def test_fewer_than_ten_are_all_of_them() -> None:
    three = found([[4, 5, 6, *[-1] * 8]], [[0.9, 0.8, 0.7, *[0.0] * 8]])
    two = found([[4, 6, *[-1] * 9]], [[0.9, 0.7, *[0.0] * 9]])
    assert recall_at_10(three, three, NONE) == 1.0
    assert recall_at_10(two, three, NONE) == pytest.approx(2 / 3)


def test_where_there_is_nothing_to_find_nothing_is_missed() -> None:
    nothing = found([[-1] * 11], [[0.0] * 11])
    assert recall_at_10(nothing, nothing, NONE) == 1.0
    assert recall_at_10(found([], []), found([], []), np.array([], dtype=np.int64)) == 1.0

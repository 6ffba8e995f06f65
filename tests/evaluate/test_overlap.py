"""The longest common run of a chunk and its neighbors, against the plainest loop."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from openbook.evaluate import longest_common_runs

Case = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n, M, K = draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.integers(1, 3))
    chunks = draw(arrays(np.int64, (n, M), elements=st.integers(-1, 3)))
    neighbors = draw(arrays(np.int64, (n, K, 2 * M), elements=st.integers(0, 3)))
    mask = draw(arrays(np.bool_, (n, K, 2 * M)))
    return chunks, neighbors, mask


def brute_force(chunk: list[int], neighbors: list[list[int]]) -> int:
    longest = 0
    for neighbor in neighbors:
        for i in range(len(chunk)):
            for j in range(len(neighbor)):
                run = 0
                while (
                    i + run < len(chunk)
                    and j + run < len(neighbor)
                    and chunk[i + run] == neighbor[j + run]
                    and chunk[i + run] >= 0
                ):
                    run += 1
                longest = max(longest, run)
    return longest


@settings(max_examples=100, deadline=None)
@given(cases())
def test_runs_equal_a_brute_force_loop(case: Case) -> None:
    chunks, neighbors, mask = case
    hidden = np.where(mask, neighbors, -2)
    expected = [brute_force(c.tolist(), n.tolist()) for c, n in zip(chunks, hidden, strict=True)]
    assert longest_common_runs(chunks, neighbors, mask).tolist() == expected


def test_a_whole_copy_is_as_long_as_the_chunk() -> None:
    chunk = np.arange(64)[None]
    neighbor = np.concatenate([chunk + 500, chunk], axis=1)[:, None]
    assert longest_common_runs(chunk, neighbor, np.ones_like(neighbor, dtype=bool)).tolist() == [64]


def test_masked_tokens_and_padding_match_nothing() -> None:
    chunks = np.array([[7, 7, -1, -1], [-2, -2, -2, -2]])
    neighbors = np.full((2, 1, 8), 7)
    assert longest_common_runs(chunks, neighbors, np.ones((2, 1, 8), dtype=bool)).tolist() == [2, 0]
    assert longest_common_runs(chunks, neighbors, np.zeros((2, 1, 8), dtype=bool)).tolist() == [0, 0]


def test_ids_that_need_more_than_16_bits_and_many_chunks() -> None:
    """Narrow numbers and blocks are an optimization that must not show."""
    rng = np.random.default_rng(0)
    chunks, neighbors = rng.integers(0, 9, (150, 12)), rng.integers(0, 9, (150, 3, 24))
    mask = rng.random((150, 3, 24)) < 0.9
    expected = longest_common_runs(chunks, neighbors, mask)
    hidden = np.where(mask, neighbors, -2)
    assert expected.tolist() == [
        brute_force(c.tolist(), n.tolist()) for c, n in zip(chunks, hidden, strict=True)
    ]
    for offset in (2**16 - 12, 2**16, 2**31):
        assert np.array_equal(longest_common_runs(chunks + offset, neighbors + offset, mask), expected)
    assert longest_common_runs(chunks[:0], neighbors[:0], mask[:0]).tolist() == []


def test_runs_of_more_than_255_tokens() -> None:
    chunk = np.arange(300)[None]
    neighbor = np.concatenate([chunk + 500, chunk], axis=1)[:, None]
    assert longest_common_runs(chunk, neighbor, np.ones_like(neighbor, dtype=bool)).tolist() == [300]

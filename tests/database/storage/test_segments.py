"""The arithmetic of segments, against loops over lists."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from openbook.database.storage.segments import (
    owners_of,
    ranges,
    segment_offsets,
    segment_owners,
    segment_places,
    segment_starts,
    segment_sums,
)


def array(values: list[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


LENGTHS = st.lists(st.integers(0, 5), max_size=8).map(array)


def test_the_drawings_are_right() -> None:
    lengths = array([3, 1, 2])
    assert segment_starts(lengths).tolist() == [0, 3, 4]
    assert segment_offsets(lengths).tolist() == [0, 3, 4, 6]
    assert segment_owners(lengths).tolist() == [0, 0, 0, 1, 2, 2]
    assert segment_places(lengths).tolist() == [0, 1, 2, 0, 0, 1]
    assert ranges(array([7, 2, 5]), array([2, 0, 3])).tolist() == [7, 8, 5, 6, 7]
    assert owners_of(array([5, 3, 2]), segment_offsets(lengths)).tolist() == [2, 1, 0]
    assert segment_sums(array([1, 2, 3, 4, 5, 6]), lengths).tolist() == [6, 4, 11]


@given(LENGTHS)
def test_every_value_has_its_segment_and_its_place(lengths: NDArray[np.int64]) -> None:
    slow = [(owner, place) for owner, length in enumerate(lengths.tolist()) for place in range(length)]
    owners, places = segment_owners(lengths), segment_places(lengths)
    assert list(zip(owners.tolist(), places.tolist(), strict=True)) == slow
    assert (segment_starts(lengths)[owners] + places).tolist() == list(range(len(slow)))
    offsets = segment_offsets(lengths)
    assert offsets[:-1].tolist() == segment_starts(lengths).tolist() and offsets[-1] == len(slow)
    assert owners_of(np.arange(len(slow)), offsets).tolist() == owners.tolist()


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 5)), max_size=8))
def test_ranges_begin_anywhere(pairs: list[tuple[int, int]]) -> None:
    first, counts = array([first for first, _ in pairs]), array([count for _, count in pairs])
    slow = [number for first, count in pairs for number in range(first, first + count)]
    assert ranges(first, counts).tolist() == slow


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4), max_size=6))
def test_sums_are_of_the_values_dtype(segments: list[list[int]]) -> None:
    values = np.array([value for segment in segments for value in segment], dtype=np.uint64)
    sums = segment_sums(values, array([len(segment) for segment in segments]))
    assert sums.dtype == np.uint64
    assert sums.tolist() == [sum(segment) % 2**64 for segment in segments]

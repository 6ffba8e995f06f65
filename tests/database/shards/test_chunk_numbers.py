import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openbook.database.shards.chunk_numbers import ChunkNumbers, joined

EXTENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), max_size=8)


def test_the_numbers_of_the_drawing() -> None:
    numbers = ChunkNumbers([(0, 3), (1, 2), (0, 2), (1, 1)])
    shards, rows = numbers.in_shards(np.arange(8))
    assert shards.tolist() == [0, 0, 0, 1, 1, 0, 0, 1]
    assert rows.tolist() == [0, 1, 2, 0, 1, 3, 4, 2]
    assert [numbers.size(shard) for shard in range(3)] == [5, 3, 0]


@given(EXTENTS)
def test_every_number_is_that_of_one_row(extents: list[tuple[int, int]]) -> None:
    numbers = ChunkNumbers(extents)
    shards, rows = numbers.in_shards(np.arange(numbers.total))
    for shard in range(4):
        its = np.flatnonzero(shards == shard)
        assert rows[its].tolist() == list(range(numbers.size(shard)))
        assert numbers.in_book(shard, rows[its]).tolist() == its.tolist()
    assert numbers.in_book(0, np.array([-1])).tolist() == [-1]
    if extents:
        assert numbers.of_all(shards, rows).tolist() == list(range(numbers.total))


@given(EXTENTS, EXTENTS)
def test_numbers_stay_when_shards_grow(before: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    old, new = ChunkNumbers(joined(before)), ChunkNumbers(joined(before + more))
    for part in (0, 1):
        found = old.in_shards(np.arange(old.total))[part]
        assert found.tolist() == new.in_shards(np.arange(new.total))[part][: old.total].tolist()


def test_what_is_kept_stands_in_the_same_order() -> None:
    numbers = ChunkNumbers([(0, 3), (1, 2), (0, 2), (1, 1)])
    keep = {0: np.array([True, False, False, True, True]), 1: np.array([False, False, True])}
    assert numbers.kept(keep) == ((0, 3), (1, 1))
    assert numbers.kept({0: np.zeros(5, dtype=np.bool_)}) == ((1, 3),)

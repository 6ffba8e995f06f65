"""The neighbors of each mode: what random and shuffled draw, and what they leave as it is."""

import numpy as np
import pytest

from openbook.database import Database, NeighborTable
from openbook.evaluate.neighbor_modes import ChunkNeighbors, neighbors_of_mode


@pytest.fixture
def held_out(book: Database, table: NeighborTable) -> ChunkNeighbors:
    """What the held-out chunks retrieve."""
    chunks = book.layout.chunks_of_split(holdout=True)
    return ChunkNeighbors(chunks, table.ids[chunks])


@pytest.mark.parametrize("seed", range(5))
def test_random_shows_only_what_may_be_retrieved(seed: int, book: Database, held_out: ChunkNeighbors) -> None:
    neighbors = neighbors_of_mode("random", held_out.first(10), book.opened, seed=seed)
    assert neighbors is not None
    rows, columns = np.nonzero(neighbors.ids >= 0)
    chunks, drawn = neighbors.chunks[rows], neighbors.ids[rows, columns]
    assert len(drawn) > 100
    assert book.layout.retrievable[drawn].all()
    documents = book.layout.document_of
    assert (documents[chunks] != documents[drawn]).all()
    assert len(np.unique(drawn)) > len(drawn) / 10


def test_random_and_shuffled_obey_the_seed(book: Database, held_out: ChunkNeighbors) -> None:
    for mode in ("random", "shuffled"):
        found = [neighbors_of_mode(mode, held_out.first(2), book.opened, seed=seed) for seed in (0, 0, 1)]
        first, again, other = (neighbors.ids for neighbors in found if neighbors is not None)
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)


def test_shuffled_is_a_permutation_of_the_chunks_neighbors(book: Database, held_out: ChunkNeighbors) -> None:
    neighbors = neighbors_of_mode("shuffled", held_out.first(2), book.opened, seed=0)
    assert neighbors is not None
    own = held_out.ids[:, :2]
    assert sorted(neighbors.ids.tolist()) == sorted(own.tolist())
    assert ((neighbors.ids < 0) == (own < 0)).all()


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_leaves_no_chunk_its_own_neighbors(seed: int, book: Database) -> None:
    chunks = np.arange(6)
    ids = np.stack([chunks, chunks + 10], axis=1)
    ids[:2, 1] = -1
    ids[5] = -1  # no other has none
    neighbors = neighbors_of_mode("shuffled", ChunkNeighbors(chunks, ids), book.opened, seed=seed)
    assert neighbors is not None
    assert (neighbors.ids[:5, 0] != ids[:5, 0]).all()
    assert neighbors.ids[5].tolist() == [-1, -1]


def test_missing_neighbors_stay_missing(book: Database, held_out: ChunkNeighbors) -> None:
    ids = held_out.ids.copy()
    ids[0] = -1
    ids[1, 1:] = -1
    sparse = ChunkNeighbors(held_out.chunks, ids)
    random = neighbors_of_mode("random", sparse.first(3), book.opened, seed=0)
    shuffled = neighbors_of_mode("shuffled", sparse.first(3), book.opened, seed=0)
    assert random is not None
    assert shuffled is not None
    assert ((random.ids < 0) == (ids[:, :3] < 0)).all()
    assert ((shuffled.ids < 0) == (ids[:, :3] < 0)).all()


def test_chunk_neighbors_are_read_as_a_table(book: Database, table: NeighborTable) -> None:
    some = np.array([3, 5, 9])
    part = ChunkNeighbors(some, table.ids[some])
    np.testing.assert_array_equal(part[np.array([[9, 3], [5, 5]])], table.ids[[[9, 3], [5, 5]]])
    assert (part[np.array([0, 4, 10, 1000])] == -1).all()

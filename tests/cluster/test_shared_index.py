"""Large shards share what a dense index is trained on, and find what exact search finds."""

from pathlib import Path

import numpy as np
import pytest

from openbook.cluster.build_plan import BUILDING
from openbook.cluster.shared_index import (
    fill_shared_index,
    needs_index,
    train_shared_index,
    trained_index,
)
from openbook.database import Database
from openbook.database.search import dense_store
from openbook.database.search.dense_store import stored_index


def test_both_are_filled_from_one_training(shards: list[Path], tmp_path: Path) -> None:
    assert all(needs_index(shard, shards=2) for shard in shards)
    assert stored_index(shards[0] / "dense") is None
    name = train_shared_index(str(tmp_path), [0, 1])
    bytes_of = (tmp_path / BUILDING / "trained.faiss").read_bytes()
    assert train_shared_index(str(tmp_path), [0, 1]) == name
    assert (tmp_path / BUILDING / "trained.faiss").read_bytes() == bytes_of
    for shard in shards:
        fill_shared_index(shard, trained_index(tmp_path), shards=2)
        found = stored_index(shard / "dense")
        assert found is not None
        assert found.name == name
        database = Database.open(shard)
        assert found.rows == database.layout.num_chunks
        assert database.info().recall_at_10 == pytest.approx(found.recall_at_10)
        queries = database.opened.chunk_queries(np.arange(0, 40))
        nearest, _ = database.search_chunks(queries, k=1, mode="dense")
        assert (nearest[:, 0] == np.arange(0, 40)).mean() > 0.95  # each chunk finds itself


def test_an_index_that_is_damaged_is_named(shards: list[Path], tmp_path: Path) -> None:
    train_shared_index(str(tmp_path), [0, 1])
    (tmp_path / BUILDING / "trained.faiss").write_bytes(b"nothing")
    with pytest.raises(dense_store.DatabaseError, match=r"trained\.faiss: cannot be read"):
        fill_shared_index(shards[0], trained_index(tmp_path), shards=2)


def test_a_shard_needs_its_part_of_what_one_database_needs(
    shards: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fewest, most = (len(Database.open(shard).layout.indexed) for shard in shards)
    monkeypatch.setattr(dense_store, "EXACT_BELOW", 2 * fewest)
    assert fewest < most < 2 * fewest
    assert [needs_index(shard, shards=2) for shard in shards] == [False, False]
    monkeypatch.setattr(dense_store, "_SMALLEST_SHARD", 1)
    assert [needs_index(shard, shards=1) for shard in shards] == [False, False]
    assert [needs_index(shard, shards=2) for shard in shards] == [True, True]


def test_a_small_shard_needs_none(shards: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense_store, "EXACT_BELOW", 100_000)
    assert not needs_index(shards[0], shards=2)
    fill_shared_index(shards[0], None, shards=2)
    assert stored_index(shards[0] / "dense") is None

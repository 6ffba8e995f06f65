"""Large shards at a URL get the indexes that they would have in a folder, from one training."""

from dataclasses import replace
from pathlib import Path

import pytest

from openbook.cluster.build_plan import BUILDING, shard_name
from openbook.cluster.remote_build import mark_shard, put_shard
from openbook.cluster.remote_index import index_remote_shard, train_remote_index
from openbook.cluster.shard_task import ShardReport
from openbook.cluster.shared_index import fill_shared_index, train_shared_index, trained_index
from openbook.database import Database
from openbook.database.search.dense_store import stored_index
from openbook.database.storage.remote_folder import RemoteFolder

REPORT = ShardReport(documents=1, chunks=1, is_new=True, waits=True)


def put(remote: RemoteFolder, shard: Path, number: int) -> None:
    """Put a shard as a worker does that has written its rows."""
    folder = f"{shard_name(number)}-abc"
    for path in sorted(shard.rglob("*")):
        if path.is_file() and path.suffix != ".lock":
            remote.put(path, f"{folder}/{path.relative_to(shard).as_posix()}")
    mark_shard(remote, number, folder, REPORT)


def test_shards_at_a_url_have_the_indexes_of_those_in_a_folder(shards: list[Path], tmp_path: Path) -> None:
    there = tmp_path / "there"
    url = there.as_uri()
    remote = RemoteFolder(url)
    for number, shard in enumerate(shards):
        put(remote, shard, number)
    train_remote_index(url, [0, 1])
    for number in range(len(shards)):
        index_remote_shard(url, number, 2)
        assert put_shard(remote, number) == (
            f"{shard_name(number)}-abc",
            replace(REPORT, is_new=False, waits=False),
        )
    train_shared_index(str(tmp_path), [0, 1])
    for number, shard in enumerate(shards):
        fill_shared_index(shard, trained_index(tmp_path), shards=2)
        found = there / f"{shard_name(number)}-abc"
        here = {path.name: path.read_bytes() for path in (shard / "dense").iterdir() if path.is_file()}
        assert {path.name: path.read_bytes() for path in (found / "dense").iterdir()} == here
        assert stored_index(found / "dense") is not None
        assert Database.open(found).info().recall_at_10 == Database.open(shard).info().recall_at_10


def test_what_is_trained_is_not_trained_again(
    shards: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there"
    for number, shard in enumerate(shards):
        put(RemoteFolder(there.as_uri()), shard, number)
    train_remote_index(there.as_uri(), [0, 1])
    files = {path: path.read_bytes() for path in (there / BUILDING).iterdir()}
    monkeypatch.setattr("openbook.cluster.remote_index.train_shared_index", None)
    train_remote_index(there.as_uri(), [0, 1])
    index_remote_shard(there.as_uri(), 0, 2)
    index_remote_shard(there.as_uri(), 0, 2)  # as by a worker that was given up
    assert {path: files.get(path) for path in files if path.suffix == ".faiss"} == {
        path: path.read_bytes() for path in files if path.suffix == ".faiss"
    }
    assert not any(path.name.endswith(".tmp") for path in there.rglob("*"))

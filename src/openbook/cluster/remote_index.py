"""The dense indexes of large shards at a URL: one training for all, whose result lies beside them.

    s3://bucket/mybook/building/
      shard-00000.json    says that the shard waits for an index, then that it has it
      trained.faiss       what all of them are filled from
      trained.json        last of the two

Whoever trains fetches all of these shards, and whoever fills one that one; each puts what it made.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from openbook.cluster.build_plan import BUILDING, shard_name
from openbook.cluster.remote_build import mark_shard, require_shard
from openbook.cluster.shared_index import TRAINED, fill_shared_index, train_shared_index, trained_index
from openbook.database.storage.remote_folder import RemoteFolder

_TRAINED = [f"{BUILDING}/{name}" for name in TRAINED]


def train_remote_index(url: str, numbers: Sequence[int]) -> None:
    """Train an index on vectors of these shards, whose rows are complete, unless it is there.

    Args:
        url: of the book.
        numbers: of the shards.

    Raises:
        DatabaseError: the URL cannot be reached, or the disk is full.
    """
    remote = RemoteFolder(url)
    if remote.read(_TRAINED[-1]) is not None:
        return
    with tempfile.TemporaryDirectory(prefix="openbook-", ignore_cleanup_errors=True) as place:
        book = Path(place)
        for number in numbers:
            _fetch_shard(remote, number, book / BUILDING / shard_name(number))
        train_shared_index(place, numbers)
        for name in _TRAINED:
            remote.put(book / name, name)


def index_remote_shard(url: str, number: int, shards: int) -> None:
    """Make the dense index of a shard that waits for it, of what was trained.

    Args:
        url: of the book.
        number: of the shard.
        shards: of the book.

    Raises:
        DatabaseError: the URL cannot be reached, the shard is gone, or the disk is full.
    """
    remote = RemoteFolder(url)
    with tempfile.TemporaryDirectory(prefix="openbook-", ignore_cleanup_errors=True) as place:
        book = Path(place)
        shard = book / shard_name(number)
        folder = _fetch_shard(remote, number, shard)
        for name in _TRAINED:
            remote.fetch(name, book / name)
        fetched = {path: path.read_bytes() for path in (shard / "dense").rglob("*") if path.is_file()}
        fill_shared_index(shard, trained_index(book), shards=shards)
        for path in sorted((shard / "dense").rglob("*")):
            if path.is_file() and fetched.get(path) != path.read_bytes():
                remote.put(path, f"{folder}/{path.relative_to(shard).as_posix()}")
    _, report = require_shard(remote, number)
    mark_shard(remote, number, folder, replace(report, waits=False))


def _fetch_shard(remote: RemoteFolder, number: int, target: Path) -> str:
    """Fetch a shard that is at the URL; returns its folder there."""
    folder, _ = require_shard(remote, number)
    for name in sorted(remote.files()):
        if name.startswith(f"{folder}/"):
            remote.fetch(name, target / name.removeprefix(f"{folder}/"))
    return folder

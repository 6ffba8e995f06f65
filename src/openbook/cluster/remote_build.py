"""A book of shards built at a URL: workers share no folder, only what fsspec reaches.

    s3://bucket/mybook/
      build.json               the plan, see build_plan.py
      building/tokenizer/      with the plan: what workers need to begin
      building/shard-00000.json   last of a shard: the folder that holds it, and what it holds
      shard-00000-1f3a9c2e/    a worker's own folder, so two that build the same shard do not meet
      book.json                last of all

A worker builds a shard in a folder of its machine; a large one waits for an index, see remote_index.py.
Whoever gave the command fetches all shards, makes them a book, compares near-copies, and puts what that has
changed.
"""

import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from openbook.cluster.build_plan import BUILDING, BuildPlan, shard_name
from openbook.cluster.remote_encoder import remote_embedder
from openbook.cluster.shard_task import ShardReport, telling, write_shard
from openbook.database.shards.fetched_book import FETCHED, PLAN, fetch_files, fetched_copy
from openbook.database.storage.remote_folder import RemoteFolder, copy_folder
from openbook.database.storage.sealed import BOOK, naming_errors, read_sealed, write_sealed
from openbook.errors import DatabaseError


def begun_folder(url: str) -> Path:
    """The folder in which a book at a URL is made, or its copy; with the plan, if there is one.

    Raises:
        DatabaseError: the URL cannot be reached, or holds something else.
    """
    remote, folder = RemoteFolder(url), copy_folder(url)
    there = remote.files()
    is_planned = PLAN in there
    if not is_planned and any(not name.startswith(f"{BUILDING}/") for name in there):
        raise DatabaseError(
            f"{url}: holds something that no build with --ray has planned; choose another URL"
        )
    if BOOK in there:
        fetched_copy(url)
    else:
        with naming_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
    if is_planned:
        needed = {name: key for name, key in there.items() if _begins(name)}
        fetch_files(remote, folder, needed, noted=FETCHED)
    return folder


def _begins(name: str) -> bool:
    return name == PLAN or name.startswith(f"{BUILDING}/tokenizer/")


def put_plan(folder: Path, url: str) -> None:
    """Let workers begin: put what they need there, the plan last."""
    remote = RemoteFolder(url)
    for path in sorted((folder / BUILDING / "tokenizer").iterdir()):
        remote.put(path, path.relative_to(folder).as_posix())
    remote.replace(PLAN, (folder / PLAN).read_bytes())


def build_remote_shard(url: str, number: int, encoder: Any = None, board: Any = None) -> ShardReport:
    """Build a shard of a planned book in a folder of this machine, and put it at the URL, unless it is there.

    Args:
        url: of the book.
        number: of the shard.
        encoder: Ray's handle of an `EncoderActor`; None: words only.
        board: Ray's handle of a `ProgressBoard`; None: nobody asks.

    Raises:
        SourceError: the sources cannot be read, or are not what was planned any more.
        DatabaseError: the URL cannot be reached, or the disk is full.
    """
    remote = RemoteFolder(url)
    if (done := put_shard(remote, number)) is not None:
        return done[1]
    with tempfile.TemporaryDirectory(prefix="openbook-", ignore_cleanup_errors=True) as place:
        book = Path(place)
        needed = {name: key for name, key in remote.files().items() if _begins(name)}
        fetch_files(remote, book, needed)
        plan = BuildPlan.read(book)
        embedder = None if plan.encoder is None else remote_embedder(encoder, plan.encoder)
        report = write_shard(book, number, plan, embedder, telling(board, number))
        folder = f"{shard_name(number)}-{uuid4().hex[:8]}"
        built = book / shard_name(number)
        for path in sorted(built.rglob("*")):
            if path.is_file() and path.suffix != ".lock":
                remote.put(path, f"{folder}/{path.relative_to(built).as_posix()}")
    mark_shard(remote, number, folder, report)
    return report


def mark_shard(remote: RemoteFolder, number: int, folder: str, report: ShardReport) -> None:
    """Say at the URL which folder there holds a shard, and what it holds."""
    with tempfile.TemporaryDirectory(prefix="openbook-") as place:
        said = Path(place) / "said.json"
        write_sealed(said, {"folder": folder, "report": asdict(report)})
        remote.replace(_marker(number), said.read_bytes())


def _marker(number: int) -> str:
    return f"{BUILDING}/{shard_name(number)}.json"


def put_shard(remote: RemoteFolder, number: int) -> tuple[str, ShardReport] | None:
    """The folder of a shard that is complete at the URL, and what it holds; None: it is still to be built."""
    content = remote.read(_marker(number))
    if content is None:
        return None
    with tempfile.TemporaryDirectory(prefix="openbook-") as place:
        file = Path(place) / "said.json"
        file.write_bytes(content)
        said = read_sealed(file)
    report = said["report"] | {"is_new": False}
    report["unknown_examples"] = tuple(report["unknown_examples"])
    return said["folder"], ShardReport(**report)


def require_shard(remote: RemoteFolder, number: int) -> tuple[str, ShardReport]:
    """As `put_shard`, of one whose rows were said to be complete.

    Raises:
        DatabaseError: it is not there any more.
    """
    found = put_shard(remote, number)
    if found is None:
        raise DatabaseError(f"{remote.url}: {_marker(number)} is gone; run the same command again")
    return found


def fetch_shards(folder: Path, url: str, count: int) -> list[str]:
    """Fetch all shards into the folder in which the book is made; returns their folders, in order.

    Raises:
        DatabaseError: one is not complete, or cannot be reached.
    """
    remote = RemoteFolder(url)
    names = [require_shard(remote, number)[0] for number in range(count)]
    wanted = {
        name: key for name, key in remote.files().items() if name.partition("/")[0] in names or _begins(name)
    }
    fetch_files(remote, folder, wanted, noted=FETCHED)
    return names

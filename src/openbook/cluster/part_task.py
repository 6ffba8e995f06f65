"""Writing one shard's part of a batch in a worker, into the copy that the command has made for it.

A copy is written to by one worker at a time: by whoever holds the lock of the shard. A worker that was given
up, and still runs, may hold it; the next one waits, and finds the part written, or cuts off half of it. What
comes too late, when the command has ended or begun again, finds that the copy is not the one it was sent to:

    command      makes the copy, with part and sign in it ──── removes both, commits
    worker       takes the lock, sees the sign, reads the part, writes, lets go
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openbook.cluster.part_file import read_part_file
from openbook.cluster.remote_encoder import EncoderDescription, remote_embedder
from openbook.cluster.shard_task import telling
from openbook.database.search.dense_store import TrainedIndex
from openbook.database.search.embedder import Embedder
from openbook.database.shards.shard_copies import LONGEST_LOCK, shard_lock
from openbook.database.shards.shard_part import finish_indexes, write_part
from openbook.database.write.unknown_tokens import UnknownTokens
from openbook.errors import ClusterError
from openbook.lock import wait_for_lock


@dataclass(frozen=True, slots=True)
class CopyAddress:
    """Where a worker finds the copy of a shard."""

    book: str
    place: int
    """Of the shard."""
    folder: str
    """Of the copy."""
    sign: str
    """A file's name, of this copy alone; left out where a copy is copied."""

    @property
    def sign_file(self) -> Path:
        return Path(self.folder) / self.sign

    @property
    def part_file(self) -> Path:
        """What is to be written, see `openbook.cluster.part_file`."""
        return self.sign_file.with_suffix(".part.lock")

    @contextmanager
    def held(self) -> Iterator[Path]:
        """Let no other worker write to the shard; gives the folder of the copy.

        Raises:
            ClusterError: another worker is at it and does not end, or the copy is gone.
        """
        lock = wait_for_lock(
            shard_lock(Path(self.book), self.place), seconds=LONGEST_LOCK, error=ClusterError
        )
        try:
            if not self.sign_file.exists():
                raise ClusterError(
                    f"{self.folder}: the command that wanted it written has ended; run it again"
                )
            yield Path(self.folder)
        finally:
            lock.release()


def add_part(
    address: CopyAddress,
    version: int,
    encoder: Any = None,
    described: EncoderDescription | None = None,
    board: Any = None,
) -> UnknownTokens:
    """Write the part that stands in a copy; see `write_part`.

    Args:
        address: of the copy.
        version: of the copy before.
        encoder: Ray's handle of an `EncoderActor`; None: words only.
        described: the encoder.
        board: Ray's handle of a `ProgressBoard`; None: nobody asks.

    Raises:
        DatabaseError: the copy is damaged, or the disk is full.
        ClusterError: see `CopyAddress.held`.
    """
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # a worker is one core, whatever runs beside it

    def loaded() -> Embedder:
        assert described is not None
        return remote_embedder(encoder, described)

    with address.held() as folder:
        part = read_part_file(address.part_file)
        progress = telling(board, address.place)
        return write_part(folder, part, version=version, embedder=loaded, progress=progress)


def index_copy(address: CopyAddress, shards: int, trained: TrainedIndex | None, bulk: bool) -> None:
    """Let the indexes of a copy of one of so many shards keep up with its rows; errors as of `add_part`."""
    with address.held() as folder:
        finish_indexes(folder, shards=shards, trained=trained, bulk=bulk)

"""Copies of a shard's folder to write to, which share all files that are never changed in place.

Rows are only appended to arrays, and what lies beyond the rows that a catalog vouches for does not count; all
other files are replaced by new ones, never written into. So a copy is made of links, and both folders stay
right: the one that readers have and the one that is written to. The catalog alone is changed in place, and is
copied.
"""

import os
import re
import shutil
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path

from openbook.database.shards.book_indexes import OpenedShard
from openbook.database.storage.catalog import FILE_NAME, Catalog
from openbook.database.storage.database_folder import DatabaseFolder
from openbook.database.storage.files import delete_withdrawn
from openbook.database.storage.sealed import naming_errors
from openbook.database.write.database_writer import DatabaseWriter
from openbook.errors import DatabaseError
from openbook.lock import wait_for_lock

LONGEST_LOCK = 120.0
"""Seconds that a worker of a cluster which was given up may go on writing to a shard."""
_OWN_FOLDER = re.compile(r"shard-\d{5}(-\d{6,}|-[0-9a-f]{8})?")
"""As built; as a commit leaves it; as a worker put it into an object store."""
_NUMBERED_COPY = re.compile(r"shard-\d{5}-(\d{6,})")


class ShardCopy:
    """A copy of a shard, which one process at a time writes to.

    Args:
        shard: what is copied.
        target: the folder of the copy.
        begin: makes the writer of a folder.
    """

    def __init__(
        self, shard: DatabaseFolder, target: Path, begin: Callable[[DatabaseFolder], DatabaseWriter]
    ) -> None:
        copy_shard(shard.path, target)
        self.folder = DatabaseFolder(target, Catalog(target), shard.settings, shard.tokenizer)
        self._begin = begin
        self._held = ExitStack()
        self._writer: DatabaseWriter | None = None

    def writer(self) -> DatabaseWriter:
        """What writes to it, which holds its locks until `close`."""
        if self._writer is None:
            self._writer = self._held.enter_context(self._begin(self.folder))
        return self._writer

    def close(self) -> None:
        """Let go of the locks; another process may write, or `writer` go on."""
        self._writer = None
        self._held.close()

    def delete(self) -> None:
        """Let go of the locks, and of the folder."""
        self.close()
        shutil.rmtree(self.folder.path, ignore_errors=True)

    def opened(self) -> OpenedShard:
        """The shard as it is now."""
        snapshot = self.folder.catalog.snapshot()
        files = self.folder.files(self.folder.catalog.head().generation)
        layout = files.layout(snapshot)
        return OpenedShard(
            folder=self.folder,
            files=files,
            layout=layout,
            tokens=files.tokens.rows(layout.num_chunks),
            vectors=None if files.vectors is None else files.vectors.rows(layout.num_chunks),
        )


def copy_name(place: int, commit: int, *, after: str) -> str:
    """Name the folder of a shard as a commit of the book is to leave it.

    Where an index alone was made again, the book has no new commit, but the shard has a new folder.

    Args:
        place: of the shard.
        commit: number of the commit.
        after: folder of the shard until then.

    >>> copy_name(3, 17, after="shard-00003-000012"), copy_name(3, 17, after="shard-00003-000017")
    ('shard-00003-000017', 'shard-00003-000018')
    """
    numbered = _NUMBERED_COPY.fullmatch(after)
    number = max(commit, int(numbered[1]) + 1) if numbered else commit
    return f"shard-{place:05}-{number:06}"


def shard_lock(book: Path, place: int) -> Path:
    """The lock that a worker of a cluster holds while it writes to any copy of a shard."""
    return book / f"shard-{place:05}.lock"


def require_free_shard(book: Path, place: int) -> None:
    """Wait for a worker of a cluster that was given up by the command before, and still writes.

    Its rows go to arrays that all copies share, so two of them may not be written to at a time.

    Raises:
        DatabaseError: it does not end.
    """
    lock = shard_lock(book, place)
    if lock.exists():  # books that no cluster has added to have none
        wait_for_lock(lock, seconds=LONGEST_LOCK, error=DatabaseError).release()


def copy_shard(source: Path, target: Path) -> None:
    """Make a folder to write to; what an interrupted call left there is deleted.

    Of a shard that lies elsewhere nothing is shared: it may be a database that others write to as well.

    Raises:
        DatabaseError: it cannot be written.
    """
    assert source != target
    copy = _link if source.parent == target.parent else shutil.copy2
    with naming_errors(target):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, copy_function=copy, ignore=_left_out)


def _left_out(folder: str, names: list[str]) -> list[str]:
    """Locks are not shared, and a journal there is none of: nothing writes to a shard that readers have."""
    return [name for name in names if name.endswith((".lock", "-journal"))]


def _link(source: str, target: str) -> str:
    if Path(source).name != FILE_NAME:
        try:
            os.link(source, target)
            return target
        except OSError:  # another disk, or one that knows no links
            pass
    return str(shutil.copy2(source, target))


def remove_other_shards(book: Path, named: Collection[str]) -> None:
    """Delete the shards inside a book's folder that its manifest does not name any more, or not yet.

    What readers have open of them stays, as far as the system allows.
    """
    for path in book.iterdir():
        if _OWN_FOLDER.fullmatch(path.name) and path.name not in named and path.is_dir():
            delete_withdrawn(path)

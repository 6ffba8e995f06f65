"""Locks are taken at once, or as soon as their holder lets go."""

import threading
from pathlib import Path

import pytest
from filelock import FileLock

from openbook.errors import ClusterError, DatabaseError, LockedError
from openbook.lock import take_lock, wait_for_lock


def test_a_lock_that_is_held_is_refused_or_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "write.lock"
    held = FileLock(file, thread_local=False)  # so that another thread lets go of it
    held.acquire()
    with pytest.raises(LockedError, match="another process is writing"):
        take_lock(file)
    with pytest.raises(ClusterError, match=r"write\.lock: another process has held it for 0 s"):
        wait_for_lock(file, seconds=0.1, error=ClusterError)
    threading.Timer(0.2, held.release).start()
    wait_for_lock(file, seconds=60, error=ClusterError).release()


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "book").write_text("a file")
    with pytest.raises(DatabaseError, match=r"book.write\.lock: cannot be written to"):
        wait_for_lock(tmp_path / "book" / "write.lock", seconds=1, error=DatabaseError)

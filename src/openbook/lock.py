"""One process at a time: locks that the operating system lets go of when their holder dies."""

from pathlib import Path

from filelock import FileLock, Timeout

from openbook.errors import DatabaseError, LockedError, OpenbookError


def take_lock(file: Path, error: type[OpenbookError] = DatabaseError) -> FileLock:
    """Take the lock of a folder, or raise at once; the caller releases it.

    Args:
        file: the lock, in that folder.
        error: what to raise.

    Raises:
        LockedError, or `error`: another process holds it.
        DatabaseError, or `error`: the folder is read-only.
    """
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout as problem:
        raise (LockedError if error is DatabaseError else error)(
            f"{file.parent}: another process is writing to it; try again when that is done"
        ) from problem
    except OSError as problem:
        raise error(f"{file.parent}: cannot be written to: {problem}") from problem
    return lock


def wait_for_lock(file: Path, *, seconds: float, error: type[OpenbookError]) -> FileLock:
    """Take a lock as soon as its holder has let go of it; the caller releases it.

    Raises:
        `error`: it is held longer than that, or the folder is read-only.
    """
    lock = FileLock(file)
    try:
        lock.acquire(timeout=seconds)
    except Timeout as problem:
        raise error(f"{file}: another process has held it for {seconds:.0f} s; run again") from problem
    except OSError as problem:
        raise error(f"{file}: cannot be written to: {problem}") from problem
    return lock

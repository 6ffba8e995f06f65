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

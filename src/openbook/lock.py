"""One process at a time: locks that the operating system lets go of when their holder dies."""

from pathlib import Path

from filelock import FileLock, Timeout

from openbook.errors import DatabaseError


def take_lock(file: Path) -> FileLock:
    """Take the lock of a database's folder, or raise at once; the caller releases it.

    Raises:
        DatabaseError: another process holds it, or the folder is read-only.
    """
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DatabaseError(
            f"{file.parent}: another process is writing to it; try again when that is done"
        ) from error
    except OSError as error:
        raise DatabaseError(f"{file.parent}: cannot be written to: {error}") from error
    return lock

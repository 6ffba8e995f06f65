"""Small files that are complete or absent, and errors of the disk that name the file.

The caller chooses the class of the error: a plot that finds no room is not a database's matter.
"""

import hashlib
import json
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from openbook.errors import OpenbookError

ErrorClass = type[OpenbookError]
_IS_WINDOWS = os.name == "nt"
_TRIES = 20
_SECONDS_BETWEEN_TRIES = 0.05


@contextmanager
def naming_errors(path: Path, error: ErrorClass) -> Iterator[None]:
    """Raise `error`, naming the file, in place of an OSError inside the block.

    A full disk or a missing right is the user's to correct, not a fault of ours.
    """
    try:
        yield
    except OSError as problem:
        message = f"{path}: cannot be read or written: {problem.strerror or problem}"
        raise error(message) from problem


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in place of what was there, whole or not at all; it is on the disk afterwards.

    Raises:
        OSError: it cannot be written; then it is as it was before.
    """
    unfinished = path.with_name(f"{path.name}.new")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _replace(unfinished, path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()
        raise
    sync_folder(path.parent, files=False)


def _replace(new: Path, path: Path) -> None:
    """Windows refuses it while another process reads the old file, which is a matter of moments."""
    for tries_left in reversed(range(_TRIES)):
        try:
            new.replace(path)
            return
        except PermissionError:
            if not (_IS_WINDOWS and tries_left):
                raise
        time.sleep(_SECONDS_BETWEEN_TRIES)


def sync_folder(folder: Path, *, files: bool = True) -> None:
    """Bring a folder's entries, and its files, to the disk.

    Raises:
        OSError: the disk is full.
    """
    for path in [*(folder.iterdir() if files else ()), folder]:
        if path.is_dir() and _IS_WINDOWS:
            continue  # Windows has no way to do it
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_tree(folder: Path) -> None:
    """Bring a folder with all that is in it to the disk.

    Raises:
        OSError: the disk is full.
    """
    for path in (*filter(Path.is_dir, folder.rglob("*")), folder):
        sync_folder(path)


def write_sealed(path: Path, values: dict[str, Any], error: ErrorClass) -> None:
    """Write a JSON object with its own checksum, as `replace_file` does."""
    sealed = {"crc32": _checksum(values), "values": values}
    with naming_errors(path, error):
        replace_file(path, json.dumps(sealed, sort_keys=True).encode())


def read_sealed(path: Path, error: ErrorClass) -> dict[str, Any]:
    """Read what `write_sealed` wrote; it is an error if it is missing or damaged."""
    with naming_errors(path, error):
        raw = path.read_bytes()
    try:
        sealed = json.loads(raw)
        values: dict[str, Any] = sealed["values"]
        is_right = sealed["crc32"] == _checksum(values)
    except (ValueError, KeyError, TypeError, RecursionError):
        is_right = False
    if not is_right:
        raise error(f"{path}: does not match its checksum: the file is damaged")
    return values


def read_sealed_if_there(path: Path, error: ErrorClass) -> dict[str, Any] | None:
    """Read the same; None if there is no such file, also if it is deleted in this moment."""
    try:
        return read_sealed(path, error)
    except error:
        if path.exists():
            raise
        return None


def file_digest(path: Path, error: ErrorClass) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with naming_errors(path, error), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checksum(values: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(values, sort_keys=True).encode())

"""Small files that are complete or absent, and errors of the disk that name the file."""

import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openbook.errors import DatabaseError, OpenbookError

GENERATION = "generation-"
"""How the name of a folder begins that `compact` has written, inside the database's."""


def database_of(place: Path) -> Path:
    """The folder of the database that keeps its arrays and indexes in `place`: for what errors advise."""
    return place.parent if place.name.startswith(GENERATION) else place


@contextmanager
def stored(path: Path, *, raising: type[OpenbookError] = DatabaseError) -> Iterator[None]:
    """Turn errors of the disk inside the block into one of ours: a full disk is the user's to see to.

    Args:
        path: what is read or written.
        raising: the class of the error.

    Raises:
        DatabaseError: in place of an OSError, or what is to be raised instead.
    """
    try:
        yield
    except OSError as error:
        raise raising(f"{path}: cannot be read or written: {error.strerror or error}") from error


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in place of what was there, whole or not at all; it is on the disk afterwards.

    Raises:
        OSError: it cannot be written; then it is as it was before.
    """
    unfinished = path.with_name(f"{path.name}.new")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def write_sealed(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON object with its own checksum in place of what was there; it is on the disk afterwards.

    Raises:
        DatabaseError: it cannot be written.
    """
    text = json.dumps(values, sort_keys=True)
    sealed = json.dumps({"crc32": zlib.crc32(text.encode()), "values": values}, sort_keys=True)
    with stored(path):
        replace_file(path, sealed.encode())


def read_sealed(path: Path) -> dict[str, Any]:
    """Read what `write_sealed` wrote.

    Raises:
        DatabaseError: it is missing or damaged.
    """
    with stored(path):
        raw = path.read_bytes()
    try:
        sealed = json.loads(raw)
        values: dict[str, Any] = sealed["values"]
        right = sealed["crc32"] == zlib.crc32(json.dumps(values, sort_keys=True).encode())
    except (ValueError, KeyError, TypeError, RecursionError):
        right = False
    if not right:
        raise DatabaseError(f"{path}: does not match its checksum: the file is damaged")
    return values


def read_sealed_if_there(path: Path) -> dict[str, Any] | None:
    """The same; None if there is no such file, also if it is deleted in this moment.

    Raises:
        DatabaseError: it is damaged.
    """
    try:
        return read_sealed(path)
    except DatabaseError:
        if path.exists():
            raise
        return None


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with stored(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The small files of a database, complete or absent: what openbook.durable does, with a database's errors."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from openbook.durable import file_digest as _file_digest
from openbook.durable import naming_errors as _naming_errors
from openbook.durable import read_sealed as _read_sealed
from openbook.durable import read_sealed_if_there as _read_sealed_if_there
from openbook.durable import write_sealed as _write_sealed
from openbook.errors import DatabaseError

CATALOG = "catalog.sqlite"
"""What every database has in its folder."""
BOOK = "book.json"
"""The manifest of a sharded book, in the folder that holds its shards; see database/shards/."""
NEIGHBORS = "neighbors"
"""The folder of the neighbor table, beside the arrays."""
GENERATION = "generation-"
"""How the name of a folder begins that `compact` has written, inside the database's."""


def database_of(place: Path) -> Path:
    """The folder of the database that keeps its files in `place`: for what errors advise.

    Of a shard it is that of its book, which alone may change it.
    """
    if place.name == NEIGHBORS and not any((place / name).exists() for name in (CATALOG, BOOK)):
        place = place.parent
    folder = place.parent if place.name.startswith(GENERATION) else place
    return folder.parent if (folder.absolute().parent / BOOK).is_file() else folder


def naming_errors(path: Path) -> AbstractContextManager[None]:
    """Raise `DatabaseError`, naming the file, in place of an OSError inside the block."""
    return _naming_errors(path, DatabaseError)


def write_sealed(path: Path, values: dict[str, Any]) -> None:
    """Put a JSON object with its own checksum in the place of what was there.

    Raises:
        DatabaseError: it cannot be written.
    """
    _write_sealed(path, values, DatabaseError)


def read_sealed(path: Path) -> dict[str, Any]:
    """Read what `write_sealed` wrote.

    Raises:
        DatabaseError: it is missing or damaged.
    """
    return _read_sealed(path, DatabaseError)


def read_sealed_if_there(path: Path) -> dict[str, Any] | None:
    """Read the same; None if there is no such file.

    Raises:
        DatabaseError: it is damaged.
    """
    return _read_sealed_if_there(path, DatabaseError)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        DatabaseError: it cannot be read.
    """
    return _file_digest(path, DatabaseError)

"""Checksums of the small files that are read whole: the catalog and the tokenizer's.

Written when a writer has done its work. A catalog that is newer than its checksum, because the writer was
killed in between, is compared with the checksums of its own rows alone.
"""

from contextlib import suppress
from dataclasses import dataclass

from openbook.database.storage.catalog import FILE_NAME, Catalog
from openbook.database.storage.sealed import (
    file_digest,
    naming_errors,
    read_sealed,
    read_sealed_if_there,
    write_sealed,
)
from openbook.errors import DatabaseError

NAME = "checksums.json"
_NO_VERSION = -1


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is damaged."""

    file: str
    """Path below the database's folder."""
    problem: str


def write_manifest(catalog: Catalog) -> None:
    """Record the checksums of the newest version's small files."""
    folder = catalog.path.parent
    path = folder / NAME
    version = catalog.head().version
    if path.is_file() and _version(catalog) == version:
        return
    names = [FILE_NAME, *_tokenizer_files(catalog)]
    digests = {name: file_digest(folder / name) for name in names}
    write_sealed(path, {"version": version, "files": digests})


def forget_catalog(catalog: Catalog) -> None:
    """Leave the catalog to its own rows until the checksums are written again: its file will change."""
    path = catalog.path.parent / NAME
    with suppress(DatabaseError):  # a damaged manifest is found by `check_manifest`
        if (manifest := read_sealed_if_there(path)) is not None:
            write_sealed(path, manifest | {"version": _NO_VERSION})


def check_manifest(catalog: Catalog) -> list[Problem]:
    """The files that do not match it."""
    folder = catalog.path.parent
    if not (folder / NAME).exists() and catalog.head().version == 0:
        return []  # killed when it had just been made
    try:
        manifest = read_sealed(folder / NAME)
    except DatabaseError as error:
        return [Problem(NAME, str(error).partition(": ")[2])]
    problems = []
    for name, digest in manifest["files"].items():
        if name == FILE_NAME and manifest["version"] != catalog.head().version:
            continue
        try:
            if file_digest(folder / name) != digest:
                problems.append(Problem(name, "does not match its checksum"))
        except DatabaseError as error:
            problems.append(Problem(name, str(error).partition(": ")[2]))
    return problems


def _version(catalog: Catalog) -> int:
    try:
        return int(read_sealed(catalog.path.parent / NAME)["version"])
    except DatabaseError:
        return _NO_VERSION


def _tokenizer_files(catalog: Catalog) -> list[str]:
    folder = catalog.path.parent / "tokenizer"
    with naming_errors(folder):
        return [f"tokenizer/{path.name}" for path in sorted(folder.iterdir()) if path.is_file()]

"""What a folder holds, as JSON values that can be compared: digests of files, and the rows of a catalogue.

Left out by name: moments and durations; checksums that cover a moment; the files of tantivy, whose names are
random (searches are compared instead); TensorBoard's events, which are full of moments.
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

CATALOG = "catalog.sqlite"
_MOMENTS = {"seconds", "time", "made", "queries_per_second", "tokens_per_second", "latency_ms"}
_OF_MOMENTS = {"seal", "crc32", "history", "neighbors' history", CATALOG, "disk"}
"""Checksums of rows and files that hold a moment, and sizes of files that hold random names."""
_FOLDERS = {"lexical", "tensorboard"}
_PLACE = "FOLDER"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+\d\d:\d\d")
_DIGESTED = {"tokenizer.json"}
"""JSON that is long and has none of these names in it."""


def cleaned(value: Any, places: Iterable[str]) -> Any:
    """A JSON value without what differs from run to run.

    Args:
        value: any.
        places: absolute paths of folders that stand for one another.
    """
    if isinstance(value, dict):
        left_out = _MOMENTS | _OF_MOMENTS
        return {key: cleaned(item, places) for key, item in value.items() if key not in left_out}
    if isinstance(value, list):
        return [cleaned(item, places) for item in value]
    if isinstance(value, str):
        for place in places:
            value = value.replace(place, _PLACE)
        return _MOMENT.sub("MOMENT", value)
    return value


def files_of(folder: Path, places: Iterable[str]) -> dict[str, Any]:
    """Each file below a folder by its path: what JSON says, the SHA-256 of other files."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if not _FOLDERS & set(path.relative_to(folder).parts):
            found[name] = _content(path, places)
    return found


def _content(path: Path, places: Iterable[str]) -> Any:
    if path.name == CATALOG:
        return cleaned(rows_of(path), places)
    if path.suffix == ".json" and path.name not in _DIGESTED:
        return cleaned(json.loads(path.read_bytes()), places)
    if path.suffix == ".jsonl":
        return [cleaned(json.loads(line), places) for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".md":
        return cleaned(path.read_text("utf-8").splitlines(), places)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows_of(catalog: Path) -> dict[str, dict[str, list[Any]]]:
    """The values of each column of each table, rows in the order of the first column."""
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found = {}
        for (table,) in sorted(tables):
            rows = connection.execute(f"SELECT * FROM {table} ORDER BY 1")
            names = [column[0] for column in rows.description]
            values = rows.fetchall()
            found[table] = {name: [row[place] for row in values] for place, name in enumerate(names)}
    return found

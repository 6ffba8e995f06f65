"""What a folder holds, as fsspec lists it: files, folders, links, and what git ignores of it.

Which of it are documents is not known here.
"""

import errno
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from openbook.text.git_ignore import GIT_FOLDER, GIT_IGNORE, IgnoreRules, rules_above
from openbook.text.origins import Place

LINKED_FOLDER, BROKEN_LINK = "linked folder", "broken link"
_BROKEN = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
"""Errors of links that lead nowhere, or in a circle."""

Names = dict[str, tuple[bool, dict[str, Any]]]
"""What a folder holds, by name: whether it is a folder, and what fsspec says of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a folder holds: its place, its path below what was named, what a file is, and what git ignores."""

    path: str
    below: PurePosixPath
    info: dict[str, Any] | None
    """Of a file; None: it is a folder."""
    rules: IgnoreRules
    """Of the folder that it lies in."""


def names_of(filesystem: Any, folder: str) -> Names:
    """What a folder holds, by name: whether it is a folder, and what fsspec says of it.

    Raises:
        OSError: it cannot be listed.
    """
    _, folders, files = next(filesystem.walk(folder, maxdepth=1, detail=True, on_error="raise"))
    return {name: (name in folders, found) for name, found in {**files, **folders}.items()}


def rules_inside(filesystem: Any, entry: Entry, names: Names, place: Place) -> IgnoreRules:
    """What git ignores in a folder.

    Raises:
        OSError: a .gitignore file cannot be read.
    """
    rules, below = entry.rules, str(entry.below) if entry.below.parts else ""
    if not below and Path(place.file_origin).is_absolute():
        rules = rules_above(Path(place.origin))
    elif GIT_FOLDER in names:
        rules = IgnoreRules()  # a repository of its own
    _, found = names.get(GIT_IGNORE, (False, {"type": "other"}))
    if found["type"] != "file":  # git follows no link here
        return rules
    return rules.inside(below, filesystem.cat_file(found["name"]))


def children(names: Names, below: PurePosixPath, rules: IgnoreRules) -> Iterator[Entry]:
    """What a folder holds, by name."""
    for name, (is_folder, found) in sorted(names.items()):
        yield Entry(found["name"], below / name, None if is_folder else found, rules)


def kind_of_entry(filesystem: Any, found: dict[str, Any]) -> str:
    """What an entry is, or what it links to: a file, a folder, or what is not opened, for it may wait."""
    if found["type"] != "other":
        return "file"
    try:
        info = filesystem.info(found["name"])
    except OSError as error:  # if the link leads somewhere, its reader says what is wrong
        return BROKEN_LINK if error.errno in _BROKEN else "file"
    if info["type"] != "other":
        return LINKED_FOLDER if info["type"] == "directory" else "file"
    mode = info.get("mode", 0)
    return "pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"

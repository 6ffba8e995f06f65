"""Copies of a shard's folder to write to, which share all files that are never changed in place.

Rows are only appended to arrays, and what lies beyond the rows that a catalog vouches for does not count; all
other files are replaced by new ones, never written into. So a copy is made of links, and both folders stay
right: the one that readers have and the one that is written to. The catalog alone is changed in place, and is
copied.
"""

import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from openbook.database.storage.catalog import FILE_NAME
from openbook.database.storage.sealed import naming_errors

_OWN_FOLDER = re.compile(r"shard-\d{5}(-\d{6})?")


def copy_name(place: int, commit: int) -> str:
    """Name the folder of a shard as a commit of the book leaves it."""
    return f"shard-{place:05}-{commit:06}"


def copy_shard(source: Path, target: Path) -> None:
    """Make a folder to write to; what an interrupted call left there is deleted.

    Raises:
        DatabaseError: it cannot be written.
    """
    with naming_errors(target):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, copy_function=_link, ignore=_left_out)


def _left_out(folder: str, names: list[str]) -> list[str]:
    """Locks are not shared, and a journal there is none of: nothing writes to a shard that readers have."""
    return [name for name in names if name.endswith((".lock", "-journal"))]


def _link(source: str, target: str) -> str:
    if Path(source).name != FILE_NAME:
        try:
            os.link(source, target)
            return target
        except OSError:  # another disk, or one that knows no links
            pass
    return str(shutil.copy2(source, target))


def remove_other_shards(book: Path, named: Collection[str]) -> None:
    """Delete the shards inside a book's folder that its manifest does not name any more, or not yet.

    What readers have open of them stays, as far as the system allows.
    """
    for path in book.iterdir():
        if _OWN_FOLDER.fullmatch(path.name) and path.name not in named and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)

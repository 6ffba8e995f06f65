"""Where a document came from, written so that one file has one name however it was reached.

/kim/notes/gate.md               a file: absolute, the links that lead to what was named followed
/kim/rows.jsonl                  of each of its rows
/kim/inbox.mbox:8213             one of its mails, by a number made of its Message-ID
/kim/tokens:7                    document 7 of Megatron's tokens.bin and tokens.idx
s3://bucket/notes/gate.md        a file on another file system
zip://gate.md::/kim/n.zip        a file in an archive
hf://OWNER/NAME?split=train      a data set
stdin                            standard input
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openbook.text.globs import is_excluded, matches

STANDARD_INPUT_ORIGIN = "stdin"
_NUMBER = re.compile(r":\d+\Z")
_DATA_SET = "hf://"
_CHAIN = "::"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What one name of a source stands for: a file, a data set, or a folder with all below it."""

    origin: str
    is_folder: bool = False
    chain: str = ""
    """Of a file in an archive what the origin ends with: `::/kim/n.zip`."""
    glob: str | None = None
    """Of a folder only the files whose path below it matches."""
    exclude: Sequence[str] = ()
    """Of a folder without the files and folders whose path below it matches one of these."""

    def file(self, below: str) -> str:
        """The origin of a file by its path below this folder.

        >>> Place(origin="/kim/notes", is_folder=True).file("sub/gate.md")
        '/kim/notes/sub/gate.md'
        """
        return f"{self.start}{below}{self.chain}"

    @property
    def file_origin(self) -> str:
        """The origin of documents of this file."""
        return f"{self.origin}{self.chain}"

    def path_of(self, origin: str) -> str | None:
        """Find the path of a document's file below this folder, empty for the place itself; None: not here.

        >>> Place(origin="/n", is_folder=True).path_of("/n/rows.jsonl"), Place(origin="/n").path_of("/n/a.md")
        ('rows.jsonl', None)
        """
        if not self.is_folder:
            return "" if self.file_origin in (origin, file_of(origin)) else None
        if not origin.startswith(self.start) or not origin.endswith(self.chain):
            return None
        return origin.removesuffix(self.chain)[len(self.start) :]

    def covers(self, origin: str) -> bool:
        """Whether a document's file is here, and none that a pattern leaves out."""
        path = self.path_of(origin)
        if path is None or not self.is_folder:
            return path is not None
        is_wanted = self.glob is None or matches(path, self.glob)
        return is_wanted and not is_excluded(path, self.exclude)

    def before_move(self, former: str, now: str) -> "Place | None":
        """Where this was, as a file of it shows that is here now and was elsewhere; None: it does not show.

        >>> Place(origin="/new/n", is_folder=True).before_move("/old/n/a.md", "/new/n/a.md").origin
        '/old/n'
        """
        path = self.path_of(now)
        if path is None:
            return None
        if not path:
            return replace(self, origin=former.removesuffix(self.chain))
        end = f"/{path}{self.chain}"
        return replace(self, origin=former.removesuffix(end)) if former.endswith(end) else None

    @property
    def start(self) -> str:
        """How the origins of files in this folder begin."""
        return self.origin if self.origin.endswith("/") else f"{self.origin}/"


def place_of_path(filesystem: Any, path: str, source: str, *, is_folder: bool) -> Place:
    """Say where a file or folder is.

    Args:
        filesystem: of fsspec.
        path: there.
        source: as the user named it: of an archive it says where that is.
        is_folder: whether it is one.
    """
    from fsspec.implementations.local import LocalFileSystem

    if isinstance(filesystem, LocalFileSystem):
        folder, name = (path, "") if is_folder else os.path.split(path)
        # A link to a file is a file of its own, beside the one that it leads to.
        return Place(origin=str(Path(os.path.realpath(folder)) / name), is_folder=is_folder)
    _, chain, outer = source.partition(_CHAIN)
    if outer and "://" not in outer:
        outer = os.path.realpath(outer)
    return Place(origin=filesystem.unstrip_protocol(path), is_folder=is_folder, chain=f"{chain}{outer}")


def places_called(name: str) -> list[Place]:
    """What a file or folder, there or not, may be that is called so here; see `place_of_path`.

    >>> [place.origin for place in places_called("/kim/../kim/notes/")][-1]
    '/kim/notes'
    """
    path = real_path(name)
    folder, last = os.path.split(name)
    if last not in ("", os.curdir, os.pardir) and not Path(path).is_dir():
        path = str(Path(real_path(folder)) / last)
    origins = dict.fromkeys((name, path))
    return [Place(origin=origin, is_folder=is_folder) for origin in origins for is_folder in (False, True)]


def real_path(name: str) -> str:
    """The path behind all links; of what no file can be called, as with a null character in it, the same."""
    try:
        return os.path.realpath(name)
    except ValueError:
        return name


def file_of(origin: str) -> str:
    """The origin without the number of a row or document; of a file that has such a name it is the whole.

    >>> file_of("/kim/tokens:7"), file_of("/kim/gate.md")
    ('/kim/tokens', '/kim/gate.md')
    """
    file = _NUMBER.sub("", origin)
    has_such_a_name = file != origin and Path(origin).is_absolute() and _exists(origin)
    return origin if has_such_a_name else file


def folders_above(origin: str) -> Iterator[str]:
    """The origins of the folders that a file lies in, the nearest first.

    >>> [*folders_above("/kim/notes/gate.md")], [*folders_above("zip://n/gate.md::/kim/n.zip")][0]
    (['/kim/notes', '/kim'], 'zip://n::/kim/n.zip')
    """
    path, chain, outer = (origin, "", "") if origin.startswith("/") else origin.partition(_CHAIN)
    while folder := path.rpartition("/")[0]:
        path = folder
        yield f"{path}{chain}{outer}"


def origin_by_source(source: str) -> str:
    """The origin of a document that was stored before origins were, if its source is a file; else empty.

    >>> origin_by_source("/kim/rows.jsonl:17"), origin_by_source("https://example.org/gate")
    ('/kim/rows.jsonl', '')
    """
    if source == STANDARD_INPUT_ORIGIN or source.startswith(f"{STANDARD_INPUT_ORIGIN}:"):
        return STANDARD_INPUT_ORIGIN
    if not Path(source).is_absolute():
        return ""
    return source if Path(f"{file_of(source)}.idx").exists() else file_of(source)


def is_local(origin: str) -> bool:
    """Whether it is a file or folder of this machine."""
    return Path(origin).is_absolute()


def is_there(origin: str) -> bool:
    """Whether the file that a document came from is still where it was; what cannot be known is."""
    if not origin:
        return False
    if origin == STANDARD_INPUT_ORIGIN or origin.startswith(_DATA_SET):
        return True
    candidates = (origin, file_of(origin), f"{file_of(origin)}.idx")
    if Path(origin).is_absolute():
        return any(_exists(candidate) for candidate in candidates)
    try:
        import fsspec

        filesystem, path = fsspec.core.url_to_fs(origin)
        return bool(filesystem.exists(path))
    except Exception:  # noqa: BLE001 - each file system raises its own: it is out of reach, which is not gone
        return True


def _exists(path: str) -> bool:
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):  # a folder that may not be looked into, a drive that does not answer
        return True
    return True


def places_before_moves(places: Sequence[Place], moves: Iterable[tuple[str, str]]) -> list[Place]:
    """Where what has moved was: folders, and files of folders that are still there.

    Args:
        places: where they are now.
        moves: former and new origins of documents whose files have moved.
    """
    found: dict[Place, None] = {}
    for old, new in moves:
        for place in places:
            former = place.before_move(old, new)
            if former is not None and former.is_folder and is_there(former.origin):
                former = Place(origin=old.removesuffix(place.chain), chain=place.chain)
            if former is not None:
                found[former] = None
    return list(found)

"""A file on some file system, and what a reader makes of it."""

import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from openbook.errors import SourceError
from openbook.text.documents import AnyDocument, Document, source_error

UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""What opening, reading and decompressing may raise."""

Item = AnyDocument | SourceError
"""A document, or in its place why it cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Where rows hold what documents need."""

    text: str
    id: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file on some file system."""

    filesystem: Any
    path: str
    name: str
    """For ids: the file's name, or its path below the folder that the user named, with the folder's name."""

    def open(self) -> Any:
        """Open for reading bytes, decompressed by the file's suffix."""
        if self.path.lower().endswith(".zst"):
            from openbook.text.readers.zstd import open_zstd

            return open_zstd(self.filesystem.open(self.path, "rb"))
        return self.filesystem.open(self.path, "rb", compression="infer")


Reader = Callable[[SourceFile, Keys], Iterator[Item]]
"""Reads the documents of one file."""

Parse = Callable[[bytes], tuple[str, str]]
"""From the bytes of a file to its text and title."""


def read_whole(file: SourceFile, parse: Parse) -> Item:
    """A file that is one document; without a title it is called by its name."""
    try:
        with file.open() as stream:
            raw: bytes = stream.read()
        text, title = parse(raw)
        return Document(
            text=text, id=file.name, title=title or PurePosixPath(file.name).stem, source=file.path
        )
    except UnicodeDecodeError as error:
        return not_utf8(file.path, error)
    except SourceError as error:
        return error
    except UNREADABLE as error:
        return source_error(file.path, f"cannot be read: {error}")


def not_utf8(where: str, error: UnicodeDecodeError) -> SourceError:
    """The error of a text in another encoding."""
    problem = f"not UTF-8 at byte {error.start}; convert it, or leave it out: --on-error skip"
    return source_error(where, problem)

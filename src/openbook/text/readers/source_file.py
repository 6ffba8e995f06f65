"""A file on some file system, and what a reader makes of it."""

import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from openbook.errors import SourceError
from openbook.text.documents import AnyDocument, Document, source_error
from openbook.text.encodings import LOOKED_AT, encoding_of
from openbook.text.readers.mail_quotes import SeenMails

COMPRESSIONS = (".gz", ".xz", ".zst")
"""What a file of text may be compressed with, by the end of its name."""
_METHODS = {".gz": "gzip", ".xz": "xz", ".bz2": "bz2"}
"""As fsspec calls them. Not its `infer`: that reads the first file of a .zip as if it were all of it."""

UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""What opening, reading and decompressing may raise."""


class NoRowsError(SourceError):
    """A table is whole and has no row: an error where nothing else is read, else it is passed over."""


class BlankFileError(SourceError):
    """A file holds no text: an error where it is named, or nothing else is read, else it is passed over."""


class NoProseError(BlankFileError):
    """A file of a folder holds what nobody reads, such as base64; where it is named, it is read.

    Args:
        message: as of every error.
        option: as of every error.
        where: as of a `SourceError`.
        name: of the file, as ids have it.
        reason: what its text is.
    """

    def __init__(
        self, message: object = "", *, option: str = "", where: str = "", name: str = "", reason: str = ""
    ) -> None:
        super().__init__(message, option=option, where=where)
        self.name = name
        self.reason = reason

    @classmethod
    def of(cls, file: "SourceFile", reason: str) -> "NoProseError":
        """Make the error of a file for this reason."""
        error = source_error(
            file.path, f"minified or encoded, no prose: {reason}; to read it, name it itself"
        )
        return cls(str(error), where=error.where, name=file.name, reason=reason)


class UnreadPartError(SourceError):
    """One of a file's documents cannot be read, and it is known which one: what is stored of it may stay.

    Args:
        message: as of every error.
        option: as of every error.
        where: as of a `SourceError`.
        origin: of this document.
    """

    def __init__(self, message: object = "", *, option: str = "", where: str = "", origin: str = "") -> None:
        super().__init__(message, option=option, where=where)
        self.origin = origin

    @classmethod
    def of(cls, error: SourceError, *, origin: str) -> "UnreadPartError":
        """The same error, of a document of this origin."""
        return cls(str(error), option=error.option, where=error.where, origin=origin)


@dataclass(frozen=True, slots=True)
class Omission:
    """Something of a file that no document holds, though the rest was read."""

    message: str


LEAVE_OUT = ", or leave it out: --on-error skip"
"""What the command line offers beside repairing a source."""

Item = AnyDocument | SourceError | Omission
"""A document, or in its place why it cannot be read; or what the documents of a file lack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Where rows hold what documents need, and where the rows are from."""

    text: str
    id: str
    origin: str = ""
    """Of each of the rows, see `openbook.text.origins`."""
    reads_tables: bool = False
    """Whether a CSV file without the column of texts is one document: nobody chose the column."""
    mails: SeenMails = field(default_factory=SeenMails, compare=False)
    """Those that this reading came by."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file on some file system."""

    filesystem: Any
    path: str
    name: str
    """For ids: the file's name, or its path below the folder that the user named, with the folder's name."""
    origin: str = ""
    """Of its documents, see `openbook.text.origins`."""
    prefix: str = ""
    """Of ids that are made from the name."""
    is_named: bool = False
    """Whether the user named it, not a folder that it lies in."""

    def open(self) -> Any:
        """Open for reading bytes, decompressed by the file's suffix."""
        suffix = PurePosixPath(self.path).suffix.lower()
        if suffix == ".zst":
            from openbook.text.readers.zstd import open_zstd

            return open_zstd(self.filesystem.open(self.path, "rb"))
        return self.filesystem.open(self.path, "rb", compression=_METHODS.get(suffix))

    def encoding(self) -> str:
        """Find the encoding of its text, see `encoding_of`; UTF-8 if it cannot be read."""
        try:
            with self.open() as stream:
                return encoding_of(stream.read(LOOKED_AT))
        except UNREADABLE:
            return encoding_of(b"")

    @property
    def has_no_bytes(self) -> bool:
        """Whether nothing is in it; False if that cannot be known."""
        try:
            return bool(self.filesystem.size(self.path) == 0)
        except OSError:
            return False

    @property
    def stem(self) -> str:
        """The file's name without what says its kind: `notes` of `notes.md.gz`."""
        path = PurePosixPath(self.name)
        return PurePosixPath(path.stem).stem if path.suffix.lower() in COMPRESSIONS else path.stem


Reader = Callable[[SourceFile, Keys], Iterator[Item]]
"""Reads the documents of one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """What a file that is one document says; what it does not say follows from its name and place."""

    text: str
    id: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    """Of `SAID_OF_DOCUMENTS`, such as a title; empty ones count as missing."""
    omission: str = ""
    """What of it is not in the text; empty: nothing."""


Parse = Callable[[bytes], ParsedFile]
NO_DOCUMENT = "holds no document; fill it or remove it"
_NO_TEXT = "the text is empty"
_NOTHING = b"\0 \t\r\n"
_MOST_ZEROS = 8
"""That a text may hold, as one about zeros does."""


def read_whole(file: SourceFile, parse: Parse, *, most: int = -1) -> Iterator[Item]:
    """Read a file that is one document.

    Args:
        file: to read.
        parse: makes text of its bytes. Without any the file is blank, so where something else is lost that it
            holds, such as pictures, this is to raise a `SourceError` instead.
        most: bytes to read, unpacked, one more than `parse` takes; -1: all.
    """
    try:
        with file.open() as stream:
            raw: bytes = stream.read(most)
        if b"\0" in raw and not raw.strip(_NOTHING):  # as a loss of power may leave a file
            raise source_error(file.path, "holds nothing but zero bytes; write it again, or remove it")
        parsed = parse(raw)
        if not parsed.text.strip():
            raise blank_file(file.path, _NO_TEXT)
        said = {name: value for name, value in parsed.said.items() if value}
        usual = {"title": file.stem, "source": file.path}
        yield Document(
            text=without_zeros(parsed.text, file.path),
            id=parsed.id or f"{file.prefix}{file.name}",
            origin=file.origin,
            named_by_path=not parsed.id,
            fills_file=True,
            cleared=(),
            **(usual | said),
        )
        if parsed.omission:
            yield Omission(f"{file.path}: {parsed.omission}")
    except UnicodeDecodeError as error:
        yield not_utf8(file.path, error)
    except SourceError as error:
        yield error
    except UNREADABLE as error:
        yield source_error(file.path, f"cannot be read: {error}")


def without_zeros(text: str, where: str) -> str:
    """Cut the zeros that a loss of power may leave at the end of a text.

    Raises:
        SourceError: it has more than a few elsewhere, so it is none.
    """
    if "\0" not in text:
        return text
    text = text.rstrip("\0")
    if (count := text.count("\0")) > _MOST_ZEROS:
        problem = f"not text: it holds {count:,} zero bytes; write it again"
        raise source_error(where, problem, option=LEAVE_OUT)
    return text


def blank_file(where: str, problem: str = NO_DOCUMENT) -> BlankFileError:
    """Make the error of a file that holds nothing."""
    error = source_error(where, problem)
    return BlankFileError(str(error), where=error.where)


def no_rows(where: str) -> NoRowsError:
    """Make the error of a table without rows, or a list without objects."""
    error = source_error(where, NO_DOCUMENT)
    return NoRowsError(str(error), where=error.where)


def not_utf8(where: str, error: UnicodeDecodeError) -> SourceError:
    """Make the error of a text in another encoding."""
    problem = f"not UTF-8 at byte {error.start}; convert it"
    return source_error(where, problem, option=LEAVE_OUT)

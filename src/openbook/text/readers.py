"""What the documents of one file are, for each kind of file.

A reader yields documents, and in their place a `SourceError` for each one that cannot be read, so that the
caller decides whether to go on. Ids: a text file's is its path below the folder that was named; a row's is
what it says, else a fingerprint of its text.
"""

import json
import lzma
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

from openbook.errors import SourceError
from openbook.text.documents import Document, source_error

_UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)
_HEADING = re.compile(r" {0,3}#{1,6}[ \t](.*)")
_CODE_FENCE = ("```", "~~~")


@dataclass(frozen=True, slots=True)
class FileToRead:
    """A file on some file system."""

    filesystem: Any
    path: str
    name: str
    """For ids: the file's name, or its path below the folder that the user named, with the folder's name."""

    def open(self) -> Any:
        """Open for reading bytes, decompressed by the file's suffix."""
        return self.filesystem.open(self.path, "rb", compression="infer")


class Reader(Protocol):
    """Reads the documents of one file."""

    def __call__(
        self, file: FileToRead, *, text_key: str, id_key: str
    ) -> Iterator[Document | SourceError]: ...


def reader_suffix(path: str) -> str:
    """The part of a file's name that decides its reader: `.jsonl.xz` of `articles.jsonl.xz`."""
    suffixes = PurePosixPath(path).suffixes[-2:]
    joined = "".join(suffixes).lower()
    return joined if joined in READERS else "".join(suffixes[-1:]).lower()


def read_text(file: FileToRead, *, text_key: str, id_key: str) -> Iterator[Document | SourceError]:
    """A text file is one document; its title is its first Markdown heading, else its name."""
    try:
        with file.open() as stream:
            raw: bytes = stream.read()
        text = raw.decode().removeprefix("\ufeff")  # not utf-8-sig, whose errors do not count the mark
        title = _first_heading(text) if reader_suffix(file.name) == ".md" else ""
        title = title or PurePosixPath(file.name).stem
        yield Document(text=text, id=file.name, title=title, source=file.path)
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 at byte {error.start}; convert it, or go on without it: --on-error skip"
        yield source_error(file.path, problem)
    except SourceError as error:
        yield error
    except _UNREADABLE as error:
        yield source_error(file.path, f"cannot be read: {error}")


def _first_heading(markdown: str) -> str:
    """The text of the first heading outside of code, else nothing."""
    code = False
    for line in markdown.splitlines():
        if line.lstrip().startswith(_CODE_FENCE):
            code = not code
        elif not code and (heading := _HEADING.match(line)) and (title := heading[1].strip()):
            return title
    return ""


def read_json_lines(file: FileToRead, *, text_key: str, id_key: str) -> Iterator[Document | SourceError]:
    """Each line is a JSON object: one document."""
    number = 0
    try:
        with file.open() as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield _json_line(line, file.path, number, text_key, id_key)
    except _UNREADABLE as error:
        yield source_error(f"{file.path}:{number + 1}", f"cannot be read further: {error}")


def _json_line(line: bytes, path: str, number: int, text_key: str, id_key: str) -> Document | SourceError:
    where = f"{path}:{number}"
    try:
        row = json.loads(line.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        return source_error(where, f"not UTF-8 at byte {error.start} of the line")
    except (ValueError, RecursionError) as error:
        return source_error(where, f"not JSON: {error}; mend the line, or go on without it: --on-error skip")
    if not isinstance(row, dict):
        problem = f"a JSON {type(row).__name__} where an object with a {text_key!r} is expected"
        return source_error(where, problem)
    return _document(row, where, text_key, id_key)


def read_parquet(file: FileToRead, *, text_key: str, id_key: str) -> Iterator[Document | SourceError]:
    """Each row is one document; only the columns that documents have are read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with file.filesystem.open(file.path, "rb") as stream:
            table = pq.ParquetFile(stream)
            names = [
                name for name in (text_key, id_key, "title", "source") if name in table.schema_arrow.names
            ]
            if text_key not in names:
                columns = ", ".join(table.schema_arrow.names)
                problem = f"no column {text_key!r}; its columns: {columns} (choose: --text-key)"
                yield source_error(file.path, problem)
                return
            number = 0
            for batch in table.iter_batches(columns=names, batch_size=1024):
                for row in _rows(batch):
                    number += 1
                    where = f"{file.path}:{number}"
                    if isinstance(row, Exception):
                        yield source_error(where, f"cannot be read: {row}")
                    else:
                        yield _document(row, where, text_key, id_key)
    except (pa.ArrowException, UnicodeDecodeError, *_UNREADABLE) as error:
        yield source_error(file.path, f"not readable as Parquet: {error}")


def _rows(batch: Any) -> list[Mapping[str, Any] | Exception]:
    """The rows of a record batch, and in place of each that has no Python form (not UTF-8) its error."""
    try:
        rows: list[Mapping[str, Any] | Exception] = batch.to_pylist()
    except (ValueError, OverflowError) as error:
        if batch.num_rows == 1:
            return [error]
        return [row for number in range(batch.num_rows) for row in _rows(batch.slice(number, 1))]
    return rows


def _document(row: Mapping[str, Any], where: str, text_key: str, id_key: str) -> Document | SourceError:
    text = row.get(text_key)
    if not isinstance(text, str) or not text.strip():
        found = (
            "is empty" if isinstance(text, str) else f"is {text!r:.40}" if text_key in row else "is missing"
        )
        return source_error(where, f"no text: {text_key!r} {found}; choose another key with --text-key")
    identity = row.get(id_key)
    if isinstance(identity, bool) or not isinstance(identity, str | int | None):
        return source_error(where, f"the id {identity!r:.40} is neither text nor a whole number")
    source = str(row.get("source") or "")
    try:
        return Document(
            text=text,
            id="" if identity is None else str(identity),
            title=str(row.get("title") or ""),
            source=source or where,
        )
    except SourceError as error:
        return source_error(where, error) if source else error


READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_text,
    ".jsonl": read_json_lines,
    ".jsonl.gz": read_json_lines,
    ".jsonl.xz": read_json_lines,
    ".parquet": read_parquet,
}
"""By the end of the file's name."""

"""What the documents of one file are, for each kind of file.

A reader yields documents, and in their place a `SourceError` for each one that cannot be read, so that the
caller decides whether to go on. Ids: a text file's is its path below the folder that was named; a row's is
what it says, else a fingerprint of its text.
"""

import json
import lzma
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

from openbook.errors import SourceError
from openbook.text.documents import Document

_UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)


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

    def __call__(self, file: FileToRead, *, text_key: str, id_key: str) -> Iterator[Document | SourceError]: ...


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
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield SourceError(
            f"{file.path}: not UTF-8 at byte {error.start}; convert it, or go on without it: --on-error skip"
        )
        return
    except _UNREADABLE as error:
        yield SourceError(f"{file.path}: cannot be read: {error}")
        return
    title = PurePosixPath(file.name).stem
    if file.path.lower().endswith(".md"):
        headings = (line[2:].strip() for line in text.splitlines() if line.startswith("# "))
        title = next(headings, title)
    yield _document({"text": text, "id": file.name, "title": title, "source": file.path}, file.path, "text", "id")


def read_json_lines(file: FileToRead, *, text_key: str, id_key: str) -> Iterator[Document | SourceError]:
    """Each line is a JSON object: one document."""
    number = 0
    try:
        with file.open() as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield _json_line(line, file.path, number, text_key, id_key)
    except _UNREADABLE as error:
        yield SourceError(f"{file.path}:{number + 1}: cannot be read further: {error}")


def _json_line(line: bytes, path: str, number: int, text_key: str, id_key: str) -> Document | SourceError:
    where = f"{path}:{number}"
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return SourceError(f"{where}: not UTF-8 at byte {error.start} of the line")
    except (ValueError, RecursionError) as error:
        return SourceError(f"{where}: not JSON: {error}; mend the line, or go on without it: --on-error skip")
    if not isinstance(row, dict):
        return SourceError(f"{where}: a JSON {type(row).__name__} where an object with a {text_key!r} is expected")
    return _document(row, where, text_key, id_key)


def read_parquet(file: FileToRead, *, text_key: str, id_key: str) -> Iterator[Document | SourceError]:
    """Each row is one document; only the columns that documents have are read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with file.filesystem.open(file.path, "rb") as stream:
            table = pq.ParquetFile(stream)
            names = [name for name in (text_key, id_key, "title", "source") if name in table.schema_arrow.names]
            if text_key not in names:
                columns = ", ".join(table.schema_arrow.names)
                yield SourceError(f"{file.path}: no column {text_key!r}; its columns: {columns} (choose: --text-key)")
                return
            number = 0
            for batch in table.iter_batches(columns=names, batch_size=1024):
                for row in batch.to_pylist():
                    number += 1
                    yield _document(row, f"{file.path}:{number}", text_key, id_key)
    except (pa.ArrowException, *_UNREADABLE) as error:
        yield SourceError(f"{file.path}: not readable as Parquet: {error}")


def _document(row: Mapping[str, Any], where: str, text_key: str, id_key: str) -> Document | SourceError:
    text = row.get(text_key)
    if not isinstance(text, str) or not text.strip():
        found = "is empty" if isinstance(text, str) else f"is {text!r:.40}" if text_key in row else "is missing"
        return SourceError(f"{where}: no text: {text_key!r} {found}; choose another key with --text-key")
    identity = row.get(id_key)
    if not isinstance(identity, str | int | None):
        return SourceError(f"{where}: the id {identity!r:.40} is neither text nor a whole number")
    try:
        return Document(
            text=text,
            id="" if identity is None else str(identity),
            title=str(row.get("title") or ""),
            source=str(row.get("source") or where),
        )
    except SourceError as error:
        return SourceError(f"{where}: {error}")


READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_text,
    ".jsonl": read_json_lines,
    ".jsonl.gz": read_json_lines,
    ".jsonl.xz": read_json_lines,
    ".parquet": read_parquet,
}
"""By the end of the file's name."""

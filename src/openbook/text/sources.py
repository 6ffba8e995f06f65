"""From what a user names (files, folders, URLs) to documents.

Files are opened through fsspec, so a path may be a URL of any file system it knows, and .gz and .xz are
decompressed on the way. What a file's documents are is decided in readers.py.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from openbook.errors import SourceError
from openbook.text.documents import Document, source_error
from openbook.text.readers import READERS, FileToRead, reader_suffix

OnError = Callable[[SourceError], None]
"""Told of each document that was skipped."""


def read_documents(
    sources: str | Iterable[str],
    *,
    text_key: str = "text",
    id_key: str = "id",
    on_error: OnError | None = None,
) -> Iterator[Document]:
    """Read documents one by one from files and folders (recursively, in the order of their names).

    Hidden files and folders below a named folder are left out, and links to folders are not followed.

    Args:
        sources: paths or URLs of .txt, .md, .jsonl(.gz, .xz) or .parquet files, or of folders of them.
        text_key: the key of JSON lines and Parquet rows that holds the text.
        id_key: the key that holds the id.
        on_error: None stops at the first document that cannot be read; a function is told of it, and
            reading goes on with the next. A source that does not exist always stops.

    Raises:
        SourceError: a source is missing, unreadable, of an unknown kind, or holds no document at all.
    """
    for source in [sources] if isinstance(sources, str) else sources:
        for file in _files(str(source)):
            for item in _items(file, text_key=text_key, id_key=id_key):
                if isinstance(item, Document):
                    yield item
                elif on_error is None:
                    raise item
                else:
                    on_error(item)


def _items(file: FileToRead | SourceError, *, text_key: str, id_key: str) -> Iterator[Document | SourceError]:
    if isinstance(file, SourceError):
        yield file
        return
    items = READERS[reader_suffix(file.name)](file, text_key=text_key, id_key=id_key)
    yield next(items, source_error(file.path, "holds no document; fill it or remove it"))
    yield from items


def _files(source: str) -> Iterator[FileToRead | SourceError]:
    filesystem, path = _locate(source)
    name = PurePosixPath(path).name
    if filesystem.isdir(path):
        files = _folder(filesystem, path, name)
        yield next(files, source_error(source, "holds no document; give a file or folder with text in it"))
        yield from files
    elif reader_suffix(name) in READERS:
        yield FileToRead(filesystem, path, name)
    else:
        yield source_error(source, f"unknown kind of file; known: {', '.join(READERS)}, or a folder of them")


def _locate(source: str) -> tuple[Any, str]:
    """The file system of a source, and its path there."""
    import fsspec

    local = fsspec.filesystem("file")
    if source and local.exists(source):  # whatever it looks like: a file may be named `a::b.txt`
        path = Path(local._strip_protocol(source))
        return local, str(path.resolve() if ".." in path.parts else path)
    try:
        filesystem, remote = fsspec.core.url_to_fs(source)
        if source and filesystem.exists(remote):
            return filesystem, remote
    except Exception as error:  # each file system raises its own
        raise source_error(source, error) from error
    raise source_error(source if source.strip() else repr(source), "no such file or folder")


def _folder(filesystem: Any, folder: str, name: str) -> Iterator[FileToRead | SourceError]:
    """The files below a folder that have a reader, hidden ones left out."""
    try:
        _, folders, files = next(filesystem.walk(folder, maxdepth=1, detail=True, on_error="raise"))
    except OSError as error:
        yield source_error(folder, f"cannot be read: {error}")
        return
    for child, found in sorted({**files, **folders}.items()):
        below = str(PurePosixPath(name) / child)
        if child.startswith("."):
            continue
        if child in folders:
            yield from _folder(filesystem, found["name"], below)
        elif reader_suffix(child) in READERS:
            yield FileToRead(filesystem, found["name"], name=below)

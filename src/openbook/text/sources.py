"""From what a user names (files, folders, URLs) to documents.

Files are opened through fsspec, so a path may be a URL of any file system it knows, and .gz and .xz are
decompressed on the way. What a file's documents are is decided in readers.py.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from openbook.errors import SourceError
from openbook.text.documents import Document
from openbook.text.readers import READERS, FileToRead, reader_suffix

OnError = Callable[[SourceError], None]
"""Told of each document that was skipped."""


def read_documents(
    sources: Iterable[str],
    *,
    text_key: str = "text",
    id_key: str = "id",
    on_error: OnError | None = None,
) -> Iterator[Document]:
    """Read documents one by one from files and folders (recursively, in the order of their names).

    Args:
        sources: paths or URLs of .txt, .md, .jsonl(.gz, .xz) or .parquet files, or of folders of them.
        text_key: the key of JSON lines and Parquet rows that holds the text.
        id_key: the key that holds the id.
        on_error: None stops at the first document that cannot be read; a function is told of it, and
            reading goes on with the next. A source that does not exist always stops.

    Raises:
        SourceError: a source is missing, unreadable, of an unknown kind, or holds no document at all.
    """
    for source in sources:
        yielded = False
        skipped = 0
        for file in _files(str(source)):
            reader = READERS[reader_suffix(file.name)]
            for item in reader(file, text_key=text_key, id_key=id_key):
                if isinstance(item, Document):
                    yielded = True
                    yield item
                elif on_error is None:
                    raise item
                else:
                    skipped += 1
                    on_error(item)
        if not yielded and not skipped:
            raise SourceError(f"{source}: holds no document; give a file or folder with text in it")


def _files(source: str) -> Iterator[FileToRead]:
    import fsspec

    try:
        filesystem, path = fsspec.core.url_to_fs(source)
    except (ValueError, ImportError) as error:
        raise SourceError(f"{source}: {error}") from error
    if not filesystem.exists(path):
        raise SourceError(f"{source}: no such file or folder")
    if not filesystem.isdir(path):
        suffix = reader_suffix(path)
        if suffix not in READERS:
            raise SourceError(f"{source}: unknown kind of file; known: {', '.join(READERS)}, or a folder of them")
        yield FileToRead(filesystem, path, name=PurePosixPath(path).name)
        return
    yield from _folder(filesystem, path)


def _folder(filesystem: Any, root: str) -> Iterator[FileToRead]:
    """Files of a folder that have a reader; hidden files and folders are left out."""
    folder = PurePosixPath(root)
    for path in sorted(filesystem.find(root)):
        relative = PurePosixPath(path).relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if not hidden and reader_suffix(path) in READERS:
            yield FileToRead(filesystem, path, name=str(PurePosixPath(folder.name) / relative))

"""From what a user names (files, folders, URLs, data sets, standard input) to documents.

Files are opened through fsspec, so a path may be a URL of any file system it knows. What a file's documents
are is decided by its reader.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

from openbook.errors import SourceError
from openbook.text.documents import AnyDocument, source_error
from openbook.text.globs import matches
from openbook.text.readers.hub import is_dataset, read_dataset
from openbook.text.readers.registry import READERS, known_kinds, reader_suffix
from openbook.text.readers.source_file import Item, Keys, SourceFile
from openbook.text.readers.standard_input import read_standard_input

OnError = Callable[[SourceError], None]
"""Called with the error of each document that was skipped."""

STANDARD_INPUT = "-"


def read_documents(
    sources: str | Iterable[str],
    *,
    text_key: str = "text",
    id_key: str = "id",
    glob: str | None = None,
    stdin: IO[bytes] | None = None,
    on_error: OnError | None = None,
) -> Iterator[AnyDocument]:
    """Read documents one by one from files and folders (recursively, in the order of their names).

    Hidden files and folders below a named folder are left out, as are pipes and devices, and links to folders
    are not followed.

    Args:
        sources: paths or URLs of files of the known kinds, or of folders of them; Megatron's PREFIX;
            `hf://OWNER/NAME?config=…&split=train&revision=…`; `-` for standard input.
        text_key: the key of rows (JSON lines, CSV, Parquet, data sets) that holds the text.
        id_key: the key that holds the id.
        glob: of a folder only the files whose path below it matches: `*.md` at any depth, `docs/**/*.md`.
        stdin: what `-` reads; None: standard input, which can be read only once.
        on_error: None stops at the first document that cannot be read; a function is called with its error,
            and reading continues with the next. A source that does not exist always stops.

    Raises:
        SourceError: a source is missing, unreadable, of an unknown kind, or holds no document at all.
        SettingsError: an option of a data set that does not exist.
        MissingExtraError: a source of a kind that needs a package which is not installed.
    """
    keys = Keys(text=text_key, id=id_key)
    for source in [sources] if isinstance(sources, str) else sources:
        for item in _items(str(source), keys, glob, stdin):
            if not isinstance(item, SourceError):
                yield item
            elif on_error is None:
                raise item
            else:
                on_error(item)


def _items(source: str, keys: Keys, glob: str | None, stdin: IO[bytes] | None) -> Iterator[Item]:
    if source == STANDARD_INPUT:
        yield from read_standard_input(stdin or getattr(sys.stdin, "buffer", None), keys)
    elif is_dataset(source):
        yield from _at_least_one(read_dataset(source, keys), source)
    else:
        for file in _files(source, glob):
            if isinstance(file, SourceError):
                yield file
            else:
                yield from _at_least_one(READERS[reader_suffix(file.name)](file, keys), file.path)


def _at_least_one(items: Iterator[Item], where: str) -> Iterator[Item]:
    yield next(items, source_error(where, "holds no document; fill it or remove it"))
    yield from items


def _files(source: str, glob: str | None) -> Iterator[SourceFile | SourceError]:
    filesystem, path = _locate(source)
    name = PurePosixPath(path).name
    if filesystem.isdir(path):
        files = _folder(filesystem, path, PurePosixPath(name), PurePosixPath(), glob)
        nothing = "holds no document; give a file or folder with text in it"
        if glob is not None:
            nothing = f"no file below it that can be read matches --glob {glob!r}; known: {known_kinds()}"
        yield next(files, source_error(source, nothing))
        yield from files
    elif filesystem.info(path)["type"] == "other":
        yield source_error(
            source, "a pipe or device, which gives its text only once; let standard input read it: -"
        )
    elif reader_suffix(name) == ".bin":  # the other half of Megatron's data
        yield SourceFile(filesystem, f"{path[:-4]}.idx", f"{name[:-4]}.idx")
    elif reader_suffix(name) in READERS:
        yield SourceFile(filesystem, path, name)
    else:
        yield source_error(source, f"unknown kind of file; known: {known_kinds()}, or a folder of them")


def _locate(source: str) -> tuple[Any, str]:
    """The file system of a source, and its path there; of Megatron's PREFIX that of its index."""
    import fsspec

    local = fsspec.filesystem("file")
    for name in (source, f"{source}.idx"):
        if source and local.exists(name):  # whatever it looks like: a file may be named `a::b.txt`
            path = Path(local._strip_protocol(name))
            return local, str(path.resolve() if ".." in path.parts else path)
    try:
        filesystem, remote = fsspec.core.url_to_fs(source)
        for name in (remote, f"{remote}.idx"):
            if source and filesystem.exists(name):
                return filesystem, name
    except Exception as error:  # each file system raises its own
        raise source_error(source, error) from error
    raise source_error(source if source.strip() else repr(source), "no such file or folder")


def _folder(
    filesystem: Any, folder: str, top: PurePosixPath, below: PurePosixPath, glob: str | None
) -> Iterator[SourceFile | SourceError]:
    """The files below a folder that have a reader and match, hidden ones left out."""
    try:
        _, folders, files = next(filesystem.walk(folder, maxdepth=1, detail=True, on_error="raise"))
    except OSError as error:
        yield source_error(folder, f"cannot be read: {error}")
        return
    for child, found in sorted({**files, **folders}.items()):
        path = below / child
        if child.startswith("."):
            continue
        if child in folders:
            yield from _folder(filesystem, found["name"], top, path, glob)
        elif _wanted(str(path), glob) and not _is_special(filesystem, found):
            yield SourceFile(filesystem, found["name"], name=str(top / path))


def _wanted(path: str, glob: str | None) -> bool:
    return reader_suffix(path) in READERS and (glob is None or matches(path, glob))


def _is_special(filesystem: Any, found: dict[str, Any]) -> bool:
    """Whether it is a pipe, socket or device, or a link to one: opening it might wait for ever."""
    if found["type"] != "other":
        return False
    with suppress(OSError):  # a broken link, which its reader reports
        return bool(filesystem.info(found["name"])["type"] == "other")
    return False

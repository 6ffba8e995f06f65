"""From what a user names (files, folders, URLs, data sets, standard input) to documents.

Files are opened through fsspec, so a path may be a URL of any file system it knows. What a file's documents
are is decided by its reader.
"""

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from openbook.errors import SourceError
from openbook.text.documents import AnyDocument, source_error
from openbook.text.globs import matches
from openbook.text.own_folders import kind_of_own_folder
from openbook.text.readers.hub import is_dataset, read_dataset
from openbook.text.readers.megatron import is_megatron
from openbook.text.readers.registry import ONLY_NAMED, READERS, known_kinds, reader_suffix
from openbook.text.readers.source_file import Item, Keys, NoRowsError, Omission, SourceFile
from openbook.text.readers.standard_input import read_standard_input

OnError = Callable[[SourceError], None]
"""Called with the error of each document that was skipped."""

STANDARD_INPUT = "-"
_NOT_DOCUMENTS = (".", "~$")
"""How names of hidden files begin, and of those that office programs lay beside an open document."""
_KINDS_NAMED = 8


@dataclass
class Omissions:
    """What a reading left out without an error, for the caller to say.

    files: of folders, those that no reader knows, counted by the ends of their names. Hidden files, pipes and
        files that a pattern leaves out are not among them.
    parts: a line for each file that was read, but not all of it.
    own_folders: places of databases, models and training runs of openbook, with what they are.
    """

    files: Counter[str] = field(default_factory=Counter)
    parts: list[str] = field(default_factory=list)
    own_folders: dict[str, str] = field(default_factory=dict)

    def files_line(self) -> str:
        """Say in one line which files there are; empty if there are none.

        >>> Omissions(Counter({".png": 12, ".json": 3})).files_line()
        "15 files are left out, of kinds that are not read: 12 .png, 3 .json (name them, or --glob '*.json')"
        """
        if not self.files:
            return ""
        shown = []
        for suffix, count in self.files.most_common(_KINDS_NAMED):
            hint = f" (name them, or --glob '*{suffix}')" if suffix in ONLY_NAMED else ""
            shown.append(f"{count:,} {suffix or 'without an ending'}{hint}")
        kinds = len(self.files) - len(shown)
        if kinds:
            shown.append(f"and {kinds:,} kinds more")
        total = self.files.total()
        what = "files are" if total > 1 else "file is"
        return f"{total:,} {what} left out, of kinds that are not read: {', '.join(shown)}"


def read_documents(
    sources: str | Iterable[str],
    *,
    text_key: str = "text",
    id_key: str = "id",
    glob: str | None = None,
    stdin: IO[bytes] | None = None,
    on_error: OnError | None = None,
    omissions: Omissions | None = None,
) -> Iterator[AnyDocument]:
    """Read documents one by one from files and folders (recursively, in the order of their names).

    Of what lies below a named folder, these are left out: files of no known kind (.json and .tsv too without
    a `glob`, and any .idx that is not Megatron's), hidden files and folders, lock files of office programs
    (`~$report.docx`), pipes and devices, and databases, models and training runs of openbook.
    Links to folders are not followed. Tables without rows are passed over where anything else is read.

    Args:
        sources: paths or URLs of files of the known kinds, or of folders of them; Megatron's PREFIX;
            `hf://OWNER/NAME?config=…&split=train&revision=…`; `-` for standard input.
        text_key: the key of rows (JSON lines, CSV, Parquet, data sets) that holds the text.
        id_key: the key that holds the id.
        glob: of a folder only the files whose path below it matches: `*.md` at any depth, `docs/**/*.md`.
        stdin: what `-` reads; None: standard input, which can be read only once.
        on_error: None stops at the first document that cannot be read; a function is called with its error,
            and reading continues with the next. A source that does not exist always stops.
        omissions: filled with what is left out; None: parts of files that are not read are warnings.

    Raises:
        SourceError: a source is missing, unreadable, of an unknown kind, or holds no document at all.
        SettingsError: an option of a data set that does not exist.
        MissingExtraError: a source of a kind that needs a package which is not installed.
    """
    keys = Keys(text=text_key, id=id_key)
    found = Omissions() if omissions is None else omissions
    sources = [sources] if isinstance(sources, str) else sources
    items = (item for source in sources for item in _items(str(source), keys, glob, stdin, found))
    for item in _without_empty_tables(items):
        if isinstance(item, Omission):
            found.parts.append(item.message)
            if omissions is None:
                warnings.warn(item.message, stacklevel=2)
        elif not isinstance(item, SourceError):
            yield item
        elif on_error is None:
            raise item
        else:
            on_error(item)


def _without_empty_tables(items: Iterator[Item]) -> Iterator[Item]:
    """Leave out the errors of tables without rows; if there is nothing else, the first is there."""
    first = None
    anything = False
    for item in items:
        if isinstance(item, NoRowsError):
            first = first or item
        else:
            anything = True
            yield item
    if first is not None and not anything:
        yield first


def _items(
    source: str, keys: Keys, glob: str | None, stdin: IO[bytes] | None, left_out: Omissions
) -> Iterator[Item]:
    if source == STANDARD_INPUT:
        yield from read_standard_input(stdin or getattr(sys.stdin, "buffer", None), keys)
    elif is_dataset(source):
        yield from _at_least_one(read_dataset(source, keys), source)
    else:
        for file in _files(source, glob, left_out):
            if isinstance(file, SourceError):
                yield file
            else:
                yield from _at_least_one(READERS[reader_suffix(file.name)](file, keys), file.path)


def _at_least_one(items: Iterator[Item], where: str) -> Iterator[Item]:
    yield next(items, source_error(where, "holds no document; fill it or remove it"))
    yield from items


def _files(source: str, glob: str | None, left_out: Omissions) -> Iterator[SourceFile | SourceError]:
    filesystem, path = _locate(source)
    name = PurePosixPath(path).name
    if filesystem.isdir(path):
        files = _folder(filesystem, path, PurePosixPath(name), glob, left_out)
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
    filesystem: Any, folder: str, top: PurePosixPath, glob: str | None, left_out: Omissions
) -> Iterator[SourceFile | SourceError]:
    """The files below a folder that have a reader and match, level by level in the order of their names."""
    waiting: list[tuple[str, PurePosixPath, dict[str, Any] | None]] = [(folder, PurePosixPath(), None)]
    while waiting:  # not by recursion: folders may be nested deeper than Python's stack
        place, below, file = waiting.pop()
        if file is None:
            try:
                names = _names(filesystem, place)
            except OSError as error:
                yield source_error(place, f"cannot be read: {error}")
                continue
            if kind := kind_of_own_folder(filesystem, place, names):
                if place == folder:
                    yield source_error(place, f"is a {kind} of openbook, not text; name where its text is")
                left_out.own_folders[place] = kind
                continue
            waiting += reversed([*_children(names, below)])
        elif glob is not None and not matches(str(below), glob):
            continue
        elif not _is_read(str(below), glob) or (
            reader_suffix(place) == ".idx" and not is_megatron(filesystem, place)
        ):
            left_out.files[below.suffix.lower()] += 1
        elif not _is_special(filesystem, file):
            yield SourceFile(filesystem, place, name=str(top / below))


def _names(filesystem: Any, folder: str) -> dict[str, tuple[bool, dict[str, Any]]]:
    """What a folder holds, by name: whether it is a folder, and what fsspec says of it.

    Raises:
        OSError: it cannot be listed.
    """
    _, folders, files = next(filesystem.walk(folder, maxdepth=1, detail=True, on_error="raise"))
    return {name: (name in folders, found) for name, found in {**files, **folders}.items()}


def _children(
    names: dict[str, tuple[bool, dict[str, Any]]], below: PurePosixPath
) -> Iterator[tuple[str, PurePosixPath, dict[str, Any] | None]]:
    """What a folder holds, by name, without hidden files: the place, its path below, and what a file is."""
    for name, (is_folder, found) in sorted(names.items()):
        if not name.startswith(_NOT_DOCUMENTS):
            yield found["name"], below / name, None if is_folder else found


def _is_read(path: str, glob: str | None) -> bool:
    suffix = reader_suffix(path)
    return suffix in READERS and (suffix not in ONLY_NAMED or glob is not None)


def _is_special(filesystem: Any, found: dict[str, Any]) -> bool:
    """Whether it is a pipe, socket or device, or a link to one: opening it might wait for ever."""
    if found["type"] != "other":
        return False
    with suppress(OSError):  # a broken link, which its reader reports
        return bool(filesystem.info(found["name"])["type"] == "other")
    return False

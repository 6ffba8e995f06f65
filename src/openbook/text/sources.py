"""From what a user names (files, folders, URLs, data sets, standard input) to documents.

Files are opened through fsspec, so a path may be a URL of any file system it knows. What a file's documents
are is decided by its reader.
"""

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO, Any

from openbook.errors import GoneSourceError, SourceError
from openbook.text.documents import AnyDocument, source_error
from openbook.text.folder_entries import (
    BROKEN_LINK,
    LINKED_FOLDER,
    Entry,
    children,
    kind_of_entry,
    names_of,
    rules_inside,
)
from openbook.text.git_ignore import IgnoreRules
from openbook.text.globs import matches
from openbook.text.omissions import IGNORED_FILE, IGNORED_FOLDER, Omissions
from openbook.text.origins import STANDARD_INPUT_ORIGIN, Place, place_of_path
from openbook.text.own_folders import kind_of_own_folder
from openbook.text.readers.any_text import is_text
from openbook.text.readers.hub import is_dataset, read_dataset
from openbook.text.readers.mail_quotes import SeenMails
from openbook.text.readers.megatron import is_megatron
from openbook.text.readers.registry import ONLY_NAMED, READERS, SAVED_AS, known_kinds, reader_suffix
from openbook.text.readers.source_file import (
    LEAVE_OUT,
    NO_DOCUMENT,
    BlankFileError,
    Item,
    Keys,
    NoProseError,
    NoRowsError,
    Omission,
    Reader,
    SourceFile,
    UnreadPartError,
    blank_file,
)
from openbook.text.readers.standard_input import read_standard_input
from openbook.text.readers.text_files import read_text

OnError = Callable[[SourceError], None]
"""Called with the error of each document that was skipped."""

STANDARD_INPUT = "-"
_HIDDEN, _LOCK = ".", "~$"
"""How names of hidden files begin, and of those that office programs lay beside an open document."""
_NODE_PACKAGES, _PYTHON_PACKAGES = "node_modules", "pyvenv.cfg"
"""A folder of installed packages is called so, or holds this: their texts are about something else."""
_HALVES = (".idx", ".bin")
"""Of Megatron's data, whose documents' origins have neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """What of sources is read, and how; see `read_documents`."""

    text_key: str | None = None
    id_key: str = "id"
    glob: str | None = None
    exclude: tuple[str, ...] = ()
    git_ignored: bool = False
    any_text: bool = False
    prefix: str = ""

    @property
    def keys(self) -> Keys:
        """Those of rows."""
        return Keys(text=self.text_key or "text", id=self.id_key, reads_tables=self.text_key is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One reading of sources; see `read_sources`."""

    options: SourceOptions
    only: Callable[[str], bool] | None
    stdin: IO[bytes] | None
    left_out: Omissions
    mails: SeenMails = field(default_factory=SeenMails)


def read_documents(
    sources: str | Iterable[str],
    *,
    text_key: str | None = None,
    id_key: str = "id",
    glob: str | None = None,
    exclude: Sequence[str] = (),
    git_ignored: bool = False,
    any_text: bool = False,
    prefix: str = "",
    only: Callable[[str], bool] | None = None,
    stdin: IO[bytes] | None = None,
    on_error: OnError | None = None,
    omissions: Omissions | None = None,
) -> Iterator[AnyDocument]:
    """Read documents one by one from files and folders (recursively, in the order of their names).

    Of what lies below a named folder, these are left out: files of no known kind (.json and .tsv too without
    a `glob`, and any .idx that is not Megatron's), hidden files and folders, what git ignores by .gitignore
    files, lock files of office programs (`~$report.docx`), pipes and devices, links to folders, and
    databases, models and training runs of openbook. Tables without rows, and files of folders without text
    or with what is minified or encoded, are passed over where anything else is read.

    Args:
        sources: paths or URLs of files of the known kinds, or of folders of them; Megatron's PREFIX;
            `hf://OWNER/NAME?config=…&split=train&revision=…`; `-` for standard input.
        text_key: the key of rows (JSON lines, CSV, Parquet, data sets) that holds the text; None: `text`, and
            a CSV file without such a column is a table, which is one document.
        id_key: the key that holds the id.
        glob: of a folder only the files whose path below it matches: `*.md` at any depth, `docs/**/*.md`.
        exclude: of a folder without the files and folders whose path below it matches one of these patterns.
        git_ignored: of a folder the files and folders that git ignores, too.
        any_text: read files of no known kind as plain text if they are text; of a folder .json and .tsv too.
        prefix: begins the ids that are made from the paths of files.
        only: of folders only the files whose origin it is true of.
        stdin: what `-` reads; None: standard input, which can be read only once.
        on_error: None stops at the first document that cannot be read; a function is called with its error,
            and reading continues with the next. A source that does not exist always stops.
        omissions: filled with what is left out; None: parts of files that are not read are warnings.

    Raises:
        SourceError: a source is missing, unreadable, of an unknown kind, or holds no document at all.
        SettingsError: an option of a data set that does not exist.
        MissingExtraError: a source of a kind that needs a package which is not installed.
    """
    options = SourceOptions(
        text_key=text_key,
        id_key=id_key,
        glob=glob,
        exclude=tuple(exclude),
        git_ignored=git_ignored,
        any_text=any_text,
        prefix=prefix,
    )
    return read_sources(sources, options, only=only, stdin=stdin, on_error=on_error, omissions=omissions)


def read_sources(
    sources: str | Iterable[str],
    options: SourceOptions,
    *,
    only: Callable[[str], bool] | None = None,
    stdin: IO[bytes] | None = None,
    on_error: OnError | None = None,
    omissions: Omissions | None = None,
) -> Iterator[AnyDocument]:
    """Read documents as `read_documents` does, with its options as one value."""
    found = Omissions() if omissions is None else omissions
    found.any_text = options.any_text
    reading = _Reading(options=options, only=only, stdin=stdin, left_out=found)
    sources = [sources] if isinstance(sources, str) else sources
    items = (item for source in sources for item in _items(str(source), reading))
    for item in _without_empty(items):
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


def _without_empty(items: Iterator[Item]) -> Iterator[Item]:
    """Leave out the errors of empty tables and files; if there is nothing else, the first is there."""
    first = None
    anything = False
    for item in items:
        if isinstance(item, NoRowsError | BlankFileError):
            first = first or item
        else:
            anything = True
            yield item
    if first is not None and not anything:
        yield first


def places_of(sources: Iterable[str], *, glob: str | None = None, exclude: Sequence[str] = ()) -> list[Place]:
    """Say where the documents of sources come from; see `read_documents`.

    Raises:
        SourceError: a source is missing.
    """
    return [replace(_place(source), glob=glob, exclude=tuple(exclude)) for source in map(str, sources)]


def _place(source: str) -> Place:
    if source == STANDARD_INPUT:
        return Place(origin=STANDARD_INPUT_ORIGIN)
    if is_dataset(source):
        return Place(origin=source)
    filesystem, path = _locate(source)
    is_folder = filesystem.isdir(path)
    if not is_folder and reader_suffix(path) in _HALVES:
        path = path[: -len(_HALVES[0])]
    return place_of_path(filesystem, path, source, is_folder=is_folder)


def _items(source: str, reading: _Reading) -> Iterator[Item]:
    keys = reading.options.keys
    if source == STANDARD_INPUT:
        stream = reading.stdin or getattr(sys.stdin, "buffer", None)
        items = read_standard_input(stream, keys, reading.options.prefix)
        yield from _noting_errors(items, STANDARD_INPUT_ORIGIN, reading)
    elif is_dataset(source):
        items = _at_least_one(read_dataset(source, keys), source_error(source, NO_DOCUMENT))
        yield from _noting_errors(items, source, reading)
    else:
        for found in _files(source, reading):
            if isinstance(found, SourceError):
                yield found
            else:
                yield from _noting_errors(_items_of_file(*found, reading), found[0].origin, reading)


def _items_of_file(file: SourceFile, reader: Reader, reading: _Reading) -> Iterator[Item]:
    keys = replace(reading.options.keys, origin=file.origin, mails=reading.mails)
    items = reader(file, keys)
    first = next(items, blank_file(file.path))
    if isinstance(first, SourceError) and not isinstance(first, NoRowsError) and file.has_no_bytes:
        first = blank_file(file.path, first.problem)
    if isinstance(first, BlankFileError) and file.is_named:
        first = source_error(file.path, first.problem)
    if isinstance(first, NoRowsError):
        reading.left_out.empty.add(file.origin)
    if isinstance(first, BlankFileError):
        reading.left_out.blank[file.origin] = first
        if isinstance(first, NoProseError):
            reading.left_out.no_prose[first.name] = first.reason
        else:
            reading.left_out.others["empty file"] += 1
    yield first
    yield from items


def _noting_errors(items: Iterator[Item], origin: str, reading: _Reading) -> Iterator[Item]:
    """The same items; the origin of what has errors, a file or one of its documents, is noted as not read."""
    for item in items:
        if isinstance(item, UnreadPartError):
            reading.left_out.unread.add(item.origin)
        elif isinstance(item, SourceError) and not isinstance(item, NoRowsError):
            reading.left_out.unread.add(origin)
        yield item


def _at_least_one(items: Iterator[Item], otherwise: SourceError) -> Iterator[Item]:
    yield next(items, otherwise)
    yield from items


_Found = tuple[SourceFile, Reader] | SourceError
"""A file with what reads it, or in its place why there is none, which is noted already."""


def _files(source: str, reading: _Reading) -> Iterator[_Found]:
    filesystem, path = _locate(source)
    name = PurePosixPath(path).name
    if filesystem.isdir(path):
        files = _folder(filesystem, path, source, reading)
        if reading.only is None:
            first = next(files, None)
            origin = place_of_path(filesystem, path, source, is_folder=True).file_origin
            yield _unread(origin, _nothing_in(source, reading), reading) if first is None else first
        yield from files
    elif filesystem.info(path)["type"] == "other":
        problem = "a pipe or device, which gives its text only once; let standard input read it: -"
        origin = place_of_path(filesystem, path, source, is_folder=False).file_origin
        yield _unread(origin, source_error(source, problem), reading)
    else:
        if reader_suffix(name) == ".bin":  # the other half of Megatron's data
            path, name = f"{path[:-4]}.idx", f"{name[:-4]}.idx"
        origin = place_of_path(filesystem, path, source, is_folder=False).file_origin
        file = SourceFile(filesystem, path, name, origin, reading.options.prefix, is_named=True)
        yield _named_file(file, source, reading)


def _nothing_in(source: str, reading: _Reading) -> SourceError:
    if any(reading.left_out.others[kind] for kind in (IGNORED_FILE, IGNORED_FOLDER)):
        problem = "git ignores what it holds (.gitignore), or nothing that can be read is in it"
        return source_error(source, problem, option="; to read what it ignores: --git-ignored")
    if reading.options.glob is None:
        problem = "holds no document; give a file or folder with text in it"
        return source_error(source, problem, kind=GoneSourceError)
    nothing = f"no file below it that can be read matches --glob {reading.options.glob!r}"
    return source_error(source, f"{nothing}; known: {known_kinds()}")


def _unread(origin: str, error: SourceError, reading: _Reading) -> SourceError:
    """The same error, noted."""
    reading.left_out.unread.add(origin)
    return error


def _named_file(file: SourceFile, source: str, reading: _Reading) -> _Found:
    suffix = reader_suffix(file.name)
    if suffix in READERS:
        return file, READERS[suffix]
    if reading.options.any_text and is_text(file):
        return file, read_text
    if suffix in SAVED_AS:
        problem = f"{suffix} files are not read; save it as {SAVED_AS[suffix]}"
    elif reading.options.any_text:
        problem = "is not text, or empty"
    else:
        known = f"known: {known_kinds()}, or a folder of them; --any-text reads it if it is text"
        problem = f"unknown kind of file; {known}"
    return _unread(file.origin, source_error(source, problem), reading)


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
    named = source if source.strip() else repr(source)
    raise source_error(named, "no such file or folder", kind=GoneSourceError)


def _folder(filesystem: Any, folder: str, source: str, reading: _Reading) -> Iterator[_Found]:
    """The files below a folder that are to be read, level by level in the order of their names."""
    place = place_of_path(filesystem, folder, source, is_folder=True)
    top = PurePosixPath(PurePosixPath(folder).name)
    waiting = [Entry(folder, PurePosixPath(), None, IgnoreRules())]
    while waiting:  # not by recursion: folders may be nested deeper than Python's stack
        entry = waiting.pop()
        path, below, info = entry.path, entry.below, entry.info
        if below.parts and _passes_over(entry, reading):
            continue
        if info is None:
            origin = place.file(str(below)) if below.parts else place.file_origin
            try:
                names = names_of(filesystem, path)
                ignores_none = reading.options.git_ignored
                rules = IgnoreRules() if ignores_none else rules_inside(filesystem, entry, names, place)
            except OSError as error:
                yield _unread(origin, source_error(path, f"cannot be read: {error}"), reading)
                continue
            if kind := kind_of_own_folder(filesystem, path, names):
                if path == folder:
                    problem = f"is a {kind} of openbook, not text; name where its text is"
                    yield _unread(origin, source_error(path, problem), reading)
                reading.left_out.own_folders[path] = kind
                continue
            if below.parts and (below.name == _NODE_PACKAGES or _PYTHON_PACKAGES in names):
                reading.left_out.others["package folder"] += 1
                continue
            waiting += reversed([*children(names, below, rules)])
        elif (kind := kind_of_entry(filesystem, info)) == LINKED_FOLDER:
            reading.left_out.linked_folders.append(str(top / below))
        elif reading.options.glob is None or matches(str(below), reading.options.glob):
            origin = place.file(str(below))
            if reading.only is None or reading.only(origin):
                file = SourceFile(filesystem, path, str(top / below), origin, reading.options.prefix)
                yield from _file_of_folder(file, below, kind, reading)


def _passes_over(entry: Entry, reading: _Reading) -> bool:
    """Whether a name or a pattern says that it is not to be read."""
    if _excludes(str(entry.below), reading) or _hides(entry.below, entry.info, reading):
        return True
    if not entry.rules.ignores(str(entry.below), is_folder=entry.info is None):
        return False
    _count(entry.below, entry.info, IGNORED_FOLDER if entry.info is None else IGNORED_FILE, reading)
    return True


def _excludes(below: str, reading: _Reading) -> bool:
    for pattern in reading.options.exclude:
        if matches(below, pattern):
            reading.left_out.excluded[pattern] += 1
            return True
    return False


def _hides(below: PurePosixPath, info: dict[str, Any] | None, reading: _Reading) -> bool:
    """Whether a name says that it is no document."""
    if not below.name.startswith((_HIDDEN, _LOCK)):
        return False
    file = "lock file" if below.name.startswith(_LOCK) else "hidden file"
    _count(below, info, "hidden folder" if info is None else file, reading)
    return True


def _count(below: PurePosixPath, info: dict[str, Any] | None, kind: str, reading: _Reading) -> None:
    """Count what is left out, of files those that a pattern asks for."""
    if info is None or reading.options.glob is None or matches(str(below), reading.options.glob):
        reading.left_out.others[kind] += 1


def _file_of_folder(file: SourceFile, below: PurePosixPath, kind: str, reading: _Reading) -> Iterator[_Found]:
    """A file with its reader, or nothing if it is left out."""
    suffix = reader_suffix(file.path)
    is_known = suffix in READERS and (suffix not in ONLY_NAMED or reading.options.glob is not None)
    if kind == BROKEN_LINK and is_known:
        problem = "cannot be read: it is a link that leads nowhere, or in a circle; repair or remove it"
        yield _unread(file.origin, source_error(file.path, problem, option=LEAVE_OUT), reading)
    elif kind != "file":
        reading.left_out.others[kind] += 1
    elif is_known and (suffix != ".idx" or is_megatron(file.filesystem, file.path)):
        yield file, READERS[suffix]
    elif reading.options.any_text and is_text(file):
        yield file, read_text
    else:
        reading.left_out.files[below.suffix.lower()] += 1

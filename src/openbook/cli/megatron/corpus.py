"""What --data-path names, as a corpus: a database that keeps the tokens to train on, and is not searched."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.errors import DatabaseError, SettingsError, SourceError
from openbook.progress import Progress, silent

if TYPE_CHECKING:
    from openbook.database import Database, Version
    from openbook.text import AnyDocument

_SNIFFED = 1 << 20
"""Bytes of the first line that are looked at."""


def open_corpus(
    folder: Path,
    paths: Sequence[str],
    book: "Version",
    *,
    holdout: float,
    progress: Progress = silent,
) -> "Database":
    """Make the corpus of these files with the book's tokenizer and chunks, or bring it up to date.

    Args:
        folder: of the corpus.
        paths: as --data-path has them.
        book: the database that neighbors come from.
        holdout: share of the documents to hold out.
        progress: called with how many documents are done.

    Raises:
        SourceError: a path that cannot be read.
        DatabaseError: the folder's corpus was made with other settings, or all of it is held out.
    """
    files = [find(path) for path in paths]
    corpus = _create_or_open(folder, book, holdout)
    corpus.add((document for file in files for document in read(file)), sync=True, progress=progress)
    if not len(corpus.layout.chunks_of_split(holdout=False)):
        raise DatabaseError(
            f"{folder}: all of {', '.join(paths)} is held out; train on it with --split 100,0,0"
        )
    return corpus


def _create_or_open(folder: Path, book: "Version", holdout: float) -> "Database":
    from openbook.database import Database
    from openbook.database.storage.catalog import FILE_NAME

    size = book.settings.chunk_size
    if not (folder / FILE_NAME).exists():
        return Database.create(
            folder, tokenizer=book.tokenizer, embedder=None, chunk_size=size, holdout=holdout
        )
    corpus = Database.open(folder)
    asked: dict[str, object] = {"holdout": holdout, "chunk_size": size}
    if corpus.tokenizer.fingerprint != book.tokenizer.fingerprint:
        asked["tokenizer_fingerprint"] = book.settings.tokenizer_fingerprint
    differences = corpus.settings.differences(**asked)
    if differences:
        raise DatabaseError(
            f"{folder}: was made with other settings: {'; '.join(differences)}; choose another --save, "
            "or remove it"
        )
    return corpus


def find(path: str) -> str:
    """Find the file, folder or .bin/.idx prefix that a path names, with or without its suffix.

    Raises:
        SourceError: there is none, or several.
        SettingsError: the path is a number.
    """
    from openbook.text.readers.registry import READERS

    if Path(path).exists() or "://" in path:
        return path
    found = [f"{path}{suffix}" for suffix in READERS if Path(f"{path}{suffix}").exists()]
    if len(found) == 1:
        return found[0]
    if found:
        raise SourceError(f"--data-path {path}: may be {' or '.join(found)}; name one with its suffix")
    if path.replace(".", "", 1).isdecimal():
        raise SettingsError(
            f"--data-path {path}: weights have no meaning here: all documents are read alike; leave it out"
        )
    raise SourceError(
        f"--data-path {path}: no such file, with or without a suffix, and no .bin/.idx prefix; give the path "
        "of one"
    )


def read(path: str) -> Iterator["AnyDocument"]:
    """Read the documents of what `find` found; a file of unknown suffix is JSON lines if its first line is.

    Raises:
        SourceError: it cannot be read.
    """
    from openbook.text import read_documents
    from openbook.text.readers.registry import READERS, reader_suffix

    if Path(path).is_dir() or reader_suffix(Path(path).name) in (*READERS, ".bin"):
        yield from read_documents(path)
        return
    import fsspec

    from openbook.text.readers.source_file import Keys, Omission, SourceFile

    suffix = ".jsonl" if _begins_with_an_object(Path(path)) else ".txt"
    file = SourceFile(fsspec.filesystem("file"), path, Path(path).name, is_named=True)
    items = READERS[suffix](file, Keys(text="text", id="id"))
    for item in chain([next(items, SourceError(f"{path}: holds no document; leave it out"))], items):
        if isinstance(item, SourceError):
            raise item
        if not isinstance(item, Omission):
            yield item


def _begins_with_an_object(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return isinstance(json.loads(file.readline(_SNIFFED)), dict)
    except ValueError:
        return False

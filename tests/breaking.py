"""Tools to break databases with: kills at any write, damaged files, and texts that say which they are."""

import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes import WORDS
from openbook.database import Database, NeighborTable, build_neighbors
from openbook.errors import OpenbookError
from openbook.text import Document, TokenizedDocument, Tokenizer


class Kill(BaseException):
    """What stands for the end of the process: nothing catches it."""


def marker(name: str, revision: int = 1) -> str:
    """The word that only this revision of this document has; it fits into one chunk."""
    return f"{name}r{revision}x"


def text_of(name: str, revision: int = 1, *, shortest: int = 1, longest: int = 20) -> str:
    """The same text at every call, of so many words."""
    source = random.Random(f"{name} {revision}")
    return " ".join([marker(name, revision), *source.choices(WORDS, k=source.randint(shortest, longest))])


def documents_of(revisions: dict[str, int]) -> Iterator[Document]:
    """Documents by id, each in this revision."""
    for name, revision in revisions.items():
        yield Document(id=name, text=text_of(name, revision), title=f"title of {name}")


def kill_at(
    patch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    call: int,
    *,
    after: bool = False,
    leave: Path,
    folder: Path,
) -> None:
    """Let a function do its work call - 1 times; at the next call end the process, before it or after it.

    Args:
        patch: to undo it.
        owner: of the function: a class or a module.
        name: of the function.
        call: which one is the last.
        after: kill when it has done its work.
        leave: where the files are copied to as they are then: nothing runs any more in a killed process.
        folder: where the files are.
    """
    original = getattr(owner, name)
    calls = count(1)

    def killing(*arguments: Any, **options: Any) -> Any:
        if next(calls) != call:
            return original(*arguments, **options)
        if after:
            original(*arguments, **options)
        _copy_at_rest(folder, leave)
        raise Kill

    static = isinstance(owner, type) and isinstance(owner.__dict__.get(name), staticmethod)
    patch.setattr(owner, name, staticmethod(killing) if static else killing)


def copy_at_calls(
    patch: pytest.MonkeyPatch, owner: object, name: str, *, after: bool = False, folder: Path, to: Path
) -> None:
    """Copy a folder at each call of a function to `to/1`, `to/2` and so on: what a kill there would leave.

    Args:
        patch: to undo it.
        owner: of the function: a class or a module.
        name: of the function.
        after: copy when it has done its work, not before.
        folder: what is copied.
        to: where to.
    """
    original = getattr(owner, name)
    calls = count(1)

    def copying(*arguments: Any, **options: Any) -> Any:
        if not after:
            _copy_at_rest(folder, to / str(next(calls)))
        done = original(*arguments, **options)
        if after:
            _copy_at_rest(folder, to / str(next(calls)))
        return done

    patch.setattr(owner, name, copying)


def _copy_at_rest(folder: Path, to: Path) -> None:
    """Copy what no thread changes meanwhile: tantivy may be merging files in the background."""

    def listing() -> list[tuple[str, int]]:
        return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))

    while True:
        with suppress(shutil.Error, FileNotFoundError):
            before = listing()
            shutil.copytree(folder, to)
            if listing() == before:
                return
        shutil.rmtree(to, ignore_errors=True)


def kills(
    work: Callable[[Database], object],
    folder: Path,
    scratch: Path,
    owner: object,
    name: str,
    *,
    every: int = 1,
) -> Iterator[Database]:
    """Do the work on copies of a database, and kill it at each call of a function, before it and after it.

    Args:
        work: on a database.
        folder: of the database.
        scratch: where there is room for copies.
        owner: of the function: a class or a module.
        name: of the function.
        every: leave out calls in between.

    Yields:
        After each kill the database as it was left, and for kills before the call also as it is when the
        interruption was an exception; the work is to be done again on it.
    """
    for after in (False, True):
        for call in count(1, every):
            dead, alive = scratch / f"{after}-{call}-dead", scratch / f"{after}-{call}"
            database = Database.open(shutil.copytree(folder, alive))
            with pytest.MonkeyPatch.context() as patch:
                kill_at(patch, owner, name, call, after=after, leave=dead, folder=alive)
                with suppress(Kill):
                    work(database)
            if not dead.exists():
                assert call > 1, f"{name} is never called"
                break
            yield Database.open(dead)
            if not after:
                yield Database.open(alive)


Answers = list[object]


def contents_of(database: Database) -> Answers:
    """What a database holds, whatever the numbers of its documents and versions are."""
    layout = database.layout
    names = [d.id for d in database.catalog.describe(layout.number.tolist())]
    texts = ["".join(database.chunk_texts(list(layout.chunks_of(place)))) for place in range(len(names))]
    return [
        (name, text, bool(live), bool(held_out), bool(excluded))
        for name, text, live, held_out, excluded in zip(
            names, texts, layout.live, layout.holdout, layout.excluded, strict=True
        )
    ]


def hits_of(
    database: Database, queries: Iterable[str], modes: Iterable[str] = ("bm25",), k: int = 5
) -> Answers:
    """What searches find, with scores."""
    return [database.search(list(queries), k=k, mode=mode) for mode in modes]


def answers_of(folder: Path, queries: Iterable[str], modes: Iterable[str]) -> Answers | None:
    """What the database in a folder answers to searches, and its neighbor table; None for an error."""
    try:
        database = Database.open(folder)
        table = NeighborTable.load(database)
        return [
            *hits_of(database, queries, modes),
            np.asarray(table.ids).tolist(),
            np.asarray(table.scores).tolist(),
        ]
    except OpenbookError as error:
        assert "\n" not in str(error), error
        return None


def files_of(folder: Path) -> list[str]:
    """All files below a folder that hold something, locks aside."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size)
    return [path.relative_to(folder).as_posix() for path in paths if path.suffix != ".lock"]


def flip(path: Path, offset: int, bit: int = 0) -> None:
    """Change one bit."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1 << bit
    path.write_bytes(content)


def offsets_of(size: int, count: int, seed: int = 0) -> list[int]:
    """The first, the last, the middle and some other bytes of a file."""
    drawn = random.Random(seed).choices(range(size), k=count)
    return sorted({0, size // 2, size - 1, *drawn})


def make_rich(path: Path, tokenizer: Tokenizer, patch: pytest.MonkeyPatch) -> Database:
    """Make a database with every kind of file, and documents held out, copied, replaced and removed.

    The encoder `fake` must be there.
    """
    patch.setattr("openbook.database.search.dense_store.EXACT_BELOW", 20)
    patch.setattr("openbook.database.search.indexes._SECONDS_BETWEEN_TRIES", 0.0)
    database = Database.create(path, tokenizer=tokenizer, embedder="fake", chunk_size=8, holdout=["d1", "d5"])
    database.add(documents_of(dict.fromkeys([f"d{number}" for number in range(12)], 1)))
    copy = Document(id="copy", text=text_of("d1"), title="a copy")
    tokens = TokenizedDocument(token_ids=tokenizer.encode(["violin marble silver castle"])[0], id="tokens")
    database.add([copy, tokens, *documents_of({"d3": 2})])
    database.remove(["d9"])
    build_neighbors(database, k=3, mode="hybrid")
    return database

"""The books that are served, by name: each a database's folder, read at its newest version, edited in turn.

A request takes a book's `newest` version at its beginning and reads that one to its end, whoever writes to
the folder meanwhile. Edits of a book run one after the other on a thread of its own, so that neither the
event loop nor the threads that answer searches wait for them; the next request sees what they did. A folder
that vanished, was damaged, or was replaced by another database is noticed when it is next asked for.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Thread
from types import MappingProxyType
from typing import TypeVar

from openbook.database import Commit, Database, Version
from openbook.database.shards.book_folder import local_folder
from openbook.database.storage.remote_folder import url_of
from openbook.errors import (
    DatabaseError,
    LockedError,
    MismatchError,
    NoDocumentError,
    NotFoundError,
    OpenbookError,
    SettingsError,
    UnavailableError,
)
from openbook.serve.url_follower import UrlFollower

_T = TypeVar("_T")

_PATIENCE = 10.0
"""Seconds that an edit waits for another process which is writing."""
_PAUSE = 0.05
"""Seconds between two tries."""


class Book:
    """A database's folder that is served.

    Args:
        name: for requests.
        path: of the folder; of a URL the copy on this machine is served, see `Books`.
        allow_missing_shards: go on without shards that are missing or damaged.

    Raises:
        DatabaseError: there is no database, or it is damaged.
        MismatchError: its tokenizer's files are not those it was made with.
    """

    def __init__(self, name: str, path: Path, *, allow_missing_shards: bool = False) -> None:
        self.name = name
        self.path = local_folder(path).absolute()
        self._allow_missing = allow_missing_shards
        self._database = self._open()
        self._head, self._history = self._seen()
        self._moving = Lock()
        self._edits = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"edits of {name}")

    def _open(self) -> Database:
        return Database.open(self.path, allow_missing_shards=self._allow_missing)

    @property
    def missing_shards(self) -> tuple[str, ...]:
        """The shards that the book is read without at the moment; see `Version.missing_shards`."""
        return self._database.opened.missing_shards

    def newest(self) -> Version:
        """The newest version, for one request: it stays what it is while others write.

        Raises:
            UnavailableError: the folder is gone or damaged.
        """
        with self._named_errors(), self._moving:
            self._move()
            return self._database.opened

    def warm(self) -> None:
        """Begin to load the encoder, on a thread of its own, for the first search would wait for it."""

        def load() -> None:
            with suppress(OpenbookError), self.reading() as version:  # a search will say what is wrong
                if version.vectors is not None:
                    version.embedder.encode([""])

        Thread(target=load, name=f"encoder of {self.name}").start()

    @contextmanager
    def reading(self) -> Iterator[Version]:
        """The newest version, inside a block whose errors of the database name the book.

        Raises:
            UnavailableError: the folder is gone or damaged, or what is read of it is.
        """
        version = self.newest()
        with self._named_errors():
            yield version

    async def edit(self, change: Callable[[Database], _T]) -> _T:
        """Change the book, after all edits that were asked for before.

        Args:
            change: is called with the database at its newest version, on the book's own thread; again, if
                another process was writing.

        Raises:
            LockedError: another process was writing all the time.
            UnavailableError: the folder is gone or damaged.
        """
        return await asyncio.wrap_future(self._edits.submit(self._edit, change))

    def close(self) -> None:
        """Finish the edits that were asked for, and take no more."""
        self._edits.shutdown(wait=True)

    def _edit(self, change: Callable[[Database], _T]) -> _T:
        give_up = time.monotonic() + _PATIENCE
        while True:
            self.newest()
            try:
                with self._named_errors():
                    return change(self._database)
            except LockedError:
                if time.monotonic() >= give_up:
                    raise
            time.sleep(_PAUSE)

    def _move(self) -> None:
        """To the newest version; one statement on the catalog where nothing has changed."""
        if not self._database.catalog.path.is_file():  # SQLite would make one
            raise DatabaseError(f"{self.path}: no database there any more; restore it, or restart without it")
        head = self._database.catalog.head()
        if head == self._head:
            return
        if self._database.catalog.history(self._head.version) == self._history:
            while self._database.version < head.version:  # an edit's own refreshing may fall between
                self._database.refresh()
        else:
            self._database = self._open()
        self._head, self._history = self._seen()

    def _seen(self) -> tuple[Commit, str]:
        """The newest commit, and the fingerprint of all up to it, which another database has not."""
        head = self._database.catalog.head()
        return head, self._database.catalog.history(head.version)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """Name the book in the database's errors in place of its folder, which is nobody's business."""
        try:
            yield
        except UnavailableError:
            raise
        except (DatabaseError, MismatchError, OSError) as error:
            kinds = (LockedError, NoDocumentError)
            kind = next((kind for kind in kinds if isinstance(error, kind)), UnavailableError)
            problem = str(error).replace(f"{self.path}: ", "").replace(str(self.path), self.name)
            raise kind(f"the book {self.name!r}: {problem}") from error


class Books:
    """All books that are served.

    Args:
        default: folder of the book that is read where a request names none; it is called as the folder.
        others: more folders, by name.
        allow_missing_shards: go on without shards that are missing or damaged.
        follow: seconds after which it is looked again whether a book at a URL has a newer version; 0: never.

    Raises:
        SettingsError: a name is taken twice, or empty.
        DatabaseError, MismatchError: a folder that cannot be opened.
    """

    def __init__(
        self,
        default: Path,
        others: Mapping[str, Path] = MappingProxyType({}),
        *,
        allow_missing_shards: bool = False,
        follow: float = 0.0,
    ) -> None:
        first = default.absolute().resolve().name or "book"
        if first in others:
            raise SettingsError(
                f"book {first}: the database {default} is called so already; give the other one another name"
            )
        if "" in others:
            raise SettingsError("a book without a name; write --book NAME=DB")
        self._books = {
            name: Book(name, path, allow_missing_shards=allow_missing_shards)
            for name, path in {first: default, **others}.items()
        }
        self.default = self._books[first]
        urls = [url for path in (default, *others.values()) if (url := url_of(path)) is not None]
        self._follower = UrlFollower(urls, follow) if urls and follow else None

    @property
    def names(self) -> list[str]:
        """Of all books, the default one first."""
        return list(self._books)

    @property
    def missing_shards(self) -> list[str]:
        """The shards that books are read without, as BOOK/SHARD."""
        books = self._books.values()
        return [f"{book.name}/{shard}" for book in books for shard in book.missing_shards]

    def get(self, name: str | None) -> Book:
        """Find a book.

        Args:
            name: None: the default one.

        Raises:
            NotFoundError: there is none of this name.
        """
        if name is None:
            return self.default
        if name not in self._books:
            raise NotFoundError(f"no book {name!r}; there {_listed(self.names)}")
        return self._books[name]

    def warm(self) -> None:
        """Begin to load the encoders of all books; see `Book.warm`."""
        for book in self._books.values():
            book.warm()

    def close(self) -> None:
        """Finish all edits that were asked for, and take no more."""
        if self._follower is not None:
            self._follower.close()
        for book in self._books.values():
            book.close()


def _listed(names: list[str]) -> str:
    quoted = ", ".join(map(repr, names))
    return f"is {quoted}" if len(names) == 1 else f"are {quoted}"

"""A catalog that stays open, so that a reader goes on when a later version of the book deletes its folder."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import RLock

from openbook.database.storage.catalog import Catalog
from openbook.errors import DatabaseError, first_line


class HeldCatalog(Catalog):
    """The catalog of a shard that nothing writes to any more.

    Args:
        folder: of the shard.

    Raises:
        DatabaseError: it has no catalog, or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._lock = RLock()
        self._held: AbstractContextManager[sqlite3.Connection] | None = None
        self._connection: sqlite3.Connection | None = None
        self._process = -1

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """Lend the one connection, to one thread after the other; a forked process opens its own."""
        with self._lock:
            if self._connection is None or self._process != os.getpid():
                self._held = super().connect()
                self._connection = self._held.__enter__()
                self._process = os.getpid()
            outermost = not self._connection.in_transaction
            try:
                yield self._connection
            except (sqlite3.Error, UnicodeDecodeError) as error:
                raise DatabaseError(f"{self.path}: {first_line(error)}; restore it from a copy") from error
            finally:
                if outermost and self._connection.in_transaction:
                    self._connection.rollback()

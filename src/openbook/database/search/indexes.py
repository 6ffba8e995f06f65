"""The indexes of one version of a database, each made ready when it is first needed."""

import time
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from functools import cached_property

from openbook.database.search.dense import DenseIndex
from openbook.database.search.dense_store import is_large, load_dense, stored_index
from openbook.database.search.lexical import LexicalIndex
from openbook.database.storage.arrays import Rows
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.errors import DatabaseError

_TRIES = 5
_SECONDS_BETWEEN_TRIES = 0.05


class Indexes:
    """Dense and lexical.

    Args:
        layout: says which chunks may be found.
        vectors: [num_chunks, E], None in a lexical-only database.
        files: of the generation that the version belongs to.
        repair: opens the database for writing, and makes again what is missing from the indexes.
        before: of the version before, whose open files may still be the right ones.
    """

    def __init__(
        self,
        layout: ChunkLayout,
        vectors: Rows | None,
        files: Files,
        repair: Callable[[], None],
        before: "Indexes | None" = None,
    ) -> None:
        self._layout = layout
        self._vectors = vectors
        self._files = files
        self._repair = repair
        self._dense_before: DenseIndex | None = None
        if before is not None:
            self._dense_before = before.__dict__.get("dense", before._dense_before)
        # Opened now, though used later: an open index keeps what writers take out of it from now on.
        self._opened = self._open_lexical()

    def _open_lexical(self) -> LexicalIndex | None:
        """The index as it is now; None if it is missing, damaged, or still so after some tries, behind.

        A writer may be about to replace the files in this very moment, so one failure says nothing.
        """
        for _ in range(_TRIES):
            with suppress(DatabaseError):
                index = LexicalIndex(self._files.lexical, create=False)
                if not self._layout.retrievable[index.highest_chunk() + 1 :].any():
                    return index
            if not self._files.lexical.exists():
                break
            time.sleep(_SECONDS_BETWEEN_TRIES)
        return None

    @cached_property
    def dense(self) -> DenseIndex:
        """Memory-mapped where the database is large enough to have one on disk.

        Raises:
            DatabaseError: it is damaged.
        """
        assert self._vectors is not None
        if is_large(self._layout) and stored_index(self._files.dense) is None:
            with suppress(DatabaseError):  # while another process writes, exact search will do
                self._repair()
        held, self._dense_before = self._dense_before, None
        return load_dense(self._files.dense, self._layout, self._vectors, held=held)

    @cached_property
    def lexical(self) -> LexicalIndex:
        """On disk; made again from the tokens if it was deleted.

        Raises:
            DatabaseError: it is damaged, or cannot be made.
        """
        opened = self._opened
        if opened is None:
            self._repair()
            if not self._files.lexical.exists():  # of this generation; mended was the newest
                raise DatabaseError(f"{self._files.folder}: was compacted since it was opened: open it again")
            opened = LexicalIndex(self._files.lexical, create=False)
        opened.check_files()
        return opened

    def instead(self, *, dense: DenseIndex | None = None, lexical: LexicalIndex | None = None) -> "Indexes":
        """These indexes with others in the place of some."""
        given = {"dense": dense, "lexical": lexical}
        other = copy(self)
        other.__dict__.update({name: index for name, index in given.items() if index is not None})
        return other  # which has its cached properties filled

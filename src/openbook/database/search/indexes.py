"""The indexes of one version of a database, each opened when it is first needed."""

import time
from copy import copy
from functools import cached_property

from openbook.database.search.dense import DenseIndex
from openbook.database.search.dense_store import load_dense
from openbook.database.search.lexical import LexicalIndex
from openbook.database.storage.arrays import Rows
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.sealed import database_of
from openbook.errors import DatabaseError
from openbook.phrases import command

_TRIES = 5
_SECONDS_BETWEEN_TRIES = 0.05


class Indexes:
    """Dense and lexical. They are read here, and made when the database is opened for writing.

    Args:
        layout: says which chunks may be found.
        vectors: [num_chunks, E], None in a lexical-only database.
        files: of the generation that the version belongs to.
        before: of the version before, whose open files may still be the right ones.
    """

    def __init__(
        self,
        layout: ChunkLayout,
        vectors: Rows | None,
        files: Files,
        before: "Indexes | None" = None,
    ) -> None:
        self._layout = layout
        self._vectors = vectors
        self._files = files
        self._dense_before: DenseIndex | None = None
        if before is not None:
            self._dense_before = before.__dict__.get("dense", before._dense_before)
        # Opened now, though used later: an open index keeps what writers take out of it from now on.
        self._opened = self._open_lexical()

    def _open_lexical(self) -> LexicalIndex | str:
        """The index as it is now; if it is missing, damaged, or after some tries still behind, what to say.

        A writer may be about to replace the files in this very moment, so one failure says nothing.
        """
        problem = self._missing("is missing")
        for tries_left in reversed(range(_TRIES)):
            try:
                index = LexicalIndex(self._files.lexical, create=False)
                if not self._layout.retrievable[index.highest_chunk() + 1 :].any():
                    return index
                problem = self._missing("lacks chunks that the catalog has")
            except DatabaseError as error:
                if not self._files.lexical.exists():
                    break
                problem = str(error)
            if tries_left:
                time.sleep(_SECONDS_BETWEEN_TRIES)
        return problem

    def _missing(self, what: str) -> str:
        return (
            f"{self._files.lexical}: {what}; a search makes no index, this does: "
            f"{command('verify', database_of(self._files.folder), '--repair')}"
        )

    @cached_property
    def dense(self) -> DenseIndex:
        """Memory-mapped where a large database has one on disk; exact, in memory, where it is missing.

        Raises:
            DatabaseError: it is damaged.
        """
        assert self._vectors is not None
        held, self._dense_before = self._dense_before, None
        return load_dense(self._files.dense, self._layout, self._vectors, held=held)

    @cached_property
    def lexical(self) -> LexicalIndex:
        """On disk.

        Raises:
            DatabaseError: it is missing, behind or damaged; says which command makes it.
        """
        if isinstance(self._opened, str):
            raise DatabaseError(self._opened)
        self._opened.check_files()
        return self._opened

    @property
    def words_version(self) -> int | None:
        """Of the analyzer that made the index of words; None: that could not be opened."""
        return None if isinstance(self._opened, str) else self._opened.analyzer.version

    def instead(self, *, dense: DenseIndex | None = None, lexical: LexicalIndex | None = None) -> "Indexes":
        """These indexes with others in the place of some."""
        given = {"dense": dense, "lexical": lexical}
        other = copy(self)
        other.__dict__.update({name: index for name, index in given.items() if index is not None})
        return other  # which has its cached properties filled

"""The indexes of one version of a database, each made ready when it is first needed."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.dense import DenseIndex
from openbook.database.layout import ChunkLayout
from openbook.database.lexical import LexicalIndex
from openbook.errors import DatabaseError


class Indexes:
    """Dense and lexical.

    Args:
        layout: says which chunks may be found.
        vectors: [num_chunks, E], None in a lexical-only database.
        lexical: the folder of the lexical index.
        writer: opens the database for writing, which makes again what is missing from the lexical index.
    """

    def __init__(
        self,
        layout: ChunkLayout,
        vectors: NDArray[np.float16] | None,
        lexical: Path,
        writer: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._layout = layout
        self._vectors = vectors
        self._folder = lexical
        self._writer = writer
        # Opened now, though used later: an open index keeps what writers take out of it from now on.
        self._opened: LexicalIndex | None = None
        with suppress(DatabaseError):
            self._opened = LexicalIndex(lexical)

    @cached_property
    def dense(self) -> DenseIndex:
        """Held in memory."""
        assert self._vectors is not None
        return DenseIndex.build(self._vectors, np.flatnonzero(self._layout.retrievable))

    @cached_property
    def lexical(self) -> LexicalIndex:
        """On disk; made again from the tokens if it was deleted.

        Raises:
            DatabaseError: it cannot be read, or not be made.
        """
        if self._opened is not None and not self._lags(self._opened):
            return self._opened
        with self._writer():
            return LexicalIndex(self._folder)

    def _lags(self, index: LexicalIndex) -> bool:
        return bool(self._layout.retrievable[index.highest_chunk() + 1 :].any())

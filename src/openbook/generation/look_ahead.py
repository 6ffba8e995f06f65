"""Searches that begin before their look-up is due, on another thread, while the text is written on.

M = 8, look-ahead 3:

    t t t t t t t t | t t t t t 1 2 3 | t t t
              └─ the query ─┘         |
                            the search runs
                                      the neighbors are read

The query lacks the last tokens before the border: what that costs is for `benchmarks/look_ahead.py` to say.
"""

from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from openbook.generation.batch_row import BatchRow
from openbook.generation.joint_search import Found
from openbook.generation.neighbor_fetcher import NeighborFetcher

Ranked = tuple[NDArray[np.int64], NDArray[np.float32]]


class LookAhead:
    """The searches of a batch that have begun, at most one of each row."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._begun: dict[BatchRow, Future[Ranked]] = {}

    def begin(self, row: BatchRow, *, chunk_size: int) -> None:
        """Search with the last M tokens of a row; nothing happens if its search has begun."""
        source = row.source
        if row in self._begun or not isinstance(source, NeighborFetcher):
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="look-ahead")
        queries = source.queries([row.last_tokens(chunk_size)])
        self._begun[row] = self._pool.submit(source.search_texts, queries)

    def has_begun(self, row: BatchRow) -> bool:
        """Whether a row's search has begun."""
        return row in self._begun

    def finish(self, row: BatchRow) -> Found:
        """Wait for a row's search, and read what it found."""
        assert isinstance(row.source, NeighborFetcher)
        try:
            ids, scores = self._begun.pop(row).result()
            return row.source.read(ids, scores, count=1)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other rows go on
            return error

    def keep(self, rows: Collection[BatchRow]) -> None:
        """Forget the searches of all other rows."""
        self._begun = {row: search for row, search in self._begun.items() if row in rows}

"""Searching for the neighbors of all chunks on a cluster: a task for each block of queries, over all shards.

Each worker holds the book open, memory-mapped; the table is written by whoever asked, as on one machine, and
so resumes and is extended as there.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.cluster.ray_session import RaySession
from openbook.cluster.remote_encoder import WorkPlace
from openbook.cluster.task_queue import TaskQueue
from openbook.database import Version
from openbook.database.neighbors.finder import NeighborFinder
from openbook.database.search.dense import Ranking
from openbook.database.shards.book_manifest import is_sharded
from openbook.database.storage.catalog import FILE_NAME
from openbook.database.storage.sealed import BOOK
from openbook.search_modes import SearchMode

Reopening = tuple[Any, ...]
"""How a version travels: a function, and what it is called with, see `Version.__reduce__`."""


class NeighborActor:
    """Holds a corpus and its book open, and searches blocks of chunks with one thread.

    Args:
        corpus: how to open it.
        book: how to open it; None: the corpus.
    """

    def __init__(self, corpus: Reopening, book: Reopening | None) -> None:
        self._corpus = corpus
        self._book = book

    @cached_property
    def _finder(self) -> NeighborFinder:
        """Opened by the first call, whose caller is told if that fails."""
        import faiss

        faiss.omp_set_num_threads(1)
        corpus = _opened(self._corpus)
        book = corpus if self._book is None else _opened(self._book)
        return NeighborFinder(corpus, book)

    def nearest(self, chunks: NDArray[np.int64], k: int, mode: SearchMode) -> Ranking:
        """See `NeighborFinder.nearest`."""
        finder = self._finder
        if mode != "dense":
            finder.book.searcher.indexes.lexical.threads = 1
        return finder.nearest(chunks, k=k, mode=mode)


def _opened(reopening: Reopening) -> Version:
    function, arguments = reopening
    version: Version = function(*arguments)
    return version


class ClusterSearch:
    """A `BlockSearch` on a cluster.

    Args:
        session: of the cluster; all nodes see the databases' folders.
        places: where workers run.
    """

    def __init__(self, session: RaySession, places: Sequence[WorkPlace]) -> None:
        self._session = session
        self._places = places
        self.lost = 0
        """Workers that were lost on the way."""

    def __call__(
        self, finder: NeighborFinder, blocks: Sequence[NDArray[np.int64]], k: int, mode: SearchMode
    ) -> Iterator[Ranking]:
        """Search all blocks, several at a time; gives the ranking of each, in order.

        Raises:
            MismatchError: a database has changed meanwhile.
            ClusterError: the cluster is gone, some node does not see a folder, or workers are lost again and
                again.
        """
        self._session.require_shared(finder.corpus.path)
        if not finder.is_own_book:
            self._session.require_seen(
                _first_file(finder.book.path)
            )  # it may be where nothing can be written
        actors = [self._begin(finder, place) for place in self._places[: len(blocks)]]

        def submit(number: int, actor: Any) -> Any:
            return actor.nearest.remote(blocks[number], k, mode)

        queue = TaskQueue(self._session, actors, submit, lambda number: f"block {number} of the chunks")
        waiting: dict[int, Ranking] = {}
        wanted = 0
        for number, ranking in queue.run(range(len(blocks))):
            waiting[number] = ranking
            while wanted in waiting:
                yield waiting.pop(wanted)
                wanted += 1
            self.lost = queue.lost

    def _begin(self, finder: NeighborFinder, place: WorkPlace) -> Any:
        book = None if finder.is_own_book else finder.book.__reduce__()
        actor = self._session.ray.remote(
            num_cpus=0, max_restarts=-1, max_task_retries=0, scheduling_strategy=place.strategy()
        )(NeighborActor)
        return actor.remote(finder.corpus.__reduce__(), book)


def _first_file(folder: Path) -> Path:
    """What says that a database or a sharded book is there."""
    return folder / (BOOK if is_sharded(folder) else FILE_NAME)

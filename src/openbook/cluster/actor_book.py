"""A sharded book over Ray actors: the same `Version`, whose indexes are in the shards' actors.

This process holds which chunk is of which document, and what is shown of it; vectors, dense indexes and words
are searched where the shards are. What they find is merged as in one process.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from openbook.cluster.ray_session import RaySession
from openbook.cluster.shard_replicas import ShardReplicas
from openbook.database import Version
from openbook.database.search.analyzer import WordAnalyzer
from openbook.database.search.dense import DenseIndex, Ranking
from openbook.database.search.indexes import Indexes
from openbook.database.search.lexical import LexicalIndex
from openbook.database.shards.book_folder import open_book
from openbook.database.shards.chunk_numbers import ChunkNumbers
from openbook.database.shards.sharded_dense import best_of
from openbook.database.shards.weighted_index import WordStatistics, distinct_words
from openbook.database.version import book_version

_DECIMALS = 4
"""Of BM25 scores that count where chunks of several shards are ranked: what differs by rounding is equal."""


def open_over_actors(
    book: Path, session: RaySession, *, replicas: int = 1, allow_missing_shards: bool = False
) -> Version:
    """Open the newest version of a sharded book, searched by actors.

    A lost actor is begun again by Ray, and what it was asked is asked again. The actors end with the last
    reference to the version.

    Args:
        book: its folder, which all nodes see.
        session: of the cluster.
        replicas: actors of each shard.
        allow_missing_shards: see `Version.open`.

    Raises:
        DatabaseError: there is no sharded book, or a shard is missing or damaged.
        ClusterError: some node does not see the folder.
        SettingsError: no replica at all.
    """
    folder = open_book(book.resolve(), allow_missing_shards=allow_missing_shards)
    shards = ShardReplicas(session, folder.path, folder.manifest, sorted(folder.shards), replicas=replicas)
    return book_version(folder, ActorIndexes(shards, folder.manifest.numbers))


class ActorIndexes(Indexes):
    """Dense and lexical, in the actors of shards.

    Args:
        shards: to ask.
        numbers: of the book's chunks.
    """

    def __init__(self, shards: ShardReplicas, numbers: ChunkNumbers) -> None:
        self.shards = shards
        self._numbers = numbers

    @cached_property
    def dense(self) -> DenseIndex:
        """Of all shards."""
        return ActorDense(self.shards, self._numbers)

    @cached_property
    def lexical(self) -> LexicalIndex:
        """Of all shards; no more than what searches ask of one."""
        return cast(LexicalIndex, ActorWords(self.shards, self._numbers))

    @property
    def words_version(self) -> int | None:
        """Not known here."""
        return None


class ActorDense:
    """What `ShardedDense` is in one process."""

    def __init__(self, shards: ShardReplicas, numbers: ChunkNumbers) -> None:
        self._shards = shards
        self._numbers = numbers

    @cached_property
    def _kinds(self) -> list[tuple[str, float]]:
        return list(self._shards.ask_all("dense_kind").values())

    @property
    def name(self) -> str:
        """Of the kinds of index that there are."""
        return ", ".join(dict.fromkeys(name for name, _ in self._kinds))

    @property
    def recall_at_10(self) -> float:
        """The lowest of all."""
        return min(recall for _, recall in self._kinds)

    def search(self, vectors: NDArray[np.float32], k: int, *, avoid: Sequence[range] = ()) -> Ranking:
        """See `DenseIndex.search`."""
        calls = {place: (vectors, k, self._numbers.ranges_in(place, avoid)) for place in self._shards.places}
        found = self._shards.ask("dense", calls)
        return best_of(_of_book(self._numbers, found), k)


class ActorWords:
    """What `UnionIndex` is in one process: BM25 with the statistics of all shards."""

    def __init__(self, shards: ShardReplicas, numbers: ChunkNumbers) -> None:
        self._shards = shards
        self._numbers = numbers
        self.analyzer = WordAnalyzer()
        self.is_current = True
        self.threads: int | None = None

    @cached_property
    def _book(self) -> WordStatistics:
        return sum(self._shards.ask_all("statistics").values(), start=WordStatistics(0, 0))

    def check_files(self) -> None:
        """Each actor has done that with its own."""

    def search(self, texts: Sequence[str], k: int, *, avoid: Sequence[range] = ()) -> Ranking:
        """See `LexicalIndex.search`."""
        queries = distinct_words(texts)
        words = sorted({word for query in queries for word in query})
        counts = self._shards.ask_all("frequencies", words)
        frequencies = dict(zip(words, np.sum(list(counts.values()), axis=0).tolist(), strict=True))
        calls = {
            place: (queries, k, self._book, frequencies, self._numbers.ranges_in(place, avoid))
            for place in self._shards.places
        }
        found = _of_book(self._numbers, self._shards.ask("lexical", calls))
        ids = np.concatenate([ids for ids, _ in found], axis=1)
        scores = np.concatenate([scores for _, scores in found], axis=1)
        falling = np.where(ids >= 0, -np.round(scores, _DECIMALS), np.inf)
        order = np.lexsort((ids, falling), axis=1)[:, :k]
        return np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1)


def _of_book(numbers: ChunkNumbers, found: dict[int, Ranking]) -> list[Ranking]:
    return [(numbers.in_book(place, rows), scores) for place, (rows, scores) in found.items()]

"""Dense search over the indexes of shards: those that were trained together as one, each other one by itself.

Scores are inner products, which do not depend on what else an index holds; so they can be compared as they
are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense import ApproximateIndex, DenseIndex, ExactIndex, Ranking
from openbook.database.search.dense_tuning import tune_index
from openbook.database.shards.chunk_numbers import ChunkNumbers
from openbook.database.shards.joined_index import JoinedIndex, join_indexes, joined_chunks
from openbook.database.shards.sharded_rows import ShardedRows
from openbook.database.storage.arrays import Rows


def best_of(rankings: Sequence[Ranking], k: int) -> Ranking:
    """Keep the k best of several rankings of the same queries.

    Of equal scores the lowest numbers come first, as in each of them. For one query, k = 2:

        scores      .9 .4    .7 .7        of two rankings
        chunks      3  1     8  6
        kept        .9 .7                 chunks 3 and 6

    Args:
        rankings: ids and scores [n, any], -1 where there are no more; at least one.
        k: how many to keep.

    Returns:
        Ids and scores [n, k].
    """
    ids = np.concatenate([found[0] for found in rankings], axis=1)
    scores = np.concatenate([found[1] for found in rankings], axis=1)
    if ids.shape[1] < k:
        missing = ((0, 0), (0, k - ids.shape[1]))
        ids, scores = np.pad(ids, missing, constant_values=-1), np.pad(scores, missing)
    falling = np.where(ids >= 0, -scores, np.inf)
    kept = np.lexsort((ids, falling), axis=1)[:, :k]
    return np.take_along_axis(ids, kept, axis=1), np.take_along_axis(scores, kept, axis=1)


@dataclass(frozen=True, slots=True)
class BookEffort:
    """How much of the indexes of shards as one a search reads, and what that gives."""

    indexes: str
    """The joined index's digest."""
    nprobe: int
    rerank: int
    recall_at_10: float


@dataclass(frozen=True)
class JoinedDense:
    """The approximate indexes of shards that were trained together, as one.

    It counts rows shard after shard:

        shard 0 has 5 rows, shard 2 has 3        starts    0 5
        row 6                                    row 1 of shard 2

    Args:
        numbers: of the book's chunks.
        starts: of each shard's rows, by its place, ascending.
        parts: the indexes of the shards, whose lists are in the joined one.
        index: with these numbers for chunks.
    """

    numbers: ChunkNumbers
    starts: Mapping[int, int]
    parts: Mapping[int, ApproximateIndex]
    index: JoinedIndex

    @classmethod
    def of(
        cls, numbers: ChunkNumbers, parts: Mapping[int, ApproximateIndex], before: "JoinedDense | None"
    ) -> "JoinedDense":
        """Join the indexes of shards; what was joined before is taken as it is, with other tails."""
        sizes = [numbers.size(place) for place in parts]
        starts = [0, *np.cumsum(sizes[:-1]).tolist()]
        indexes = list(parts.values())
        if before is None:
            index = join_indexes(indexes, starts)
        else:
            chunk_ids, tail = joined_chunks(indexes, starts)
            index = replace(before.index, chunk_ids=chunk_ids, tail=tail)
        return cls(numbers, dict(zip(parts, starts, strict=True)), parts, index)

    @property
    def digests(self) -> dict[int, str]:
        """Of the files that are joined, by the places of their shards."""
        return {place: part.digest for place, part in self.parts.items()}

    def has_lists_of(self, parts: Mapping[int, ApproximateIndex]) -> bool:
        """Whether the lists of these indexes, and no others, are in the joined one."""
        return parts.keys() == self.parts.keys() and all(
            part.index is self.parts[place].index for place, part in parts.items()
        )

    @cached_property
    def is_in_order(self) -> bool:
        """Whether its rows stand as in the book, so that of equal scores the lowest numbers come first."""
        return bool((np.diff(self.numbers.shards) >= 0).all())

    def with_effort(self, effort: BookEffort) -> "JoinedDense":
        """The same, searched with this effort."""
        index = replace(
            self.index, nprobe=effort.nprobe, rerank=effort.rerank, recall_at_10=effort.recall_at_10
        )
        return replace(self, index=index)

    def tuned(self, vectors: Mapping[int, Rows], book: Path) -> BookEffort:
        """Find the least effort that finds enough, see `tune_index`.

        Args:
            vectors: of the shards, by their places.
            book: its folder, for errors.
        """
        extents = [(place, len(vectors[place])) for place in self.starts]
        names = [""] * (1 + max(self.starts))
        rows = ShardedRows.of(book, ChunkNumbers(extents), vectors, names)
        tuned = tune_index(replace(self.index, tail=ExactIndex.build(rows, np.arange(0))), rows)
        return BookEffort(self.index.digest, tuned.nprobe, tuned.rerank, tuned.recall_at_10)

    def search(self, vectors: NDArray[np.float32], k: int, *, avoid: Sequence[range] = ()) -> Ranking:
        """See `DenseIndex.search`."""
        avoided = [
            range(start + rows.start, start + rows.stop)
            for place, start in self.starts.items()
            for rows in self.numbers.ranges_in(place, avoid)
        ]
        rows, scores = self.index.search(vectors, k, avoid=avoided)
        return self._in_book(rows), scores

    def _in_book(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The book's numbers of rows [...]; -1 stays -1."""
        starts, places = (np.array(list(values)) for values in (self.starts.values(), self.starts))
        known = np.maximum(rows.reshape(-1), 0)
        shard = np.searchsorted(starts, known, side="right") - 1
        found = self.numbers.of_all(places[shard], known - starts[shard]).reshape(rows.shape)
        return np.where(rows < 0, -1, found)


@dataclass(frozen=True)
class ShardedDense:
    """One dense index over several.

    Args:
        numbers: of the book's chunks.
        parts: the indexes of shards that are searched one by one, by their places.
        joined: those that are searched as one; None: there are none.
    """

    numbers: ChunkNumbers
    parts: Mapping[int, DenseIndex]
    joined: JoinedDense | None = None

    @property
    def name(self) -> str:
        """Of the kinds of index there are."""
        return ", ".join(dict.fromkeys(index.name for index in self._indexes))

    @property
    def recall_at_10(self) -> float:
        """The lowest of all."""
        return min(index.recall_at_10 for index in self._indexes)

    @property
    def _indexes(self) -> list[DenseIndex]:
        joined = [] if self.joined is None else [self.joined.index]
        return [*joined, *self.parts.values()]

    def search(self, vectors: NDArray[np.float32], k: int, *, avoid: Sequence[range] = ()) -> Ranking:
        """See `DenseIndex.search`."""
        rankings = [] if self.joined is None else [self.joined.search(vectors, k, avoid=avoid)]
        if self.joined is not None and not self.parts and self.joined.is_in_order:
            return rankings[0]
        for place, index in self.parts.items():
            rows, scores = index.search(vectors, k, avoid=self.numbers.ranges_in(place, avoid))
            rankings.append((self.numbers.in_book(place, rows), scores))
        return best_of(rankings, k)

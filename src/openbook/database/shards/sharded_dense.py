"""Dense search over the indexes of shards: each is asked, and the best of all are kept.

Scores are inner products, which do not depend on what else an index holds; so they can be compared as they
are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense import DenseIndex, Ranking
from openbook.database.shards.chunk_numbers import ChunkNumbers


class DenseShard(Protocol):
    """The dense index of one shard, here or elsewhere."""

    def search(self, vectors: NDArray[np.float32], k: int, *, avoid: Sequence[range] = ()) -> Ranking:
        """As `DenseIndex.search`, in rows of the shard."""


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


@dataclass(frozen=True)
class ShardedDense:
    """One dense index over several.

    Args:
        numbers: of the book's chunks.
        parts: the index of each shard, by its place.
        name: of the kinds of index there are.
        recall_at_10: the lowest of all.
    """

    numbers: ChunkNumbers
    parts: dict[int, DenseShard]
    name: str
    recall_at_10: float

    @classmethod
    def of(cls, numbers: ChunkNumbers, indexes: dict[int, DenseIndex]) -> "ShardedDense":
        """Join the indexes of shards, at least one."""
        names = dict.fromkeys(index.name for index in indexes.values())
        recall = min(index.recall_at_10 for index in indexes.values())
        return cls(numbers, dict(indexes), ", ".join(names), recall)

    def search(self, vectors: NDArray[np.float32], k: int, *, avoid: Sequence[range] = ()) -> Ranking:
        """See `DenseIndex.search`."""
        rankings = []
        for place, index in self.parts.items():
            rows, scores = index.search(vectors, k, avoid=self.numbers.ranges_in(place, avoid))
            rankings.append((self.numbers.in_book(place, rows), scores))
        return best_of(rankings, k)

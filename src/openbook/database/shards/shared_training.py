"""What the dense indexes of a book's shards share: lists and codes, trained once on vectors of all of them.

Only what was trained together can be searched as one index. So a shard that becomes large is filled from what
another was filled from, and where one has outgrown its lists, all are trained again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense_store import (
    TrainedIndex,
    is_large,
    is_outgrown,
    stored_index,
    trained_index_of,
    write_index,
)
from openbook.database.search.dense_tuning import TRAINING_VECTORS_A_LIST, index_name
from openbook.database.shards.book_indexes import HeldDense, OpenedShard, open_sharded, stored_digests
from openbook.database.shards.chunk_numbers import ChunkNumbers
from openbook.database.shards.joined_index import joined_digest
from openbook.database.shards.sharded_dense import BookEffort
from openbook.database.storage.arrays import Rows
from openbook.database.storage.layout import ChunkLayout

_MOST_SHARDS_A_LIST = 16
"""Shards for whose chunks together there are lists. Of more, a list of one shard would have few chunks, and
the centers of all lists, which each shard has in its file, would take as much room as they."""
_TUNED_TOGETHER = 20_000_000
"""Chunks up to which a writer measures how much must be searched of all shards as one: 2 GB of codes."""


@dataclass(frozen=True, slots=True)
class SharedTraining:
    """What shards without an index are filled from."""

    trained: TrainedIndex | None
    """None: each trains its own, for there is only one, or none needs it."""
    again: tuple[int, ...] = ()
    """The places of shards whose indexes are of an earlier training, and are to be made again."""


def shared_training(shards: Mapping[int, OpenedShard], *, parts: int, folder: Path) -> SharedTraining:
    """Find or train what the shards are filled from that need a new index.

    Args:
        shards: of the book, by their places.
        parts: of how many shards each is judged as one, see `is_large`.
        folder: where what is trained is put.
    """
    large = {
        place: shard
        for place, shard in shards.items()
        if shard.vectors is not None and is_large(shard.layout, shards=parts)
    }
    stored = {place: stored_index(shard.files.dense) for place, shard in large.items()}
    found = {place: entry for place, entry in stored.items() if entry is not None}
    outgrown = any(is_outgrown(entry, large[place].layout) for place, entry in found.items())
    if len(large) < 2 or (len(found) == len(large) and not outgrown):
        return SharedTraining(None)
    if found and not outgrown:
        sound = (trained_index_of(large[place].files.dense) for place in found)
        return SharedTraining(next(filter(None, sound), None))
    rows = [(shard.layout, shard.vectors) for shard in large.values() if shard.vectors is not None]
    path = folder / "trained.faiss"
    return SharedTraining(TrainedIndex(train_together(path, rows), path), tuple(found))


def train_together(path: Path, shards: Sequence[tuple[ChunkLayout, Rows]]) -> str:
    """Train an index on vectors of several shards, the same ones at every call; returns its name.

    Args:
        path: of the file that is written.
        shards: layout and vectors of each.
    """
    import faiss

    counts = [len(layout.indexed) for layout, _ in shards]
    size = shards[0][1].shape[1]
    name = index_name(min(sum(counts), _MOST_SHARDS_A_LIST * max(counts)), size)
    index = faiss.index_factory(size, name, faiss.METRIC_INNER_PRODUCT)
    drawn = _drawn(counts, TRAINING_VECTORS_A_LIST * faiss.extract_index_ivf(index).nlist)
    parts = zip(shards, drawn, strict=True)
    sample = np.concatenate([vectors[layout.indexed[part]] for (layout, vectors), part in parts])
    index.train(sample.astype(np.float32))
    write_index(path, index)
    return name


def _drawn(counts: Sequence[int], size: int) -> list[NDArray[np.int64]]:
    """Draw from several lists of these lengths as from one: the places in each.

    Of lists of 3, 2 and 4, five are drawn, which are numbered 0 … 8 together:

        drawn     1 2   4   5 8
        places    1 2 | 1 | 0 3
    """
    total = sum(counts)
    drawn = np.sort(np.random.default_rng(0).choice(total, size=min(size, total), replace=False))
    ends = np.cumsum(counts)
    bounds = np.searchsorted(drawn, ends)
    parts = np.split(drawn, bounds[:-1])
    return [part - (end - count) for part, end, count in zip(parts, ends, counts, strict=True)]


def tuned_effort(
    book: Path, shards: Mapping[int, OpenedShard], numbers: ChunkNumbers, before: BookEffort | None
) -> BookEffort | None:
    """Find how much of the shards' indexes must be searched as one; what still holds is not measured again.

    Args:
        book: its folder, for errors.
        shards: by their places.
        numbers: of the book's chunks.
        before: what was measured before.

    Returns:
        None where there are no several indexes, or too large ones for one process to measure; no effort at
        all where they were not trained together, so that they are not read again to find that out.
    """
    if not is_large(*(shard.layout for shard in shards.values())) or numbers.total > _TUNED_TOGETHER:
        return None
    vectors = {place: shard.vectors for place, shard in shards.items() if shard.vectors is not None}
    digests = list(stored_digests(shards).values())
    if len(vectors) < len(shards) or len(digests) < 2:
        return None
    indexes = joined_digest(digests)
    if before is not None and before.indexes == indexes:
        return before
    joined = open_sharded(shards, numbers, HeldDense()).joined
    return BookEffort(indexes, 0, 0, 0.0) if joined is None else joined.tuned(vectors, book)

"""The indexes of a sharded book, each opened when it is first needed; what a version before had is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from openbook.database.search.dense import ApproximateIndex, DenseIndex, ExactIndex
from openbook.database.search.dense_store import (
    LONGEST_TAIL,
    TAIL_FOR_BULK,
    is_large,
    load_dense,
    needs_care,
    stored_index,
)
from openbook.database.search.indexes import Indexes
from openbook.database.search.lexical import LexicalIndex, is_current
from openbook.database.shards.chunk_numbers import ChunkNumbers
from openbook.database.shards.joined_index import trained_together
from openbook.database.shards.sharded_dense import BookEffort, JoinedDense, ShardedDense
from openbook.database.shards.union_index import UnionIndex
from openbook.database.storage.arrays import Rows
from openbook.database.storage.database_folder import DatabaseFolder
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.errors import DatabaseError
from openbook.phrases import command


@dataclass(frozen=True, eq=False)
class OpenedShard:
    """One shard at the version that the manifest names."""

    folder: DatabaseFolder
    files: Files
    layout: ChunkLayout
    """Of the shard alone."""
    tokens: Rows
    vectors: Rows | None


@dataclass(frozen=True, eq=False)
class HeldDense:
    """The dense indexes of a version that are open."""

    parts: Mapping[Path, DenseIndex] = field(default_factory=dict)
    """Of shards that are searched one by one, by their folders, which are not written to."""
    joined: JoinedDense | None = None


class BookIndexes(Indexes):
    """Dense and lexical, over all shards.

    Args:
        book: the folder.
        shards: by their places, at least one.
        numbers: of the book's chunks.
        vectors: [num_chunks, E] of all shards, None in a lexical-only book.
        before: of the version before: indexes of shards that have not changed are taken from it.
        effort: how much of the shards' indexes as one is searched; None: as much as the shards say.
    """

    def __init__(
        self,
        book: Path,
        shards: Mapping[int, OpenedShard],
        numbers: ChunkNumbers,
        vectors: Rows | None,
        before: Indexes | None = None,
        effort: BookEffort | None = None,
    ) -> None:
        self._shards = dict(shards)
        self._numbers = numbers
        self._vectors = vectors
        self._effort = effort
        self._held = before.held() if isinstance(before, BookIndexes) else HeldDense()
        # Opened now, though used later: an open index keeps what writers take away from now on.
        self._opened = self._open_union(book)

    def _open_union(self, book: Path) -> LexicalIndex | str:
        try:
            folders = {place: shard.files.lexical for place, shard in self._shards.items()}
            index = UnionIndex(book, folders, self._numbers)
            for place, shard in self._shards.items():
                last = np.flatnonzero(shard.layout.retrievable)[-1:]
                if len(last) and not index.holds(place, int(last[0])):
                    return (
                        f"{shard.files.lexical}: lacks chunks that the catalog has; a search makes no index, "
                        f"this does: {command('verify', book, '--repair')}"
                    )
            return index
        except DatabaseError as error:
            return str(error)

    @property
    def has_words(self) -> bool:
        """Whether the lexical index could be opened; else `lexical` says why not."""
        return not isinstance(self._opened, str)

    @cached_property
    def dense(self) -> DenseIndex:
        """Of all shards; where one database of their chunks would be searched exactly, one index of all is.

        Raises:
            DatabaseError: one is damaged.
        """
        if is_large(*(shard.layout for shard in self._shards.values())):
            held, self._held = self._held, HeldDense()
            return open_sharded(self._shards, self._numbers, held, self._effort)
        assert self._vectors is not None
        retrievable = [
            self._numbers.in_book(place, np.flatnonzero(shard.layout.retrievable))
            for place, shard in self._shards.items()
        ]
        return ExactIndex.build(self._vectors, np.sort(np.concatenate(retrievable)))

    def held(self) -> HeldDense:
        """What is open, for the next version."""
        dense = self.__dict__.get("dense")
        if not isinstance(dense, ShardedDense):
            return self._held
        parts = {self._shards[place].folder.path: index for place, index in dense.parts.items()}
        return HeldDense(parts, dense.joined)


def open_sharded(
    shards: Mapping[int, OpenedShard],
    numbers: ChunkNumbers,
    held: HeldDense,
    effort: BookEffort | None = None,
) -> ShardedDense:
    """Open the dense indexes of shards; those that were trained together are joined to one.

    Args:
        shards: by their places; all have vectors.
        numbers: of the book's chunks.
        held: of the version before, which is not read again.
        effort: with which the joined index is searched, if it was measured on this one.
    """
    before = held.joined if held.joined and held.joined.digests == stored_digests(shards) else None
    indexes = {}
    for place, shard in shards.items():
        part = None if before is None else before.parts.get(place)
        assert shard.vectors is not None
        indexes[place] = held.parts.get(shard.folder.path) or load_dense(
            shard.files.dense, shard.layout, shard.vectors, held=part
        )
    several = {place: one for place, one in indexes.items() if isinstance(one, ApproximateIndex)}
    if before is not None and not before.has_lists_of(several):  # a writer took files away meanwhile
        return open_sharded(shards, numbers, HeldDense(held.parts), effort)
    if len(several) < 2 or not trained_together(list(several.values())):
        return ShardedDense(numbers, indexes)
    kept = held.parts.keys() - {shards[place].folder.path for place in several}
    if len(kept) < len(held.parts):  # lists are moved when they are joined, and the version before has these
        parts = {path: held.parts[path] for path in kept}
        return open_sharded(shards, numbers, HeldDense(parts, held.joined), effort)
    joined = JoinedDense.of(numbers, several, before)
    if effort is not None and effort.nprobe and effort.indexes == joined.index.digest:
        joined = joined.with_effort(effort)
    others = {place: one for place, one in indexes.items() if place not in several}
    return ShardedDense(numbers, others, joined)


def stored_digests(shards: Mapping[int, OpenedShard]) -> dict[int, str]:
    """Of the files of the shards' indexes, by place; without those that have none."""
    stored = {place: stored_index(shard.files.dense) for place, shard in shards.items()}
    return {place: found.digest for place, found in stored.items() if found is not None}


def needs_index(shard: OpenedShard, *, shards: int, bulk: bool) -> bool:
    """Whether an index of one of so many shards is to be made, or to catch up; see `Writer.finish`."""
    tail = TAIL_FOR_BULK if bulk else LONGEST_TAIL
    return not is_current(shard.files.lexical) or (
        shard.vectors is not None
        and needs_care(shard.files.dense, shard.layout, shards=shards, longest_tail=tail)
    )

"""The indexes of a sharded book, each opened when it is first needed; what a version before had is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from openbook.database.search.dense import DenseIndex, ExactIndex
from openbook.database.search.dense_store import is_large, load_dense
from openbook.database.search.indexes import Indexes
from openbook.database.search.lexical import LexicalIndex
from openbook.database.shards.chunk_numbers import ChunkNumbers
from openbook.database.shards.sharded_dense import ShardedDense
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


class BookIndexes(Indexes):
    """Dense and lexical, over all shards.

    Args:
        book: the folder.
        shards: by their places, at least one.
        numbers: of the book's chunks.
        vectors: [num_chunks, E] of all shards, None in a lexical-only book.
        before: of the version before: indexes of shards that have not changed are taken from it.
    """

    def __init__(
        self,
        book: Path,
        shards: Mapping[int, OpenedShard],
        numbers: ChunkNumbers,
        vectors: Rows | None,
        before: Indexes | None = None,
    ) -> None:
        self._shards = dict(shards)
        self._numbers = numbers
        self._vectors = vectors
        self._held = before.dense_by_folder() if isinstance(before, BookIndexes) else {}
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
            return ShardedDense.of(self._numbers, self.dense_shards)
        assert self._vectors is not None
        retrievable = [
            self._numbers.in_book(place, np.flatnonzero(shard.layout.retrievable))
            for place, shard in self._shards.items()
        ]
        return ExactIndex.build(self._vectors, np.sort(np.concatenate(retrievable)))

    @cached_property
    def dense_shards(self) -> dict[int, DenseIndex]:
        """The index of each shard, by its place."""
        found = {}
        for place, shard in self._shards.items():
            assert shard.vectors is not None
            held = self._held.get(shard.folder.path)
            found[place] = held or load_dense(shard.files.dense, shard.layout, shard.vectors)
        self._held = {}
        return found

    def dense_by_folder(self) -> dict[Path, DenseIndex]:
        """The dense indexes that are open, by the folders of their shards, which are not written to."""
        opened: dict[int, DenseIndex] = self.__dict__.get("dense_shards", {})
        return self._held | {self._shards[place].folder.path: index for place, index in opened.items()}

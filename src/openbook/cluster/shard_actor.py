"""One shard of a book in a process of its own: it searches its rows, with scores as in the whole book."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense import DenseIndex, Ranking
from openbook.database.search.dense_store import load_dense
from openbook.database.shards.book_folder import open_shard
from openbook.database.shards.book_indexes import OpenedShard
from openbook.database.shards.book_manifest import ShardEntry
from openbook.database.shards.weighted_index import WeightedIndex, WordStatistics
from openbook.database.storage.settings import DatabaseSettings
from openbook.text import load_tokenizer


class ShardActor:
    """Holds a shard open, at the version that the manifest named when the book was opened.

    Args:
        book: folder of the book, which this node sees.
        entry: of the shard.
        settings: of the book.
    """

    def __init__(self, book: Path, entry: ShardEntry, settings: DatabaseSettings) -> None:
        self._book = book
        self._entry = entry
        self._settings = settings

    @cached_property
    def _shard(self) -> OpenedShard:
        """Opened by the first call, whose caller is told if that fails."""
        import faiss

        faiss.omp_set_num_threads(1)
        tokenizer = load_tokenizer(str(self._book / "tokenizer"))
        return open_shard(self._book / self._entry.folder, self._entry, self._settings, tokenizer)

    @cached_property
    def _dense(self) -> DenseIndex:
        vectors = self._shard.vectors
        assert vectors is not None
        return load_dense(self._shard.files.dense, self._shard.layout, vectors)

    @cached_property
    def _words(self) -> WeightedIndex:
        return WeightedIndex(self._shard.files.lexical)

    def dense_kind(self) -> tuple[str, float]:
        """Name and recall@10 of the dense index."""
        return self._dense.name, self._dense.recall_at_10

    def dense(self, vectors: NDArray[np.float32], k: int, avoid: Sequence[range]) -> Ranking:
        """See `DenseIndex.search`; in rows of the shard."""
        return self._dense.search(vectors, min(k, self._shard.layout.num_chunks + 1), avoid=avoid)

    def statistics(self) -> WordStatistics:
        """Of the shard's texts."""
        return self._words.statistics

    def frequencies(self, words: Sequence[str]) -> list[int]:
        """Count the texts that have each word."""
        return self._words.frequencies(words)

    def lexical(
        self,
        queries: Sequence[Sequence[str]],
        k: int,
        book: WordStatistics,
        frequencies: Mapping[str, int],
        avoid: Sequence[range],
    ) -> Ranking:
        """See `WeightedIndex.search`."""
        return self._words.search(queries, k, book=book, frequencies=frequencies, avoid=avoid)

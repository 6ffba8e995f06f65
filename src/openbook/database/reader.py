"""The reading side of a database: one version, opened, to search and to describe.

Nothing here changes the folder, but for `_mend_indexes`, which the writing side lends.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.info import DatabaseInfo, describe
from openbook.database.search.dense import Found
from openbook.database.search.embedder import Embedder, recorded_embedder
from openbook.database.search.searcher import Hit, Queries, check_mode
from openbook.database.storage.arrays import Rows
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.records import Commit, Exclusion
from openbook.database.storage.settings import DatabaseSettings
from openbook.database.version import Version, open_version
from openbook.text import Tokenizer


class DatabaseReader:
    """Reads the version that was newest when it was opened, and moves to the newest with `refresh`."""

    def __init__(
        self, path: Path, catalog: Catalog, settings: DatabaseSettings, tokenizer: Tokenizer
    ) -> None:
        self.path = path
        self.settings = settings
        self.tokenizer = tokenizer
        self.catalog = catalog
        self._opened = self._open_newest(None)

    def refresh(self) -> None:
        """Move to the newest version."""
        self._opened = self._open_newest(self._opened)

    def _open_newest(self, before: Version | None) -> Version:
        return open_version(self.catalog, self.tokenizer, self._files, self._mend_indexes, before)

    def _files(self, generation: int) -> Files:
        return Files.of(self.path, self.settings, vocab_size=self.tokenizer.vocab_size, generation=generation)

    def _mend_indexes(self) -> None:
        raise NotImplementedError

    @property
    def opened(self) -> Version:
        """The version that this object reads: hold on to it to read the same one throughout."""
        return self._opened

    @property
    def version(self) -> int:
        """Of what this object reads; grows by one with each commit."""
        return self.layout.version

    @property
    def layout(self) -> ChunkLayout:
        """Which chunk is of which document."""
        return self._opened.layout

    @property
    def tokens(self) -> Rows:
        """[num_chunks, M], of the tokenizer's vocabulary."""
        return self._opened.tokens

    @property
    def vectors(self) -> Rows | None:
        """float16 [num_chunks, E]; None in a lexical-only database."""
        return self._opened.vectors

    @cached_property
    def embedder(self) -> Embedder:
        """The frozen encoder, loaded when first needed.

        Raises:
            MismatchError: its weights are not those that the vectors were made with.
        """
        return recorded_embedder(self.settings, where=self.path)

    def search(self, texts: Sequence[str], *, k: int = 5, mode: str | None = None) -> list[list[Hit]]:
        """Find the chunks nearest to each text.

        Args:
            texts: the queries.
            k: hits a query, fewer if the database has fewer.
            mode: dense, bm25 or hybrid; None: dense where there are vectors, else bm25.

        Returns:
            For each text its hits, best first.
        """
        opened = self._opened
        checked = check_mode(mode, has_dense=opened.vectors is not None)
        k = min(k, max(1, opened.layout.num_chunks))
        ids, scores = opened.searcher.search(self.text_queries(texts), k=k, mode=checked)
        return [opened.hits(*row) for row in zip(ids, scores, strict=True)]

    def text_queries(self, texts: Sequence[str]) -> Queries:
        """Queries from texts; they are encoded only if a mode asks for vectors, and once."""
        return Queries(lambda: texts, cache(lambda: self.embedder.encode(texts)), len(texts))

    def search_chunks(
        self, queries: Queries, *, k: int, mode: str | None = None, exclude: NDArray[np.int64] | None = None
    ) -> Found:
        """As `search`, in chunk numbers; see `Searcher.search`."""
        opened = self._opened
        checked = check_mode(mode, has_dense=opened.vectors is not None)
        return opened.searcher.search(queries, k=k, mode=checked, exclude=exclude)

    def hits(self, chunk_ids: NDArray[np.int64], scores: NDArray[np.float32]) -> list[Hit]:
        """What people see of these chunks [k]; -1 is left out."""
        return self._opened.hits(chunk_ids, scores)

    def chunk_texts(self, chunk_ids: NDArray[np.int64] | Sequence[int]) -> list[str]:
        """The text of each chunk, without filling; empty for -1."""
        return self._opened.chunk_texts(chunk_ids)

    def info(self) -> DatabaseInfo:
        """Counts, sizes and settings."""
        return describe(self.settings, self._opened)

    def commits(self) -> list[Commit]:
        """All versions, the oldest first."""
        return self.catalog.commits()

    def excluded(self) -> list[Exclusion]:
        """The documents kept out of retrieval and training because they nearly equal another."""
        return self.catalog.excluded()

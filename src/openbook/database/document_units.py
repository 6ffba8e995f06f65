"""Documents as units of search: which documents a query is about, and which of their chunks.

A chunk says "It was founded in 1912", and only the title, or the first sentence, says what was. So documents
are searched first, each with words and a vector of its own:

    words     its title and its first chunk, which name what it is about
    vector    the mean of its chunks' vectors

and the chunks of the best ones come before those that are the right thing said of something else:

    query ─┬─ documents ─ the 8 best ─ their chunks ─┐
           └─ all chunks ─ the best ones ────────────┴─ chunk's score + document's score, each from 0 to 1

All chunks are searched as well, and the score of a document of more than 8 chunks counts less, the less of it
its title and beginning are: what is said in the middle of a long one is found by its own words.

The words and vectors are made in memory and in a temporary folder when they are first asked for; nothing of
it is stored, so any database has these units, and they are those of the version that is searched.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.allowed_chunks import AllowedChunks
from openbook.database.search.dense import Ranking
from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.recall import EveryVector
from openbook.database.search.searcher import Queries, Searcher, between_0_and_1
from openbook.database.storage.arrays import Rows
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.segments import ranges, segment_sums
from openbook.database.storage.settings import SearchMode

_FEW = 10_000
"""Documents of a book whose units are made without being asked for: it takes half a second."""
DOCUMENTS = 8
"""Looked into for each query."""
_SHORT = 8
"""Chunks of a document whose score counts as much as its chunk's, which is 1 for the best of all chunks."""
_WITHIN = 0.6
"""What the best chunk of the best short documents has of its own at least, beside that."""
_DEPTH = 32
"""Chunks of each search that are compared, at least."""
_TITLES = 3
"""How often the title counts beside the first chunk, which has twenty times its words. All were chosen on
worlds of the exam and on questions about Wikipedia, short articles and long ones: docs/results.md."""
_AT_ONCE = 1024
"""Documents read at a time."""


def names_its_subjects_once(layout: ChunkLayout) -> bool:
    """Whether documents are to be searched first without being asked for.

    So it is where they are short, up to 8 chunks on average: notes, articles, each about one thing. Long ones
    are about many, which their passages name. And where they are few, up to 10,000.
    """
    live = layout.document_chunks[layout.live]
    return 0 < len(live) <= _FEW and float(live.mean()) <= _SHORT


class HasDocuments(Protocol):
    """A version, as far as its documents are read."""

    @property
    def layout(self) -> ChunkLayout:
        """Says which chunk is of which document."""

    @property
    def vectors(self) -> Rows | None:
        """Of all chunks; None: there are none."""

    @property
    def searcher(self) -> Searcher:
        """Over the chunks."""

    @property
    def catalog(self) -> Catalog:
        """Describes the documents."""

    def chunk_texts(self, chunk_ids: NDArray[np.int64]) -> list[str]:
        """The text of each chunk."""


class DocumentUnits:
    """The documents of one version, to be searched.

    Args:
        version: its documents are read when they are first searched.
    """

    def __init__(self, version: HasDocuments) -> None:
        self._version = version
        self._folder: TemporaryDirectory[str] | None = None

    def search(
        self, queries: Queries, *, k: int, mode: SearchMode, among: AllowedChunks | None = None
    ) -> Ranking:
        """Find the documents that queries are about.

        Args:
            queries: n of them.
            k: documents of each.
            mode: of search.
            among: chunks that may be found; documents without any are left out. None: all.

        Returns:
            Places in the layout, and scores [n, k], best first, -1 where there are no more.
        """
        allowed = None
        if among is not None:
            documents = np.zeros(len(self._layout.live), dtype=np.bool_)
            documents[self._version.layout.document_of[among.mask]] = True
            allowed = AllowedChunks.of(self._layout, documents)
        return self._searchers(mode).search(queries, k=k, mode=mode, among=allowed)

    def chunks(
        self, queries: Queries, *, k: int, mode: SearchMode, among: AllowedChunks | None = None
    ) -> Ranking:
        """Find chunks, those of documents that queries are about before others: as `Searcher.search`.

        Args:
            queries: n of them.
            k: chunks of each.
            mode: of both searches.
            among: chunks that may be found; None: all.
        """
        ids = np.full((queries.count, k), -1, dtype=np.int64)
        scores = np.zeros((queries.count, k), dtype=np.float32)
        depth = min(max(k, _DEPTH), max(1, self._version.layout.num_chunks))
        plain, own = self._version.searcher.search(queries, k=depth, mode=mode, among=among)
        documents, values = self.search(queries, k=DOCUMENTS, mode=mode, among=among)
        own, values = between_0_and_1(plain, own), between_0_and_1(documents, values)
        for row in range(queries.count):
            total = dict(zip(plain[row].tolist(), own[row].tolist(), strict=True))
            if documents[row, 0] >= 0:
                within = _within(self._version, _query(queries, row), documents[row], depth, mode, among)
                scores_within = _WITHIN * between_0_and_1(*within)[0] * self._weights(within[0][0])
                for chunk, score in zip(within[0][0].tolist(), scores_within.tolist(), strict=True):
                    total[chunk] = max(total.get(chunk, 0.0), score)
                for chunk in self._beginnings(documents[row], among).tolist():
                    total.setdefault(chunk, 0.0)
            total.pop(-1, None)
            found = np.fromiter(total, dtype=np.int64, count=len(total))
            summed = np.fromiter(total.values(), dtype=np.float32, count=len(total))
            summed += self._weights(found) * self._of_documents(found, documents[row], values[row])
            order = np.argsort(-summed, kind="stable")[:k]
            ids[row, : len(order)], scores[row, : len(order)] = found[order], summed[order]
        return ids, scores

    def _weights(self, chunk_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Say how much the document of each chunk counts: 1 for short ones."""
        layout = self._version.layout
        lengths = layout.document_chunks[layout.document_of[np.maximum(chunk_ids, 0)]]
        return np.minimum(1, _SHORT / np.maximum(lengths, 1)).astype(np.float32)

    def _of_documents(
        self, chunk_ids: NDArray[np.int64], documents: NDArray[np.int64], values: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Look up the value of each chunk's document; 0 for one that is not among them."""
        place = self._version.layout.document_of[chunk_ids]
        of_chunk: NDArray[np.float32] = ((place[:, None] == documents) * values).max(axis=1, initial=0.0)
        return of_chunk

    def _beginnings(self, documents: NDArray[np.int64], among: AllowedChunks | None) -> NDArray[np.int64]:
        """The first chunks of these documents, as far as they may be found.

        A query that only names its subject shares no word with any chunk where the title alone names it.
        """
        layout = self._version.layout
        first = layout.first_chunk[documents[documents >= 0]]
        allowed = layout.retrievable if among is None else layout.retrievable & among.mask
        return first[allowed[first]]

    # --- The units ---

    @cached_property
    def _layout(self) -> ChunkLayout:
        """Each document as a chunk of its own, at its place; those without any chunk to find are excluded."""
        layout = self._version.layout
        count = len(layout.live)
        findable = np.zeros(count, dtype=np.bool_)
        findable[layout.document_of[layout.retrievable]] = True
        return replace(
            layout,
            num_chunks=count,
            first_chunk=np.arange(count),
            document_chunks=np.ones(count, dtype=np.int64),
            excluded=~findable,
            partly_excluded=None,
            stored_lengths=None,
        )

    def _searchers(self, mode: SearchMode) -> Searcher:
        """Over these documents; what a mode does not need is not made."""
        dense = self._dense if mode != "bm25" else None
        lexical = self._lexical if mode != "dense" else None
        return Searcher(self._layout, self._version.searcher.indexes.instead(dense=dense, lexical=lexical))

    @cached_property
    def _dense(self) -> EveryVector:
        """The mean of each document's vectors, of length 1."""
        vectors, layout = self._version.vectors, self._version.layout
        assert vectors is not None
        means = np.zeros((len(layout.live), vectors.shape[1]), dtype=np.float32)
        for start in range(0, len(self._findable), _AT_ONCE):
            documents = self._findable[start : start + _AT_ONCE]
            counts = layout.document_chunks[documents]
            rows = vectors[ranges(layout.first_chunk[documents], counts)].astype(np.float32)
            means[documents] = segment_sums(rows, counts)
        lengths = np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return EveryVector(means / lengths, self._findable)

    @cached_property
    def _lexical(self) -> LexicalIndex:
        """The words of each document's title and first chunk."""
        layout = self._version.layout
        self._folder = TemporaryDirectory(prefix="openbook-documents-", ignore_cleanup_errors=True)
        index = LexicalIndex(Path(self._folder.name) / "lexical")
        for start in range(0, len(self._findable), _AT_ONCE):
            documents = self._findable[start : start + _AT_ONCE]
            records = self._version.catalog.describe(layout.number[documents].tolist())
            texts = self._version.chunk_texts(layout.first_chunk[documents])
            pairs = zip(records, texts, strict=True)
            words = [f"{f'{record.title} ' * _TITLES}\n{text}" for record, text in pairs]
            index.add(documents.tolist(), words)
        index.commit()
        index.close()
        return index

    @cached_property
    def _findable(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._layout.retrievable)


def _within(
    version: HasDocuments,
    query: Queries,
    documents: NDArray[np.int64],
    k: int,
    mode: SearchMode,
    among: AllowedChunks | None,
) -> Ranking:
    """The chunks of these documents that one query finds, best first: ids and scores [1, k]."""
    chosen = np.zeros(len(version.layout.live), dtype=np.bool_)
    chosen[documents[documents >= 0]] = True
    allowed = AllowedChunks.of(version.layout, chosen)
    if among is not None:
        allowed = replace(allowed, mask=allowed.mask & among.mask)
    return version.searcher.search(query, k=k, mode=mode, among=allowed)


def _query(queries: Queries, row: int) -> Queries:
    """One of several."""

    def rows_of(values: Callable[[], NDArray[np.float32]]) -> Callable[[], NDArray[np.float32]]:
        return lambda: values()[row : row + 1]

    return Queries(lambda: queries.texts()[row : row + 1], rows_of(queries.vectors), 1)

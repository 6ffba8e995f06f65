"""Units of search, documents or sections: which of them a query is about, and which of their chunks.

A chunk says "It was founded in 1912", and only the title, or the first sentence, says what was. So units
are searched first, each with words and a vector of its own:

    words     its names and its first chunk, which say what it is about
    vector    the mean of its chunks' vectors

and the chunks of the best ones come before those that are the right thing said of something else:

    query ─┬─ units ─ the 8 best ─ their chunks ─┐
           └─ all chunks ─ the best ones ────────┴─ chunk's score + unit's score, each from 0 to 1

All chunks are searched as well, and the score of a unit of more than 8 chunks counts less, the less of it
its names and beginning are: what is said in the middle of a long one is found by its own words. Of words
alone a unit's score also counts less where the best unit has less of the query than the best chunk: of a best
unit's 1.7 beside a best chunk's 7.8, .22 of it.

The words and vectors are made in memory and in a temporary folder when they are first asked for; nothing of
it is stored, so any database has these units, and they are those of the version that is searched.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.allowed_chunks import AllowedChunks
from openbook.database.search.dense import Ranking, nothing_found
from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.recall import EveryVector
from openbook.database.search.searcher import Queries, Searcher, between_0_and_1
from openbook.database.storage.arrays import Rows
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.segments import ranges, segment_sums
from openbook.search_modes import SearchMode

UNITS = 8
"""Looked into for each query."""
_SHORT = 8
"""Chunks of a unit whose score counts as much as its chunk's, which is 1 for the best of all chunks."""
_WITHIN = 0.6
"""What the best chunk of the best short units has of its own at least, beside that."""
_DEPTH = 32
"""Chunks of each search that are compared, at least."""
_NAMES = 3
"""How often its names count beside the first chunk, which has twenty times its words. All were chosen on
worlds of the exam and on questions about Wikipedia, short articles and long ones: docs/results.md."""
_AT_ONCE = 1024
"""Units read at a time."""


class HasVectors(Protocol):
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
    def catalog(self) -> DocumentCatalog:
        """Describes the documents."""

    def chunk_texts(self, chunk_ids: NDArray[np.int64]) -> list[str]:
        """The text of each chunk."""


@dataclass(frozen=True, eq=False)
class Units:
    """Runs of chunks that cut a version from its first chunk to its last.

    layout: the version's, with each unit in the place of a document.
    names: what these units are called, by their places.
    ends_in: the unit whose end each chunk [num_chunks] holds: its own, or, where another one begins in the
        chunk, the one before.
    """

    layout: ChunkLayout
    names: Callable[[NDArray[np.int64]], Iterable[str]]
    ends_in: NDArray[np.int64]


class UnitSearch:
    """The units of one version, to be searched.

    Args:
        version: of which they are.
        units: its documents, or their sections; what they hold is read when they are first searched.
    """

    def __init__(self, version: HasVectors, units: Units) -> None:
        self._version = version
        self.units = units
        self._folder: TemporaryDirectory[str] | None = None

    def search(
        self, queries: Queries, *, k: int, mode: SearchMode, among: AllowedChunks | None = None
    ) -> Ranking:
        """Find the units that queries are about.

        Args:
            queries: n of them.
            k: units of each.
            mode: of search.
            among: chunks that may be found; units without any are left out. None: all.

        Returns:
            Places in the layout of the units, and scores [n, k], best first, -1 where there are no more.
        """
        allowed = None
        if among is not None:
            units = np.zeros(len(self._layout.live), dtype=np.bool_)
            units[self.units.layout.document_of[among.mask]] = True
            allowed = AllowedChunks.of(self._layout, units)
        return self._searchers(mode).search(queries, k=k, mode=mode, among=allowed)

    def chunks(
        self, queries: Queries, *, k: int, mode: SearchMode, among: AllowedChunks | None = None
    ) -> Ranking:
        """Find chunks, those of units that queries are about before others: as `Searcher.search`.

        Args:
            queries: n of them.
            k: chunks of each.
            mode: of both searches.
            among: chunks that may be found; None: all.
        """
        ids, scores = nothing_found(queries.count, k)
        depth = min(max(k, _DEPTH), max(1, self._version.layout.num_chunks))
        plain, own = self._version.searcher.search(queries, k=depth, mode=mode, among=among)
        units, values = self.search(queries, k=UNITS, mode=mode, among=among)
        # Of words alone both scores say how much of a query is there: a unit that has its "what" and "the",
        # where a chunk has the word that it is about, counts little, though it is the best of all units.
        sure = _share_of_best(values, own) if mode == "bm25" else np.float32(1)
        own, values = between_0_and_1(plain, own), sure * between_0_and_1(units, values)
        for row in range(queries.count):
            total = dict(zip(plain[row].tolist(), own[row].tolist(), strict=True))
            if units[row, 0] >= 0:
                within = self._within(_query(queries, row), units[row], depth, mode, among)
                scores_within = _WITHIN * between_0_and_1(*within)[0] * self._weights(within[0][0])
                for chunk, score in zip(within[0][0].tolist(), scores_within.tolist(), strict=True):
                    total[chunk] = max(total.get(chunk, 0.0), score)
                for chunk in self._beginnings(units[row], among).tolist():
                    total.setdefault(chunk, 0.0)
            total.pop(-1, None)
            found = np.fromiter(total, dtype=np.int64, count=len(total))
            summed = np.fromiter(total.values(), dtype=np.float32, count=len(total))
            summed += self._weights(found) * self._of_units(found, units[row], values[row])
            order = np.argsort(-summed, kind="stable")[:k]
            ids[row, : len(order)], scores[row, : len(order)] = found[order], summed[order]
        return ids, scores

    def _weights(self, chunk_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Say how much the unit of each chunk counts: 1 for short ones."""
        layout = self.units.layout
        lengths = layout.document_chunks[layout.document_of[np.maximum(chunk_ids, 0)]]
        return np.minimum(1, _SHORT / np.maximum(lengths, 1)).astype(np.float32)

    def _of_units(
        self, chunk_ids: NDArray[np.int64], units: NDArray[np.int64], values: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Look up the value of each chunk's unit; 0 for one that is not among them."""
        own, before = self.units.layout.document_of[chunk_ids], self.units.ends_in[chunk_ids]
        is_of = (own[:, None] == units) | (before[:, None] == units)
        of_chunk: NDArray[np.float32] = (is_of * values).max(axis=1, initial=0.0)
        return of_chunk

    def _beginnings(self, units: NDArray[np.int64], among: AllowedChunks | None) -> NDArray[np.int64]:
        """The first chunks of these units, as far as they may be found.

        A query that only names its subject shares no word with any chunk where the title alone names it.
        """
        layout = self.units.layout
        first = layout.first_chunk[units[units >= 0]]
        allowed = layout.retrievable if among is None else layout.retrievable & among.mask
        return first[allowed[first]]

    def _within(
        self,
        query: Queries,
        units: NDArray[np.int64],
        k: int,
        mode: SearchMode,
        among: AllowedChunks | None,
    ) -> Ranking:
        """The chunks of these units that one query finds, best first: ids and scores [1, k]."""
        chosen = np.zeros(len(self.units.layout.live), dtype=np.bool_)
        chosen[units[units >= 0]] = True
        mask = chosen[self.units.layout.document_of] | chosen[self.units.ends_in]
        allowed = AllowedChunks.of_mask(mask if among is None else mask & among.mask)
        return self._version.searcher.search(query, k=k, mode=mode, among=allowed)

    # --- The units ---

    @cached_property
    def _layout(self) -> ChunkLayout:
        """Each unit as a chunk of its own, at its place; those without any chunk to find are excluded."""
        layout = self.units.layout
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
        """Over these units; what a mode does not need is not made."""
        dense = self._dense if mode != "bm25" else None
        lexical = self._lexical if mode != "dense" else None
        return Searcher(self._layout, self._version.searcher.indexes.instead(dense=dense, lexical=lexical))

    @cached_property
    def _dense(self) -> EveryVector:
        """The mean of each unit's vectors, of length 1."""
        vectors, layout = self._version.vectors, self.units.layout
        assert vectors is not None
        means = np.zeros((len(layout.live), vectors.shape[1]), dtype=np.float32)
        for start in range(0, len(self._findable), _AT_ONCE):
            units = self._findable[start : start + _AT_ONCE]
            counts = layout.document_chunks[units]
            rows = vectors[ranges(layout.first_chunk[units], counts)].astype(np.float32)
            means[units] = segment_sums(rows, counts)
        lengths = np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return EveryVector(means / lengths, self._findable)

    @cached_property
    def _lexical(self) -> LexicalIndex:
        """The words of each unit's names and first chunk."""
        self._folder = TemporaryDirectory(prefix="openbook-units-", ignore_cleanup_errors=True)
        index = LexicalIndex(Path(self._folder.name) / "lexical")
        for start in range(0, len(self._findable), _AT_ONCE):
            units = self._findable[start : start + _AT_ONCE]
            texts = self._version.chunk_texts(self.units.layout.first_chunk[units])
            pairs = zip(self.units.names(units), texts, strict=True)
            index.add(units.tolist(), [f"{f'{names} ' * _NAMES}\n{text}" for names, text in pairs])
        index.commit()
        index.close()
        return index

    @cached_property
    def _findable(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._layout.retrievable)


def _share_of_best(units: NDArray[np.float32], chunks: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of its best chunk's score [n, k] each query's best unit [n, any] has, at most 1: [n, 1]."""
    best = np.maximum(chunks[:, :1], np.finfo(np.float32).tiny)
    share: NDArray[np.float32] = np.minimum(1, units[:, :1] / best)
    return share


def _query(queries: Queries, row: int) -> Queries:
    """One of several."""

    def rows_of(values: Callable[[], NDArray[np.float32]]) -> Callable[[], NDArray[np.float32]]:
        return lambda: values()[row : row + 1]

    return Queries(lambda: queries.texts()[row : row + 1], rows_of(queries.vectors), 1)

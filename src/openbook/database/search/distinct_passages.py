"""Hits of which none repeats what a better one shows, for whoever reads each with its continuation.

Neighboring chunks are often found together. A document's chunks a b c d e f, found c, d and b, best first:

    as they are    c d   d e   b c     d and c are read twice
    distinct       c d   e f   a b     d is read already, so the chunk after it; b with the chunk before it

Where nothing is free before a hit, it takes the place of the one after it, which it shows too:

    found          b   a
    distinct       a b               and c d at the end, if there is room

And documents repeat each other, as copies of a file do: of passages of equal text the best is read.

So k passages show all that the k best hits show, as far as it fits, and more of what stands around them.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from openbook.database.search.dense import Ranking, nothing_found
from openbook.database.storage.layout import ChunkLayout

DEPTHS = (6, 60, 600)
"""Hits to choose from, for each that is wanted: more where those before repeat each other so often."""

Search = Callable[[Sequence[str], int], Ranking]
"""The k best hits of each query."""
ChunkTexts = Callable[[Sequence[int]], list[str]]
"""The text of each chunk, empty for -1."""


def search_passages(
    search: Search, texts: Sequence[str], layout: ChunkLayout, chunk_texts: ChunkTexts, *, k: int
) -> Ranking:
    """Find k passages of each query, as `distinct_passages`; -1 where there are no more."""
    ids, scores = nothing_found(len(texts), k)
    rows = np.arange(len(texts))
    for depth in DEPTHS:
        fetched = max(k, min(depth * k, layout.num_chunks))
        found = search([texts[row] for row in rows.tolist()], fetched)
        ids[rows], scores[rows] = distinct_passages(found, layout, chunk_texts, k=k)
        rows = rows[(ids[rows, -1] < 0) & (found[0][:, -1] >= 0)]
        if not len(rows) or fetched >= layout.num_chunks:
            break
    return ids, scores


def distinct_passages(found: Ranking, layout: ChunkLayout, chunk_texts: ChunkTexts, *, k: int) -> Ranking:
    """Choose k of the hits of each query.

    Args:
        found: ids and scores [n, more than k], best first, -1 where there are no more.
        layout: of the chunks.
        chunk_texts: of any of them.
        k: passages wanted.

    Returns:
        ids and scores [n, k]; an id may be of the chunk before or after the one that was found.
    """

    @cache
    def passage_text(chunk: int) -> str:
        """Without white space, of which copies may have another."""
        following = chunk + 1 if layout.has_continuation[chunk] else -1
        return "".join("".join(chunk_texts([chunk, following])).split())

    ids, scores = nothing_found(len(found[0]), k)
    for row, (hits, values) in enumerate(zip(found[0].tolist(), found[1].tolist(), strict=True)):
        passages = _Passages(layout, passage_text)
        for hit, score in zip(hits, values, strict=True):
            if hit < 0 or len(passages.chunks) == k:
                break
            passages.show(hit, score)
        passages.fill(k)
        ids[row, : len(passages.chunks)] = passages.chunks
        scores[row, : len(passages.chunks)] = passages.scores
    return ids, scores


class _Passages:
    """What is read for one query: chunks, each with its continuation, of which no two share one."""

    def __init__(self, layout: ChunkLayout, passage_text: Callable[[int], str]) -> None:
        self.chunks: list[int] = []
        self.scores: list[float] = []
        self._layout = layout
        self._text = passage_text
        self._hits: set[int] = set()
        self._displaced: dict[int, float] = {}
        """No hits, but shown till another passage took the place of theirs."""
        self._texts: set[str] = set()

    def show(self, hit: int, score: float) -> None:
        """Read a hit too, in at most one passage more."""
        text = self._text(hit)
        if text in self._texts:
            return
        self._hits.add(hit)
        self._texts.add(text)
        if not self._is_read(hit):
            self._read(hit, score)
        elif self._continues(hit) and self._is_free(hit + 1):
            self._append(hit + 1, score)

    def fill(self, k: int) -> None:
        """Where there is room, read what was displaced."""
        for chunk, score in self._displaced.items():
            if len(self.chunks) < k and self._is_free(chunk):
                self._append(chunk, score)

    def _read(self, hit: int, score: float) -> None:
        """Read a hit that no passage shows, in the first of these ways that shows nothing twice:

        its own passage                        hit, hit + 1
        that of the chunk before               hit - 1, hit
        another passage, moved back by one     hit, hit + 1 in place of hit + 1, hit + 2
        """
        if not self._next_is_chosen(hit):
            self._append(hit, score)
        elif hit > 0 and self._continues(hit - 1) and self._is_free(hit - 1):
            self._append(hit - 1, score)
        else:
            self._move_back(hit + 1, score)

    def _move_back(self, chosen: int, score: float) -> None:
        """Let the passage that begins with this chunk begin one before it, and so not show its last."""
        self.chunks[self.chunks.index(chosen)] = chosen - 1
        if not self._continues(chosen):
            return
        last = chosen + 1
        if last in self._hits:
            self._read(last, score)
        else:
            self._displaced[last] = score

    def _append(self, chunk: int, score: float) -> None:
        self.chunks.append(chunk)
        self.scores.append(score)
        self._texts.add(self._text(chunk))

    def _is_free(self, chunk: int) -> bool:
        """Whether the passage that begins with this chunk repeats nothing."""
        is_new = not self._is_read(chunk) and not self._next_is_chosen(chunk)
        return is_new and bool(self._layout.retrievable[chunk]) and self._text(chunk) not in self._texts

    def _is_read(self, chunk: int) -> bool:
        return chunk in self.chunks or (chunk - 1 in self.chunks and self._continues(chunk - 1))

    def _next_is_chosen(self, chunk: int) -> bool:
        return chunk + 1 in self.chunks and self._continues(chunk)

    def _continues(self, chunk: int) -> bool:
        return bool(self._layout.has_continuation[chunk])

"""Fetching neighbors from a book and, beside it, from the text's own memory.

    chunk     book       memory          read
    c         7 3 - -    12 . 4 .   →    7 3 12 4      first the book's, then the memory's, none between

Up to k come from each: a memory takes no place from the book. It grows while the text is written, so what is
searched is its newest version; chunks that were found keep their numbers.
"""

from collections.abc import Hashable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openbook.database import Hit
from openbook.generation.memory import SEARCH_MODE, Memory
from openbook.generation.neighbor_fetcher import NeighborFetcher


class MemoryFetcher(NeighborFetcher):
    """Searches a memory, and a book before it.

    Args:
        memory: of the text.
        k: neighbors from each.
        book: fetches those of the book; None: there is the memory alone.
        question: what is looked up for the prompt, where there is no book that knows it; None: its chunks.
    """

    def __init__(
        self, memory: Memory, k: int, book: NeighborFetcher | None, question: str | None = None
    ) -> None:
        super().__init__(memory.version, k, SEARCH_MODE)
        self.memory = memory
        self.book = book
        self.question = question
        self.k = k
        self._from_book = 0 if book is None else book.k

    @property
    def search_key(self) -> Hashable:
        """No other text has this memory."""
        return type(self), id(self)

    @property
    def most_read(self) -> int:
        """Of both."""
        return self._from_book + self.k

    def queries(self, chunks: Sequence[Sequence[int]]) -> list[str]:
        if self.book is not None:
            return self.book.queries(chunks)
        return [self.question] if self.question is not None and not self.hits else super().queries(chunks)

    def search_texts(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Search both: numbers [n, k of the book + k], each in its own, -1 where there are no more."""
        ids = np.full((len(texts), self._from_book + self.k), -1, dtype=np.int64)
        scores = np.zeros(ids.shape, dtype=np.float32)
        own = slice(self._from_book, None)
        if self.book is not None:
            ids[:, : self._from_book], scores[:, : self._from_book] = self.book.search_texts(texts)
        self.database = self.memory.version
        if not self.memory.is_empty:
            ids[:, own], scores[:, own] = super().search_texts(texts)
        return ids, scores

    def read(
        self, found: NDArray[np.int64], scores: NDArray[np.float32], *, count: int
    ) -> tuple[Tensor, Tensor]:
        ids, mask = self._of_memory(found[:, self._from_book :], count)
        hits = self._hits(found[-1, self._from_book :], scores[-1, self._from_book :])
        if self.book is not None:
            part = slice(0, self._from_book)
            others, shown = self.book.read(found[:, part], scores[:, part], count=count)
            ids, mask = torch.cat([others, ids], dim=1), torch.cat([shown, mask], dim=1)
            hits = [*self.book.hits[-1], *hits]
            self.rejected = self.book.rejected
        ids, mask = _those_there_first(ids, mask)
        self.hits.append(hits)
        self.retrieved.append([row[shown].tolist() for row, shown in zip(ids[-1], mask[-1], strict=True)])
        return ids, mask

    def _of_memory(self, found: NDArray[np.int64], count: int) -> tuple[Tensor, Tensor]:
        """Neighbors [C, k, R] of C chunks; what one query [1, k] found is that of all of them."""
        R = 2 * self.database.settings.chunk_size
        if self.memory.is_empty:
            shape = (count, self.k, R)
            return torch.zeros(shape, dtype=torch.int64), torch.zeros(shape, dtype=torch.bool)
        ids, mask = (torch.from_numpy(np.ascontiguousarray(part)) for part in self.memory.read(found))
        return ids.expand(count, -1, -1), mask.expand(count, -1, -1)

    def _hits(self, found: NDArray[np.int64], scores: NDArray[np.float32]) -> list[Hit]:
        return [] if self.memory.is_empty else self.database.hits(found, scores)


def _those_there_first(ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Move neighbors [C, K, R] that do not exist behind those that do, which keep their order."""
    there = mask.any(dim=-1)
    order = torch.argsort((~there).int(), dim=1, stable=True)[:, : max(1, int(there.sum(1).max()))]
    rows = torch.arange(len(ids))[:, None]
    return ids[rows, order], mask[rows, order]

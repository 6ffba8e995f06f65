"""The neighbors of chunks of questions, each chunk searched once for all questions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from openbook.evaluate.harness.alignment import Row
from openbook.generation.neighbor_fetcher import NeighborFetcher


class NeighborCache:
    """Searches for chunks by their own tokens, and keeps what was found.

    Args:
        fetcher: searches.
    """

    def __init__(self, fetcher: NeighborFetcher) -> None:
        self._fetcher = fetcher
        self._eos_id = fetcher.tokenizer.eos_id
        self._found: dict[bytes, NDArray[np.int64]] = {}

    def __len__(self) -> int:
        """Chunks searched."""
        return len(self._found)

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        """Neighbors int64 [C, K, R] of the tokens of C chunks, at least one, and their mask.

        A chunk that is empty, or of end-of-text tokens alone, says nothing to search by and has none.
        """
        keys = [np.array(chunk, dtype=np.int32).tobytes() for chunk in chunks]
        new = {
            key: chunk
            for key, chunk in zip(keys, chunks, strict=True)
            if key not in self._found and any(token != self._eos_id for token in chunk)
        }
        if new:
            found, _ = self._fetcher.search(list(new.values()))
            self._found |= zip(new, found, strict=True)
        none = np.full(self._fetcher.k, -1, dtype=np.int64)
        return self._fetcher.tensors(np.stack([self._found.get(key, none) for key in keys]))

    def of_rows(self, rows: Sequence[Row], chunk_size: int) -> tuple[Tensor, Tensor] | None:
        """Neighbors int64 [B, C, K, R] of a batch, and their mask, False beyond a row's own chunks.

        C is that of the longest row; where no row has a complete chunk with tokens after it, None.
        """
        queries = [row.queries(chunk_size) for row in rows]
        longest = max(len(chunks) for chunks in queries)
        if longest == 0:
            return None
        padded = [chunk for chunks in queries for chunk in chunks + [[]] * (longest - len(chunks))]
        ids, mask = self.fetch(padded)
        shape = (len(rows), longest, *ids.shape[1:])
        return ids.view(shape), mask.view(shape)

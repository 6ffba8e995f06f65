"""Which positions attend to which chunk's neighbors: the arithmetic of chunked cross-attention.

Counted from 0, position i attends to the neighbors of chunk (i + 1) // M - 1: the last token of chunk c and
the first M - 1 tokens of chunk c + 1 attend to the neighbors of chunk c (paper, section 2.4). Positions
before M - 1 attend to nothing.
"""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class ChunkGrid:
    """Arranges positions past … past + T - 1 into one row per chunk they attend to, and back.

    A position's place in its row, 0 … M - 1, is i' = (i + 1) mod M. Rows are padded with zeros.
    """

    num_tokens: int
    """T, positions given."""
    skip: int
    """Positions at the front that attend to none of the chunks."""
    take: int
    """Positions after those that do."""
    lead: int
    """Place of the first of them in its row."""
    rows: int
    """C, chunks attended to."""
    row_length: int
    """M, or just the number of positions where they all lie in one row."""
    first: int
    """Which of the given chunks the first row attends to."""

    @classmethod
    def of(
        cls, *, past: int, num_tokens: int, chunk_size: int, first_chunk: int, num_chunks: int
    ) -> "ChunkGrid":
        """Make the grid of positions past … past + T - 1 over `num_chunks` chunks from `first_chunk` on."""
        M = chunk_size
        begin = max(past, (first_chunk + 1) * M - 1)
        end = min(past + num_tokens, (first_chunk + num_chunks + 1) * M - 1)
        if end <= begin:
            return cls(num_tokens, num_tokens, 0, 0, 0, M, 0)
        lead = (begin + 1) % M
        first_row, last_row = (begin + 1) // M - 1, end // M - 1
        rows = last_row - first_row + 1
        if rows == 1:
            return cls(num_tokens, begin - past, end - begin, lead, 1, end - begin, first_row - first_chunk)
        return cls(num_tokens, begin - past, end - begin, lead, rows, M, first_row - first_chunk)

    def to_rows(self, x: Tensor) -> Tensor:
        """Arrange tokens in rows: [B, T, ...] → [B, rows, row_length, ...]."""
        x = x[:, self.skip : self.skip + self.take]
        if self.rows > 1:
            tail = self.rows * self.row_length - self.lead - self.take
            x = F.pad(x, (0, 0) * (x.dim() - 2) + (self.lead, tail))
        return x.unflatten(1, (self.rows, self.row_length))

    def to_tokens(self, x: Tensor) -> Tensor:
        """Undo it: [B, rows, row_length, ...] → [B, T, ...], zeros where a position attends to nothing."""
        x = x.flatten(1, 2)
        if self.rows > 1:
            x = x[:, self.lead : self.lead + self.take]
        after = self.num_tokens - self.skip - self.take
        if not self.skip and not after:
            return x
        return F.pad(x, (0, 0) * (x.dim() - 2) + (self.skip, after))

    def any_visible(self, mask: Tensor) -> Tensor:
        """Find the positions that attend to anything at all, by a mask [B, C, K, R]: bool [B, T, 1]."""
        rows = self.chunks(mask).flatten(2).any(-1)[:, :, None, None]
        return self.to_tokens(rows.expand(-1, -1, self.row_length, -1))

    @property
    def first_place(self) -> int:
        """The place i' of a row's first element, 0 unless all positions lie in one row."""
        return self.lead if self.rows == 1 else 0

    def chunks(self, x: Tensor) -> Tensor:
        """Take those chunks that the rows attend to, of a tensor over all given [B, C, ...]."""
        return x[:, self.first : self.first + self.rows]

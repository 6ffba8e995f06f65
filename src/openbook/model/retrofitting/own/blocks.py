"""Where neighbors stand: as tokens before the text, at positions that end where the text begins.

A block is what stands before the text for one chunk: the shared prefix, then its K neighbors. With p = 2, and
neighbors of 3 and 2 tokens (n, m), the second cut short (.):

    block       P  P  n  n  n  m  m  .       text   P  P  t  t  t ...
    position   -5 -4 -3 -2 -1  0  1                 0  1  2  3  4

So the text keeps the positions that it has without neighbors, and distances are those of a prompt: rotary
positions see nothing else. A block may also stand further on, before the chunk that reads it, beside the text
that is there. Tokens that read a block read the prefix there, instead of the text's own.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from openbook.model.attended_chunks import ChunkGrid


@dataclass(frozen=True, slots=True)
class BlockLayout:
    """Blocks of L = p + K·R tokens, for C chunks.

    ids: int64 [B, C, L].
    exists: bool [B, C, L], False: this token does not exist.
    positions: int64 [B, C, L].
    num_prefix: p.
    num_neighbors: K.
    """

    ids: Tensor
    exists: Tensor
    positions: Tensor
    num_prefix: int
    num_neighbors: int

    @classmethod
    def of(
        cls, neighbor_ids: Tensor, neighbor_mask: Tensor, prefix: Tensor, shift: Tensor | None = None
    ) -> "BlockLayout":
        """Arrange neighbors [B, C, K, R] after a prefix [p], each block `shift` [B, C] later."""
        B, C, K, _ = neighbor_ids.shape
        p = len(prefix)
        ids = torch.cat([prefix.expand(B, C, p), neighbor_ids.flatten(2)], -1)
        exists = torch.cat([neighbor_mask.new_ones(B, C, p), neighbor_mask.flatten(2)], -1)
        rank = exists.cumsum(-1) - 1
        num_tokens = neighbor_mask.flatten(2).sum(-1, keepdim=True)
        positions = rank - num_tokens if shift is None else rank - num_tokens + shift[..., None]
        return cls(ids, exists, positions, p, K)

    def reads(self) -> Tensor:
        """Which chunks have any neighbor: bool [B, C]."""
        return self.exists[..., self.num_prefix :].any(-1)

    def causal(self, *, joint: bool) -> Tensor:
        """Which tokens of a block see which, while it is read: bool [B, C, L, L], a row for each that sees.

        Args:
            joint: a neighbor sees those before it; otherwise the prefix and itself alone.
        """
        L = self.ids.shape[-1]
        places = torch.arange(L, device=self.ids.device)
        sees = places <= places[:, None]
        if not joint:
            length = (L - self.num_prefix) // self.num_neighbors
            neighbor = torch.where(places < self.num_prefix, -1, (places - self.num_prefix) // length)
            sees = sees & ((neighbor == neighbor[:, None]) | (neighbor < 0))
        # A token that does not exist sees itself, lest its softmax be over nothing.
        itself = places == places[:, None]
        return (sees & self.exists[..., None, :]) | itself


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens start … stop - 1 of a pass that read the same block; None: they read none."""

    start: int
    stop: int
    chunk: int | None


def spans_of(grid: ChunkGrid, offset: int) -> list[Span]:
    """Cut a pass into spans: one for each row of the grid, and what lies before and after them.

    Args:
        grid: of the pass's text.
        offset: tokens of the prefix before it in the same pass.
    """
    end = offset + grid.num_tokens
    first = offset + grid.skip
    spans = [Span(0, first, None)]
    start, stop = first, first + grid.row_length - (grid.lead if grid.rows > 1 else 0)
    for row in range(grid.rows):
        spans.append(Span(start, min(stop, first + grid.take), grid.first + row))
        start, stop = stop, stop + grid.row_length
    spans.append(Span(first + grid.take, end, None))
    return [span for span in spans if span.stop > span.start]

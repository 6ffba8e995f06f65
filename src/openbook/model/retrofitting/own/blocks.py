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

    def sequences(self, *, joint: bool) -> tuple[Tensor, Tensor]:
        """What the base reads: ids and which of them exist, [N, L'], N = B·C, or B·C·K if each stands alone.

        Args:
            joint: neighbors are read one after another; otherwise each right after the prefix.
        """
        if joint:
            return self.ids.flatten(0, 1), self.exists.flatten(0, 1)
        both = []
        for x in (self.ids, self.exists):
            prefix, neighbors = x.tensor_split([self.num_prefix], -1)
            by_neighbor = neighbors.unflatten(-1, (self.num_neighbors, -1))
            prefixes = prefix[:, :, None].expand(-1, -1, self.num_neighbors, -1)
            both.append(torch.cat([prefixes, by_neighbor], -1).flatten(0, 2))
        return both[0], both[1]

    def join(self, read: Tensor, *, joint: bool) -> Tensor:
        """Put what was read of these sequences, [N, 2, heads, L', head_dim], into blocks: [B·C, ..., L, ...].

        Every sequence has the same prefix; that of the block's first neighbor is taken.
        """
        if joint:
            return read
        p, K = self.num_prefix, self.num_neighbors
        by_neighbor = read.unflatten(0, (-1, K))
        first = self.exists[..., p:].unflatten(-1, (K, -1)).any(-1).int().argmax(-1).flatten()
        prefix = by_neighbor[torch.arange(len(first), device=first.device), first][..., :p, :]
        neighbors = by_neighbor[..., p:, :].permute(0, 2, 3, 1, 4, 5).flatten(3, 4)
        return torch.cat([prefix, neighbors], -2)

    def positions_as_read(self, *, joint: bool) -> Tensor:
        """Where the tokens stood while they were read, int64 [B, C, L]: from the prefix on, from 0.

        Args:
            joint: neighbors were read one after another; otherwise each right after the prefix.
        """
        if joint:
            return self.exists.cumsum(-1) - 1
        p = self.num_prefix
        prefix, neighbors = self.exists.tensor_split([p], -1)
        of_each = neighbors.unflatten(-1, (self.num_neighbors, -1)).cumsum(-1) + p - 1
        return torch.cat([prefix.cumsum(-1) - 1, of_each.flatten(2)], -1)


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

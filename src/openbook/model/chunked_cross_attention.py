"""Chunked cross-attention: a position attends to the neighbors of the chunk before it (paper, 2.4)."""

import torch
from torch import Tensor, nn

from openbook.model.attended_chunks import ChunkGrid
from openbook.model.attention import Normalize, attend, attend_and_weigh, merge_heads, split_heads
from openbook.model.config import RetroConfig
from openbook.model.positions import DistanceTable
from openbook.model.recompute import linear_last
from openbook.model.stack import Stack


class ChunkedCrossAttention(nn.Module):
    """All K neighbors and R positions of a chunk lie in one softmax; a chunk without neighbors gets zeros.

    With i' in 0 … M - 1 the position's place in its row and j in 0 … R - 1 the retrieved token's, the
    distance is i' - j + M - 1.

    Args:
        config: of the whole model.
        stack: the decoder's.
    """

    def __init__(self, config: RetroConfig, stack: Stack) -> None:
        super().__init__()
        assert config.encoder_hidden_size is not None
        self.num_heads = stack.num_heads
        self.chunk_size = config.chunk_size
        self.dropout = stack.dropout
        self.query = stack.linear(stack.width, stack.inner, query=True)
        self.key_value = stack.linear(config.encoder_hidden_size, 2 * stack.inner, fused=2)
        self.positions = stack.make_positions(config.cca_positions)
        self.output = stack.linear(stack.inner, stack.width, output=True)

    def project(self, encoded: Tensor) -> Tensor:
        """Project encoded neighbors [B, C, K, R, E] to keys and values [B, C, 2, H, K·R, head_dim]."""
        keys, values = (split_heads(x, self.num_heads) for x in self.key_value(encoded).chunk(2, dim=-1))
        both = torch.stack([self.positions.keys(keys), values], dim=2)
        return both.transpose(3, 4).flatten(4, 5)

    def forward(
        self,
        hidden: Tensor,
        read: Normalize,
        projected: Tensor,
        mask: Tensor,
        grid: ChunkGrid,
        *,
        shares: bool = False,
        table: DistanceTable | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Args:
            hidden: [B, T, D], the stream.
            read: what is read of it.
            projected: [B, C, 2, H, K·R, head_dim], from `project`.
            mask: bool [B, C, K, R], False where there is no token.
            grid: which position attends to which of the C chunks.
            shares: also return what share of the attention each neighbor got.
            table: see `Positions.queries`.

        Returns:
            [B, T, D] to add to the residual stream, and the shares [B, T, K], mean over heads, or None.
        """
        if grid.rows == 0:
            empty = hidden.new_zeros(*hidden.shape[:2], mask.shape[2]) if shares else None
            return torch.zeros_like(hidden), empty
        query = linear_last(lambda x: self.query(read(x)), grid.to_rows(hidden))
        q = split_heads(query, self.num_heads)
        K, R = mask.shape[2:]
        q, bias = self.positions.queries(q, grid.first_place + self.chunk_size - 1, R, table=table)
        if bias is not None:
            bias = bias.repeat(1, 1, 1, 1, K)
        k, v = grid.chunks(projected).unbind(2)
        visible = grid.chunks(mask).flatten(2)[:, :, None, None, :].flatten(0, 1)
        rows = q.shape[:2]
        bias = None if bias is None else bias.flatten(0, 1)
        dropout = self.dropout if self.training else 0.0
        q, k, v = q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1)
        share = None
        if shares:
            attended, weights = attend_and_weigh(q, k, v, mask=visible, bias=bias, dropout=dropout)
            by_neighbor = weights.unflatten(-1, (K, R)).sum(-1).mean(1)
            share = grid.to_tokens(by_neighbor.unflatten(0, rows))
        else:
            attended = attend(q, k, v, mask=visible, bias=bias, dropout=dropout)
        return grid.to_tokens(self.output(merge_heads(attended)).unflatten(0, rows)), share

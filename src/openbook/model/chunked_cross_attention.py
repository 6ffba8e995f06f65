"""Chunked cross-attention: a position attends to the neighbors of the chunk before it (paper, 2.4)."""

import torch
from torch import Tensor, nn

from openbook.model.attention import attend, merge_heads, residual_projection, rotate, split_heads
from openbook.model.config import RetroConfig
from openbook.model.grid import ChunkGrid


class ChunkedCrossAttention(nn.Module):
    """All K neighbors and R positions of a chunk lie in one softmax; a chunk without neighbors gets zeros.

    With i' in 0 … M - 1 the position's place in its row and j in 0 … R - 1 the retrieved token's, the
    distance is i' - j + M - 1, as rotary positions.
    """

    def __init__(self, config: RetroConfig) -> None:
        super().__init__()
        assert config.head_dim is not None and config.encoder_hidden_size is not None
        inner = config.num_attention_heads * config.head_dim
        self.num_heads = config.num_attention_heads
        self.chunk_size = config.chunk_size
        self.positions = config.cca_positions
        self.base = float(config.rotary_base)
        self.dropout = float(config.dropout)
        self.query = nn.Linear(config.hidden_size, inner, bias=False)
        self.key_value = nn.Linear(config.encoder_hidden_size, 2 * inner, bias=False)
        self.output = residual_projection(inner, config.hidden_size)

    def project(self, encoded: Tensor) -> Tensor:
        """Keys and values of encoded neighbors [B, C, K, R, E]: [B, C, 2, H, K·R, head_dim]."""
        K, R = encoded.shape[2:4]
        keys, values = self.key_value(encoded.flatten(2, 3)).chunk(2, dim=-1)
        keys, values = split_heads(keys, self.num_heads), split_heads(values, self.num_heads)
        if self.positions == "rotary":
            keys = rotate(keys, torch.arange(R, device=encoded.device).repeat(K), self.base)
        return torch.stack([keys, values], dim=2)

    def forward(
        self, hidden: Tensor, projected: Tensor, mask: Tensor, grid: ChunkGrid, *, shares: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Args:
            hidden: [B, T, D], normalized.
            projected: [B, C, 2, H, K·R, head_dim], from `project`.
            mask: bool [B, C, K, R], False where there is no token.
            grid: which position attends to which of the C chunks.
            shares: also return what share of the attention each neighbor got.

        Returns:
            [B, T, D] to add to the residual stream, and the shares [B, T, K], mean over heads, or None.
        """
        if grid.rows == 0:
            empty = hidden.new_zeros(*hidden.shape[:2], mask.shape[2]) if shares else None
            return torch.zeros_like(hidden), empty
        q = split_heads(self.query(grid.to_rows(hidden)), self.num_heads)
        if self.positions == "rotary":
            place = torch.arange(grid.row_length, device=hidden.device) + grid.first_place
            q = rotate(q, place + self.chunk_size - 1, self.base)
        k, v = grid.chunks(projected).unbind(2)
        visible = grid.chunks(mask).flatten(2)[:, :, None, None, :]
        dropout = self.dropout if self.training else 0.0
        attended = attend(
            q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), mask=visible.flatten(0, 1), dropout=dropout
        )
        out = grid.to_tokens(self.output(merge_heads(attended)).unflatten(0, q.shape[:2]))
        return out, self._shares(q, k, visible, mask.shape[2], grid) if shares else None

    def _shares(self, q: Tensor, k: Tensor, visible: Tensor, num_neighbors: int, grid: ChunkGrid) -> Tensor:
        logits = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
        weights = logits.masked_fill(~visible, -torch.inf).softmax(-1).nan_to_num(0.0)
        by_neighbor = weights.unflatten(-1, (num_neighbors, -1)).sum(-1).mean(2)
        return grid.to_tokens(by_neighbor)

"""The neighbor encoder: a bidirectional transformer over each retrieved value (paper, algorithm 1)."""

import torch
from torch import Tensor, nn

from openbook.model.attention import (
    FeedForward,
    SelfAttention,
    attend,
    merge_heads,
    residual_projection,
    rotate,
    split_heads,
)
from openbook.model.config import RetroConfig


class EncoderCrossAttention(nn.Module):
    """Each retrieved token attends to the M tokens of the chunk that retrieved it; distance j - i."""

    def __init__(self, config: RetroConfig) -> None:
        super().__init__()
        assert config.encoder_hidden_size is not None and config.encoder_num_attention_heads is not None
        self.num_heads = config.encoder_num_attention_heads
        self.base = float(config.rotary_base)
        self.dropout = float(config.dropout)
        self.query = nn.Linear(config.encoder_hidden_size, config.encoder_hidden_size, bias=False)
        self.key_value = nn.Linear(config.hidden_size, 2 * config.encoder_hidden_size, bias=False)
        self.output = residual_projection(config.encoder_hidden_size, config.encoder_hidden_size)

    def forward(self, hidden: Tensor, chunk_hidden: Tensor, chunk_mask: Tensor | None) -> Tensor:
        """Attend.

        Args:
            hidden: [B, C, K, R, E], normalized.
            chunk_hidden: [B, C, M, D].
            chunk_mask: bool [B, C, M], False for padding; None: there is none.
        """
        B, C, K, R, _ = hidden.shape
        M = chunk_hidden.shape[2]
        device = hidden.device
        # The K neighbors of a chunk share its keys, so they lie side by side in one batch row.
        q = split_heads(self.query(hidden).reshape(B * C, K * R, -1), self.num_heads)
        q = rotate(q, torch.arange(R, device=device).repeat(K), self.base)
        k, v = self.key_value(chunk_hidden.flatten(0, 1)).chunk(2, dim=-1)
        k, v = split_heads(k, self.num_heads), split_heads(v, self.num_heads)
        k = rotate(k, torch.arange(M, device=device), self.base)
        mask = None if chunk_mask is None else chunk_mask.reshape(B * C, 1, 1, M)
        attended = attend(q, k, v, mask=mask, dropout=self.dropout if self.training else 0.0)
        return self.output(merge_heads(attended)).view(hidden.shape)


class RetroEncoderLayer(nn.Module):
    """Self-attention over the retrieved tokens, cross-attention to the chunk if asked for, feed-forward."""

    def __init__(self, config: RetroConfig, number: int) -> None:
        super().__init__()
        assert config.encoder_hidden_size is not None and config.encoder_intermediate_size is not None
        assert config.encoder_num_attention_heads is not None
        assert config.encoder_cross_attention_layers is not None
        width, eps = config.encoder_hidden_size, config.rms_norm_eps
        crosses = config.encoder_conditioned and number in config.encoder_cross_attention_layers
        self.self_attention_norm = nn.RMSNorm(width, eps=eps)
        self.self_attention = SelfAttention(
            width,
            config.encoder_num_attention_heads,
            config.encoder_head_dim,
            base=float(config.rotary_base),
            dropout=float(config.dropout),
        )
        self.cross_attention_norm = nn.RMSNorm(width, eps=eps) if crosses else None
        self.cross_attention = EncoderCrossAttention(config) if crosses else None
        self.feed_forward_norm = nn.RMSNorm(width, eps=eps)
        self.feed_forward = FeedForward(width, config.encoder_intermediate_size)
        self.dropout = nn.Dropout(float(config.dropout))

    def forward(
        self, hidden: Tensor, mask: Tensor, chunk_hidden: Tensor | None, chunk_mask: Tensor | None
    ) -> Tensor:
        """hidden [B, C, K, R, E]; mask [B, C, K, R]; chunk_hidden [B, C, M, D]; chunk_mask [B, C, M]."""
        flat = self.self_attention_norm(hidden).flatten(0, 2)
        positions = torch.arange(hidden.shape[-2], device=hidden.device)
        attended = self.self_attention(flat, positions=positions, mask=mask.flatten(0, 2)[:, None, None, :])
        hidden = hidden + self.dropout(attended).view(hidden.shape)
        if self.cross_attention is not None and self.cross_attention_norm is not None:
            assert chunk_hidden is not None
            crossed = self.cross_attention(self.cross_attention_norm(hidden), chunk_hidden, chunk_mask)
            hidden = hidden + self.dropout(crossed)
        return hidden + self.dropout(self.feed_forward(self.feed_forward_norm(hidden)))


class RetroEncoder(nn.Module):
    """ENC of the paper: neighbors, and the chunk that retrieved them, to what the decoder attends to.

    Args:
        config: of the whole model.
    """

    def __init__(self, config: RetroConfig) -> None:
        super().__init__()
        assert config.encoder_hidden_size is not None
        own = not config.share_embeddings
        self.embed_tokens = nn.Embedding(config.vocab_size, config.encoder_hidden_size) if own else None
        self.layers = nn.ModuleList(
            RetroEncoderLayer(config, number) for number in range(1, config.encoder_num_layers + 1)
        )
        self.norm = nn.RMSNorm(config.encoder_hidden_size, eps=config.rms_norm_eps)
        self.dropout = nn.Dropout(float(config.dropout))

    def forward(
        self,
        neighbor_ids: Tensor,
        neighbor_mask: Tensor,
        chunk_hidden: Tensor | None = None,
        chunk_mask: Tensor | None = None,
        *,
        shared_embedding: nn.Embedding | None = None,
    ) -> Tensor:
        """Encode.

        Args:
            neighbor_ids: int64 [B, C, K, R].
            neighbor_mask: bool [B, C, K, R]; what is encoded of a token that does not exist means nothing.
            chunk_hidden: [B, C, M, D] the decoder's activations of the chunks; unused without conditioning.
            chunk_mask: bool [B, C, M], False for padding.
            shared_embedding: the decoder's token embedding, where the configuration shares it.

        Returns:
            [B, C, K, R, E].
        """
        embed_tokens = self.embed_tokens or shared_embedding
        assert embed_tokens is not None
        hidden = self.dropout(embed_tokens(neighbor_ids))
        for layer in self.layers:
            hidden = layer(hidden, neighbor_mask, chunk_hidden, chunk_mask)
        return self.norm(hidden)

"""The decoder: causal self-attention, chunked cross-attention in the layers of P, feed-forward."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from openbook.model.attention import FeedForward, SelfAttention
from openbook.model.cache import RetroCache
from openbook.model.chunked_cross_attention import ChunkedCrossAttention
from openbook.model.config import RetroConfig
from openbook.model.neighbors import PassNeighbors

Retrieve = Callable[[Tensor], PassNeighbors | None]
"""Takes the activations [B, T, D] after the self-attention of layer min P; what it returns is kept for the
layers after it."""


class RetroDecoderLayer(nn.Module):
    """One layer.

    Args:
        config: of the whole model.
        number: of the layer, from 1.
    """

    def __init__(self, config: RetroConfig, number: int) -> None:
        super().__init__()
        assert config.head_dim is not None and config.cca_layers is not None
        width, eps = config.hidden_size, config.rms_norm_eps
        self.number = number
        has_cca = number in config.cca_layers
        self.self_attention_norm = nn.RMSNorm(width, eps=eps)
        self.self_attention = SelfAttention(
            width,
            config.num_attention_heads,
            config.head_dim,
            base=float(config.rotary_base),
            dropout=float(config.dropout),
        )
        self.cca_norm = nn.RMSNorm(width, eps=eps) if has_cca else None
        self.cca = ChunkedCrossAttention(config) if has_cca else None
        self.feed_forward_norm = nn.RMSNorm(width, eps=eps)
        self.feed_forward = FeedForward(width, config.intermediate_size)
        self.dropout = nn.Dropout(float(config.dropout))

    def forward(
        self,
        hidden: Tensor,
        *,
        positions: Tensor,
        mask: Tensor | None,
        retrieve: Retrieve,
        cache: RetroCache | None = None,
        shares: list[Tensor] | None = None,
    ) -> Tensor:
        """One step of the residual stream.

        Args:
            hidden: [B, T, D].
            positions: [T] columns of these tokens in the sequence.
            mask: of self-attention, broadcastable to [B, 1, T, past + T]; None: causal.
            retrieve: gives the neighbors to layers with chunked cross-attention.
            cache: to read past keys and values from, and add these to.
            shares: collects each such layer's attention shares [B, T, K]; None: they are not computed.
        """
        normed = self.self_attention_norm(hidden)
        remember = None if cache is None else self._remember(cache)
        causal = mask is None and hidden.shape[1] > 1
        attended = self.self_attention(
            normed, positions=positions, mask=mask, causal=causal, remember=remember
        )
        hidden = hidden + self.dropout(attended)
        if self.cca is not None and self.cca_norm is not None:
            neighbors = retrieve(hidden)
            if neighbors is not None:
                hidden = hidden + self.dropout(self._attend_to_neighbors(hidden, neighbors, shares))
        return hidden + self.dropout(self.feed_forward(self.feed_forward_norm(hidden)))

    def _attend_to_neighbors(
        self, hidden: Tensor, neighbors: PassNeighbors, shares: list[Tensor] | None
    ) -> Tensor:
        assert self.cca is not None and self.cca_norm is not None
        projected = neighbors.project(self.cca, f"cca{self.number}")
        mask = neighbors.retrieved.mask
        added, share = self.cca(
            self.cca_norm(hidden), projected, mask, neighbors.grid, shares=shares is not None
        )
        if shares is not None:
            shares.append(share)
        return added

    def _remember(self, cache: RetroCache) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
        return lambda keys, values: cache.update(keys, values, self.number - 1)


class RetroDecoder(nn.Module):
    """Token embedding, layers, final normalization."""

    def __init__(self, config: RetroConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(
            RetroDecoderLayer(config, number) for number in range(1, config.num_hidden_layers + 1)
        )
        self.norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.dropout = nn.Dropout(float(config.dropout))

    def forward(
        self,
        input_ids: Tensor,
        *,
        retrieve: Retrieve,
        attention_mask: Tensor | None = None,
        cache: RetroCache | None = None,
        shares: list[Tensor] | None = None,
    ) -> Tensor:
        """Run all layers.

        Args:
            input_ids: int64 [B, T].
            retrieve: see `RetroDecoderLayer`.
            attention_mask: [B, past + T], 0 or False for padding; None: there is none.
            cache: of the tokens before these.
            shares: see `RetroDecoderLayer`.

        Returns:
            [B, T, D], normalized.
        """
        past = cache.get_seq_length() if cache is not None else 0
        num_tokens = input_ids.shape[1]
        positions = torch.arange(past, past + num_tokens, device=input_ids.device)
        mask = self_attention_mask(attention_mask, past, num_tokens, input_ids.device)
        hidden = self.dropout(self.embed_tokens(input_ids))
        for layer in self.layers:
            hidden = layer(
                hidden, positions=positions, mask=mask, retrieve=retrieve, cache=cache, shares=shares
            )
        return self.norm(hidden)


def self_attention_mask(
    attention_mask: Tensor | None, past: int, num_tokens: int, device: torch.device
) -> Tensor | None:
    """Causal mask with padding: bool, broadcastable to [B, 1, T, past + T].

    None means plain causal attention, which needs no mask: nothing is padded, and either nothing came before
    or there is a single token, which may see all of the past.
    """
    if attention_mask is None and (past == 0 or num_tokens == 1):
        return None
    columns = torch.arange(past + num_tokens, device=device)
    rows = columns[past:, None]
    causal = columns <= rows
    if attention_mask is None:
        return causal
    return causal & attention_mask.bool()[:, None, None, :]

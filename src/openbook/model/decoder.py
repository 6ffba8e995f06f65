"""The decoder: causal self-attention, chunked cross-attention in the layers of P, feed-forward."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from transformers.modeling_layers import GradientCheckpointingLayer

from openbook.model.attention import FeedForward, SelfAttention
from openbook.model.cache import RetroCache
from openbook.model.chunked_cross_attention import ChunkedCrossAttention
from openbook.model.config import RetroConfig
from openbook.model.neighbors import PassNeighbors
from openbook.model.stack import Residual, Stack, final_norm

EncodeNeighbors = Callable[[Tensor], PassNeighbors | None]
"""Encodes the neighbors of a pass, from the activations [B, T, D] after the self-attention of layer min P."""


class RetroDecoderLayer(GradientCheckpointingLayer):
    """One layer.

    Args:
        config: of the whole model.
        stack: the decoder's.
        number: of the layer, from 1.
    """

    def __init__(self, config: RetroConfig, stack: Stack, number: int) -> None:
        super().__init__()
        assert config.cca_layers is not None
        self.number = number
        has_cca = number in config.cca_layers
        self.retrieves = has_cca and number == min(config.cca_layers)
        self.self_attention_norm = Residual(stack)
        self.self_attention = SelfAttention(stack)
        self.cca_norm = Residual(stack) if has_cca else None
        self.cca = ChunkedCrossAttention(config, stack) if has_cca else None
        self.feed_forward_norm = Residual(stack)
        self.feed_forward = FeedForward(stack)

    def forward(
        self,
        hidden: Tensor,
        neighbors: PassNeighbors | None,
        *,
        retrieve: EncodeNeighbors,
        mask: Tensor | None,
        cache: RetroCache | None = None,
        shares: list[Tensor] | None = None,
    ) -> tuple[Tensor, PassNeighbors | None]:
        """Run the layer.

        Args:
            hidden: [B, T, D].
            neighbors: that the pass reads; None before layer min P.
            retrieve: called by layer min P, whose neighbors then are what it returns.
            mask: of self-attention, broadcastable to [B, 1, T, past + T]; None: causal.
            cache: to read past keys and values from, and add these to.
            shares: collects the attention shares [B, T, K] of each layer of P; None: they are not computed.

        Returns:
            [B, T, D], and the neighbors for the layers after it.
        """
        past = 0 if cache is None else cache.get_seq_length(self.number - 1)
        attended = self.self_attention(
            hidden,
            self.self_attention_norm.read,
            past=past,
            shift=None if cache is None else cache.shift,
            mask=mask,
            causal=mask is None and past == 0,
            remember=None if cache is None else self._remember(cache),
            table=None if cache is None else cache.table(f"self-attention {self.number}"),
        )
        hidden = self.self_attention_norm.add(hidden, attended)
        if self.retrieves:
            neighbors = retrieve(hidden)
        if self.cca is not None and neighbors is not None:
            hidden = self._attend_to_neighbors(hidden, neighbors, shares)
        update = self.feed_forward(hidden, self.feed_forward_norm.read)
        return self.feed_forward_norm.add(hidden, update), neighbors

    def _attend_to_neighbors(
        self, hidden: Tensor, neighbors: PassNeighbors, shares: list[Tensor] | None
    ) -> Tensor:
        assert self.cca is not None and self.cca_norm is not None
        projected = neighbors.project(self.cca, f"cca{self.number}")
        mask, grid = neighbors.retrieved.mask, neighbors.grid
        wanted = shares is not None
        table = neighbors.table(f"cca{self.number}")
        added, share = self.cca(hidden, self.cca_norm.read, projected, mask, grid, shares=wanted, table=table)
        if shares is not None:
            shares.append(share)
        attended = self.cca_norm.add(hidden, added)
        if self.cca_norm.alpha is None:
            return attended  # nothing was added where there is no neighbor
        return torch.where(grid.any_visible(mask), attended, hidden)

    def _remember(self, cache: RetroCache) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
        return lambda keys, values: cache.update(keys, values, self.number - 1)


class RetroDecoder(nn.Module):
    """Token embedding, layers, final normalization."""

    def __init__(self, config: RetroConfig) -> None:
        super().__init__()
        stack = Stack.of_decoder(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(
            RetroDecoderLayer(config, stack, number) for number in range(1, config.num_hidden_layers + 1)
        )
        self.norm = final_norm(stack)
        self.dropout = nn.Dropout(stack.dropout)

    def forward(
        self,
        input_ids: Tensor,
        *,
        retrieve: EncodeNeighbors,
        attention_mask: Tensor | None = None,
        cache: RetroCache | None = None,
        shares: list[Tensor] | None = None,
        position_ids: Tensor | None = None,
    ) -> tuple[Tensor, PassNeighbors | None]:
        """Run all layers.

        Args:
            input_ids: int64 [B, T].
            retrieve: see `RetroDecoderLayer`.
            attention_mask: [B, past + T], 0 or False for padding; None: there is none.
            cache: of the tokens before these.
            shares: see `RetroDecoderLayer`.
            position_ids: not used: attention knows distances alone.

        Returns:
            [B, T, D], normalized, and the neighbors that the pass read.
        """
        past = cache.get_seq_length() if cache is not None else 0
        num_tokens = input_ids.shape[1]
        mask = self_attention_mask(attention_mask, past, num_tokens, input_ids.device)
        hidden = self.dropout(self.embed_tokens(input_ids))
        neighbors = None
        for layer in self.layers:
            hidden, neighbors = layer(
                hidden, neighbors, retrieve=retrieve, mask=mask, cache=cache, shares=shares
            )
        return self.norm(hidden), neighbors


def self_attention_mask(
    attention_mask: Tensor | None, past: int, num_tokens: int, device: torch.device
) -> Tensor | None:
    """Make a causal mask with padding: bool, broadcastable to [B, 1, T, past + T].

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

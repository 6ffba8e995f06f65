"""The base reads text, and in some layers the blocks of neighbors beside it."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from openbook.model.retrofitting.own.blocks import BlockLayout, Span
from openbook.model.retrofitting.own.layer_reader import LayerReader
from openbook.model.retrofitting.own.prefix import PrefixedText
from openbook.model.retrofitting.own.softmax import attend_jointly


class TextPass:
    """One pass of the base over text; see `AttentionPass`.

    Args:
        readers: the layers that read neighbors, by their indices.
        blocks: their keys and values, [B, C, 2, key-value heads, L, head_dim] each.
        layout: of the blocks.
        spans: which tokens of the pass read which block.
        positions: int64 [B or 1, T] of the pass's tokens.
        text: what the base is given.
        shares: whether to compute what share of the attention each neighbor gets.
        as_prompt: without additions and biases.

    Attributes:
        joined: layers that attended.
        shares: by layer, [B, T, K].
    """

    def __init__(
        self,
        readers: Mapping[int, nn.Module],
        blocks: dict[int, Tensor],
        layout: BlockLayout,
        spans: list[Span],
        positions: Tensor,
        text: PrefixedText,
        *,
        shares: bool,
        as_prompt: bool = False,
    ) -> None:
        self.readers = readers
        self.joined: set[int] = set()
        self.shares: dict[int, Tensor] | None = {} if shares else None
        self._blocks = blocks
        self._layout = layout
        self._spans = spans
        self._positions = positions
        self._text = text
        self._reads = layout.reads()
        self._adapted = None if as_prompt else self._where_read()
        self._as_prompt = as_prompt
        self._visible: dict[int | None, list[Tensor]] = {}

    def adapted(self, reader: nn.Module) -> Tensor | None:
        return self._adapted if reader in self.readers.values() else None

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, *, scaling: float, window: int | None
    ) -> Tensor | None:
        reader = self.readers.get(layer)
        if reader is None:
            return None
        assert isinstance(reader, LayerReader)
        self.joined.add(layer)
        past = key.shape[2] - query.shape[2]
        if window not in self._visible:
            self._visible[window] = [self._visible_from(span, past, window) for span in self._spans]
        layout = self._layout
        of_heads = torch.zeros_like(reader.bias) if self._as_prompt else reader.bias
        bias = F.pad(
            of_heads[:, None].expand(-1, layout.ids.shape[-1] - layout.num_prefix), (layout.num_prefix, 0)
        )
        wants_shares = self.shares is not None and layer not in self.shares
        parts, shares = [], []
        for span, visible in zip(self._spans, self._visible[window], strict=True):
            queries = query[:, :, span.start : span.stop]
            own = key[:, :, : past + span.stop], value[:, :, : past + span.stop]
            block = self._block(layer, span, like=key)
            logits: list[Tensor] = []
            parts.append(
                attend_jointly(
                    queries,
                    block,
                    own,
                    visible=visible,
                    bias=bias[:, : block[0].shape[2]],
                    scaling=scaling,
                    told=logits if wants_shares else None,
                )
            )
            if wants_shares:
                written = logits[0] if logits else _logits(queries, block[0]) * scaling
                shares.append(self._shares_of(written, span, window))
        if self.shares is not None and wants_shares:
            self.shares[layer] = torch.cat(shares, 1)
        return torch.cat(parts, 2)

    def _block(self, layer: int, span: Span, like: Tensor) -> tuple[Tensor, Tensor]:
        if span.chunk is None:
            nothing = like[:, :, :0]
            return nothing, nothing
        keys, values = self._blocks[layer][:, span.chunk].unbind(1)
        return keys, values

    def _visible_from(self, span: Span, past: int, window: int | None) -> Tensor:
        """What a span's tokens see of their block and of the text: bool [B or 1, 1, n, L + S]."""
        device = self._positions.device
        seen = torch.arange(past + span.stop, device=device)
        places = torch.arange(past + span.start, past + span.stop, device=device)[:, None]
        own = (seen <= places)[None]
        if window is not None:
            own = own & (seen > places - window)
        if self._text.mask is not None:
            own = own & self._text.mask[:, None, : past + span.stop].bool()
        p = self._layout.num_prefix
        if span.chunk is None:
            return (own | (seen == places))[:, None]
        if p:
            # The prefix is read in the block.
            behind = seen - self._text.prefix_begins[:, None, None]
            is_prefix = (behind >= 0) & (behind < p)
            own = own & ~(is_prefix & self._reads[:, span.chunk, None, None])
        own = own | (seen == places)
        block = self._block_visible_from(span, window) & self._reads[:, span.chunk, None, None]
        own = own.expand(block.shape[0], -1, -1)
        return torch.cat([block, own], -1)[:, None]

    def _block_visible_from(self, span: Span, window: int | None) -> Tensor:
        """bool [B, n, L]."""
        assert span.chunk is not None
        block = self._layout.exists[:, span.chunk, None].expand(-1, span.stop - span.start, -1)
        if window is None:
            return block
        positions = self._positions[:, span.start : span.stop, None]
        return block & (positions - self._layout.positions[:, span.chunk, None] < window)

    def _where_read(self) -> Tensor:
        """[B, T, 1]: 1 where a token has neighbors to read."""
        B = self._reads.shape[0]
        parts = []
        for span in self._spans:
            reads = self._reads.new_zeros(B) if span.chunk is None else self._reads[:, span.chunk]
            parts.append(reads[:, None].expand(B, span.stop - span.start))
        return torch.cat(parts, 1)[..., None]

    def _shares_of(self, logits: Tensor, span: Span, window: int | None) -> Tensor:
        """Of the attention that tokens give to neighbors, each one's part: [B, n, K], mean over heads.

        Args:
            logits: of their block, [B, H, n, L]; a bias that all its tokens have would change nothing.
            span: of these tokens.
            window: of the layer.
        """
        p, K = self._layout.num_prefix, self._layout.num_neighbors
        if span.chunk is None:
            return logits.new_zeros(len(logits), span.stop - span.start, K)
        visible = self._block_visible_from(span, window)[:, None, :, p:]
        weights = logits[..., p:].masked_fill(~visible, -torch.inf).softmax(-1).nan_to_num(0.0)
        return weights.unflatten(-1, (K, -1)).sum(-1).mean(1)


def _logits(query: Tensor, keys: Tensor) -> Tensor:
    """[B, H, n, L] of queries [B, H, n, head_dim], of which several heads share keys [B, …, L, head_dim]."""
    return query @ keys.repeat_interleave(query.shape[1] // keys.shape[1], 1).transpose(2, 3)

"""The base reads text, and in some layers the blocks of neighbors beside it."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from openbook.model.retrofitting.own.attention_pass import Adapted, everywhere_or
from openbook.model.retrofitting.own.blocks import BlockLayout, Span
from openbook.model.retrofitting.own.layer_reader import BIAS_STEP, LayerReader
from openbook.model.retrofitting.own.neighbor_shares import NeighborShares
from openbook.model.retrofitting.own.prefix import PrefixedText
from openbook.model.retrofitting.own.softmax import FEW, LogitOffsets, attend_few, attend_jointly


class TextPass:
    """One pass of the base over text; see `AttentionPass`.

    Args:
        readers: the layers that read neighbors, by their indices.
        blocks: their keys and values, [B, C, key-value heads, L, head_dim] each.
        layout: of the blocks.
        spans: which tokens of the pass read which block.
        positions: int64 [B or 1, T] of the pass's tokens.
        text: what the base is given.
        shares: whether to compute what share of the attention each neighbor gets.
        as_prompt: without additions and biases.

    Attributes:
        joined: layers that attended.
        shares: of the neighbors; None: not computed.
    """

    def __init__(
        self,
        readers: Mapping[int, nn.Module],
        blocks: Mapping[int, tuple[Tensor, Tensor]],
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
        self.shares = NeighborShares(layout.num_neighbors) if shares else None
        self._blocks = blocks
        self._layout = layout
        self._spans = spans
        self._positions = positions
        self._text = text
        self._reads = layout.reads()
        self._adapted = None if as_prompt else everywhere_or(self._where_read())
        self._as_prompt = as_prompt
        self._visible: dict[int | None, list[Tensor]] = {}
        self._offsets: dict[tuple[int, int | None, int], LogitOffsets] = {}
        self._places = {layer: place for place, layer in enumerate(readers)}

    def adapted(self, reader: nn.Module) -> Adapted:
        return self._adapted if reader in self.readers.values() else None

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, *, scaling: float, window: int | None
    ) -> Tensor | None:
        if layer not in self.readers:
            return None
        again = layer in self.joined  # checkpointing
        self.joined.add(layer)
        past = key.shape[2] - query.shape[2]
        if window not in self._visible:
            self._visible[window] = [self._visible_from(span, past, window) for span in self._spans]
        parts: list[Tensor] = []
        for span, visible in zip(self._spans, self._visible[window], strict=True):
            queries, own = query, (key, value)
            if len(self._spans) > 1:  # a whole tensor needs no view of it
                queries = query[:, :, span.start : span.stop]
                own = key[:, :, : past + span.stop], value[:, :, : past + span.stop]
            attended, logits = self._attend_in(span, layer, queries, own, visible, scaling, window)
            parts.append(attended)
            if self.shares is not None and logits is not None and not again:
                self.shares.add(span.start, logits, num_prefix=self._prefix_in(span))
        return parts[0] if len(parts) == 1 else torch.cat(parts, 2)

    def _attend_in(
        self,
        span: Span,
        layer: int,
        queries: Tensor,
        own: tuple[Tensor, Tensor],
        visible: Tensor,
        scaling: float,
        window: int | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend with the n tokens of a span to its block and to the text, as suits their number.

        Args:
            span: the tokens, and which block they read.
            layer: its index.
            queries: [B, H, n, head_dim].
            own: keys and values of the text up to the span's end, [B, G, S, head_dim].
            visible: see `_visible_from`.
            scaling: of the logits.
            window: of the layer; None: all of the text is seen.

        Returns:
            [B, H, n, head_dim]; and the logits of the block [B, H, n, L], or None where they are not known.
        """
        block = self._block(layer, span, like=own[0])
        if span.stop - span.start > FEW or torch.is_grad_enabled():
            return self._attend_many(layer, queries, block, own, span, visible, scaling)
        offsets = self._offsets_of(span, visible, block[0], window)
        of_block = offsets.of_block[self._places[layer]]
        return attend_few(queries, block, own, of_block, offsets.of_text, scaling)

    def _attend_many(
        self,
        layer: int,
        queries: Tensor,
        block: tuple[Tensor, Tensor],
        own: tuple[Tensor, Tensor],
        span: Span,
        visible: Tensor,
        scaling: float,
    ) -> tuple[Tensor, Tensor | None]:
        """What is attended to, and the logits of the block [B, H, n, L] where shares are wanted."""
        attended = attend_jointly(
            queries,
            block,
            own,
            visible=visible,
            bias=self._bias(layer),
            num_prefix=self._prefix_in(span),
            scaling=scaling,
        )
        if self.shares is None:
            return attended, None
        keys = block[0].repeat_interleave(queries.shape[1] // block[0].shape[1], 1)
        logits = queries @ keys.transpose(2, 3) * scaling
        return attended, logits.masked_fill(~visible[..., : keys.shape[2]], -torch.inf)

    def _offsets_of(self, span: Span, visible: Tensor, keys: Tensor, window: int | None) -> LogitOffsets:
        key = span.start, window, keys.shape[1]
        if key not in self._offsets:
            biases = self._biases()
            num_prefix = self._prefix_in(span)
            self._offsets[key] = LogitOffsets.of(visible, biases, block=keys, num_prefix=num_prefix)
        return self._offsets[key]

    def _bias(self, layer: int) -> Tensor:
        reader = self.readers[layer]
        assert isinstance(reader, LayerReader)
        return torch.zeros_like(reader.neighbor_bias) if self._as_prompt else reader.bias

    def _biases(self) -> Tensor:
        """Of all layers, [N, H]."""
        parameters = torch.stack([cast(Tensor, reader.neighbor_bias) for reader in self.readers.values()])
        return torch.zeros_like(parameters) if self._as_prompt else parameters * BIAS_STEP

    def _prefix_in(self, span: Span) -> int:
        """Tokens of the prefix that stand in the span's block."""
        return 0 if span.chunk is None else self._layout.num_prefix

    def _block(self, layer: int, span: Span, like: Tensor) -> tuple[Tensor, Tensor]:
        if span.chunk is None:
            nothing = like[:, :, :0]
            return nothing, nothing
        keys, values = self._blocks[layer]
        return keys[:, span.chunk], values[:, span.chunk]

    def _visible_from(self, span: Span, past: int, window: int | None) -> Tensor:
        """What a span's tokens see of their block and of the text: bool [B or 1, 1, n, L + S]."""
        own = self._text_visible_from(span, past, window)
        if span.chunk is None:
            return own[:, None]
        block = self._block_visible_from(span, window) & self._reads[:, span.chunk, None, None]
        return torch.cat([block, own.expand(block.shape[0], -1, -1)], -1)[:, None]

    def _text_visible_from(self, span: Span, past: int, window: int | None) -> Tensor:
        """bool [B or 1, n, S]; a token sees itself, whatever else it does not see."""
        device = self._positions.device
        seen = torch.arange(past + span.stop, device=device)
        places = torch.arange(past + span.start, past + span.stop, device=device)[:, None]
        own = (seen <= places)[None]
        if window is not None:
            own = own & (seen > places - window)
        if self._text.mask is not None:
            own = own & self._text.mask[:, None, : past + span.stop].bool()
        if span.chunk is not None and self._layout.num_prefix:
            # The prefix is read in the block.
            behind = seen - self._text.prefix_begins[:, None, None]
            is_prefix = (behind >= 0) & (behind < self._layout.num_prefix)
            own = own & ~(is_prefix & self._reads[:, span.chunk, None, None])
        return own | (seen == places)

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

"""Attention and feed-forward as every part of the model uses them: heads, masks without NaN."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from openbook.model.positions import DistanceTable, RelativePositions
from openbook.model.recompute import computed_again, linear_last
from openbook.model.stack import Stack

_QUERIES_AT_ONCE = 256
"""Where positions add to the logits, for so many queries at a time: memory then is linear in the length."""

Normalize = Callable[[Tensor], Tensor]
"""What a sub-layer reads of the residual stream: its norm, where that comes before."""


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Split heads: [..., L, H·head_dim] → [..., H, L, head_dim]."""
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)


def merge_heads(x: Tensor) -> Tensor:
    """Merge heads: [..., H, L, head_dim] → [..., L, H·head_dim]."""
    return x.transpose(-3, -2).flatten(-2)


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    causal: bool = False,
    dropout: float = 0.0,
    blind_rows: bool = True,
) -> Tensor:
    """Attend by scaled dot products; a query that may see nothing gets zeros.

    Args:
        q: queries [N, H, Lq, head_dim].
        k: keys [N, H, Lk, head_dim].
        v: values [N, H, Lk, head_dim].
        mask: bool, broadcastable to [N, 1, Lq, Lk]; False hides a key.
        bias: [N, H, Lq, Lk] to add to the scaled logits.
        causal: the last query sees all keys, each before it one less; not together with a mask.
        dropout: share of the weights to drop.
        blind_rows: whether a query that may see nothing matters; if not, it gets anything finite.
    """
    if causal and bias is not None:
        rows, columns = q.shape[-2], k.shape[-2]
        mask = torch.ones(rows, columns, dtype=torch.bool, device=q.device).tril(columns - rows)
        causal = False
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, is_causal=causal, dropout_p=dropout)
    sees_any = mask.any(dim=-1, keepdim=True)
    # A row without any key would be a softmax over nothing: NaN in some kernels, and NaN gradients in others.
    visible = mask | ~sees_any
    if bias is not None:
        visible = bias.masked_fill(~visible, -torch.inf)
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=visible, dropout_p=dropout)
    return out * sees_any if blind_rows else out


def attend_and_weigh(
    q: Tensor, k: Tensor, v: Tensor, *, mask: Tensor, bias: Tensor | None = None, dropout: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Attend as `attend` does, and return the weights as well, [N, H, Lq, Lk]: 0 where nothing is seen."""
    logits = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    if bias is not None:
        logits = logits + bias
    exact = torch.promote_types(logits.dtype, torch.float32)
    weights = logits.masked_fill(~mask, -torch.inf).softmax(-1, dtype=exact).nan_to_num(0.0)
    used = F.dropout(weights, dropout) if dropout else weights
    return used.to(v.dtype) @ v, weights


class SelfAttention(nn.Module):
    """Self-attention, causal (decoder) or not (encoder).

    Args:
        stack: that it belongs to.
    """

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.num_heads = stack.num_heads
        self.dropout = stack.dropout
        self.query_key_value = stack.linear(stack.width, 3 * stack.inner, fused=3)
        self.positions = stack.make_positions()
        self.output = stack.linear(stack.inner, stack.width, output=True)
        self.queries_at_once = _QUERIES_AT_ONCE

    def forward(
        self,
        hidden: Tensor,
        read: Normalize,
        *,
        past: int = 0,
        shift: Tensor | None = None,
        mask: Tensor | None,
        causal: bool = False,
        blind_rows: bool = True,
        remember: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
        table: DistanceTable | None = None,
    ) -> Tensor:
        """Attend.

        Args:
            hidden: [..., L, width], the stream.
            read: what is read of it.
            past: tokens before these, with whose keys `remember` answers.
            shift: int64 [N], see `RetroCache.shift`; None: rows were not moved.
            mask: as in `attend`.
            causal, blind_rows: as in `attend`.
            remember: takes the new keys and values [N, H, L, head_dim] and returns those of all so far.
            table: see `Positions.queries`.
        """
        q, k, v = linear_last(lambda x: self.query_key_value(read(x)), hidden).flatten(0, -3).chunk(3, dim=-1)
        # Values of their own, lest all three are kept for the backward pass because of them.
        q, k, v = (split_heads(x, self.num_heads) for x in (q, k, v.contiguous()))
        k = self.positions.keys(k, past, shift)
        if remember is not None:
            k, v = remember(k, v)
        attended = self._attend(
            q, k, v, first=past, shift=shift, mask=mask, causal=causal, blind_rows=blind_rows, table=table
        )
        return self.output(merge_heads(attended)).view(hidden.shape)

    def _attend(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        *,
        first: int,
        shift: Tensor | None,
        mask: Tensor | None,
        causal: bool,
        blind_rows: bool,
        table: DistanceTable | None,
    ) -> Tensor:
        """Queries of positions `first` and on; where positions add to the logits, some at a time."""
        size = self.queries_at_once
        attend_at_once = partial(self._attend_at_once, shift=shift, causal=causal, blind_rows=blind_rows)
        if not isinstance(self.positions, RelativePositions) or q.shape[-2] <= size:
            return attend_at_once(q, k, v, first=first, mask=mask, table=table)
        parts = []
        for start in range(0, q.shape[-2], size):
            rows = q[..., start : start + size, :]
            seen = first + start + rows.shape[-2] if causal else k.shape[-2]
            of_rows = mask
            if mask is not None and mask.shape[-2] > 1:
                of_rows = mask[..., start : start + size, :]
            part = partial(attend_at_once, first=first + start, mask=of_rows)
            random = self.training and self.dropout > 0
            parts.append(computed_again(part, rows, k[..., :seen, :], v[..., :seen, :], random=random))
        return torch.cat(parts, dim=-2)

    def _attend_at_once(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        *,
        first: int,
        shift: Tensor | None,
        mask: Tensor | None,
        causal: bool,
        blind_rows: bool,
        table: DistanceTable | None = None,
    ) -> Tensor:
        q, bias = self.positions.queries(q, first, k.shape[-2], shift, table)
        dropout = self.dropout if self.training else 0.0
        return attend(q, k, v, mask=mask, bias=bias, causal=causal, dropout=dropout, blind_rows=blind_rows)


class FeedForward(nn.Module):
    """Two linear maps with a GELU between them.

    Args:
        stack: that it belongs to.
        recompute: compute the first map again in the backward pass, rather than keep what it gave.
    """

    def __init__(self, stack: Stack, *, recompute: bool = False) -> None:
        super().__init__()
        self.recompute = recompute
        self.input = stack.linear(stack.width, stack.intermediate)
        self.output = stack.linear(stack.intermediate, stack.width, output=True)

    def forward(self, hidden: Tensor, read: Normalize) -> Tensor:
        """Map [..., width] → [..., width]; `read` is what is read of the stream."""
        if self.recompute:
            return linear_last(lambda x: self._second(self._first(x, read)), hidden)
        return linear_last(self._second, linear_last(lambda x: self._first(x, read), hidden))

    def _first(self, hidden: Tensor, read: Normalize) -> Tensor:
        return self.input(read(hidden))

    def _second(self, inner: Tensor) -> Tensor:
        return self.output(F.gelu(inner))

"""One softmax over the neighbors' keys and the text's own, in one way for few queries, in another for many.

What each query sees and the biases of neighbors are given; layers, spans and chunks are not known here.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

FEW = 4
"""Queries for which the logits are written out, without copying keys."""
_ALIGNED = 8


@dataclass(frozen=True, slots=True)
class LogitOffsets:
    """What is added to the logits of few queries: biases of neighbors, and -inf where a query sees nothing.

    Heads that share keys lie beside each other, as more queries of one head: G key-value heads, g for each.

    of_block: [N, B·G, g·n, L], for each of N layers.
    of_text: [B·G, g·n, S].
    """

    of_block: Tensor
    of_text: Tensor

    @classmethod
    def of(cls, visible: Tensor, biases: Tensor, *, block: Tensor, num_prefix: int) -> "LogitOffsets":
        """Write down what the queries of a pass see, for all of its layers.

        Args:
            visible: bool [B or 1, 1, n, L + S].
            biases: [N, H], added to the scaled logits of the block after its prefix.
            block: keys [B, G, L, head_dim] of any layer.
            num_prefix: p, tokens at the beginning of the block that have no bias.
        """
        B, G, L = block.shape[:3]
        N, H = biases.shape
        rows = H // G * visible.shape[2]
        hidden = block.new_zeros(visible.shape).masked_fill_(~visible, -torch.inf)
        hidden = hidden.expand(B, H, -1, -1)
        of_tokens = biases.to(block.dtype)[..., None].expand(-1, -1, L - num_prefix)
        of_block = hidden[..., :L] + F.pad(of_tokens, (num_prefix, 0)).view(N, 1, H, 1, L)
        return cls(of_block.reshape(N, B * G, rows, L), hidden[..., L:].reshape(B * G, rows, -1))


def attend_few(
    query: Tensor,
    block: tuple[Tensor, Tensor],
    own: tuple[Tensor, Tensor],
    of_block: Tensor,
    of_text: Tensor,
    scaling: float,
) -> tuple[Tensor, Tensor]:
    """Attend with few queries, of which no gradients are wanted, to a block and to the text.

    Args:
        query: [B, H, n, head_dim].
        block: keys and values [B, G, L, head_dim].
        own: keys and values [B, G, S, head_dim].
        of_block: [B·G, g·n, L] of `LogitOffsets`.
        of_text: [B·G, g·n, S] of them.
        scaling: of the logits.

    Returns:
        [B, H, n, head_dim], and the logits of the block [B, H, n, L] with what was added to them.
    """
    B, H, n, head_dim = query.shape
    heads, _, L = of_block.shape
    rows = query.reshape(heads, -1, head_dim)
    keys, values = block[0].reshape(heads, L, head_dim), block[1].reshape(heads, L, head_dim)
    own_keys, own_values = own[0].reshape(heads, -1, head_dim), own[1].reshape(heads, -1, head_dim)
    logits = torch.baddbmm(of_block, rows, keys.mT, alpha=scaling)
    both = torch.cat([logits, torch.baddbmm(of_text, rows, own_keys.mT, alpha=scaling)], -1)
    if both.dtype in (torch.float16, torch.bfloat16):
        weights = both.softmax(-1, dtype=torch.float32).to(both.dtype)
    else:
        weights = both.softmax(-1)
    out = torch.baddbmm(torch.bmm(weights[..., :L], values), weights[..., L:], own_values)
    return out.view(B, H, n, head_dim), logits.view(B, H, n, L)


def attend_jointly(
    query: Tensor,
    block: tuple[Tensor, Tensor],
    own: tuple[Tensor, Tensor],
    *,
    visible: Tensor,
    bias: Tensor,
    num_prefix: int,
    scaling: float,
) -> Tensor:
    """Attend with any number of queries to a block and to the text.

    Args:
        query: [B, H, n, head_dim].
        block: keys and values [B, G, L, head_dim].
        own: keys and values [B, G, S, head_dim].
        visible: bool [B or 1, 1, n, L + S]; each query sees something.
        bias: [H], added to the scaled logits of the block after its prefix.
        num_prefix: p, tokens at the beginning of the block that have no bias.
        scaling: of the logits.

    Returns:
        [B, H, n, head_dim].
    """
    B, _, n, head_dim = query.shape
    L, S = block[0].shape[2], own[0].shape[2]
    keys, values = (torch.cat(pair, 2) for pair in zip(block, own, strict=True))
    # A number more in queries and keys adds the bias, and kernels stay fast that take no mask with gradients:
    # scaling · (q, b/scaling) · (k, 1) = scaling · q·k + b. Zeros fill up to whole eights.
    room = -(head_dim + 1) % _ALIGNED
    of_heads = (bias.to(query.dtype) / scaling)[:, None, None].expand(B, -1, n, -1)
    is_neighbor = F.pad(keys.new_ones(L - num_prefix), (num_prefix, S))[:, None]
    query = torch.cat([query, F.pad(of_heads, (0, room))], -1)
    keys = torch.cat([keys, F.pad(is_neighbor, (0, room)).expand(*keys.shape[:2], -1, -1)], -1)
    attended = attend_visible(query, keys, F.pad(values, (0, room + 1)), visible=visible, scaling=scaling)
    return attended[..., :head_dim]


def attend_visible(query: Tensor, keys: Tensor, values: Tensor, *, visible: Tensor, scaling: float) -> Tensor:
    """Attend with queries [B, H, n, head_dim] to keys and values [B, G, S, head_dim].

    Args:
        query, keys, values: as above.
        visible: bool [B or 1, 1, n, S]; each query sees something.
        scaling: of the logits.

    Returns:
        [B, H, n, head_dim].
    """
    kind = query.device.type
    if kind == "cpu" and torch.is_grad_enabled() and torch.is_autocast_enabled(kind):
        return _attend_written_out(query, keys, values, visible, scaling)
    groups = query.shape[1] // keys.shape[1]
    keys, values = (x.repeat_interleave(groups, 1) for x in (keys, values))
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=visible, scale=scaling)


def _attend_written_out(
    query: Tensor, keys: Tensor, values: Tensor, visible: Tensor, scaling: float
) -> Tensor:
    """As products of matrices: a processor that has bfloat16 has it for these, not for torch's own kernel.

    Of 450 tokens, forward and backward, that takes 30 ms of a core where the kernel takes 74.
    """
    dtype = torch.get_autocast_dtype(query.device.type)
    B, H, n, head_dim = query.shape
    G = keys.shape[1]
    hidden = torch.zeros(visible.shape, dtype=dtype, device=query.device).masked_fill_(~visible, -torch.inf)
    with torch.autocast(query.device.type, enabled=False):
        rows = query.to(dtype).reshape(B * G, -1, head_dim)
        by_key = keys.to(dtype).flatten(0, 1), values.to(dtype).flatten(0, 1)
        added = hidden.expand(B, H, n, -1).reshape(B * G, rows.shape[1], -1)
        logits = torch.baddbmm(added, rows, by_key[0].mT, alpha=scaling)
        return torch.bmm(logits.softmax(-1), by_key[1]).view(B, H, n, head_dim)

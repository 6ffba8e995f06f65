"""One softmax over the neighbors' keys and the text's own."""

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
    B, H, n, head_dim = query.shape
    groups = H // block[0].shape[1]
    keys, values = (
        # [B, G, groups, L + S, head_dim]: copied for each head no sooner than they get their numbers more.
        torch.cat(pair, 2)[:, :, None].expand(-1, -1, groups, -1, -1)
        for pair in zip(block, own, strict=True)
    )
    # A number more in queries and keys adds the bias, and kernels stay fast that take no mask with gradients:
    # scaling · (q, 1/scaling) · (k, b) = scaling · q·k + b. Zeros fill up to whole eights.
    room = -(head_dim + 1) % _ALIGNED
    of_neighbors = bias.to(query.dtype)[:, None].expand(-1, block[0].shape[2] - num_prefix)
    extra = F.pad(F.pad(of_neighbors, (num_prefix, own[0].shape[2]))[..., None], (0, room))
    extra = extra.unflatten(0, (-1, groups)).expand(B, -1, -1, -1, -1)
    one = F.pad(query.new_full((1,), 1 / scaling), (0, room)).expand(B, H, n, -1)
    query = torch.cat([query, one], -1)
    keys = torch.cat([keys, extra], -1).flatten(1, 2)
    values = F.pad(values, (0, room + 1)).flatten(1, 2)
    out = F.scaled_dot_product_attention(query, keys, values, attn_mask=visible, scale=scaling)
    return out[..., :head_dim]

"""One softmax over the neighbors' keys and the text's own."""

import torch
import torch.nn.functional as F
from torch import Tensor

_FEW = 4
"""Queries for which the logits are written out, without copying keys."""
_ALIGNED = 8


def attend_jointly(
    query: Tensor,
    block: tuple[Tensor, Tensor],
    own: tuple[Tensor, Tensor],
    *,
    visible: Tensor,
    bias: Tensor,
    scaling: float,
    told: list[Tensor] | None = None,
) -> Tensor:
    """Attend to a block and to the text.

    Args:
        query: [B, H, n, head_dim].
        block: keys and values [B, key-value heads, L, head_dim].
        own: keys and values [B, key-value heads, S, head_dim].
        visible: bool [B or 1, 1, n, L + S]; each query sees something.
        bias: [H, L], added to the scaled logits of the block.
        scaling: of the logits.
        told: gets the scaled logits of the block [B, H, n, L], without the bias, if they are written out.

    Returns:
        [B, H, n, head_dim].
    """
    learns = torch.is_grad_enabled() and any(x.requires_grad for x in (query, *block, *own, bias))
    few = query.shape[2] <= _FEW and not learns
    if few:
        return _written_out(query, block, own, visible, bias.to(query.dtype), scaling, told)
    return _by_kernel(query, block, own, visible, bias.to(query.dtype), scaling)


def _written_out(
    query: Tensor,
    block: tuple[Tensor, Tensor],
    own: tuple[Tensor, Tensor],
    visible: Tensor,
    bias: Tensor,
    scaling: float,
    told: list[Tensor] | None = None,
) -> Tensor:
    n = query.shape[2]
    # Heads that share keys lie beside each other, as more queries of one head.
    grouped = query.reshape(query.shape[0], block[0].shape[1], -1, query.shape[-1])

    def logits(keys: Tensor) -> Tensor:
        return (grouped @ keys.transpose(2, 3)).unflatten(2, (-1, n)).flatten(1, 2) * scaling

    of_all = logits(block[0])
    if told is not None:
        told.append(of_all)
    both = torch.cat([of_all + bias[:, None], logits(own[0])], -1)
    dtype = torch.promote_types(query.dtype, torch.float32)
    weights = both.masked_fill(~visible, -torch.inf).softmax(-1, dtype=dtype).to(query.dtype)
    L = block[0].shape[2]
    of_block, of_own = (part.reshape(*grouped.shape[:3], -1) for part in weights.tensor_split([L], -1))
    return (of_block @ block[1] + of_own @ own[1]).unflatten(2, (-1, n)).flatten(1, 2)


def _by_kernel(
    query: Tensor,
    block: tuple[Tensor, Tensor],
    own: tuple[Tensor, Tensor],
    visible: Tensor,
    bias: Tensor,
    scaling: float,
) -> Tensor:
    groups = query.shape[1] // block[0].shape[1]
    keys, values = (torch.cat(pair, 2).repeat_interleave(groups, 1) for pair in zip(block, own, strict=True))
    # A number more in queries and keys adds the bias, and kernels stay fast that take no mask with gradients:
    # scaling · (q, 1/scaling) · (k, b) = scaling · q·k + b.
    head_dim = query.shape[-1]
    extra = F.pad(bias, (0, own[0].shape[2]))[..., None].expand(*keys.shape[:3], 1)
    room = -(head_dim + 1) % _ALIGNED
    keys = F.pad(torch.cat([keys, extra], -1), (0, room))
    query = F.pad(F.pad(query, (0, 1), value=1 / scaling), (0, room))
    values = F.pad(values, (0, room + 1))
    out = F.scaled_dot_product_attention(query, keys, values, attn_mask=visible, scale=scaling)
    return out[..., :head_dim]

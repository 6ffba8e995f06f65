"""Attention as every part of the model uses it: heads, rotary positions, masks without NaN."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def rotate(x: Tensor, positions: Tensor, base: float) -> Tensor:
    """Rotary positions (RoFormer, arXiv 2104.09864), pairing the halves of a head.

    Args:
        x: [..., L, head_dim].
        positions: [L], whole numbers; only differences matter to attention.
        base: of the wave lengths.
    """
    half = x.shape[-1] // 2
    exponents = torch.arange(half, device=x.device, dtype=torch.float32) / half
    angles = positions.to(torch.float32)[:, None] * base**-exponents
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """[..., L, H·head_dim] → [..., H, L, head_dim]."""
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)


def merge_heads(x: Tensor) -> Tensor:
    """[..., H, L, head_dim] → [..., L, H·head_dim]."""
    return x.transpose(-3, -2).flatten(-2)


def attend(
    q: Tensor, k: Tensor, v: Tensor, *, mask: Tensor | None = None, causal: bool = False, dropout: float = 0.0
) -> Tensor:
    """Scaled dot-product attention; a query that may see nothing gets zeros.

    Args:
        q: [N, H, Lq, head_dim]; k, v: [N, H, Lk, head_dim].
        mask: bool, broadcastable to [N, 1, Lq, Lk]; False hides a key.
        causal: query i sees keys 0 … i; not together with a mask.
        dropout: share of the weights to drop.
    """
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal, dropout_p=dropout)
    sees_any = mask.any(dim=-1, keepdim=True)
    # A row without any key would be a softmax over nothing: NaN in some kernels, and NaN gradients in others.
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask | ~sees_any, dropout_p=dropout)
    return out * sees_any


class SelfAttention(nn.Module):
    """Self-attention with rotary positions, causal (decoder) or not (encoder).

    Args:
        width: of the input and output.
        num_heads: H.
        head_dim: of each head.
        base: of the rotary positions.
        dropout: on the weights, in training.
    """

    def __init__(self, width: int, num_heads: int, head_dim: int, *, base: float, dropout: float) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.base = base
        self.dropout = dropout
        self.query_key_value = nn.Linear(width, 3 * num_heads * head_dim, bias=False)
        self.output = residual_projection(num_heads * head_dim, width)

    def forward(
        self,
        hidden: Tensor,
        *,
        positions: Tensor,
        mask: Tensor | None,
        causal: bool = False,
        remember: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
    ) -> Tensor:
        """Attend.

        Args:
            hidden: [N, L, width].
            positions: [L] of these tokens.
            mask: as in `attend`.
            causal: as in `attend`.
            remember: takes the new keys and values [N, H, L, head_dim] and returns those of all so far.
        """
        q, k, v = self.query_key_value(hidden).chunk(3, dim=-1)
        q, k, v = (split_heads(x, self.num_heads) for x in (q, k, v))
        q, k = rotate(q, positions, self.base), rotate(k, positions, self.base)
        if remember is not None:
            k, v = remember(k, v)
        dropout = self.dropout if self.training else 0.0
        return self.output(merge_heads(attend(q, k, v, mask=mask, causal=causal, dropout=dropout)))


class FeedForward(nn.Module):
    """Two linear maps with a GELU between them."""

    def __init__(self, width: int, intermediate: int) -> None:
        super().__init__()
        self.input = nn.Linear(width, intermediate, bias=False)
        self.output = residual_projection(intermediate, width)

    def forward(self, hidden: Tensor) -> Tensor:
        """[..., width] → [..., width]."""
        return self.output(F.gelu(self.input(hidden)))


def residual_projection(inputs: int, outputs: int) -> nn.Linear:
    """A linear map whose result is added to the residual stream: it starts smaller in deeper models."""
    linear = nn.Linear(inputs, outputs, bias=False)
    linear.is_residual_projection = True  # type: ignore[assignment]
    return linear

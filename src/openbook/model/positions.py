"""Relative positions: how the distance between a query and a key enters attention.

Each kind has the same two methods. `keys` prepares keys, which may then be kept; `queries` prepares queries,
and gives what is to be added to the logits, if anything. A distance is the query's position less the key's.
"""

from collections.abc import Callable
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

Project = Callable[[Tensor], Tensor]
"""Distances, int64 [n] → [H, head_dim, n]."""

_ROOM = 64
"""Distances that are computed beyond those asked for, on the side where some were missing."""


class DistanceTable:
    """Projections of the distances from `low` on, rising, kept while a text is decoded.

    They depend on weights and distances alone. A token further on asks for the same distances and one more,
    so that one more is computed, and not all of them again:

        past 3, one token    distances -1 0 1 2 3          computed, with some room beyond
        past 4               distances -1 0 1 2 3 4        there
    """

    def __init__(self) -> None:
        self._kept: Tensor | None = None
        self._low = 0

    def rising(self, low: int, high: int, project: Project, device: torch.device) -> Tensor:
        """Return the projections [H, head_dim, high - low] of the distances low, low + 1, … high - 1.

        Args:
            low, high: what is asked for; may be negative.
            project: computes those that are missing; always the same.
            device: of the distances.
        """
        if self._kept is None:
            self._low = low
            self._kept = project(torch.arange(low, high + _ROOM, device=device))
        if low < self._low:
            missing = torch.arange(low - _ROOM, self._low, device=device)
            self._kept = torch.cat([project(missing), self._kept], -1)
            self._low = low - _ROOM
        end = self._low + self._kept.shape[-1]
        if high > end:
            missing = torch.arange(end, high + _ROOM, device=device)
            self._kept = torch.cat([self._kept, project(missing)], -1)
        return self._kept[..., low - self._low : high - self._low]


PositionKind = Literal["rotary", "relative", "none"]
_FEW = 8
"""Queries of one pass, up to which what was made of distances is worth keeping: decoding has one."""


class Positions(Protocol):
    """What attention asks of positions."""

    def keys(self, keys: Tensor, first: int = 0, shift: Tensor | None = None) -> Tensor:
        """Prepare keys [..., H, L, head_dim] of positions first … first + L - 1.

        shift: int64 [B], how much smaller the positions of each row are; None: they are not.
        """
        ...

    def queries(
        self,
        queries: Tensor,
        first: int,
        num_keys: int,
        shift: Tensor | None = None,
        table: DistanceTable | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Prepare queries [..., H, Lq, head_dim] of positions first … first + Lq - 1, for keys from 0 on.

        shift: as in `keys`.
        table: what was made of distances for earlier queries of the same text; None: it is not kept.

        Returns:
            the queries, and what to add to the scaled logits [..., H, Lq, num_keys], or None.
        """
        ...


def make_positions(
    kind: PositionKind, *, width: int, num_heads: int, head_dim: int, base: float
) -> "RotaryPositions | RelativePositions | NoPositions":
    """Make the positions of one attention; `width` is that of the stream which the queries come from."""
    if kind == "rotary":
        return RotaryPositions(base)
    if kind == "relative":
        return RelativePositions(width, num_heads, head_dim, base)
    return NoPositions()


class NoPositions(nn.Module):
    """Attention that does not know where a key stands."""

    def keys(self, keys: Tensor, first: int = 0, shift: Tensor | None = None) -> Tensor:
        return keys

    def queries(
        self,
        queries: Tensor,
        first: int,
        num_keys: int,
        shift: Tensor | None = None,
        table: DistanceTable | None = None,
    ) -> tuple[Tensor, None]:
        return queries, None


class RotaryPositions(nn.Module):
    """Rotary positions (RoFormer, arXiv 2104.09864), pairing the halves of a head."""

    def __init__(self, base: float) -> None:
        super().__init__()
        self.base = base

    def keys(self, keys: Tensor, first: int = 0, shift: Tensor | None = None) -> Tensor:
        return self._rotate(keys, first, shift)

    def queries(
        self,
        queries: Tensor,
        first: int,
        num_keys: int,
        shift: Tensor | None = None,
        table: DistanceTable | None = None,
    ) -> tuple[Tensor, None]:
        return self._rotate(queries, first, shift), None

    def _rotate(self, x: Tensor, start: int, shift: Tensor | None) -> Tensor:
        # In memory the heads of a token stay side by side: attention's result then is merged without a copy.
        x = x.transpose(-3, -2)
        half = x.shape[-1] // 2
        places = torch.arange(start, start + x.shape[-3], device=x.device, dtype=torch.float32)
        if shift is not None:
            places = places - shift[:, None]
        angles = places[..., None, None] * wave_numbers(half, self.base, x.device)
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        first, second = x[..., :half], x[..., half:]
        turned = torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
        return turned.transpose(-3, -2)


class RelativePositions(nn.Module):
    """The paper's: logits that depend on query and distance (Transformer-XL, arXiv 1901.02860, section 3.3).

        logit_ij = ((q_i + u)·k_j + (q_i + v)·W f(i - j)) / sqrt(head_dim)

    with f(d) the sines and cosines of d at wave lengths from 2π to 2π base; u, v and W are learned.
    """

    def __init__(self, width: int, num_heads: int, head_dim: int, base: float) -> None:
        super().__init__()
        self.width, self.num_heads, self.base = width, num_heads, base
        self.projection = nn.Linear(width, num_heads * head_dim, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(num_heads, head_dim))
        self.position_bias = nn.Parameter(torch.zeros(num_heads, head_dim))

    def keys(self, keys: Tensor, first: int = 0, shift: Tensor | None = None) -> Tensor:
        return keys  # only queries see distances

    def queries(
        self,
        queries: Tensor,
        first: int,
        num_keys: int,
        shift: Tensor | None = None,
        table: DistanceTable | None = None,
    ) -> tuple[Tensor, Tensor]:
        num_queries, head_dim = queries.shape[-2:]
        # Falling, so that row i of the logits needs the columns from Lq - 1 - i on; the last is never needed.
        count, highest = num_queries + num_keys, first + num_queries - 1
        asking = queries + self.position_bias[:, None].to(queries.dtype)
        if table is not None and num_queries <= _FEW and not torch.is_grad_enabled():
            rising = table.rising(highest + 1 - count, highest + 1, self.project, queries.device)
            logits = _for_each_head(asking, rising).flip(-1)
        else:
            falling = highest - torch.arange(count, device=queries.device)
            logits = _for_each_head(asking, self.project(falling))
        shifted = shift_rows(logits, num_keys) * head_dim**-0.5
        return queries + self.content_bias[:, None].to(queries.dtype), shifted

    def project(self, distances: Tensor) -> Tensor:
        """Compute W f(d) of distances [n] for each head: [H, head_dim, n]."""
        by_distance = self.projection(self.features(distances).to(self.projection.weight.dtype))
        return by_distance.unflatten(-1, (self.num_heads, -1)).permute(1, 2, 0)

    def features(self, distances: Tensor) -> Tensor:
        """Compute sines and cosines of whole numbers [n]: float32 [n, width]."""
        angles = distances[:, None] * wave_numbers(self.width // 2, self.base, distances.device)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


def _for_each_head(asking: Tensor, by_distance: Tensor) -> Tensor:
    """Multiply [..., H, Lq, head_dim] by [H, head_dim, n], as rows of one product: it is copied for none."""
    return torch.einsum("...hqd,hdn->...hqn", asking, by_distance.to(asking.dtype))


def position_ids(attention_mask: Tensor) -> Tensor:
    """Number the tokens from the first that is not padding: int64 [B, T], 0 for padding.

    For bases that look up where a token stands, see `RetroForCausalLM.forward`:

        attention_mask    0 0 1 1 1
        cumsum - 1       -1 -1 0 1 2
        position_ids      0 0 0 1 2

    Args:
        attention_mask: [B, T], 0 or False for padding, which stands on the left.
    """
    return (attention_mask.long().cumsum(1) - 1).clamp_min(0)


def wave_numbers(count: int, base: float, device: torch.device) -> Tensor:
    """Compute the angles per position, float32 [count]: from 1 down to nearly 1 / base."""
    return base ** -(torch.arange(count, device=device, dtype=torch.float32) / count)


def shift_rows(x: Tensor, length: int) -> Tensor:
    """Take of row i of n the columns from n - 1 - i on: [..., n, n + length] → [..., n, length].

    With n = 3 rows and length 2, each row one column further left than the one before:

        a b C D e
        f G H i j
        K L m n o

    All rows back to back, cut into rows of one column less from C on, begin with what is wanted:

        C D e f  G H i j  K L m n
    """
    rows, columns = x.shape[-2:]
    flat = x.flatten(-2)[..., rows - 1 : rows - 1 + rows * (columns - 1)]
    return flat.unflatten(-1, (rows, columns - 1))[..., :length]

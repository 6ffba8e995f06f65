"""What a layer's relative positions make of distances, kept while a text is decoded.

It depends on weights and distances alone. A token further on asks for the same distances and one more, so
that one more is computed, and not all of them again:

    past 3, one token    distances -1 0 1 2 3          computed, with some room beyond
    past 4               distances -1 0 1 2 3 4        there
"""

from collections.abc import Callable

import torch
from torch import Tensor

Project = Callable[[Tensor], Tensor]
"""Distances, int64 [n] → [H, head_dim, n]."""

_ROOM = 64
"""Distances that are computed beyond those asked for, on the side where some were missing."""


class DistanceTable:
    """Projections of the distances from `low` on, rising."""

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

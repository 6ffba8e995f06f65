"""Of the attention that tokens give to neighbors, each neighbor's share: the mean over heads and layers."""

import torch
from torch import Tensor

_FEW = 4
"""Tokens whose logits are kept until all layers are there, to be taken together; of more, layer by layer."""


class NeighborShares:
    """Collects them in a pass.

    Args:
        num_neighbors: K.
    """

    def __init__(self, num_neighbors: int) -> None:
        self._num_neighbors = num_neighbors
        self._logits: dict[int, list[Tensor]] = {}
        self._prefixes: dict[int, int] = {}
        self._shares: dict[int, list[Tensor]] = {}

    def add(self, start: int, logits: Tensor, *, num_prefix: int) -> None:
        """Count what the tokens of a pass from `start` on give in one layer.

        Args:
            start: of the tokens, which is their span's.
            logits: [B, H, n, p + K·R], -inf where a token sees nothing; what is added to all
                changes nothing.
            num_prefix: p, the first of them, which are not counted.
        """
        if logits.shape[2] <= _FEW:
            self._prefixes[start] = num_prefix
            self._logits.setdefault(start, []).append(logits)
        else:
            self._shares.setdefault(start, []).append(self._of(logits[..., num_prefix:]).mean(1))

    def mean(self) -> Tensor:
        """[B, T, K]; 0 for tokens that read nothing."""
        spans = {start: torch.stack(shares).mean(0) for start, shares in self._shares.items()}
        for start, logits in self._logits.items():
            spans[start] = self._of(torch.stack(logits)[..., self._prefixes[start] :]).mean((0, 2))
        return torch.cat([spans[start] for start in sorted(spans)], 1)

    def _of(self, logits: Tensor) -> Tensor:
        """[..., K·R], or nothing where nothing is read, → [..., K]."""
        if not logits.shape[-1]:
            return logits.new_zeros(*logits.shape[:-1], self._num_neighbors)
        weights = logits.softmax(-1).nan_to_num(0.0)
        return weights.unflatten(-1, (self._num_neighbors, -1)).sum(-1)

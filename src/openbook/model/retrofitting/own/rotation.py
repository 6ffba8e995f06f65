"""Moving keys that were read in one place to another: rotary positions turn them by the distance alone."""

import torch
from torch import Tensor, nn


class KeyRotation:
    """Turns keys of a base by the number of positions that they move.

    Args:
        backbone: of the base; one without `rotary_emb` has no positions in its keys.
        distances: int64 [N, L], how far each token moves.
        like: of the keys' dtype and device.
    """

    def __init__(self, backbone: nn.Module, distances: Tensor, like: Tensor) -> None:
        rotary = getattr(backbone, "rotary_emb", None)
        self.angles: tuple[Tensor, Tensor] | None = None
        if rotary is not None:
            exact = like.new_empty(0, dtype=torch.promote_types(like.dtype, torch.float32))
            cos, sin = rotary(exact, position_ids=distances)
            # Some kinds of rotary positions also scale; the keys are scaled already.
            scale = float(getattr(rotary, "attention_scaling", 1.0))
            self.angles = cos[:, None] / scale, sin[:, None] / scale

    def turn(self, keys: Tensor) -> Tensor:
        """Move keys [N, key-value heads, L, head_dim]; of a head, the first part alone may have positions."""
        if self.angles is None:
            return keys
        cos, sin = self.angles
        turned, rest = keys.to(cos.dtype).tensor_split([cos.shape[-1]], -1)
        first, second = turned.chunk(2, -1)
        turned = turned * cos + torch.cat([-second, first], -1) * sin
        return torch.cat([turned, rest], -1).to(keys.dtype)

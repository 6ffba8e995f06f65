"""Moving keys that were read in one place to another: rotary positions turn them by the distance alone."""

from typing import Any

import torch
from torch import Tensor, nn


class KeyRotation:
    """Turns keys of a base by the number of positions that they move.

    Args:
        backbone: of the base; one without `rotary_emb` has no positions in its keys.
        distances: int64 [N, L], how far each token moves.
        like: of the keys' dtype and device.
        kind: of positions, where the base has several.
    """

    def __init__(
        self, backbone: nn.Module, distances: Tensor, like: Tensor, *, kind: str | None = None
    ) -> None:
        rotary = getattr(backbone, "rotary_emb", None)
        self.angles: tuple[Tensor, Tensor] | None = None
        if rotary is not None:
            exact = like.new_empty(0, dtype=torch.promote_types(like.dtype, torch.float32))
            which = {} if kind is None else {"layer_type": kind}
            cos, sin = rotary(exact, position_ids=distances, **which)
            # Some kinds of rotary positions also scale; the keys are scaled already.
            prefix = "" if kind is None else f"{kind}_"
            scale = float(getattr(rotary, f"{prefix}attention_scaling", 1.0))
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


def longest_alike(backbone: nn.Module) -> int | None:
    """Tokens up to which a base turns every key by the same angles; None: it always does.

    Beyond, some kinds of rotary positions take other angles for all tokens, so that what was read before fits
    no more: `longrope` (Phi-3 with a long window) and `dynamic`.
    """
    rotary: Any = getattr(backbone, "rotary_emb", None)
    kinds: Any = getattr(rotary, "rope_type", None)
    parameters: Any = getattr(getattr(backbone, "config", None), "rope_parameters", None)
    if isinstance(kinds, str):
        kinds, parameters = {"": kinds}, {"": parameters}
    found: list[int] = []
    for name, kind in (kinds or {}).items():
        if kind == "longrope":
            found.append(parameters[name]["original_max_position_embeddings"])
        elif "dynamic" in kind:
            found.append(rotary.original_max_seq_len)
    return min(found, default=None)

"""Keys and values of one layer, in tensors with room at their end.

transformers' own layer joins what it has and what is new, so that each token copies all tokens before it.
Here what is new is written behind the rest, and nothing else moves:

    room    k k k k k . . .     keys are the first five
            k k k k k K . .     six, after one more
"""

from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import DynamicLayer

_SPARE, _SPARE_SHARE = 64, 4
"""Places that a new tensor has left: so many, or this part of what it holds, whichever is more."""


class GrowingLayer(DynamicLayer):
    """What `RetroCache` keeps of a layer; where gradients are wanted, as transformers' own layer does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._key_room, self._value_room = _Room(), _Room()

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **options: Any
    ) -> tuple[Tensor, Tensor]:
        """Append keys and values [B, heads, T, head_dim], and return all there are."""
        if torch.is_grad_enabled():
            return super().update(key_states, value_states, *args, **options)
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys = self._key_room.append(self.keys, key_states)
        self.values = self._value_room.append(self.values, value_states)
        return self.keys, self.values

    def crop(self, tokens_to_remove: int) -> None:
        """Forget the last tokens, so many as a negative number says; their places are written to again."""
        super().crop(tokens_to_remove)
        if self.is_initialized:
            self._key_room.crop(self.keys)
            self._value_room.crop(self.values)


class _Room:
    """A tensor, and the part of it that was last given away as all there is."""

    def __init__(self) -> None:
        self._tensor: Tensor | None = None
        self._used: Tensor | None = None

    def append(self, so_far: Tensor | None, new: Tensor) -> Tensor:
        """Return both, one behind the other; `so_far` is copied only where it is not what was given away."""
        length = 0 if so_far is None or so_far.numel() == 0 else so_far.shape[-2]
        total = length + new.shape[-2]
        if self._tensor is None or so_far is not self._used or not self._can_hold(total):
            spare = max(_SPARE, total // _SPARE_SHARE)
            self._tensor = new.new_empty(*new.shape[:-2], total + spare, new.shape[-1])
            if length:
                assert so_far is not None
                self._tensor[..., :length, :] = so_far
        self._tensor[..., length:total, :] = new
        self._used = self._tensor[..., :total, :]
        return self._used

    def crop(self, left: Tensor | None) -> None:
        """Take note that only this part of what was given away is left."""
        if left is None or self._used is None or left.data_ptr() != self._used.data_ptr():
            return
        if left.stride() == self._used.stride():
            self._used = left

    def _can_hold(self, total: int) -> bool:
        assert self._tensor is not None
        # What was made in inference mode may be written to there alone.
        writable = torch.is_inference_mode_enabled() or not self._tensor.is_inference()
        return writable and total <= self._tensor.shape[-2]

"""Less memory in training for nearly nothing: what is cheap is computed again in the backward pass."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint


def linear_last(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Call a function without random numbers that ends in a linear map, keeping only `x` for backward.

    Backward computes again what comes before the linear map (a norm, an activation), which is cheap, and
    stops before the map itself. Compiled code decides such things by itself.
    """
    if not torch.is_grad_enabled() or torch.compiler.is_compiling():
        return function(x)
    return computed_again(function, x)


def computed_again(function: Callable[..., Tensor], *tensors: Tensor, random: bool = False) -> Tensor:
    """Call a function, keeping its arguments alone for backward; `random`: it draws random numbers."""
    if not torch.is_grad_enabled():
        return function(*tensors)
    again: Tensor = checkpoint(function, *tensors, use_reentrant=False, preserve_rng_state=random)
    return again

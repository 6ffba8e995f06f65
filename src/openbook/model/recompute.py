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
    return checkpoint(function, x, use_reentrant=False, preserve_rng_state=False)

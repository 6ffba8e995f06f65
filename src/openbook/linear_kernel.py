"""Matrix products by oneDNN: on processors of AMD torch's own choice leaves half their speed.

torch multiplies float32 matrices on CPUs by MKL, which takes 256-bit instructions on processors that are
not Intel's, also where they have 512 bits; oneDNN, which comes with torch, takes what there is. The numbers
differ in rounding alone. `LinearKernel` is for reading and writing: it is fast with a single row, too, and
concerns one model. `onednn_products` is for training: it has gradients, and concerns the whole process.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Self, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_MKLDNN: Any = torch.backends.mkldnn


def _onednn() -> Callable[..., Tensor] | None:
    """The operator, where it is known to gain."""
    if torch.backends.cpu.get_cpu_capability() != "AVX512" or not _MKLDNN.is_available():
        return None
    try:
        return cast(Callable[..., Tensor], torch.ops.mkldnn._linear_pointwise.default)
    except AttributeError:  # it is torch's own, and may go
        return None


_ONEDNN = _onednn()


class LinearKernel:
    """A context in which a model's linear maps take the faster kernel; no gradients are computed there.

    Args:
        model: its `nn.Linear` modules are meant, none of another class.
    """

    def __init__(self, model: nn.Module) -> None:
        linear = [module for module in model.modules() if type(module) is nn.Linear]
        self._maps = [(module, _forward_of(module)) for module in linear] if _ONEDNN is not None else []

    def __enter__(self) -> Self:
        # A reduced precision that somebody asked for is torch's to give.
        if not torch.is_autocast_enabled("cpu"):
            for module, forward in self._maps:
                module.__dict__["forward"] = forward
        return self

    def __exit__(self, *raised: object) -> None:
        for module, _ in self._maps:
            module.__dict__.pop("forward", None)


def _forward_of(module: nn.Linear) -> Callable[[Tensor], Tensor]:
    """What takes the place of the module's own."""

    def forward(x: Tensor) -> Tensor:
        weight = module.weight
        if (
            _ONEDNN is None
            or x.dtype is not torch.float32
            or weight.dtype is not torch.float32
            or not x.is_cpu
            or torch.is_grad_enabled()
            or torch.is_autocast_enabled("cpu")
        ):
            return F.linear(x, weight, module.bias)
        return _ONEDNN(x, weight, module.bias, "none", [], "")

    return forward


@contextmanager
def onednn_products() -> Iterator[None]:
    """Have oneDNN compute the products of float32 matrices in this process, where it is known to gain."""
    if not _permission_is_not_taken():
        yield
        return
    settings = _MKLDNN.matmul
    before = settings.fp32_precision
    settings.fp32_precision = _PERMITTED
    try:
        yield
    finally:
        settings.fp32_precision = before


_PERMITTED = "bf16"
"""torch asks oneDNN where products may be rounded to this; oneDNN does so on processors with tiles alone."""
_EXACT = 1e-5
"""Of the largest entry: float32 stays below, bfloat16 does not."""


@cache
def _permission_is_not_taken() -> bool:
    """Whether the permission to round brings oneDNN here, and no rounding."""
    settings: Any = getattr(_MKLDNN, "matmul", object())
    if _ONEDNN is None or not hasattr(settings, "fp32_precision"):
        return False
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(128, 128, generator=generator) for _ in range(2))
    expected = left.double() @ right.double()
    before = settings.fp32_precision
    settings.fp32_precision = _PERMITTED
    try:
        found = left @ right
    finally:
        settings.fp32_precision = before
    return bool((found - expected).abs().max() < _EXACT * expected.abs().max())

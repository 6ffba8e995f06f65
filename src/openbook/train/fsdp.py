"""FSDP: weights, gradients and optimizer shared out over the processes, layer by layer.

accelerate would do it too, but not on CPUs, and it puts the token embedding in a group whose last module our
loss never calls.
"""

from contextlib import nullcontext
from typing import Any

import torch
from torch import nn
from torch.distributed.fsdp import FSDPModule, fully_shard

from openbook.model import RetroForCausalLM


def shard(model: RetroForCausalLM) -> None:
    """Share a model out over all processes, in place. Each has the same weights before."""
    for stack in (model.model.encoder, model.model.decoder):
        for layer in stack.layers if stack is not None else ():
            fully_shard(layer)
    fully_shard(model)


def is_sharded(model: nn.Module) -> bool:
    """Whether `shard` was called."""
    return isinstance(model, FSDPModule)


class Sharded(nn.Module):
    """A sharded model as the loop calls it: with autocast, perhaps compiled.

    Args:
        model: sharded.
        dtype: of autocast; None: float32 throughout.
        compile: whether to use torch.compile.
    """

    def __init__(self, model: RetroForCausalLM, *, dtype: torch.dtype | None, compile: bool) -> None:
        super().__init__()
        self.model = model
        self.called = torch.compile(model) if compile else model
        self.dtype = dtype

    def forward(self, **inputs: Any) -> Any:
        """As the model's."""
        kind = inputs["input_ids"].device.type
        context = nullcontext() if self.dtype is None else torch.autocast(kind, dtype=self.dtype)
        with context:
            return self.called(**inputs)

"""FSDP: weights, gradients and optimizer shared out over the processes, layer by layer.

accelerate would do it too, but not on CPUs, and it puts the token embedding in a group whose last module our
loss never calls.
"""

from torch import nn
from torch.distributed.fsdp import FSDPModule, fully_shard

from openbook.model import RetroForCausalLM


def shard(model: RetroForCausalLM) -> None:
    """Share a model out over all processes, in place. Each has the same weights before."""
    # Weights are gathered for the backward pass when gradients reach a layer's output. Those that reach its
    # keys and values of neighbors come by another way: there the layers stay whole after the forward pass.
    apart = not getattr(model.config, "learns_from_neighbors", False)
    for stack in (model.model.encoder, model.model.decoder) if apart else ():
        for layer in stack.layers if stack is not None else ():
            fully_shard(layer)
    fully_shard(model)


def is_sharded(model: nn.Module) -> bool:
    """Whether `shard` was called."""
    return isinstance(model, FSDPModule)

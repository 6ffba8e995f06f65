"""Weights and optimizer as plain tensors by name, whether one process holds them or many share them.

Nothing here is pickled: tensors go to safetensors, all else is numbers for JSON.
"""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.optim import Optimizer

from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import RetrofitForCausalLM

_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)


def weights_of(model: RetroForCausalLM) -> dict[str, Tensor]:
    """Gather what is saved, on the CPU; empty in all processes but the first. All processes must call it."""
    stored = {name for name, _ in model.named_parameters() if model.stores(name)}
    stores_frozen = any(
        name in stored for name, weight in model.named_parameters() if not weight.requires_grad
    )
    options = replace(_WHOLE, ignore_frozen_params=not stores_frozen)
    weights: dict[str, Any] = get_model_state_dict(model, options=options)
    return {name: tensor for name, tensor in weights.items() if name in stored}


def save_model(model: RetroForCausalLM, weights: dict[str, Tensor], folder: Path) -> None:
    """Write what `RetroForCausalLM.from_pretrained` reads."""
    # Not model.save_pretrained: sharding changes a model's class.
    config = copy.deepcopy(model.config)
    config.architectures = [type(model).__name__.removeprefix("FSDP")]
    config.dtype = "float32"
    config.save_pretrained(folder)
    if isinstance(model, RetrofitForCausalLM):
        model.save_generation_config(folder)
    save_tensors(weights, folder / "model.safetensors")


def optimizer_state(model: RetroForCausalLM, optimizer: Optimizer) -> tuple[dict[str, Tensor], list[Any]]:
    """Gather the optimizer's tensors, named `WEIGHT/KEY`, and its groups; empty but in the first process."""
    state: dict[str, Any] = get_optimizer_state_dict(model, optimizer, options=_WHOLE)
    if not state:
        return {}, []
    tensors = {
        f"{name}/{key}": tensor for name, values in state["state"].items() for key, tensor in values.items()
    }
    return tensors, state["param_groups"]


def restore(model: RetroForCausalLM, optimizer: Optimizer, folder: Path, groups: list[Any]) -> None:
    """Put weights and optimizer back as they were; all processes must call it.

    Args:
        model: of the same configuration, sharded or not.
        optimizer: over its weights.
        folder: with model.safetensors and optimizer.safetensors.
        groups: as `optimizer_state` gave them.
    """
    weights: dict[str, Any] = load_file(folder / "model.safetensors")
    # Not strict: a second name of a weight is not saved, nor is a base that belongs to no checkpoint.
    set_model_state_dict(model, weights, options=replace(_WHOLE, strict=False))
    state: dict[str, Any] = {}
    for name, tensor in load_file(folder / "optimizer.safetensors").items():
        weight, _, key = name.rpartition("/")
        state.setdefault(weight, {})[key] = tensor
    set_optimizer_state_dict(model, optimizer, {"state": state, "param_groups": groups}, options=_WHOLE)


def save_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    """Write a safetensors file."""
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, {"format": "pt"})

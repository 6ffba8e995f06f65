"""Weights and optimizer as plain tensors by name, whether one process holds them or many share them.

Nothing here is pickled: tensors go to safetensors, all else is numbers for JSON.
"""

import copy
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch.distributed as dist
from safetensors.torch import save_file
from torch import Tensor
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.checkpoint.state_dict_loader import load
from torch.optim import Optimizer

from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import RetrofitForCausalLM

_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
_OWN = StateDictOptions()
"""Of a sharded model the shards of this process."""


def weights_of(model: RetroForCausalLM, *, whole: bool = True) -> dict[str, Tensor]:
    """Gather what is saved, on the CPU; empty in all processes but the first. All processes must call it.

    Args:
        model: sharded or not.
        whole: False: what this process has of it, where it is, and nothing is gathered.
    """
    stored = {name for name, _ in model.named_parameters() if model.stores(name)}
    stores_frozen = any(
        name in stored for name, weight in model.named_parameters() if not weight.requires_grad
    )
    options = replace(_WHOLE if whole else _OWN, ignore_frozen_params=not stores_frozen)
    weights: dict[str, Any] = get_model_state_dict(model, options=options)
    return {name: tensor for name, tensor in weights.items() if name in stored}


def save_model(model: RetroForCausalLM, weights: dict[str, Tensor], folder: Path) -> None:
    """Write what `RetroForCausalLM.from_pretrained` reads."""
    save_config(model, folder)
    save_tensors(weights, folder / "model.safetensors")


def save_config(model: RetroForCausalLM, folder: Path) -> None:
    """Write what `RetroForCausalLM.from_pretrained` reads, but the weights."""
    # Not model.save_pretrained: sharding changes a model's class.
    config = copy.deepcopy(model.config)
    config.architectures = [type(model).__name__.removeprefix("FSDP")]
    config.dtype = "float32"
    config.save_pretrained(folder)
    if isinstance(model, RetrofitForCausalLM):
        model.save_generation_config(folder)


def optimizer_state(
    model: RetroForCausalLM, optimizer: Optimizer, *, whole: bool = True
) -> tuple[dict[str, Tensor], list[Any]]:
    """Gather the optimizer's tensors, named `WEIGHT/KEY`, and its groups; empty but in the first process.

    Args:
        model: sharded or not.
        optimizer: over its weights.
        whole: False: what this process has of it, where it is, and nothing is gathered.
    """
    state: dict[str, Any] = get_optimizer_state_dict(model, optimizer, options=_WHOLE if whole else _OWN)
    if not state:
        return {}, []
    tensors = {
        f"{name}/{key}": tensor for name, values in state["state"].items() for key, tensor in values.items()
    }
    return tensors, state["param_groups"]


def restore(model: RetroForCausalLM, optimizer: Optimizer, folder: Path, groups: list[Any]) -> None:
    """Put weights and optimizer back as they were; all processes must call it, and read what they need.

    Args:
        model: of the same configuration, sharded or not.
        optimizer: over its weights.
        folder: of a checkpoint, whole or in shards, by however many processes.
        groups: as `optimizer_state` gave them.
    """
    weights: dict[str, Any] = weights_of(model, whole=False)
    tensors, _ = optimizer_state(model, optimizer, whole=False)
    read_tensors(weights | tensors, folder)
    state: dict[str, Any] = {}
    for name, tensor in tensors.items():
        weight, _, key = name.rpartition("/")
        state.setdefault(weight, {})[key] = tensor
    # Not strict: a second name of a weight is not saved, nor is a base that belongs to no checkpoint.
    set_model_state_dict(model, weights, options=replace(_OWN, strict=False))
    set_optimizer_state_dict(model, optimizer, {"state": state, "param_groups": groups}, options=_OWN)


def read_tensors(tensors: dict[str, Tensor], folder: Path, *, alone: bool = False) -> None:
    """Fill tensors, or shards of them, from the safetensors files of a folder, by name.

    Whole files and shards are read alike, and of both only what this process needs.

    Args:
        tensors: to be filled.
        folder: with the files.
        alone: whether this process alone calls it, not all of them.
    """
    reader = HuggingFaceStorageReader(str(folder))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.distributed is disabled")  # so it is meant
        load(tensors, storage_reader=reader, no_dist=alone or not dist.is_initialized())


def save_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    """Write a safetensors file."""
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, {"format": "pt"})

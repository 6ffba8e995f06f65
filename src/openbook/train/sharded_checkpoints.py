"""Checkpoints of which each process writes its own part: none needs room for all of it.

    shard-00001-model-00001-of-00001.safetensors   what the first process holds of weights and optimizer
    shard-00002-…                                  what the second one holds

torch.distributed.checkpoint writes and reads them; each file says in its header which rows of which tensor it
has, so any number of processes resumes from them (`state_dicts.restore`). The folder is complete or absent.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader, HuggingFaceStorageWriter
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_saver import save as save_shards

from openbook.durable import file_digest
from openbook.errors import TrainingError, one_line
from openbook.train import checkpoints, distributed, state_dicts
from openbook.train.checkpoints import Checkpoint
from openbook.train.loop import TrainingLoop
from openbook.train.run_files import SHARDS


def save(output: Path, loop: TrainingLoop, describe: Callable[[list[Any]], Checkpoint], *, keep: int) -> None:
    """Write a checkpoint of this moment in shards; all processes must call it.

    Args:
        output: folder of the training run, which all processes see.
        loop: of a sharded model.
        describe: makes the checkpoint's description, given the optimizer's groups.
        keep: how many of the newest checkpoints stay.

    Raises:
        TrainingError: a disk is full or cannot be written to.
    """
    weights = state_dicts.weights_of(loop.network, whole=False)
    tensors, groups = state_dicts.optimizer_state(loop.network, loop.adam, whole=False)
    checkpoint = describe(groups)
    unfinished = checkpoints.unfinished_of(output, checkpoint.step)

    def prepare() -> None:
        checkpoints.prepare(output, checkpoint.step)

    distributed.in_first(prepare)
    writer = HuggingFaceStorageWriter(str(unfinished), save_distributed=True)
    try:
        save_shards({**weights, **tensors}, storage_writer=writer)
    except CheckpointException as error:
        first = next(iter(error.failures.values()))[0]
        raise TrainingError(
            f"{checkpoints.folder_of(output, checkpoint.step)}: cannot be written: {one_line(first):.200}; "
            "make room, then start again"
        ) from error
    digests = _own_digest(unfinished)

    def complete() -> None:
        with checkpoints.writing(output, checkpoint.step):
            state_dicts.save_config(loop.network, unfinished)
        checkpoints.complete(output, checkpoint, digests, keep=keep)

    distributed.in_first(complete)


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Read the whole weights from a checkpoint in shards, in this process alone.

    Returns:
        The weights by name; none if the folder holds no shards.

    Raises:
        SafetensorError, OSError: they cannot be read.
    """
    if not any(folder.glob(SHARDS)):
        return {}
    weights = {}
    for name, found in HuggingFaceStorageReader(str(folder)).read_metadata().state_dict_metadata.items():
        if "/" not in name and isinstance(found, TensorStorageMetadata):  # the optimizer's are WEIGHT/KEY
            weights[name] = torch.empty(found.size, dtype=found.properties.dtype)
    state_dicts.read_tensors(weights, folder, alone=True)
    return weights


def _own_digest(folder: Path) -> dict[str, str]:
    """The digests of all shards, each read again by the process that wrote it."""
    number = distributed.rank() + 1
    own = [path for path in folder.glob(SHARDS) if path.name.startswith(f"shard-{number:05d}-")]
    found = {path.name: file_digest(path, TrainingError) for path in own}
    return {name: digest for part in distributed.gathered(found) for name, digest in part.items()}

"""The processes that torchrun has started, or the only one: who is who, and what they agree on."""

import atexit
import gc
import os
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist

from openbook.errors import OpenbookError, TrainingError


def world_size() -> int:
    """Processes that train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this process is the one that writes and reports."""
    return int(os.environ.get("RANK", "0")) == 0


def join() -> None:
    """Let the processes find each other; a single one finds its device."""
    _accelerate_state()
    atexit.unregister(_leave)  # once is enough
    atexit.register(_leave)


def in_first(work: Callable[[], int | None]) -> int:
    """Do something in the first process while the others wait; its number, if any, comes back in all.

    Raises:
        TrainingError: in the others, if it raised an error in the first.
    """
    number = 0
    error: Exception | None = None
    if is_first():
        try:
            number = work() or 0
        except (OpenbookError, OSError) as raised:
            error = raised
    if any_of(error is not None):
        raise error or TrainingError("stopped, because the first process did; its message says why")
    return _reduce(number, dist.ReduceOp.SUM)


def any_of(value: bool) -> bool:
    """Whether it holds in some process."""
    return bool(_reduce(int(value), dist.ReduceOp.MAX))


def wait() -> None:
    """Return when all processes are here."""
    any_of(False)


def mean_of(value: float) -> float:
    """The mean over the processes."""
    return float(_reduced(torch.tensor(value, dtype=torch.float64), dist.ReduceOp.SUM)) / world_size()


def _accelerate_state() -> Any:
    """accelerate's view of the processes; its first use joins them, with NCCL on GPUs, else with gloo."""
    from accelerate import PartialState

    return PartialState(cpu=not torch.accelerator.is_available())


def _leave() -> None:
    """End the group's threads while Python still runs: later, gloo's would abort the process."""
    gc.collect()  # a model that refers to the group keeps its threads
    if dist.is_initialized():
        dist.destroy_process_group()


def _reduce(value: int, operation: dist.ReduceOp.RedOpType) -> int:
    return int(_reduced(torch.tensor(value), operation))


def _reduced(value: torch.Tensor, operation: dist.ReduceOp.RedOpType) -> torch.Tensor:
    if world_size() > 1:
        value = value.to(_accelerate_state().device)
        dist.all_reduce(value, operation)
    return value

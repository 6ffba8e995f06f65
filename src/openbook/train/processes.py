"""The processes that torchrun has started, or the only one: who is who, and what they agree on."""

import os

import torch
import torch.distributed as dist


def world_size() -> int:
    """Processes that train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this process is the one that writes and reports."""
    return int(os.environ.get("RANK", "0")) == 0


def join() -> None:
    """Let the processes find each other; nothing to do for a single one."""
    if world_size() > 1:
        from accelerate import PartialState

        PartialState()  # as the Trainer will: NCCL on GPUs, else gloo


def agree(value: int) -> int:
    """The first process's value, in every process."""
    return _reduce(value if is_first() else 0, dist.ReduceOp.SUM)


def any_of(value: bool) -> bool:
    """Whether it holds in some process."""
    return bool(_reduce(int(value), dist.ReduceOp.MAX))


def wait() -> None:
    """Go on when all processes are here."""
    agree(0)


def mean_of(value: float) -> float:
    """The mean over the processes."""
    return float(_reduced(torch.tensor(value, dtype=torch.float64), dist.ReduceOp.SUM)) / world_size()


def _reduce(value: int, operation: dist.ReduceOp.RedOpType) -> int:
    return int(_reduced(torch.tensor(value), operation))


def _reduced(value: torch.Tensor, operation: dist.ReduceOp.RedOpType) -> torch.Tensor:
    if world_size() > 1:
        from accelerate import PartialState

        value = value.to(PartialState().device)
        dist.all_reduce(value, operation)
    return value

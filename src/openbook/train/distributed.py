"""The processes that torchrun has started, or the only one: who is who, and what they agree on."""

import atexit
import gc
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from openbook.errors import MismatchError, OpenbookError, TrainingError, one_line

T = TypeVar("T")


def world_size() -> int:
    """Processes that train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """The number of this process, from 0."""
    return int(os.environ.get("RANK", "0"))


def is_first() -> bool:
    """Whether this process is the one that writes and reports."""
    return rank() == 0


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


def gathered(value: T) -> list[T]:
    """What each process has, by its number, in all of them."""
    if world_size() == 1:
        return [value]
    found: list[Any] = [None] * world_size()
    dist.all_gather_object(found, value)
    return found


def require_same(value: object, what: str) -> None:
    """Refuse processes that would not do the same.

    Args:
        value: what all must have; of types that JSON knows.
        what: how it is called.

    Raises:
        MismatchError: naming the first process that has something else; in all of them.
    """
    found = gathered((socket.gethostname(), json.dumps(value, sort_keys=True)))
    for number, (host, other) in enumerate(found):
        if other != found[0][1]:
            raise MismatchError(
                f"process {number} on {host} has another {what} than the first one, on {found[0][0]}; start "
                "the same command on every node, with the same files"
            )


@contextmanager
def noticing_lost_processes() -> Iterator[None]:
    """Say in one line that another process is gone, which the others notice where they wait for it.

    Raises:
        TrainingError: one is.
    """
    try:
        yield
    except RuntimeError as error:
        if not _is_of_a_connection(error):
            raise
        raise TrainingError(
            f"another process of this training run is gone ({one_line(error):.200}); see what that one, or "
            "its node, says; the same command resumes from the newest checkpoint"
        ) from error


def _is_of_a_connection(error: RuntimeError) -> bool:
    """Whether it says that a process cannot be reached; gloo has no class of its own for that."""
    lost = ("connection closed", "connection reset", "broken pipe", "timed out", "connection refused")
    said = str(error).lower()
    is_gloos = "gloo" in said or any(words in said for words in lost)
    return world_size() > 1 and (isinstance(error, dist.DistError) or is_gloos)


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

"""Started by torchrun from test_distributed.py: training runs in each of several processes, one by one.

The only argument is JSON: a list of {"arguments": [...]} for a command line, or of {"recipe", "database",
"output", "stop_after"} for a call of `train`, of a retrofit with "base" and "dtype"; an error that it raises
goes to the file OUTPUT.RANK.

Started without torchrun it takes {"PROCESSES": [job, ...]}: for each number it forks so many processes and
gives them what torchrun would, so that torch and transformers are imported once for all of them.
"""

import atexit
import json
import os
import socket
import sys
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from openbook.cli.app import run
from openbook.database import Database
from openbook.errors import OpenbookError, TrainingStoppedError
from openbook.model.retrofitting import load_base
from openbook.train import distributed, load_recipe, train


def work(job: dict[str, Any]) -> None:
    if "arguments" in job:
        assert run(job["arguments"]) == 0
        return
    left, rank = [job["stop_after"]], torch.distributed.get_rank()

    def stop() -> bool:
        left[0] -= 1
        return left[0] == 0 and rank == 1  # any process may be the one that is asked to

    base = load_base(job["base"], dtype=job["dtype"]) if "base" in job else None
    try:
        train(load_recipe(job["recipe"]), Database.open(job["database"]), job["output"], base=base, stop=stop)
    except TrainingStoppedError:
        pass
    except OpenbookError as error:
        Path(f"{job['output']}.{rank}").write_text(f"{type(error).__name__}: {error}", encoding="utf-8")


def work_together(jobs: list[dict[str, Any]]) -> None:
    """Do them in this process and those that were started with it."""
    torch.set_num_threads(1)
    # registered before the group is joined, so called after what joining has registered
    atexit.register(lambda: sys.stderr.write(f"group left: {not torch.distributed.is_initialized()}\n"))
    distributed.join()
    distributed.wait()  # as `pretrain_retro.py` does before it trains
    for job in jobs:
        work(job)


def work_forked(jobs: list[dict[str, Any]], of_torchrun: dict[str, Any]) -> None:
    """Do them in this process, which does nothing at its exit."""
    os.environ.update({name: str(value) for name, value in of_torchrun.items()})
    work_together(jobs)
    distributed.wait()
    torch.distributed.destroy_process_group()


def fork(processes: int, jobs: list[dict[str, Any]]) -> None:
    """Do them in so many processes, all of which must end with 0."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    group = {"WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
    group |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    started = [
        get_context("fork").Process(
            target=work_forked, args=(jobs, {"RANK": rank, "LOCAL_RANK": rank, **group})
        )
        for rank in range(processes)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * processes


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    if isinstance(asked, list):
        work_together(asked)
    else:
        for processes, jobs in asked.items():
            fork(int(processes), jobs)

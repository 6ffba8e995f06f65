"""Started by torchrun from test_distributed.py: training runs in each of several processes, one by one.

The only argument is JSON: a list of {"arguments": [...]} for a command line, or of {"recipe", "database",
"output", "stop_after"} for a call of `train`, of a retrofit with "base" and "dtype"; an error that it raises
goes to the file OUTPUT.RANK.
"""

import atexit
import json
import sys
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


if __name__ == "__main__":
    torch.set_num_threads(1)
    # registered before the group is joined, so called after what joining has registered
    atexit.register(lambda: sys.stderr.write(f"group left: {not torch.distributed.is_initialized()}\n"))
    distributed.join()
    distributed.wait()  # as `pretrain_retro.py` does before it trains
    for job in json.loads(sys.argv[1]):
        work(job)

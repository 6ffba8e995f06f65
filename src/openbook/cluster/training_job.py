"""A training run through Ray Train: each worker calls `openbook.train.train`, as processes under torchrun do.

Ray Train finds the places for the workers, lets them find each other, and ends all when one is lost. What the
first worker has to say goes to the command that started them by way of a board, and its wish to stop back.
"""

import os
import socket
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from openbook.cluster.ray_session import RaySession
from openbook.cluster.training_board import Ended, TrainingBoard
from openbook.database import Version
from openbook.errors import OpenbookError, SettingsError, TrainingError, TrainingStoppedError, first_line
from openbook.phrases import counted
from openbook.progress import Progress
from openbook.train import Recipe
from openbook.train.metrics_file import Report

if TYPE_CHECKING:
    from openbook.train import TrainingSize, TrainResult
    from openbook.train.run_folder import Note

_PAUSE = 0.2
"""Seconds between two looks at the board, from either side."""
_LAST = 30.0
"""Seconds that the board has for what it still holds when all workers have ended."""
_HEAD_EVERY = 5.0
"""Seconds between two looks whether the head node is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """What each worker is given; the arguments are those of `train`."""

    recipe: Recipe
    database: Version
    output: Path
    overwrite: bool
    folder: str
    """Where the command was started: relative paths are meant from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What the command does with what the first worker says; see `train`."""

    progress: Progress
    report: Report
    note: "Note"
    begins: "Callable[[TrainingSize], None]"
    stop: Callable[[], bool]


def train_on_ray(session: RaySession, job: TrainingJob, listener: Listener, *, workers: int) -> "TrainResult":
    """Train as `train` does in as many processes under torchrun: the same samples, weights and files.

    Args:
        session: a connection to a cluster; all its nodes see the database and the output by these paths.
        job: what to train.
        listener: is told what the first worker says.
        workers: processes, each with one core, and one GPU where there are as many.

    Raises:
        SettingsError: the cluster is smaller.
        ClusterError: its head node is gone.
        TrainingError: a worker is gone; the same command resumes.
        OpenbookError: what `train` raises.
    """
    cores, gpus = session.resource("CPU"), session.resource("GPU")
    if cores < workers:
        raise SettingsError(
            f"--workers {workers}: the Ray cluster {session.address} has {counted(cores, 'core')}, and each "
            "worker takes one; give fewer, or add a node: ray start --address"
        )
    board = session.ray.remote(num_cpus=0)(TrainingBoard).options(**_beside_the_command(session)).remote()
    hearing = _Hearing(session, board, listener)
    with tempfile.TemporaryDirectory(prefix="openbook-ray-") as storage:
        fitting = _Fitting(job, board, workers=workers, use_gpu=gpus >= workers, storage=storage)
        fitting.start()
        looked = time.monotonic()
        while fitting.is_alive():
            fitting.join(_PAUSE)
            if time.monotonic() - looked > _HEAD_EVERY:
                session.require_head()
                looked = time.monotonic()
            if listener.stop():
                board.ask_to_stop.remote()
            hearing.hear(_PAUSE)
        hearing.hear(_LAST)  # what was asked for before the last of them ended
        ended = hearing.hear(_LAST)
    return _result(ended, fitting.error)


def _beside_the_command(session: RaySession) -> dict[str, Any]:
    """Options of an actor that is lost only where the command is lost, too."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = session.ray.get_runtime_context().get_node_id()
    return {"scheduling_strategy": NodeAffinitySchedulingStrategy(here, soft=False)}


class _Fitting(Thread):
    """Ray Train's own call, which returns when all workers have."""

    def __init__(self, job: TrainingJob, board: Any, *, workers: int, use_gpu: bool, storage: str) -> None:
        super().__init__(name="Ray Train", daemon=True)
        self.error: Exception | None = None
        os.environ.setdefault("RAY_TRAIN_V2_ENABLED", "1")
        from ray.train import FailureConfig, RunConfig, ScalingConfig
        from ray.train.torch import TorchTrainer

        self._trainer = TorchTrainer(
            _train_in_worker,
            train_loop_config={"job": job, "board": board},
            scaling_config=ScalingConfig(num_workers=workers, use_gpu=use_gpu),
            # A marker alone is written there: checkpoints are our own, and the same command resumes.
            run_config=RunConfig(storage_path=storage, failure_config=FailureConfig(max_failures=0)),
        )

    def run(self) -> None:
        """Start the workers, and wait for them."""
        try:
            self._trainer.fit()
        except Exception as error:  # noqa: BLE001 - of whatever kind: the command says it
            self.error = error


class _Hearing:
    """Passes on what the first worker says.

    Args:
        session: a connection to the cluster.
        board: where it is said.
        listener: is told.
    """

    def __init__(self, session: RaySession, board: Any, listener: Listener) -> None:
        self._ray = session.ray
        self._board = board
        self._listener = listener
        self._asked: Any = None
        self._ended: dict[int, Ended] = {}

    def hear(self, timeout: float) -> dict[int, Ended]:
        """Pass on what is new; returns how workers have ended.

        Args:
            timeout: seconds to wait for the board, which may have lost its head node: an answer that has not
                come by then is waited for by the next call.
        """
        self._asked = self._asked or self._board.take.remote()
        if self._ray.wait([self._asked], timeout=timeout)[0]:
            events, self._ended = self._ray.get(self._asked)
            self._asked = None
            for name, arguments in events:
                self._tell(name, arguments)
        return self._ended

    def _tell(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "begins":
            from openbook.train import TrainingSize

            self._listener.begins(TrainingSize(**arguments[0]))
        else:
            getattr(self._listener, name)(*arguments)


def _result(ended: dict[int, Ended], error: Exception | None) -> "TrainResult":
    """What the first worker has made.

    Raises:
        OpenbookError: what the first of the workers raised that was not lost.
        TrainingError: a worker was lost.
        RuntimeError: a fault of ours in a worker, with its traceback.
    """
    first = ended.get(0)
    if error is None and isinstance(first, dict):
        from openbook.train import TrainResult

        return TrainResult(**first)
    failures: dict[int, Exception] = getattr(error, "worker_failures", {})
    for rank in sorted(set(failures) - set(ended)):
        raise TrainingError(
            f"training process {rank} is gone ({first_line(failures[rank]):.200}); the same command resumes "
            "from the newest checkpoint"
        ) from error
    for rank, how in sorted(ended.items()):
        if isinstance(how, OpenbookError):
            raise how
        if isinstance(how, str):
            raise RuntimeError(f"in training process {rank}: {how}") from error
    why = "no worker has said why" if error is None else first_line(error)
    raise TrainingError(
        f"Ray Train ended the training run ({why:.200}); the same command resumes from the newest checkpoint"
    ) from error


def _train_in_worker(given: dict[str, Any]) -> None:
    """Run in each worker, whose process group Ray Train has made; like a process under torchrun."""
    import ray

    from openbook.train import distributed, train

    job: TrainingJob = given["job"]
    board, rank = given["board"], distributed.rank()

    def tell(name: str) -> Callable[..., None]:
        return lambda *arguments: board.tell.remote(name, arguments)

    try:
        if not Path(job.folder).is_dir():
            raise SettingsError(
                f"{job.folder}: {socket.gethostname()} has no such folder; start the command in one that all "
                "nodes of the cluster see"
            )
        os.chdir(job.folder)
        made = train(
            job.recipe,
            job.database,
            job.output,
            overwrite=job.overwrite,
            progress=_Seldom(tell("progress")),
            report=tell("report"),
            note=tell("note"),
            begins=lambda size: tell("begins")(asdict(size)),
            stop=_Asked(board) if rank == 0 else lambda: False,
        )
    except OpenbookError as error:
        ray.get(board.end.remote(rank, error))
        if not isinstance(error, TrainingStoppedError):
            raise
    except Exception:
        ray.get(board.end.remote(rank, traceback.format_exc()))
        raise
    else:
        ray.get(board.end.remote(rank, asdict(made)))


class _Asked:
    """Whether the command wants the workers to stop; asked at most every `_PAUSE` seconds."""

    def __init__(self, board: Any) -> None:
        self._board = board
        self._next = 0.0

    def __call__(self) -> bool:
        import ray

        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + _PAUSE
        return bool(ray.get(self._board.is_stopping.remote()))


class _Seldom:
    """Progress that is told at most every `_PAUSE` seconds, and at the end."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._next = 0.0

    def __call__(self, done: int, total: int | None) -> None:
        if done == total or time.monotonic() >= self._next:
            self._next = time.monotonic() + _PAUSE
            self._tell(done, total)

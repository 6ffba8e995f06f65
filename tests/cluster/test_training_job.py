"""A training run through Ray Train, on a cluster of two nodes: a worker is killed, and what comes out."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from command_line import OpenBook
from openbook.cluster.ray_session import connected
from openbook.cluster.training_board import TrainingBoard
from openbook.cluster.training_job import Listener, TrainingJob, _Asked, _result, train_on_ray
from openbook.database import Database
from openbook.errors import SettingsError, TrainingError, TrainingStoppedError
from openbook.progress import silent
from openbook.train import Recipe, TrainingSize, TrainResult, checkpoints, train

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

MakeRecipe = Callable[..., Recipe]


def kill_a_worker() -> None:
    """Kill one of the processes that train."""
    for process in psutil.Process().children(recursive=True):
        if " ".join(process.cmdline()).startswith("ray::RayTrainWorker"):
            process.kill()
            return
    raise AssertionError("no worker to kill")


def losses_of(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


def listening(heard: list[Any], on_row: Callable[[dict[str, Any]], None] = lambda row: None) -> Listener:
    def report(row: dict[str, Any]) -> None:
        heard.append(row["step"])
        on_row(row)

    return Listener(
        progress=silent, report=report, note=heard.append, begins=heard.append, stop=lambda: False
    )


@pytest.mark.timeout(900)
def test_a_worker_is_killed_and_the_same_command_resumes_to_the_same_model(
    ray_cluster: "Cluster",
    book: Database,
    make_recipe: MakeRecipe,
    tmp_path: Path,
) -> None:
    plain = make_recipe(max_steps=8, batch_size=4, retrieval_dropout=0.3, save_every=2)
    recipe = replace(plain, train=replace(plain.train, fsdp=True, sharded_checkpoints=True))
    output = tmp_path / "ray"
    job = TrainingJob(
        recipe=recipe, database=book.opened, output=output, overwrite=False, folder=str(tmp_path)
    )
    killed: list[int] = []

    def kill_once(row: dict[str, Any]) -> None:
        if row["step"] >= 3 and not killed:
            killed.append(row["step"])
            kill_a_worker()

    with connected(ray_cluster.address) as session:
        first: list[Any] = []
        with pytest.raises(TrainingError, match=r"is gone .*the same command resumes"):
            train_on_ray(session, job, listening(first, kill_once), workers=2)
        assert isinstance(first[0], TrainingSize)
        assert first[1:4] == [1, 2, 3]
        step = checkpoints.newest(output, lambda text: None)
        again: list[Any] = []
        result = train_on_ray(session, job, listening(again), workers=2)
    assert again[0] == f"{output}: resumes from step {step} of 8"
    assert result.output == output
    assert result.steps == 8
    train(plain, book, tmp_path / "one")
    losses = [losses_of(at) for at in (output, tmp_path / "one")]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    expected = load_file(tmp_path / "one" / "model.safetensors")
    for name, weight in load_file(output / "model.safetensors").items():
        torch.testing.assert_close(weight, expected[name], atol=1e-5, rtol=1e-5)


def test_more_workers_than_cores_are_refused(
    ray_cluster: "Cluster", book: Database, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    job = TrainingJob(
        recipe=make_recipe(), database=book.opened, output=tmp_path / "m", overwrite=False, folder="."
    )
    with (
        connected(ray_cluster.address) as session,
        pytest.raises(SettingsError, match=r"--workers 99: .* has 8 cores"),
    ):
        train_on_ray(session, job, listening([]), workers=99)


def test_workers_need_ray(openbook: OpenBook, book: Database, tmp_path: Path) -> None:
    done = openbook("train", "tiny", "--database", book.path, "--output", tmp_path / "model", "--workers", 2)
    assert done.code == 2
    assert "--workers 2: needs --ray" in done.err


class NoRay:
    """What the workers and the command ask of Ray, without it."""

    @staticmethod
    def get(value: Any) -> Any:
        return value


class Remote:
    """A board whose methods are called at once."""

    def __init__(self, board: TrainingBoard) -> None:
        self.board = board

    def __getattr__(self, name: str) -> Any:
        return type("Method", (), {"remote": staticmethod(getattr(self.board, name))})


def test_the_command_asks_the_workers_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(ray, "get", NoRay.get)
    board = TrainingBoard()
    assert not _Asked(Remote(board))()
    board.ask_to_stop()
    assert _Asked(Remote(board))()


def test_a_board_tells_what_is_new() -> None:
    board = TrainingBoard()
    board.tell("note", ("a",))
    assert board.take() == ([("note", ("a",))], {})
    board.end(1, {"steps": 3})
    assert board.take() == ([], {1: {"steps": 3}})


DONE = {"output": Path("m"), "steps": 3, "tokens": 9, "seconds": 1.0, "parameters": 5}


class WorkerGroupError(Exception):
    """As Ray Train has it."""

    def __init__(self, *lost: int) -> None:
        super().__init__("Training failed")
        self.worker_failures = {rank: RuntimeError(f"The actor died: {rank}") for rank in lost}


def test_what_the_first_worker_made_is_the_result() -> None:
    assert _result({0: DONE, 1: DONE}, None) == TrainResult(**DONE)


def test_a_stop_is_no_failure() -> None:
    stopped = TrainingStoppedError("stopped at step 2 of 4")
    with pytest.raises(TrainingStoppedError, match="step 2 of 4"):
        _result({0: stopped, 1: stopped}, None)


def test_what_a_worker_refused_is_said_as_it_said_it() -> None:
    others = TrainingError("stopped, because the first process did")
    with pytest.raises(SettingsError, match="holds a model already"):
        _result({0: SettingsError("m: holds a model already"), 1: others}, WorkerGroupError(0, 1))


def test_the_worker_that_was_lost_is_named_not_those_that_noticed() -> None:
    noticed = TrainingError("another process of this training run is gone")
    with pytest.raises(TrainingError, match=r"training process 1 is gone \(The actor died: 1\)"):
        _result({0: noticed}, WorkerGroupError(0, 1))


def test_a_fault_of_ours_comes_with_its_traceback() -> None:
    with pytest.raises(RuntimeError, match="in training process 1: Traceback"):
        _result({1: "Traceback (most recent call last): KeyError"}, WorkerGroupError(1))


def test_without_a_reason_ray_train_gives_one() -> None:
    with pytest.raises(TrainingError, match=r"Ray Train ended .*out of memory.*the same command resumes"):
        _result({}, RuntimeError("out of memory"))

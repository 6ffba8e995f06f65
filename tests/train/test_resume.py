"""A training run that is killed anywhere and resumed ends bit-equal to the one left alone."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from breaking import Kill, copy_at_calls, kill_at
from openbook.database import Database
from openbook.errors import TrainingStoppedError
from openbook.train import Recipe, checkpoints, state_dicts, train

MakeRecipe = Callable[..., Recipe]
Metrics = Callable[[Path], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def recipe(make_recipe: MakeRecipe) -> Recipe:
    """With everything that draws random numbers or is carried from step to step."""
    return make_recipe(
        max_steps=5,
        gradient_accumulation_steps=2,
        retrieval_dropout=0.3,
        log_every=3,
        eval_every=2,
        eval_sequences=1,
        save_every=2,
        keep_checkpoints=1,
        model={"dropout": 0.1},
    )


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, book: Database, recipe: Recipe) -> Path:
    """Folder of the training run that nothing interrupts."""
    folder = tmp_path_factory.mktemp("alone") / "model"
    train(recipe, book, folder)
    return folder


@pytest.fixture
def require_equal(alone: Path, metrics: Metrics) -> Callable[[Path], None]:
    def require(folder: Path) -> None:
        ours, theirs = ((place / "model.safetensors").read_bytes() for place in (folder, alone))
        assert ours == theirs
        assert metrics(folder) == metrics(alone)
        names = [{path.name for path in place.iterdir()} for place in (folder, alone)]
        assert names[0] == names[1]

    return require


@pytest.mark.parametrize("step", range(1, 6))
def test_killed_between_any_steps(
    book: Database, recipe: Recipe, tmp_path: Path, require_equal: Callable[[Path], None], step: int
) -> None:
    def kill(done: int, total: int | None) -> None:
        if done == step:
            raise Kill

    told: list[str] = []
    with pytest.raises(Kill):
        train(recipe, book, tmp_path / "model", progress=kill)
    train(recipe, book, tmp_path / "model", note=told.append)
    # The checkpoint of a step is written after its progress is reported.
    saved = {1: 0, 2: 0, 3: 2, 4: 2, 5: 4}[step]
    assert told == ([f"{tmp_path / 'model'}: resumes from step {saved} of 5"] if saved else [])
    require_equal(tmp_path / "model")


WRITES: dict[str, tuple[object, str, bool]] = {
    "before rename": (Path, "rename", False),  # a checkpoint becomes complete
    "after rename": (Path, "rename", True),
    # its manifest is written; metrics are cut; the model is put into its place
    "before replace": (Path, "replace", False),
    "before save_tensors": (state_dicts, "save_tensors", False),  # in the middle of a checkpoint
}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, book: Database, recipe: Recipe) -> Path:
    """KIND/CALL: what a kill at that call of that function would leave; recorded in one training run."""
    folder = tmp_path_factory.mktemp("killed")
    with pytest.MonkeyPatch.context() as patch:
        for kind, (owner, name, after) in WRITES.items():
            copy_at_calls(patch, owner, name, after=after, folder=folder / "model", to=folder / kind)
        train(recipe, book, folder / "model")
    return folder


@pytest.mark.parametrize("kind", WRITES)
def test_killed_at_any_write(
    book: Database, recipe: Recipe, killed: Path, require_equal: Callable[[Path], None], kind: str
) -> None:
    left = sorted((killed / kind).iterdir(), key=lambda path: int(path.name))
    assert len(left) >= 2
    for folder in left[:: 2 if kind == "before replace" else 1]:  # there are many of it, and all alike
        train(recipe, book, folder)
        require_equal(folder)


def test_killed_when_only_the_checkpoints_are_left_to_delete(
    book: Database, recipe: Recipe, tmp_path: Path, require_equal: Callable[[Path], None]
) -> None:
    folder, dead = tmp_path / "model", tmp_path / "dead"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Kill):
        kill_at(patch, checkpoints, "clear", 1, leave=dead, folder=folder)
        train(recipe, book, folder)
    told: list[str] = []
    other = replace(recipe, train=replace(recipe.train, trackers=[]))  # changes how, not what
    assert train(other, book, dead, note=told.append).steps == 5
    assert told == [f"{dead}: the model was complete already"]
    require_equal(dead)


def test_asked_to_stop_it_saves_and_stops(
    book: Database, recipe: Recipe, tmp_path: Path, require_equal: Callable[[Path], None]
) -> None:
    folder = tmp_path / "model"
    for step in (1, 3):
        asked = iter([False] * (step - 1 if step == 1 else 1) + [True])
        with pytest.raises(
            TrainingStoppedError, match=rf"stopped at step {step} of 5, which .*step-{step} holds"
        ):
            train(recipe, book, folder, stop=lambda asked=asked: next(asked))
        assert checkpoints.steps_saved(folder) == [step]
    train(recipe, book, folder)
    require_equal(folder)


def test_a_stop_at_the_last_step_is_none(book: Database, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    assert train(make_recipe(max_steps=1), book, tmp_path / "model", stop=lambda: True).steps == 1


def test_settings_of_how_may_change(
    book: Database,
    make_recipe: MakeRecipe,
    tmp_path: Path,
    alone: Path,
    require_equal: Callable[[Path], None],
) -> None:
    changed: dict[str, Any] = {
        "workers": 1,
        "save_every": 1,
        "keep_checkpoints": 3,
        "gradient_checkpointing": True,
    }
    base: dict[str, Any] = {
        "max_steps": 5,
        "gradient_accumulation_steps": 2,
        "retrieval_dropout": 0.3,
        "log_every": 3,
        "eval_every": 2,
        "eval_sequences": 1,
        "model": {"dropout": 0.1},
    }
    asked = iter([False, True])
    with pytest.raises(TrainingStoppedError):
        train(make_recipe(**base), book, tmp_path / "model", stop=lambda: next(asked))
    train(make_recipe(**base, **changed), book, tmp_path / "model")
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == (
        alone / "model.safetensors"
    ).read_bytes()


def test_killed_for_real(
    book: Database,
    make_recipe: MakeRecipe,
    tmp_path: Path,
    metrics: Metrics,
    write_recipe: Callable[[Recipe, Path], str],
    spawn: Callable[..., Any],
) -> None:
    recipe = make_recipe(max_steps=40, retrieval_dropout=0.3, save_every=3, workers=1, model={"dropout": 0.1})
    train(recipe, book, tmp_path / "whole")
    path, folder = write_recipe(recipe, tmp_path / "recipe.yaml"), tmp_path / "killed"
    command = ("-m", "openbook", "train", path, "--database", book.path, "--output", folder)

    process = spawn(*command)
    wait_for(process, folder, 6)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (folder / "config.json").exists()

    process = spawn(*command)
    wait_for(process, folder, 15)
    os.killpg(process.pid, signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "resumes from step" in said
    step = checkpoints.steps_saved(folder)[0]
    assert f"stopped at step {step} of 40" in said
    assert "Traceback" not in said

    train(recipe, book, folder)
    assert metrics(folder) == metrics(tmp_path / "whole")
    files = [(place / "model.safetensors").read_bytes() for place in (folder, tmp_path / "whole")]
    assert files[0] == files[1]


def wait_for(process: Any, folder: Path, step: int) -> None:
    """Until this step, or a later one, has a checkpoint."""
    while process.poll() is None and max(checkpoints.steps_saved(folder), default=0) < step:
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()[1]

"""Trackers: which there are, what they are given, and that a missing one is refused before work begins."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from accelerate import tracking
from accelerate.tracking import GeneralTracker
from accelerate.utils import LoggerType

from openbook.database import Database
from openbook.errors import MissingExtraError, OpenbookWarning, SettingsError, TrainingError
from openbook.train import Recipe, train
from openbook.train.settings import TrainSettings
from openbook.train.trackers import PACKAGES

MakeRecipe = Callable[..., Recipe]
Metrics = Callable[[Path], list[dict[str, Any]]]


class Recorder(GeneralTracker):
    """A service that remembers what it is given."""

    name = "wandb"
    requires_logging_directory = False
    said: list[tuple[Any, ...]]

    def __init__(self, project: str, **options: Any) -> None:
        super().__init__()
        self.said.append(("made", project, options))

    @property
    def tracker(self) -> None: ...

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        self.said.append(("settings", values))

    def log(self, values: dict[str, Any], step: int | None = None, **options: Any) -> None:
        self.said.append((step, values))

    def finish(self) -> None:
        self.said.append(("finished",))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What wandb, were it installed, is called with."""
    monkeypatch.setattr(Recorder, "said", [], raising=False)
    monkeypatch.setitem(tracking.LOGGER_TYPE_TO_CLASS, "wandb", Recorder)
    monkeypatch.setattr(tracking, "_available_trackers", [LoggerType.TENSORBOARD, LoggerType.WANDB])
    return Recorder.said


def test_all_of_accelerates_trackers_have_a_package() -> None:
    assert PACKAGES.keys() == tracking.LOGGER_TYPE_TO_CLASS.keys()


def test_a_tracker_gets_the_settings_and_the_numbers_of_metrics(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe, metrics: Metrics, said: list[tuple[Any, ...]]
) -> None:
    recipe = make_recipe(max_steps=2, eval_every=2, eval_sequences=1, trackers=["wandb"])
    train(recipe, book, tmp_path / "my-run")
    begun, (_, settings), *logged, ended = said
    assert (begun, ended) == (("made", "openbook", {"name": "my-run"}), ("finished",))
    assert (settings["name"], settings["train.max_steps"]) == ("test", 2)
    assert settings["model.cca_layers"] == "[2]"
    assert all(isinstance(value, bool | int | float | str | None) for value in settings.values())
    rows = metrics(tmp_path / "my-run")
    assert [step for step, _ in logged] == [row["step"] for row in rows] == [1, 2, 2]
    assert logged[0][1] == {key: rows[0][key] for key in ("loss", "grad_norm", "learning_rate")}
    assert logged[2][1] == {f"bits_per_byte/{mode}": bits for mode, bits in rows[2]["bits_per_byte"].items()}
    assert not (tmp_path / "my-run" / "tensorboard").exists()


def test_the_trackers_are_ended_when_training_fails(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe, said: list[tuple[Any, ...]]
) -> None:
    def interrupt(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(make_recipe(trackers=["wandb"]), book, tmp_path / "model", progress=interrupt)
    assert said[-1] == ("finished",)


@pytest.mark.usefixtures("said")
def test_one_that_cannot_be_ended_costs_no_model(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Recorder) -> None:
        raise RuntimeError("the service is gone")

    monkeypatch.setattr(Recorder, "finish", fail)
    with pytest.warns(OpenbookWarning, match="the tracker wandb has not kept all: the service is gone"):
        train(make_recipe(trackers=["wandb", "tensorboard"]), book, tmp_path / "model")
    assert (tmp_path / "model" / "model.safetensors").is_file()
    assert list((tmp_path / "model" / "tensorboard").rglob("events.*"))


@pytest.mark.usefixtures("said")
def test_one_that_cannot_be_started_is_an_error_that_names_it(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Recorder) -> None:
        raise RuntimeError("no API key\nconfigured")

    monkeypatch.setattr(Recorder, "start", refuse)
    with pytest.raises(TrainingError, match=r"train\.trackers: wandb .*no API key configured"):
        train(make_recipe(trackers=["wandb"]), book, tmp_path / "model")


def test_one_that_is_not_installed_is_refused_before_work_begins(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "_available_trackers", [LoggerType.TENSORBOARD])
    with pytest.raises(MissingExtraError, match=r"train\.trackers: mlflow .*pip install mlflow"):
        train(make_recipe(trackers=["tensorboard", "mlflow"]), book, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("trackers", "message"),
    [
        (["tensorbord"], "train.trackers: .*'tensorbord'; did you mean 'tensorboard'"),
        ("wandb", "train.trackers is 'wandb': must be a list"),
        ([1], r"train.trackers is \[1\]: must be a list"),
        (None, "train.trackers is None: must be a list"),
    ],
)
def test_names_are_checked_at_construction(trackers: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        TrainSettings(trackers=trackers)

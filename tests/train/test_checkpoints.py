"""Checkpoints: which stay, what becomes of damaged ones, and of a training run that is not the same now."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openbook.database import Database, build_neighbors
from openbook.durable import read_sealed, write_sealed
from openbook.errors import MismatchError, SettingsError, TrainingError, TrainingStoppedError
from openbook.text import Document
from openbook.train import Recipe, checkpoints, train

MakeRecipe = Callable[..., Recipe]
Unfinished = Callable[..., Path]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory, book: Database, make_recipe: MakeRecipe) -> Path:
    """Folder of the training run that was stopped after 5 of 7 steps."""
    return train_until_5(tmp_path_factory.mktemp("stopped") / "model", book, seven(make_recipe))


@pytest.fixture
def unfinished(stopped: Path, book: Database, tmp_path: Path, make_recipe: MakeRecipe) -> Unfinished:
    """A copy of it, or the same with other settings."""

    def make(**settings: Any) -> Path:
        if not settings:
            return Path(shutil.copytree(stopped, tmp_path / "model"))
        return train_until_5(tmp_path / "model", book, seven(make_recipe, **settings))

    return make


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, book: Database, make_recipe: MakeRecipe) -> Path:
    """Folder of the training run that nothing stops."""
    folder = tmp_path_factory.mktemp("whole") / "model"
    train(seven(make_recipe), book, folder)
    return folder


def seven(make_recipe: MakeRecipe, **settings: Any) -> Recipe:
    return make_recipe(**{"max_steps": 7, "save_every": 2, "keep_checkpoints": 2} | settings)


def train_until_5(folder: Path, book: Database, recipe: Recipe) -> Path:
    asked = iter([False] * 4 + [True])
    with pytest.raises(TrainingStoppedError):
        train(recipe, book, folder, stop=lambda: next(asked))
    return folder


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(("keep", "steps"), [(1, [5]), (2, [5, 4]), (9, [5, 4, 2])])
def test_the_newest_stay(unfinished: Unfinished, keep: int, steps: list[int]) -> None:
    assert checkpoints.steps_saved(unfinished(keep_checkpoints=keep)) == steps


def test_none_are_written_without_save_every(unfinished: Unfinished) -> None:
    assert checkpoints.steps_saved(unfinished(save_every=0)) == [5]


def test_a_checkpoint_holds_no_pickles_and_says_what_it_is_of(unfinished: Unfinished, book: Database) -> None:
    folder = unfinished() / "checkpoints" / "step-5"
    names = {path.name for path in folder.iterdir()}
    assert names >= {"model.safetensors", "config.json", "optimizer.safetensors", "checkpoint.json"}
    assert all(path.suffix in (".safetensors", ".json") for path in folder.iterdir())
    said = json.loads((folder / "checkpoint.json").read_text("utf-8"))["values"]
    assert said["recipe"]["train"]["max_steps"] == 7
    assert said["trained_on"]["tokenizer"] == book.settings.tokenizer_fingerprint
    assert said["trained_on"]["version"] == book.version


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "checkpoint.json"])
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_damaged_checkpoint_is_skipped(
    unfinished: Unfinished, book: Database, make_recipe: MakeRecipe, whole: Path, name: str, how: str
) -> None:
    folder = unfinished()
    path = folder / "checkpoints" / "step-5" / name
    if how == "changed":
        damage(path)
    else:
        path.unlink()
    told: list[str] = []
    train(seven(make_recipe), book, folder, note=told.append)
    assert told == [f"{path}: is damaged; this checkpoint is skipped", f"{folder}: resumes from step 4 of 7"]
    assert (folder / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


def test_all_damaged_is_an_error(unfinished: Unfinished, book: Database, make_recipe: MakeRecipe) -> None:
    folder = unfinished()
    for path in (folder / "checkpoints").glob("*/model.safetensors"):
        damage(path)
    with pytest.raises(TrainingError, match="every checkpoint is damaged; --overwrite"):
        train(seven(make_recipe), book, folder)
    assert train(seven(make_recipe), book, folder, overwrite=True).steps == 7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0.5}, r"step 5, with train.learning_rate 0\.001; now it is 0\.5: .*--overwrite"),
        ({"max_steps": 8}, "with train.max_steps 7; now it is 8"),
        ({"sequence_length": 32}, "with data.sequence_length 64; now it is 32"),
        ({"model": {"hidden_size": 16}}, "with model.hidden_size 32; now it is 16"),
        ({"model": {"dropout": 0.5}}, "with model.dropout None; now it is 0.5"),
    ],
)
def test_another_recipe_is_refused(
    unfinished: Unfinished, book: Database, make_recipe: MakeRecipe, changes: dict[str, Any], message: str
) -> None:
    folder = unfinished()
    with pytest.raises(MismatchError, match=message):
        train(seven(make_recipe, **changes), book, folder)
    assert checkpoints.steps_saved(folder) == [5, 4]


def test_a_checkpoint_from_before_there_were_trackers_is_resumed(
    unfinished: Unfinished, book: Database, make_recipe: MakeRecipe, whole: Path
) -> None:
    folder = unfinished()
    for path in (folder / "checkpoints").glob("*/checkpoint.json"):
        said = read_sealed(path, TrainingError)
        del said["recipe"]["train"]["trackers"]
        write_sealed(path, said, TrainingError)
    train(seven(make_recipe), book, folder)
    assert (folder / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


def test_a_baseline_does_not_resume_with_retrieval(
    unfinished: Unfinished, book: Database, make_recipe: MakeRecipe
) -> None:
    with pytest.raises(MismatchError, match=r"with data\.num_neighbors 2; now it is 0"):
        train(seven(make_recipe).without_retrieval(), book, unfinished())


def test_another_version_of_the_database_is_refused(
    copy_book: Callable[[], Database], tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    database, folder = copy_book(), tmp_path / "model"
    with pytest.raises(TrainingStoppedError):
        train(seven(make_recipe), database, folder, stop=lambda: True)
    database.add([Document(id="new", text="something new")])
    build_neighbors(database, k=10)
    with pytest.raises(MismatchError, match=r"with the database's version \d+; now it is"):
        train(seven(make_recipe), database, folder)


def test_overwrite_starts_from_scratch(
    unfinished: Unfinished, book: Database, make_recipe: MakeRecipe, whole: Path
) -> None:
    told: list[str] = []
    folder = unfinished(seed=1)
    train(seven(make_recipe), book, folder, overwrite=True, note=told.append)
    assert len(told) == 1
    assert told[0].startswith(f"{folder}: stays as it is until")
    assert not (folder / "replacement").exists()
    assert (folder / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


def test_a_disk_that_is_full_is_an_error_that_keeps_the_checkpoint_before(
    unfinished: Unfinished, book: Database, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unfinished()

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("openbook.train.state_dicts.save_file", full)
    with pytest.raises(TrainingError, match=r"step-6: cannot be written: .*No space left"):
        train(seven(make_recipe), book, folder)
    assert checkpoints.steps_saved(folder) == [5, 4]


def test_a_finished_model_of_another_training_run_is_refused(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    train(make_recipe(max_steps=1), book, tmp_path / "model")
    with pytest.raises(SettingsError, match="holds a model already"):
        train(make_recipe(max_steps=2), book, tmp_path / "model")

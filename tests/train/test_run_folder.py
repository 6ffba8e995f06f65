"""The folder of a training run: what is refused, what stays, and when another takes its place."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from breaking import Kill, copy_at_calls
from openbook.database import Database, build_neighbors
from openbook.errors import (
    MismatchError,
    OpenbookError,
    OutputError,
    SettingsError,
    TrainingError,
    TrainingStoppedError,
)
from openbook.lock import take_lock
from openbook.model import RetroForCausalLM
from openbook.text import Document
from openbook.train import Recipe, checkpoints, run_files, train
from openbook.train.run_folder import locked, put_model

CopyBook = Callable[[], Database]
MakeRecipe = Callable[..., Recipe]


def contents(folder: Path) -> dict[str, bytes]:
    """All files by name, but the lock."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if path.name != "train.lock"}


@pytest.fixture(scope="module")
def recipes(make_recipe: MakeRecipe) -> tuple[Recipe, Recipe]:
    """Two training runs that differ in their seed."""
    old, new = (make_recipe(max_steps=4, save_every=2, seed=seed) for seed in (0, 1))
    return old, new


@pytest.fixture(scope="module")
def trained_twice(
    tmp_path_factory: pytest.TempPathFactory, book: Database, recipes: tuple[Recipe, Recipe]
) -> tuple[Path, Path]:
    """Folders of both, complete."""
    home = tmp_path_factory.mktemp("twice")
    for name, recipe in zip(("old", "new"), recipes, strict=True):
        train(recipe, book, home / name)
    return home / "old", home / "new"


FOREIGN = [
    ("checkpoints/mine.pt", "weights"),
    ("checkpoints/step-3/model.safetensors", "weights"),
    ("model.new/notes.txt", "notes"),
    ("tokenizer.json", "{}"),
    ("metrics.jsonl", "{}"),
    ("model.safetensors", "weights"),
    ("config.json", "{}"),
    ("recipe.json", '{"flour": 500, "water": 350}'),
    ("recipe.json", '["flour"]'),
    ("recipe.json", '{"model": {}, "data": {}, "train": {}}'),
    ("replacement/config.json", "{}"),
    ("tensorboard/events.out.tfevents.1", "numbers"),
    ("corpus/text.txt", "text"),
    ("thesis.txt", "years of work"),
]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(("name", "content"), FOREIGN)
def test_a_folder_of_somebody_else_is_refused_and_stays(
    book: Database, recipes: tuple[Recipe, Recipe], tmp_path: Path, name: str, content: str, overwrite: bool
) -> None:
    path = tmp_path / "folder" / name
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(SettingsError, match=r"no training run has written; choose another --output"):
        train(recipes[0], book, tmp_path / "folder", overwrite=overwrite)
    assert contents(tmp_path / "folder") == {name: content.encode()}
    assert not (tmp_path / "folder" / "train.lock").exists()


def test_a_file_a_database_and_the_model_to_start_from_are_refused(
    copy_book: Callable[[], Database],
    make_recipe: MakeRecipe,
    trained_twice: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    database = copy_book()
    before = contents(database.path)
    (tmp_path / "file").write_text("text")
    model = shutil.copytree(trained_twice[0], tmp_path / "model")
    (tmp_path / "link").symlink_to(model)
    for output, says, start_from in [
        (tmp_path / "file", "is a file", None),
        (database.path, "is a database", None),
        (model, "is train.start_from", model),
        (tmp_path / "link", "is train.start_from", model),
    ]:
        with pytest.raises(SettingsError, match=f"{says}.*; choose another --output"):
            recipe = make_recipe(max_steps=1, start_from=start_from and str(start_from))
            train(recipe, database, output, overwrite=True)
    assert contents(database.path) == before
    assert contents(model) == contents(trained_twice[0])


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with (
        pytest.raises(TrainingError, match=r"below: cannot be read or written"),
        locked(tmp_path / "file" / "below"),
    ):
        pass


def test_what_others_put_beside_a_training_run_stays(
    book: Database, recipes: tuple[Recipe, Recipe], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    theirs = {
        "notes.txt": b"a",
        "checkpoints/mine.pt": b"b",
        "checkpoints/best/model.safetensors": b"c",
        "tensorboard/mine.txt": b"d",
    }

    def put_and_die(done: int, total: int | None) -> None:
        if done == 3:
            for name, content in theirs.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
            raise Kill

    with pytest.raises(Kill):
        train(recipes[0], book, folder, progress=put_and_die)
    train(recipes[0], book, folder)
    assert theirs.items() <= contents(folder).items()
    train(recipes[1], book, folder, overwrite=True)
    assert theirs.items() <= contents(folder).items()
    assert RetroForCausalLM.from_pretrained(folder).config.chunk_size == 16


@pytest.mark.parametrize("damage", ["gone", "empty", "not ours"])
def test_a_run_whose_recipe_is_lost_says_so(
    book: Database,
    recipes: tuple[Recipe, Recipe],
    trained_twice: tuple[Path, Path],
    tmp_path: Path,
    damage: str,
) -> None:
    stopped, complete = tmp_path / "stopped", shutil.copytree(trained_twice[0], tmp_path / "complete")
    with pytest.raises(TrainingStoppedError):
        train(recipes[0], book, stopped, stop=lambda: True)
    recipe = stopped / "recipe.json"
    if damage == "gone":
        recipe.unlink()
    else:
        recipe.write_text("" if damage == "empty" else "[1]")
    before = contents(stopped)
    with pytest.raises(SettingsError, match=r"holds checkpoints, but no recipe\.json that can be read"):
        train(recipes[0], book, stopped)
    assert contents(stopped) == before
    (complete / "config.json").unlink()
    with pytest.raises(SettingsError, match=r"holds .*, but no config\.json that can be read"):
        train(recipes[0], book, complete)


def test_a_model_that_somebody_put_into_an_unfinished_run_stays(
    book: Database, recipes: tuple[Recipe, Recipe], tmp_path: Path
) -> None:
    def die(done: int, total: int | None) -> None:
        raise Kill

    for name in ("tokenizer.json", "model.new/notes.txt"):
        folder = tmp_path / name.replace("/", "-")
        with pytest.raises(Kill):
            train(recipes[0], book, folder, progress=die)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("theirs")
        with pytest.raises(SettingsError, match=f"holds {name}, which no training run has written"):
            train(recipes[0], book, folder)
        assert (folder / name).read_text() == "theirs"


def test_the_same_command_again_says_that_it_is_done(
    book: Database, recipes: tuple[Recipe, Recipe], trained_twice: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(trained_twice[0], tmp_path / "model")
    before, told, drawn = contents(folder), [], []
    result = train(
        recipes[0], book, folder, note=told.append, progress=lambda done, total: drawn.append((done, total))
    )
    assert told == [f"{folder}: the model was complete already"]
    assert drawn == [(4, 4)]
    assert (result.steps, contents(folder)) == (4, before)
    further = re.escape(f"to train it further: --output OTHER --set train.start_from={folder}")
    with pytest.raises(SettingsError, match=f"holds a model already; .*; {further}$"):
        train(recipes[1], book, folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(SettingsError, match="holds a model already"):
        train(recipes[0], book, folder)


def test_overwrite_keeps_the_model_until_the_new_one_is_complete(
    book: Database, recipes: tuple[Recipe, Recipe], trained_twice: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(trained_twice[0], tmp_path / "model")
    before, told = contents(folder), []

    def die(done: int, total: int | None) -> None:
        if done == 3:
            raise Kill

    with pytest.raises(Kill):
        train(recipes[1], book, folder, overwrite=True, progress=die)
    assert before.items() <= contents(folder).items()
    with pytest.raises(SettingsError, match="holds a model already"):
        train(recipes[1], book, folder)
    train(recipes[1], book, folder, overwrite=True, note=told.append)
    assert told[1] == f"{folder / 'replacement'}: resumes from step 2 of 4"
    weights = (folder / "model.safetensors").read_bytes()
    assert weights == (trained_twice[1] / "model.safetensors").read_bytes()
    assert contents(folder).keys() - before.keys() <= {f"tensorboard/{name}" for name in events(folder)}
    assert not (folder / "replacement").exists()


def events(folder: Path) -> list[str]:
    return [path.name for path in (folder / "tensorboard").iterdir()]


def test_a_replacement_of_another_recipe_or_with_damaged_checkpoints_begins_again(
    book: Database,
    recipes: tuple[Recipe, Recipe],
    make_recipe: MakeRecipe,
    tmp_path: Path,
    trained_twice: tuple[Path, Path],
) -> None:
    folder = shutil.copytree(trained_twice[0], tmp_path / "model")

    def die(done: int, total: int | None) -> None:
        if done == 3:
            raise Kill

    for recipe in (make_recipe(max_steps=4, save_every=2, seed=7), recipes[1]):
        with pytest.raises(Kill):
            train(recipe, book, folder, overwrite=True, progress=die)
        assert json.loads((folder / "replacement" / "recipe.json").read_text())["train"]["seed"] in (1, 7)
    (folder / "replacement" / "checkpoints" / "step-2" / "model.safetensors").write_bytes(b"")
    told: list[str] = []
    train(recipes[1], book, folder, overwrite=True, note=told.append)
    assert len(told) == 1
    weights = (folder / "model.safetensors").read_bytes()
    assert weights == (trained_twice[1] / "model.safetensors").read_bytes()


def test_killed_at_any_move_there_is_a_model_after_the_next_command(
    book: Database, recipes: tuple[Recipe, Recipe], trained_twice: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(trained_twice[0], tmp_path / "model")
    with pytest.MonkeyPatch.context() as patch:
        copy_at_calls(patch, Path, "unlink", folder=folder, to=tmp_path / "unlink")
        copy_at_calls(patch, Path, "replace", folder=folder, to=tmp_path / "replace")
        train(recipes[1], book, folder, overwrite=True)
    old, new = ((place / "model.safetensors").read_bytes() for place in trained_twice)
    left = [path for kind in ("unlink", "replace") for path in (tmp_path / kind).iterdir()]
    assert len(left) > 20
    for place in left:
        if (place / "config.json").exists():  # a whole model stands there, the old or the new one
            RetroForCausalLM.from_pretrained(place)
            assert (place / "model.safetensors").read_bytes() in (old, new)
        if not (place / "replacement" / "config.json").exists() and (place / "config.json").exists():
            continue  # training goes on there, as the tests above show
        train(recipes[1], book, place)
        assert (place / "model.safetensors").read_bytes() == new
        assert {path.name for path in place.iterdir()} == {path.name for path in folder.iterdir()}


def test_two_trainings_into_one_folder_are_refused(
    book: Database, recipes: tuple[Recipe, Recipe], tmp_path: Path
) -> None:
    told: list[OpenbookError] = []

    def second(done: int, total: int | None) -> None:
        if done == 1:
            for overwrite in (False, True):
                with pytest.raises(
                    TrainingError, match="another process is writing to it; try again"
                ) as raised:
                    train(recipes[1], book, tmp_path / "model", overwrite=overwrite)
                told.append(raised.value)

    train(recipes[0], book, tmp_path / "model", progress=second)
    assert len(told) == 2
    take_lock(tmp_path / "model" / "train.lock", TrainingError).release()  # free again
    with pytest.raises(MismatchError):
        begin_and_die(recipes, book, tmp_path / "unfinished")
    take_lock(tmp_path / "unfinished" / "train.lock", TrainingError).release()


def begin_and_die(recipes: tuple[Recipe, Recipe], book: Database, folder: Path) -> None:
    """A training run is stopped; then another one is refused there."""

    def die(done: int, total: int | None) -> None:
        if done == 3:
            raise Kill

    with pytest.raises(Kill):
        train(recipes[0], book, folder, progress=die)
    train(recipes[1], book, folder)


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", '{"model": 1}', "[" * 100_000])
def test_a_recipe_that_is_none_of_ours_is_not_taken_for_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "recipe.json").write_text(content)
    assert run_files.recorded(tmp_path) is None


def test_clearing_checkpoints_leaves_what_is_not_of_them(tmp_path: Path) -> None:
    step = checkpoints.folder_of(tmp_path, 3)
    step.mkdir(parents=True)
    files: dict[str, Any] = {"model.safetensors": b"", "mine.txt": b"mine"}
    for name, content in files.items():
        (step / name).write_bytes(content)
    checkpoints.clear(tmp_path)
    assert contents(tmp_path) == {"checkpoints/step-3/mine.txt": b"mine"}


def write_model(folder: Path) -> None:
    """What a merge writes, made of nothing."""
    for name in run_files.MODEL:
        (folder / name).write_text(f"{name} of the model")


def test_a_model_that_is_put_somewhere_is_complete_or_absent_at_any_kill(tmp_path: Path) -> None:
    folder = tmp_path / "whole"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        copy_at_calls(patch, Path, "replace", folder=folder, to=tmp_path / "replace")
        copy_at_calls(patch, Path, "mkdir", folder=folder, to=tmp_path / "mkdir")
        put_model(folder, write_model, OutputError)
    whole = contents(folder)
    assert whole.keys() == set(run_files.MODEL)
    left = [path for kind in ("replace", "mkdir") for path in (tmp_path / kind).iterdir()]
    assert len(left) > len(run_files.MODEL)
    for place in left:
        if (place / "config.json").exists():
            assert whole.items() <= contents(place).items()
        else:
            run_files.require_place_for_model(place)
            put_model(place, write_model, OutputError)
            assert contents(place) == whole


@pytest.mark.parametrize("name", ["config.json", "thesis.txt", "model.safetensors", "model.new/thesis.txt"])
def test_no_model_is_put_where_something_stands(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("years of work")
    with pytest.raises(SettingsError, match=rf"{Path(name).name}; choose another --output"):
        run_files.require_place_for_model(tmp_path)


def test_a_model_that_cannot_be_written_is_an_error_of_the_given_class(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left on device; make room"):
        put_model(tmp_path, fail, OutputError)
    assert not (tmp_path / "config.json").exists()


def test_after_the_book_has_grown_a_training_run_goes_on_from_its_weights(
    copy_book: CopyBook, recipes: tuple[Recipe, Recipe], tmp_path: Path
) -> None:
    """A version that a book had cannot be given again."""
    book = copy_book()
    with pytest.raises(TrainingStoppedError):
        train(recipes[0], book, tmp_path / "model", stop=lambda: True)
    book.add([Document(id="another", text="Another document of some words. " * 9)])
    build_neighbors(book, k=10)
    checkpoint = tmp_path / "model" / "checkpoints" / "step-1"
    said = f"go on from its weights with --output OTHER --set train.start_from={checkpoint}, or start again"
    with pytest.raises(MismatchError, match=re.escape(said)):
        train(recipes[0], book, tmp_path / "model")
    settings = replace(recipes[0].train, start_from=str(checkpoint))
    assert train(replace(recipes[0], train=settings), book, tmp_path / "other").steps == 4


@pytest.mark.parametrize("number_of_additions", [1, 2])
def test_a_run_on_another_database_resumes_with_the_one_it_began_with(
    book: Database, recipes: tuple[Recipe, Recipe], tmp_path: Path, number_of_additions: int
) -> None:
    """Also where the other one is at another version."""
    other = Database.create(tmp_path / "other", tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    for number in range(number_of_additions):
        text = "Other documents of some words. " * 9
        other.add([Document(id=f"{number}-{place}", text=text) for place in range(9)])
    build_neighbors(other, k=10)
    with pytest.raises(TrainingStoppedError):
        train(recipes[0], book, tmp_path / "model", stop=lambda: True)
    checkpoint = tmp_path / "model" / "checkpoints" / "step-1"
    said = (
        "give what it began with to resume it, go on from its weights with --output OTHER --set "
        f"train.start_from={checkpoint}, or start again from scratch with --overwrite"
    )
    with pytest.raises(MismatchError, match=re.escape(said)):
        train(recipes[0], other, tmp_path / "model")
    assert train(recipes[0], book, tmp_path / "model").steps == 4


def test_a_run_whose_neighbors_are_of_another_book_resumes_with_those_it_began_with(
    book_documents: list[Document], copy_book: CopyBook, recipes: tuple[Recipe, Recipe], tmp_path: Path
) -> None:
    corpus = copy_book()
    with pytest.raises(TrainingStoppedError):
        train(recipes[0], corpus, tmp_path / "model", stop=lambda: True)
    other = Database.create(tmp_path / "other", tokenizer=corpus.tokenizer, embedder=None, chunk_size=16)
    other.add(book_documents[:9])
    build_neighbors(corpus, book=other, k=10)
    said = r"neighbors' history .* give what it began with to resume it, go on from its weights"
    with pytest.raises(MismatchError, match=said):
        train(recipes[0], corpus, tmp_path / "model")
    build_neighbors(corpus, book=corpus, k=10)
    assert train(recipes[0], corpus, tmp_path / "model").steps == 4

"""Recipes: the shipped ones work, and a mistake in one is refused by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from openbook.database import Database
from openbook.errors import SettingsError
from openbook.train import load_recipe, shipped_recipes, train
from openbook.train.recipe import TrainSettings

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a recipe; returns its name."""

    def write_recipe(text: str) -> str:
        path = tmp_path / "my.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write_recipe


def test_tiny_and_small_are_shipped() -> None:
    assert shipped_recipes() == ["small", "tiny"]


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipes_take_a_step(name: str, book: Database, tmp_path: Path) -> None:
    small = ["train.max_steps=1", "train.batch_size=1", "train.eval_every=0", "data.sequence_length=32"]
    recipe = load_recipe(name, small)
    assert recipe.name == name
    result = train(recipe, book, tmp_path / "model")
    assert result.steps == 1
    assert (tmp_path / "model" / "model.safetensors").stat().st_size > 1_000_000


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipes_spell_out_every_setting_of_training(name: str) -> None:
    import yaml

    import openbook.train

    text = (Path(openbook.train.__file__).parent / "recipes" / f"{name}.yaml").read_text("utf-8")
    assert yaml.safe_load(text)["train"].keys() == set(TrainSettings.__slots__)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("train.learning_rate=1e-3", 0.001),  # text for YAML
        ("train.learning_rate=0.002", 0.002),
        ("train.learning_rate=1", 1.0),
        ("train.max_steps=7", 7),
        ("train.weight_decay=0", 0.0),
        ("data.sequence_length=128", 128),
        ("model.cca_layers=[2]", [2]),
        ("model.copy_head=false", False),
        ("model.hidden_size=64", 64),
    ],
)
def test_set_changes_a_setting_with_its_type(override: str, expected: object) -> None:
    recipe = load_recipe("tiny", [override])
    section, key = override.partition("=")[0].split(".")
    settings = getattr(recipe, section)
    value = settings[key] if isinstance(settings, dict) else getattr(settings, key)
    assert value == expected
    assert type(value) is type(expected)


def test_the_last_set_wins_and_others_stay() -> None:
    recipe = load_recipe("tiny", ["train.seed=1", "train.seed=2"])
    assert recipe.train.seed == 2
    assert recipe.train.max_steps == load_recipe("tiny").train.max_steps


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.max_stesp=1", "train: unknown name 'max_stesp'; did you mean 'max_steps'"),
        ("data.num_neighbours=1", "did you mean 'num_neighbors'"),
        ("trian.max_steps=1", "unknown name 'trian'; did you mean 'train'"),
        ("train.max_steps", "write section.key=value"),
        ("max_steps=1", "write section.key=value"),
        ("train.=1", "write section.key=value"),
        ("train.max_steps=[", "not YAML"),
        ("train.max_steps=2024-99-99", "not YAML"),
        ("train.max_steps=ten", "train.max_steps is 'ten': must be a whole number"),
        ("train.max_steps=1.5", "must be a whole number"),
        ("train.max_steps=true", "must be a whole number"),
        ("train.max_steps=", "train.max_steps is None"),
        ("train.max_steps=0", "must be at least 1"),
        ("train.batch_size=-1", "must be at least 1"),
        ("train.warmup_steps=-1", "must be at least 0"),
        ("train.learning_rate=fast", "train.learning_rate is 'fast': must be a number"),
        ("train.learning_rate=null", "must be a number"),
        ("train.learning_rate=true", "must be a number"),
        ("train.learning_rate=-1e-3", "must be at least 0"),
        ("train.learning_rate=nan", "must be a number"),
        ("train.learning_rate=.inf", "must be a number"),
        ("data.sequence_length=0", "must be at least 1"),
    ],
)
def test_refuses_a_wrong_override(override: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_recipe("tiny", [override])


def test_reads_a_file(write: Write) -> None:
    recipe = load_recipe(write("model: {hidden_size: 8}\ntrain: {learning_rate: 3e-4}\n"), ["train.seed=5"])
    assert (recipe.name, recipe.model) == ("my", {"hidden_size": 8})
    assert recipe.train == TrainSettings(learning_rate=3e-4, seed=5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: {a: [", "not YAML"),
        ("model: {a: 2024-99-99}", "not YAML"),
        ("- model\n- train\n", "sections model, data and train"),
        ("model: 3\n", "sections model, data and train"),
        ("just text", "sections model, data and train"),
        ("training: {}\n", "unknown name 'training'"),
        ("train: {max_step: 1}\n", "did you mean 'max_steps'"),
        ("train: {1: 1}\n", "unknown name '1'"),
        ("2: {}\n", "unknown name '2'"),
        ("train: {max_steps: '10'}\n", "must be a whole number"),
    ],
)
def test_refuses_a_wrong_file(write: Write, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_recipe(write(text))


def test_refuses_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("model: {} # größe".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"latin\.yaml: not YAML"):
        load_recipe(str(tmp_path / "latin.yaml"))


def test_an_unknown_recipe_names_the_shipped_ones(tmp_path: Path) -> None:
    for name in ("huge", str(tmp_path), str(tmp_path / "missing.yaml")):
        with pytest.raises(SettingsError, match="neither a file nor one of the shipped recipes: small, tiny"):
            load_recipe(name)

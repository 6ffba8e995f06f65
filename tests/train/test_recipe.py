"""Recipes: the shipped ones work, and a mistake in one is refused by name."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from transformers import PreTrainedModel

import openbook.train
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.model.retrofitting.building import _OF_ENCODER, _OF_OWN
from openbook.train import load_recipe, shipped_recipes, train
from openbook.train.model_settings import refuse_settings_of_database, require_settings
from openbook.train.settings import DataSettings, QuestionSettings, TrainSettings

Write = Callable[[str], str]

NOT_IN_RECIPES = {
    "model_type",
    "vocab_size",
    "chunk_size",
    "num_neighbors",
    "max_position_embeddings",
    "tokenizer_fingerprint",
    "use_cache",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
}
"""What the database decides, or what is no option of training."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a recipe; returns its name."""

    def write_recipe(text: str) -> str:
        path = tmp_path / "my.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write_recipe


PAPER = ["172m", "425m", "1.5b", "7.5b"]
RETROFITS = ["continue", "retrofit-encoder", "read"]


def test_what_is_shipped() -> None:
    of_its_own = {"tiny", "small", "medium", "native-read", "wikitext103"}
    assert set(shipped_recipes()) == {*of_its_own, *RETROFITS, *PAPER}


OF_THE_BASE = [
    "model.hidden_size",
    "model.num_hidden_layers",
    "model.num_attention_heads",
    "model.head_dim",
    "model.intermediate_size",
]
"""What the recipes of retrofits do not say."""


# What makes a step of a large recipe fit a test; every other option stays as shipped.
SMALL = [
    "model.hidden_size=32",
    "model.num_hidden_layers=4",
    "model.num_attention_heads=2",
    "model.head_dim=16",
    "model.intermediate_size=64",
    "model.cca_layers=null",
    "model.encoder_hidden_size=32",
    "model.encoder_num_attention_heads=2",
    "model.encoder_intermediate_size=64",
    "data.sequence_length=64",
    "train.max_steps=1",
    "train.batch_size=2",
    "train.gradient_accumulation_steps=2",
    "train.eval_every=1",
    "train.eval_sequences=1",
    "train.workers=0",
    "train.compile=false",  # compiling takes half a minute; test_modes.py does it once
]


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipes_take_a_step(
    name: str, book: Database, tmp_path: Path, make_base: Callable[..., PreTrainedModel]
) -> None:
    base = make_base(num_hidden_layers=4) if name in RETROFITS else None
    changes = [change for change in SMALL if base is None or change.partition("=")[0] not in OF_THE_BASE]
    if name in ("continue", "read"):
        changes = [change for change in changes if not change.startswith("model.encoder")]
    if name == "wikitext103":
        decoder = load_recipe(name, [*SMALL, "train.freeze_decoder=false"]).without_retrieval()
        train(decoder, book, tmp_path / "decoder")
        changes.append(f"train.start_from={tmp_path / 'decoder'}")
    recipe = load_recipe(name, changes)
    assert recipe.name == name
    result = train(recipe, book, tmp_path / "model", base=base)
    assert result.steps == 1
    if base is not None:
        model = RetrofitForCausalLM.from_pretrained(tmp_path / "model", base=base)
    else:
        model = RetroForCausalLM.from_pretrained(tmp_path / "model")
    assert model.config.cca_layers == ([4] if name == "retrofit-encoder" or base is None else [1, 2, 3, 4])


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipes_name_and_explain_every_setting(name: str) -> None:
    text = (Path(openbook.train.__file__).parent / "recipes" / f"{name}.yaml").read_text("utf-8")
    sections = yaml.safe_load(text)
    # A frozen decoder is what a retrofit is.
    of_training = set(TrainSettings.__slots__) - ({"freeze_decoder"} if name in RETROFITS else set())
    assert sections["train"].keys() == of_training
    assert sections["data"].keys() == set(DataSettings.__slots__)
    of_config = {key for key in RetroConfig.__annotations__ if key not in NOT_IN_RECIPES}
    if name in RETROFITS:
        of_base = {path.partition(".")[2] for path in OF_THE_BASE}
        of_config = of_config - of_base - {"tie_word_embeddings", "normalization"} | {"train_base", "reader"}
    if name in ("continue", "read"):
        of_config = of_config - {*_OF_ENCODER} | {*_OF_OWN}
    if name in ("read", "native-read"):
        assert sections["questions"].keys() == set(QuestionSettings.__slots__)
    assert sections["model"].keys() == of_config
    for line in text.splitlines():
        assert line.startswith("#") or re.search(r"  # \w", line), f"without a comment: {line}"


@pytest.mark.parametrize("name", PAPER)
def test_sizes_of_the_paper_are_those_of_its_presets(name: str) -> None:
    recipe, preset = load_recipe(name), RetroConfig.preset(name)
    ours = RetroConfig(**recipe.model)
    for setting in recipe.model:
        assert getattr(ours, setting) == getattr(preset, setting), setting
    step = recipe.train.batch_size * recipe.train.gradient_accumulation_steps
    assert step == (1024 if name == "7.5b" else 256)
    assert step * recipe.train.max_steps * recipe.data.sequence_length == pytest.approx(419e9, rel=1e-3)


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
        ("train.trackers=[wandb, tensorboard]", ["wandb", "tensorboard"]),
        ("train.trackers=[]", []),
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
        ("data.num_neighbors=-1", "must be at least 0"),
        ("train.schedule=cosin", "train.schedule is 'cosin': must be one of cosine, linear, constant"),
        ("train.schedule=[]", "must be one of cosine"),
        ("train.precision=bf16", "must be one of float32, bfloat16, float16"),
        ("train.compile=1", "train.compile is 1: must be true or false"),
        ("train.fsdp=maybe", "must be true or false"),
        ("train.freeze_decoder=null", "must be true or false"),
        ("train.retrieval_dropout=1.5", "must lie between 0 and 1"),
        ("train.min_learning_rate_ratio=-0.1", "must lie between 0 and 1"),
        ("train.adam_beta2=1", "must lie between 0 and 1, below 1"),
        ("train.start_from=3", "train.start_from is 3: must be text, or null"),
        ("train.seed=4294967296", r"train\.seed is 4294967296: must be below 2\*\*32"),
        ("train.seed=-1", "train.seed is -1: must be at least 0"),
        ("questions.text_every=1", "questions.text_every is 1: every step would learn text"),
        ("train.keep_checkpoints=0", "must be at least 1"),
        ("train.trackers=tensorboard", "train.trackers is 'tensorboard': must be a list of names"),
        ("train.trackers=[tensorbord]", "train.trackers: .*'tensorbord'; did you mean 'tensorboard'"),
        ("train.save_every=-1", "must be at least 0"),
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
        ("model: 3\n", "each with keys; model is 3"),
        ("train: {}\nmodel:\n", "each with keys; model is empty"),
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: {max_steps: 2}\nmodel: {}\ntrain: {seed: 1}\n", "'train' in line 1 and again in line 3"),
        ("train:\n  max_steps: 2\n  seed: 1\n  max_steps: 3\n", "'max_steps' in line 2 and again in line 4"),
        ("train: {max_steps: 2, max_steps: 3}\n", "'max_steps' in line 1 and again in line 1"),
    ],
)
def test_a_key_that_is_repeated_is_refused(write: Write, text: str, message: str) -> None:
    """YAML would let the last one replace the first."""
    with pytest.raises(SettingsError, match=rf"recipe .*my\.yaml: has {message}; keep one"):
        load_recipe(write(text))


def test_what_a_section_takes_over_may_be_replaced(write: Write) -> None:
    recipe = load_recipe(write("model: {a: &a {b: 1, c: 2}, d: {<<: *a, c: 3}}\n"))
    assert recipe.model == {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}


def test_refuses_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("model: {} # größe".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"latin\.yaml: not YAML"):
        load_recipe(str(tmp_path / "latin.yaml"))


def test_an_unknown_recipe_names_the_shipped_ones(tmp_path: Path) -> None:
    for name in ("huge", str(tmp_path), str(tmp_path / "missing.yaml")):
        with pytest.raises(
            SettingsError, match=r"neither a file nor one of the shipped recipes: 1\.5b, 172m, "
        ):
            load_recipe(name)


@pytest.mark.parametrize("retrofits", [False, True])
def test_an_unknown_name_of_a_model_is_told_with_those_that_may_be_set(retrofits: bool) -> None:
    recipe = load_recipe("read" if retrofits else "tiny", ["model.foo=0"])
    with pytest.raises(SettingsError, match="unknown name 'foo'; known names: ") as raised:
        require_settings(recipe, retrofits=retrofits)
    named = str(raised.value).partition("known names: ")[2].split(", ")
    assert "cca_layers" in named
    for name in named:
        refuse_settings_of_database(replace(recipe, model={name: 0}))
    misspelled = load_recipe("read" if retrofits else "tiny", ["model.vocab_siz=300"])
    with pytest.raises(SettingsError, match="known names: "):
        require_settings(misspelled, retrofits=retrofits)

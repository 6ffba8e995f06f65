"""Recipes: YAML files that say which model to train on which sequences, and how.

A recipe has the sections `model` (arguments of `RetroConfig`), `data` and `train`. Every key is checked when
it is read; an unknown one is refused with the nearest known name.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from openbook.errors import SettingsError, refuse_unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """What a sample is."""

    sequence_length: int = 512
    """T in tokens, a multiple of the database's chunk size."""
    num_neighbors: int = 2
    """K of each chunk, from the neighbor table."""

    def __post_init__(self) -> None:
        _check_types(self, "data")
        _at_least(self, "data", 1, "sequence_length", "num_neighbors")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How to train."""

    max_steps: int = 1000
    """Optimizer steps."""
    batch_size: int = 8
    """Sequences in a step, on each device."""
    gradient_accumulation_steps: int = 1
    """Batches of `batch_size` that make one optimizer step."""
    learning_rate: float = 1e-3
    """Peak of AdamW's, reached after the warm-up; then a cosine to `min_learning_rate_ratio` of it."""
    min_learning_rate_ratio: float = 0.1
    warmup_steps: int = 100
    weight_decay: float = 0.1
    adam_beta2: float = 0.95
    max_grad_norm: float = 1.0
    """Gradients are clipped to this norm."""
    log_every: int = 20
    """Steps between lines of metrics.jsonl."""
    eval_every: int = 500
    """Steps between evaluations on held-out documents, and between checkpoints; 0: none."""
    eval_sequences: int = 32
    """Sequences that such an evaluation reads, at most."""
    seed: int = 0
    """Of weights, order of samples and dropout."""

    def __post_init__(self) -> None:
        _check_types(self, "train")
        _at_least(self, "train", 1, "max_steps", "batch_size", "gradient_accumulation_steps", "log_every")
        _at_least(self, "train", 0, "warmup_steps", "eval_every", "eval_sequences", "learning_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A whole recipe."""

    name: str
    model: dict[str, Any]
    """Arguments of `RetroConfig`; vocabulary and chunk size come from the database."""
    data: DataSettings = field(default_factory=DataSettings)
    train: TrainSettings = field(default_factory=TrainSettings)


def shipped_recipes() -> list[str]:
    """Names of the recipes that come with openbook."""
    folder = files("openbook.train") / "recipes"
    return sorted(Path(item.name).stem for item in folder.iterdir() if item.name.endswith(".yaml"))


def load_recipe(name: str, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        name: a YAML file, or the name of a shipped recipe.
        overrides: `section.key=value` each, the value in YAML.

    Raises:
        SettingsError: there is no such recipe, a key is unknown or a value is not allowed.
    """
    if name in shipped_recipes():
        raw = (files("openbook.train") / "recipes" / f"{name}.yaml").read_bytes()
    elif Path(name).is_file():
        raw = Path(name).read_bytes()
    else:
        shipped = ", ".join(shipped_recipes())
        raise SettingsError(f"recipe {name!r}: neither a file nor one of the shipped recipes: {shipped}")
    sections = _sections(raw, f"recipe {name}")
    for override in overrides:
        _override(sections, override)
    refuse_unknown(sections, ("model", "data", "train"), where=f"recipe {name}")
    return Recipe(
        name=Path(name).stem,
        model=dict(sections.get("model", {})),
        data=DataSettings(**_known(sections.get("data", {}), DataSettings, "data")),
        train=TrainSettings(**_known(sections.get("train", {}), TrainSettings, "train")),
    )


def _sections(raw: bytes, where: str) -> dict[str, dict[str, Any]]:
    try:
        sections = yaml.safe_load(raw) or {}
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist
        raise SettingsError(f"{where}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(sections, dict) or not all(isinstance(part, dict) for part in sections.values()):
        raise SettingsError(f"{where}: must have the sections model, data and train, each with keys")
    # YAML has keys of other types than text; none of ours is.
    return {str(name): {str(key): value for key, value in part.items()} for name, part in sections.items()}


def _override(sections: dict[str, dict[str, Any]], override: str) -> None:
    path, separator, value = override.partition("=")
    section, dot, key = path.partition(".")
    if not separator or not dot or not key:
        raise SettingsError(f"--set {override}: write section.key=value, as in train.max_steps=100")
    try:
        sections.setdefault(section, {})[key] = yaml.safe_load(value)
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"--set {override}: the value is not YAML") from error


def _known(values: Mapping[str, Any], settings: type, where: str) -> dict[str, Any]:
    refuse_unknown(values, [item.name for item in fields(settings)], where=where)
    types = {item.name: item.type for item in fields(settings)}
    return {key: _number(value) if types[key] is float else value for key, value in values.items()}


def _number(value: object) -> object:
    """YAML reads 1e-3 as text and 1 as a whole number; both are meant as numbers here."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _check_types(settings: Any, where: str) -> None:
    for item in fields(settings):
        value = getattr(settings, item.name)
        expected = {int: "a whole number", float: "a number"}[item.type]  # type: ignore[index]
        if type(value) is not item.type or not math.isfinite(value):
            raise SettingsError(f"{where}.{item.name} is {value!r}: must be {expected}")


def _at_least(settings: Any, where: str, lowest: int, *names: str) -> None:
    for name in names:
        if getattr(settings, name) < lowest:
            raise SettingsError(f"{where}.{name} is {getattr(settings, name)}: must be at least {lowest}")

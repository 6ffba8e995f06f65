"""Recipes: YAML files that say which model to train on which sequences, and how.

A recipe has the sections `model` (arguments of `RetroConfig`), `data`, `questions` (to learn to answer) and
`train`. Every key is checked when it is read; an unknown one is refused with the nearest known name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from openbook.errors import SettingsError, list_of_texts, one_line, refuse_unknown
from openbook.train.settings import DataSettings, QuestionSettings, TrainSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A whole recipe."""

    name: str
    model: dict[str, Any]
    """Arguments of `RetroConfig`; vocabulary and chunk size come from the database."""
    data: DataSettings = field(default_factory=DataSettings)
    questions: QuestionSettings = field(default_factory=QuestionSettings)
    train: TrainSettings = field(default_factory=TrainSettings)

    @property
    def learns_text(self) -> bool:
        """Whether any step learns the database's text."""
        return self.questions.file is None or self.questions.text_every > 0

    @property
    def reads_table(self) -> bool:
        """Whether the database's neighbor table is needed."""
        return self.learns_text and self.data.num_neighbors > 0

    @property
    def sample_length(self) -> int:
        """Tokens of a sample, padding included; of a question where questions are learned."""
        return self.data.sequence_length if self.questions.file is None else self.questions.length

    def question_steps(self, steps: int) -> int:
        """How many of the first steps learn questions; the others learn text, see `QuestionOrder`."""
        if self.questions.file is None:
            return 0
        every = self.questions.text_every
        return steps - steps // every if every else steps

    def tokens_of(self, steps: int) -> int:
        """Positions that the first steps train on, padding included."""
        asked = self.question_steps(steps)
        positions = asked * self.questions.length + (steps - asked) * self.data.sequence_length
        return positions * self.train.step_size

    def without_retrieval(self) -> "Recipe":
        """The same training run of the same decoder alone, to compare with."""
        return replace(self, data=replace(self.data, num_neighbors=0))


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
        TypeError: one override where several are expected.
    """
    if name in shipped_recipes():
        raw = (files("openbook.train") / "recipes" / f"{name}.yaml").read_bytes()
    elif Path(name).is_file():
        raw = Path(name).read_bytes()
    else:
        shipped = ", ".join(shipped_recipes())
        raise SettingsError(
            f"recipe {name!r}: neither a file nor one of the shipped recipes: {shipped}; give one of them"
        )
    sections = _sections(raw, f"recipe {name}")
    for override in list_of_texts(overrides, where="overrides", remedy='give ["train.max_steps=100"]'):
        _override(sections, override)
    refuse_unknown(sections, ("model", "data", "questions", "train"), where=f"recipe {name}")
    return Recipe(
        name=name if name in shipped_recipes() else Path(name).stem,
        model=dict(sections.get("model", {})),
        data=DataSettings(**_known(sections.get("data", {}), DataSettings, "data")),
        questions=QuestionSettings(**_known(sections.get("questions", {}), QuestionSettings, "questions")),
        train=TrainSettings(**_known(sections.get("train", {}), TrainSettings, "train")),
    )


class _RepeatedKeyError(yaml.YAMLError):
    """A key that stands twice in one section, or a section that does."""


class _RecipeLoader(yaml.SafeLoader):
    """Refuses keys that are repeated; YAML lets the last one replace those before it."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                where = f"in line {lines[key.value]} and again in line {line}"
                raise _RepeatedKeyError(f"has {key.value!r} {where}; keep one")
            lines[key.value] = line
        return node


def _sections(raw: bytes, where: str) -> dict[str, dict[str, Any]]:
    try:
        sections = yaml.load(raw, _RecipeLoader) or {}
    except _RepeatedKeyError as error:
        raise SettingsError(f"{where}: {error}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist
        raise SettingsError(f"{where}: not YAML: {one_line(error)}; correct the file") from error
    wanted = f"{where}: must have the sections model, data and train, each with keys"
    if not isinstance(sections, dict):
        raise SettingsError(wanted)
    for name, part in sections.items():
        if not isinstance(part, dict):
            raise SettingsError(f"{wanted}; {name} is {'empty' if part is None else repr(part)}")
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
        raise SettingsError(f"--set {override}: the value is not YAML; put it in quotes") from error


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

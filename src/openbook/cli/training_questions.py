"""The file of questions that a training run learns from."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.train import Recipe

_ON_QUESTIONS = ("read", "native-read")
"""Shipped recipes that are of no use without."""


def with_questions(recipe: "Recipe", file: Path | None) -> "Recipe":
    """The recipe with the file that --questions names; None: as it is."""
    if file is None:
        return recipe
    return replace(recipe, questions=replace(recipe.questions, file=str(file)))


def require_questions(recipe: "Recipe") -> None:
    """Refuse a recipe that learns questions without a file of them, or from one that holds others.

    Raises:
        SettingsError: it has none, there is no such file, it holds what is not a question; or nothing is to
            be read beside them.
    """
    from openbook.evaluate.answering.questions import read_questions

    file = recipe.questions.file
    if file is None and recipe.name in _ON_QUESTIONS:
        raise SettingsError(
            f"recipe {recipe.name}: learns from questions; give a file of them: --questions FILE"
        )
    if file is None:
        return
    if not Path(file).exists():
        raise SettingsError(f"questions {file}: there is no such file; give one with a question a line")
    if not recipe.data.num_neighbors:
        raise SettingsError(
            "data.num_neighbors is 0: questions are learned with what is read beside them; set it to 1 or "
            "more"
        )
    read_questions(file)

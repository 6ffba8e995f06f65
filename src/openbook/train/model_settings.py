"""The names that a recipe's section `model` may have, known without the classes that it configures.

Importing those takes seconds; a misspelled `--set` is answered before.
"""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from openbook.errors import refuse_unknown
from openbook.train.recipe import Recipe, shipped_recipes

_IN_NO_RECIPE = (
    "bos_token_id",
    "chunk_size",
    "eos_token_id",
    "max_position_embeddings",
    "num_neighbors",
    "pad_token_id",
    "tokenizer_fingerprint",
    "trained_length",
    "use_cache",
    "vocab_size",
)
"""Settings of the classes that training or the database decides."""


def require_known_settings(recipe: Recipe, *, retrofits: bool) -> None:
    """Refuse a name in the section `model` that nothing has.

    Args:
        recipe: to check.
        retrofits: a base, or else makes a model of its own.

    Raises:
        SettingsError: an unknown name, with the nearest known one.
    """
    refuse_unknown(recipe.model, known_settings(retrofits=retrofits), where=f"recipe {recipe.name}: model")


@cache
def known_settings(*, retrofits: bool) -> frozenset[str]:
    """The names that shipped recipes have, which name all that they can, and those that none has."""
    names = {*_IN_NO_RECIPE}
    for name in shipped_recipes():
        text = (files("openbook.train") / "recipes" / f"{name}.yaml").read_bytes()
        model: dict[str, Any] = yaml.safe_load(text)["model"]
        if ("reader" in model) == retrofits:
            names |= model.keys()
    return frozenset(names)

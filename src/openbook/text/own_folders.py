"""Folders of openbook's own: databases, models and training runs lie beside texts, and are not texts.

They are known by marks that nobody else leaves:

    database       catalog.sqlite with tokenizer/, or catalog.sqlite.new while one is made
    model          config.json that names one of our kinds of model
    training run   recipe.json with the sections of ours
"""

import json
from collections.abc import Collection
from typing import Any

_CATALOG, _TOKENIZER = "catalog.sqlite", "tokenizer"
_UNFINISHED_CATALOG = "catalog.sqlite.new"
_CONFIG, _KINDS_OF_MODELS = "config.json", ("retro", "retrofit")
_RECIPE, _SECTIONS = "recipe.json", frozenset({"model", "data", "train", "trained_on"})
_LARGEST_MARK = 10_000_000
"""Bytes; a larger config.json or recipe.json is somebody else's."""


def kind_of_own_folder(filesystem: Any, folder: str, names: Collection[str]) -> str:
    """Say what a folder of ours is: a database, a model, a training run; empty: it is not ours.

    Args:
        filesystem: of fsspec.
        folder: its path there.
        names: of what it holds.
    """
    if _UNFINISHED_CATALOG in names or (_CATALOG in names and _TOKENIZER in names):
        return "database"
    if _CONFIG in names and _json(filesystem, f"{folder}/{_CONFIG}").get("model_type") in _KINDS_OF_MODELS:
        return "model"
    if _RECIPE in names and _json(filesystem, f"{folder}/{_RECIPE}").keys() >= _SECTIONS:
        return "training run"
    return ""


def _json(filesystem: Any, path: str) -> dict[str, Any]:
    """The object in a JSON file; empty if it is none."""
    try:
        if filesystem.info(path)["type"] != "file" or filesystem.size(path) > _LARGEST_MARK:
            return {}
        found = json.loads(filesystem.cat_file(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

"""What makes two training runs the same: recipe, database and neighbors. This file needs no torch."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from openbook.database import NeighborTable, Version
from openbook.errors import SettingsError
from openbook.train import run_files
from openbook.train.recipe import Recipe

_FREE = (
    *("workers", "trackers", "save_every", "keep_checkpoints", "sharded_checkpoints"),
    *("fsdp", "gradient_checkpointing"),
)
"""Settings that change how a result is reached, not which."""

_NOT_OF_DATABASE = ("base", "questions")
"""What a training run reads besides the database, by how its names begin."""


def fingerprints(database: Version, table: NeighborTable | None) -> dict[str, Any]:
    """What a training run reads; it resumes only with the same."""
    found: dict[str, Any] = {
        "tokenizer": database.settings.tokenizer_fingerprint,
        "version": database.version,
        "history": database.history,
    }
    if table is not None:
        found |= {"neighbors": table.mode, "neighbors' history": table.book.history}
    return found


def description(recipe: Recipe, trained_on: dict[str, Any]) -> dict[str, Any]:
    """What recipe.json holds, as it looks when read from there."""
    described: dict[str, Any] = json.loads(json.dumps(asdict(recipe) | {"trained_on": trained_on}))
    return described


def differences(before: dict[str, Any], now: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """What makes `now` another training run: its name, what it was before, what it is now."""
    unsaid = asdict(Recipe(name="", model={}))  # an older version did not know all settings
    for section in ("model", "data", "questions", "train", "trained_on"):
        earlier = unsaid.get(section, {}) | before.get(section, {})
        for key in {**now[section], **earlier}:
            old, new = earlier.get(key), now[section].get(key)
            if old == new or (section == "train" and key in _FREE):
                continue
            if section == "questions" and key == "file" and None not in (old, new):
                continue  # it may have moved; its fingerprint is in trained_on
            if section != "trained_on":
                yield f"{section}.{key}", old, new
            else:
                yield f"the {key}" if key.startswith(_NOT_OF_DATABASE) else f"the database's {key}", old, new


def refuse_other_model(output: Path, recipe: Recipe, trained_on: dict[str, Any]) -> None:
    """Refuse a folder that holds the complete model of another training run.

    Args:
        output: folder of the training run.
        recipe: of this one.
        trained_on: what it reads. What is not known yet, such as the base's fingerprint, is not compared.

    Raises:
        SettingsError: naming the folder.
    """
    if not (output / run_files.CONFIG).exists():
        return
    if (output / run_files.REPLACEMENT / run_files.CONFIG).exists():
        return  # is complete and about to take its place
    before = run_files.recorded(output)
    if before is not None and (output / run_files.WEIGHTS).exists():
        known = {key: value for key, value in before["trained_on"].items() if key in trained_on}
        if not any(differences(before | {"trained_on": known}, description(recipe, trained_on))):
            return
    raise other_model(output)


def other_model(output: Path) -> SettingsError:
    """What to do where a folder holds the complete model of another training run."""
    has_weights = (output / run_files.WEIGHTS).exists()
    further = f"; to train it further: {from_weights(output)}" if has_weights else ""
    return SettingsError(f"{output}: holds a model already; choose another --output, or --overwrite{further}")


def from_weights(model: Path) -> str:
    """The options of a training run that begins with this model's weights."""
    return f"--output OTHER --set train.start_from={shlex.quote(str(model))}"

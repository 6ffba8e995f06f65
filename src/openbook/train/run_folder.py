"""The folder of a training: what it may begin or go on with, and in the end a model, complete or absent."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor

from openbook.database import NeighborTable, Version
from openbook.errors import MismatchError, SettingsError, TrainingError
from openbook.model import RetroForCausalLM
from openbook.train import checkpoints, distributed, state_dicts
from openbook.train.recipe import Recipe

Tell = Callable[[str], None]

# These change how a result is reached, not which.
_FREE = ("workers", "save_every", "keep_checkpoints", "fsdp", "gradient_checkpointing")
_NEW, _DONE = -1, -2


def fingerprints(database: Version, table: NeighborTable | None) -> dict[str, Any]:
    """What a training reads; it goes on only with the same."""
    found: dict[str, Any] = {
        "tokenizer": database.settings.tokenizer_fingerprint,
        "version": database.version,
        "history": database.history,
    }
    if table is not None:
        found |= {"neighbors": table.mode, "neighbors' history": table.book.history}
    return found


def begin(
    output: Path, recipe: Recipe, trained_on: dict[str, Any], *, overwrite: bool, tell: Tell
) -> tuple[checkpoints.Saved | None, bool]:
    """Look at what the folder holds, and make it ready; all processes must call it.

    Returns:
        what the checkpoint to go on from says, None if there is none; and whether the training is complete.

    Raises:
        SettingsError: it holds another model.
        MismatchError: it holds an unfinished training of another recipe or database.
        TrainingError: all its checkpoints are damaged.
    """
    found = distributed.in_first(lambda: _look(output, recipe, trained_on, overwrite=overwrite, tell=tell))
    return (checkpoints.read(output, found) if found > 0 else None), found == _DONE


def finish(output: Path, model: RetroForCausalLM, weights: dict[str, Tensor], database: Version) -> None:
    """Put the model into the folder; config.json comes last and says that it is complete.

    Raises:
        TrainingError: the disk is full or cannot be written to.
    """
    unfinished = output / "model.new"
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        database.tokenizer.save(unfinished)
        state_dicts.save_model(model, weights, unfinished)
        checkpoints.sync_folder(unfinished)
        for path in sorted(unfinished.iterdir(), key=lambda path: path.name == "config.json"):
            path.replace(output / path.name)
        checkpoints.sync_folder(output, files=False)
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"{output}: the model cannot be written: {error}; make room, start again"
        ) from error
    shutil.rmtree(unfinished)
    checkpoints.clear(output)


def _look(output: Path, recipe: Recipe, trained_on: dict[str, Any], *, overwrite: bool, tell: Tell) -> int:
    if overwrite:
        # Without its config.json a folder holds no model.
        for name in ("config.json", "model.safetensors", "metrics.jsonl"):
            (output / name).unlink(missing_ok=True)
        checkpoints.clear(output)
    if (output / "config.json").exists():
        ending = bool(checkpoints.steps_saved(output))
        if not ending or _described(output) != _description(recipe, trained_on):
            raise SettingsError(f"{output}: holds a model already; choose another --output, or --overwrite")
        checkpoints.clear(output)  # this training was interrupted when it had nothing else left to do
        tell(f"{output}: the model was complete already")
        return _DONE
    step = checkpoints.newest(output, tell)
    if step is not None:
        saved = checkpoints.read(output, step)
        _require_same(output, saved, _description(recipe, trained_on))
        checkpoints.keep_until(output, step)
        tell(f"{output}: goes on from step {step} of {recipe.train.max_steps}")
        return step
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_description(recipe, trained_on), indent=2) + "\n"
    (output / "recipe.json").write_text(text, encoding="utf-8")
    return _NEW


def _description(recipe: Recipe, trained_on: dict[str, Any]) -> dict[str, Any]:
    """As it looks when read from JSON."""
    description: dict[str, Any] = json.loads(json.dumps(asdict(recipe) | {"trained_on": trained_on}))
    return description


def _described(output: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((output / "recipe.json").read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _require_same(output: Path, saved: checkpoints.Saved, now: dict[str, Any]) -> None:
    """Name the first thing that differs."""
    before = saved.recipe | {"trained_on": saved.trained_on}
    for section in ("model", "data", "train", "trained_on"):
        for key in {**now[section], **before[section]}:
            old, new = before[section].get(key), now[section].get(key)
            if old != new and not (section == "train" and key in _FREE):
                what = f"{section}.{key}"
                if section == "trained_on":
                    what = f"the {key}" if key.startswith("base") else f"the database's {key}"
                raise MismatchError(
                    f"{output}: holds a training that stopped at step {saved.step}, with {what} {old!r}; "
                    f"now it is {new!r}: give what it began with to go on, or choose another --output, "
                    "or start anew with --overwrite"
                )

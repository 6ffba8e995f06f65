"""Which files of a folder a training run has written: only those are ever replaced or deleted."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from openbook.database.storage.catalog import FILE_NAME as DATABASE
from openbook.database.storage.catalog import UNFINISHED_NAME as UNFINISHED_DATABASE
from openbook.database.storage.database_folder import require_outside_databases
from openbook.errors import SettingsError

RECIPE = "recipe.json"
LOCK = "train.lock"
UNFINISHED_MODEL = "model.new"
REPLACEMENT = "replacement"
"""Folder of the training run that will replace this one, see `replacement`."""
_CORPUS = "corpus"
"""The database that Megatron's command makes in the folder before it trains."""

CONFIG, WEIGHTS = "config.json", "model.safetensors"
MODEL = (CONFIG, "generation_config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json")
"""What a complete model has, the last file written first."""
_CHECKPOINT = (*MODEL, "optimizer.safetensors", "checkpoint.json", "checkpoint.json.new")
SHARDS = "shard-*-model-*-of-*.safetensors"
"""Of a checkpoint: what each process has written, as torch.distributed.checkpoint names it."""
_SECTIONS = ("model", "data", "train", "trained_on")


def recorded(folder: Path) -> dict[str, Any] | None:
    """What recipe.json says of the training run in this folder; None if there is none of ours."""
    try:
        found = json.loads((folder / RECIPE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    is_ours = isinstance(found, dict) and all(isinstance(found.get(name), dict) for name in _SECTIONS)
    return found if is_ours else None


def require_output(output: Path, *, start_from: str | Path | None = None, base: str | None = None) -> None:
    """Refuse a folder that a training run may not write into.

    Args:
        output: may be absent, empty, or a training run's; what else a training run's folder holds stays.
        start_from: folder of the model whose weights are copied.
        base: folder or name of the model that is retrofitted.

    Raises:
        SettingsError: it is one of these models, a database, or holds what no training run has written.
    """
    for what, path in (("train.start_from", start_from), ("the base", base)):
        if path and Path(path).exists() and Path(path).resolve() == output.resolve():
            raise SettingsError(f"{output}: is {what}, which training would replace; choose another --output")
    if output.exists() and not output.is_dir():
        raise SettingsError(f"{output}: is a file; choose another --output")
    if (output / DATABASE).exists():
        raise SettingsError(f"{output}: is a database; choose another --output")
    require_outside_databases(output, SettingsError)
    foreign = _not_ours(output) if recorded(output) is None else _not_of_the_run(output)
    if foreign and (missing := _missing(output)):
        raise SettingsError(
            f"{output}: holds {foreign[0]}, but no {missing} that can be read, which says what it is of; put "
            "that back, or choose another --output"
        )
    if foreign:
        raise SettingsError(
            f"{output}: holds {foreign[0]}, which no training run has written; choose another --output"
        )


def require_place_for_model(output: Path) -> None:
    """Refuse a folder that a whole model is not to be written into.

    Args:
        output: may be absent, empty, or hold what a kill has left of the same command.

    Raises:
        SettingsError: it holds something else.
    """
    if output.exists() and not output.is_dir():
        raise SettingsError(f"{output}: is a file; choose another --output")
    require_outside_databases(output, SettingsError)
    names = {path.name for path in output.iterdir()} if output.exists() else set()
    unfinished = output / UNFINISHED_MODEL
    if unfinished.is_dir() and not (output / CONFIG).exists():
        names -= {UNFINISHED_MODEL, *MODEL}
        names |= {path.name for path in unfinished.iterdir()} - set(MODEL)
    if foreign := sorted(names - {LOCK}):
        raise SettingsError(f"{output}: is not empty, it holds {foreign[0]}; choose another --output")


def _not_ours(output: Path) -> list[str]:
    """What a folder holds in which no training run has begun."""
    names = {path.name for path in output.iterdir()} if output.exists() else set()
    corpus = output / _CORPUS
    if corpus.is_dir():
        inside = {path.name for path in corpus.iterdir()}
        if inside & {DATABASE, UNFINISHED_DATABASE} or inside <= {"write.lock"}:
            names.discard(_CORPUS)
    return sorted(names - {LOCK, f"{RECIPE}.new"})


def _missing(output: Path) -> str | None:
    """The file without which what a training run has written looks like somebody else's."""
    if recorded(output) is None:
        return RECIPE if any(output.glob("checkpoints/step-*/checkpoint.json")) else None
    return CONFIG if (output / WEIGHTS).exists() and not (output / CONFIG).exists() else None


def _not_of_the_run(output: Path) -> list[str]:
    """What a training run would write over in its own folder, and has not written."""
    unfinished = output / UNFINISHED_MODEL
    if unfinished.exists():
        if not unfinished.is_dir():
            return [UNFINISHED_MODEL]
        return sorted(
            f"{UNFINISHED_MODEL}/{path.name}" for path in unfinished.iterdir() if path.name not in MODEL
        )
    if (output / CONFIG).exists() or (output / REPLACEMENT / CONFIG).exists():
        return []
    # A model's files come while model.new is there, and config.json is the last of them.
    return [name for name in MODEL if (output / name).exists()]


def delete_model(output: Path) -> None:
    """Delete the model's files and metrics, config.json first: without it a folder holds no model."""
    for name in (*MODEL, "metrics.jsonl"):
        (output / name).unlink(missing_ok=True)


def delete_events(output: Path) -> None:
    """Delete what TensorBoard's tracker has written."""
    for path in (output / "tensorboard").glob("events.out.tfevents*"):
        path.unlink()
    remove_if_empty(output / "tensorboard")


def delete_folder_of_model(folder: Path) -> None:
    """Delete an unfinished model or a checkpoint; what is not of it stays, and the folder then, too."""
    for path in (*(folder / name for name in _CHECKPOINT), *folder.glob(SHARDS)):
        with suppress(OSError):
            path.unlink(missing_ok=True)
    remove_if_empty(folder)


def remove_if_empty(folder: Path) -> None:
    """Remove a folder that has nothing left in it."""
    with suppress(OSError):
        folder.rmdir()

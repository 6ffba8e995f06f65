"""Checkpoints of an unfinished training run: folders that are complete or absent, and hold no pickles.

`checkpoints/step-N/` holds model.safetensors and config.json, so that it can be used as a model,
optimizer.safetensors, and checkpoint.json: everything else, the digests of the other files, its own checksum.
With `sharded_checkpoints` the tensors of both stand in one file of each process, see `sharded_checkpoints`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from openbook.durable import file_digest, read_sealed, sync_folder, write_sealed
from openbook.errors import TrainingError
from openbook.train.run_files import delete_folder_of_model, remove_if_empty

MANIFEST = "checkpoint.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says beside its tensors."""

    step: int
    """Optimizer steps done."""
    recipe: dict[str, Any]
    trained_on: dict[str, Any]
    """Fingerprints of tokenizer, documents and neighbor table."""
    loss: float
    """Sum over the steps since the last line of metrics.jsonl."""
    logged: int
    """Step of that line."""
    scheduler: dict[str, Any]
    scaler: dict[str, Any]
    """Of the losses, for float16; empty otherwise."""
    groups: list[Any]
    """Of the optimizer."""


def folder_of(output: Path, step: int) -> Path:
    """Where the checkpoint of this step stands."""
    return output / "checkpoints" / f"step-{step}"


def steps_saved(output: Path) -> list[int]:
    """The steps of all checkpoints, the newest first."""
    found = [path.name.removeprefix("step-") for path in (output / "checkpoints").glob("step-*")]
    return sorted((int(step) for step in found if step.isdecimal()), reverse=True)


def read(output: Path, step: int) -> Checkpoint:
    """Read what a checkpoint says.

    Raises:
        TrainingError: it is damaged.
    """
    path = folder_of(output, step) / MANIFEST
    try:
        return Checkpoint(**_without_digests(read_sealed(path, TrainingError)))
    except (TrainingError, TypeError) as error:
        raise TrainingError(
            f"{path}: damaged, or of another version of openbook; delete its folder, to resume from an older "
            "one"
        ) from error


def newest(output: Path, note: Callable[[str], None]) -> int | None:
    """The step of the newest checkpoint that is sound; None if there are no checkpoints.

    Args:
        output: folder of the training run.
        note: called with a sentence for each that is damaged.

    Raises:
        TrainingError: all of them are damaged.
    """
    steps = steps_saved(output)
    for step in steps:
        problem = _problem(folder_of(output, step))
        if problem is None:
            return step
        note(f"{problem}: is damaged; this checkpoint is skipped")
    if steps:
        raise TrainingError(
            f"{output / 'checkpoints'}: every checkpoint is damaged; --overwrite starts again from scratch"
        )
    return None


def write(output: Path, checkpoint: Checkpoint, files: Callable[[Path], None], *, keep: int) -> None:
    """Write a checkpoint, and delete those that are older than the newest `keep`.

    Args:
        output: folder of the training run.
        checkpoint: what it says.
        files: writes the other files into a folder.
        keep: at least 1.

    Raises:
        TrainingError: the disk is full or cannot be written to.
    """
    unfinished = prepare(output, checkpoint.step)
    with writing(output, checkpoint.step):
        files(unfinished)
    complete(output, checkpoint, {}, keep=keep)


def unfinished_of(output: Path, step: int) -> Path:
    """Where the checkpoint of this step stands until it is complete."""
    final = folder_of(output, step)
    return final.with_name(f"{final.name}.new")


def prepare(output: Path, step: int) -> Path:
    """Make the empty folder that a checkpoint is written into; see `complete`.

    Raises:
        TrainingError: the disk is full or cannot be written to.
    """
    unfinished = unfinished_of(output, step)
    with writing(output, step):
        delete_folder_of_model(unfinished)
        unfinished.mkdir(parents=True)
    return unfinished


def complete(output: Path, checkpoint: Checkpoint, digests: Mapping[str, str], *, keep: int) -> None:
    """Finish a checkpoint whose files are written, and delete those that are older than the newest `keep`.

    Args:
        output: folder of the training run.
        checkpoint: what it says.
        digests: of files, by name, where they are known and the files on the disk already.
        keep: at least 1.

    Raises:
        TrainingError: the disk is full or cannot be written to.
    """
    final, unfinished = folder_of(output, checkpoint.step), unfinished_of(output, checkpoint.step)
    with writing(output, checkpoint.step):
        others = sorted(path for path in unfinished.iterdir() if path.name not in digests)
        found = {path.name: file_digest(path, TrainingError) for path in others}
        write_sealed(
            unfinished / MANIFEST, asdict(checkpoint) | {"digests": {**digests, **found}}, TrainingError
        )
        sync_folder(unfinished)
        delete_folder_of_model(final)
        unfinished.rename(final)
        sync_folder(final.parent, files=False)
    for step in steps_saved(output)[keep:]:
        delete_folder_of_model(folder_of(output, step))
    _delete_unfinished(output)


@contextmanager
def writing(output: Path, step: int) -> Iterator[None]:
    """Name the checkpoint of this step in errors of the disk inside the block.

    Raises:
        TrainingError: the disk is full or cannot be written to.
    """
    try:
        yield
    except (OSError, TrainingError, SafetensorError) as error:
        where = folder_of(output, step)
        raise TrainingError(f"{where}: cannot be written: {error}; make room, then start again") from error


def keep_until(output: Path, step: int) -> None:
    """Delete the checkpoints of later steps: a training run that resumes from this one writes its own."""
    for later in steps_saved(output):
        if later > step:
            delete_folder_of_model(folder_of(output, later))


def clear(output: Path) -> None:
    """Delete all checkpoints; what else stands beside them stays."""
    for step in steps_saved(output):
        delete_folder_of_model(folder_of(output, step))
    _delete_unfinished(output)
    remove_if_empty(output / "checkpoints")


def _delete_unfinished(output: Path) -> None:
    for path in (output / "checkpoints").glob("step-*.new"):
        delete_folder_of_model(path)


def _problem(folder: Path) -> Path | None:
    """The file that is damaged or missing."""
    try:
        values = read_sealed(folder / MANIFEST, TrainingError)
        Checkpoint(**_without_digests(values))
        for name, digest in values["digests"].items():
            if not (folder / name).is_file() or file_digest(folder / name, TrainingError) != digest:
                return folder / name
    except (TrainingError, TypeError, KeyError):
        return folder / MANIFEST
    return None


def _without_digests(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "digests"}

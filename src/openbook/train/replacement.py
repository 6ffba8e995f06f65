"""A training run that replaces another (`--overwrite`): it trains beside it until it is complete.

It stands in `OUTPUT/replacement/`, a training run's folder like any other. Its config.json, which comes last,
says that it is complete. Then the older run's files are deleted and its own are moved, config.json last; a
kill in between is noticed by what is left there, and the next command continues.
"""

from pathlib import Path

from openbook.durable import replace_file, sync_folder
from openbook.train import checkpoints, run_files

_MOVING = "moving"
"""A file that is there once the older run's files are deleted."""


def replacement_of(output: Path) -> Path:
    """Where the training run stands that will replace the one in this folder."""
    return output / run_files.REPLACEMENT


def is_needed(output: Path) -> bool:
    """Whether there is something to keep until another training run is complete."""
    return (output / run_files.CONFIG).exists() or bool(checkpoints.steps_saved(output))


def move_if_complete(output: Path) -> None:
    """Put a complete replacement in the place of what it replaces.

    Raises:
        OSError: a file cannot be moved; the next call continues.
    """
    new = replacement_of(output)
    if run_files.recorded(output) is None or run_files.recorded(new) is None:
        return
    if (new / run_files.CONFIG).exists():
        _move(new, output)
        discard(output)
    elif (new / _MOVING).exists():  # everything was moved before a kill
        discard(output)


def _move(new: Path, output: Path) -> None:
    if not (new / _MOVING).exists():
        checkpoints.clear(output)
        run_files.delete_folder_of_model(output / run_files.UNFINISHED_MODEL)
        run_files.delete_events(output)
        run_files.delete_model(output)
        (new / _MOVING).touch()
    replace_file(output / run_files.RECIPE, (new / run_files.RECIPE).read_bytes())
    events = sorted((new / "tensorboard").glob("events.out.tfevents*"))
    if events:
        (output / "tensorboard").mkdir(exist_ok=True)
    for path in events:
        path.replace(output / "tensorboard" / path.name)
    for name in ("metrics.jsonl", *reversed(run_files.MODEL)):
        if (new / name).exists():
            (new / name).replace(output / name)
    sync_folder(output, files=False)


def discard(output: Path) -> None:
    """Delete a replacement: complete and moved, or of another recipe."""
    new = replacement_of(output)
    checkpoints.clear(new)
    run_files.delete_folder_of_model(new / run_files.UNFINISHED_MODEL)
    run_files.delete_events(new)
    run_files.delete_model(new)
    for name in (_MOVING, f"{run_files.RECIPE}.new", run_files.RECIPE):
        (new / name).unlink(missing_ok=True)
    run_files.remove_if_empty(new)

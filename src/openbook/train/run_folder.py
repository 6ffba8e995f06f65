"""The folder of a training run: what it may begin or resume, and in the end a model, complete or absent."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from safetensors import SafetensorError
from torch import Tensor

from openbook.database import Version
from openbook.durable import naming_errors, replace_file, sync_folder
from openbook.errors import MismatchError, OpenbookError, TrainingError
from openbook.lock import take_lock
from openbook.model import RetroForCausalLM
from openbook.train import checkpoints, distributed, replacement, run_files, state_dicts
from openbook.train.checkpoints import Checkpoint
from openbook.train.comparison import description, differences, from_weights, other_model
from openbook.train.recipe import Recipe

Note = Callable[[str], None]
"""Called with a sentence that is worth knowing."""

_NEW, _DONE = -1, -2


@dataclass(frozen=True, slots=True)
class Begun:
    """A training run's folder that is ready."""

    folder: Path
    """Where it trains: the output, or beside what it is to replace there."""
    checkpoint: Checkpoint | None
    """The one to resume from."""
    is_complete: bool


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Hold the folder for one training run, which may be of many processes; it is made if needed.

    Raises:
        TrainingError: it cannot be made, another training run holds it, or a process on another machine does
            not see it.
    """
    held = []

    def take() -> None:
        with naming_errors(output, TrainingError):
            output.mkdir(parents=True, exist_ok=True)
        held.append(take_lock(output / run_files.LOCK, TrainingError))

    distributed.in_first(take)
    try:
        _require_shared(output)
        yield
    finally:
        for lock in held:
            lock.release()


def _require_shared(output: Path) -> None:
    """Refuse a folder that is another one on another node: checkpoints there would be nobody's."""
    if distributed.world_size() == 1:
        return
    lock = output / run_files.LOCK
    sign = distributed.gathered(uuid4().hex)[0]
    distributed.in_first(lambda: lock.write_text(sign, "utf-8"))
    sees = lock.is_file() and lock.read_text("utf-8") == sign
    for host, seen in distributed.gathered((socket.gethostname(), sees)):
        if not seen:
            raise TrainingError(
                f"{output}: {host} does not see there what the first process writes; choose an --output on a "
                "file system that all nodes share, by the same path"
            )


def begin(
    output: Path,
    recipe: Recipe,
    trained_on: dict[str, Any],
    database: Version,
    *,
    overwrite: bool,
    note: Note,
) -> Begun:
    """Look at what the folder holds, and make it ready; all processes must call it, inside `locked`.

    Args:
        output: the folder.
        recipe: of the training run.
        trained_on: see `fingerprints`.
        database: that it names.
        overwrite: train beside what the folder holds, to replace it in the end.
        note: called with a sentence for what is worth knowing: damaged checkpoints, where it resumes.

    Returns:
        where to train, and from which checkpoint, or that all is done.

    Raises:
        SettingsError: it holds another model, or what no training run has written.
        MismatchError: it holds an unfinished training run of another recipe or database.
        TrainingError: all its checkpoints are damaged.
    """
    now = description(recipe, trained_on)

    def look() -> int:
        run_files.require_output(output)
        replacement.move_if_complete(output)
        return int(overwrite and replacement.is_needed(output))

    folder = replacement.replacement_of(output) if distributed.in_first(look) else output

    def prepare() -> int:
        if folder != output:
            _clear_for(output, now)
            note(f"{output}: stays as it is until the training run in {folder} is complete and replaces it")
        return _prepare(folder, now, database, note)

    step = distributed.in_first(prepare)
    return Begun(folder, checkpoints.read(folder, step) if step > 0 else None, step == _DONE)


def finish(output: Path, model: RetroForCausalLM, weights: dict[str, Tensor], database: Version) -> None:
    """Put the model into the folder; config.json comes last and says that it is complete.

    Args:
        output: the folder; its checkpoints are deleted then.
        model: whose configuration is written.
        weights: those to save, by name, whole and not in shards.
        database: whose tokenizer is saved beside them.

    Raises:
        TrainingError: the disk is full or cannot be written to.
    """

    def write(folder: Path) -> None:
        database.tokenizer.save(folder)
        state_dicts.save_model(model, weights, folder)

    put_model(output, write, TrainingError)
    checkpoints.clear(output)


def put_model(output: Path, write: Callable[[Path], None], error: type[OpenbookError]) -> None:
    """Put a model into a folder, complete or absent: config.json, which says that it is there, comes last.

    Args:
        output: a folder that is there; files of a model in it are replaced.
        write: writes the files of a model into the folder that it is called with.
        error: what to raise where the disk is full or cannot be written to.
    """
    unfinished = output / run_files.UNFINISHED_MODEL
    try:
        run_files.delete_folder_of_model(unfinished)
        unfinished.mkdir()
        write(unfinished)
        sync_folder(unfinished)
        for path in sorted(unfinished.iterdir(), key=lambda path: path.name == run_files.CONFIG):
            path.replace(output / path.name)
        sync_folder(output, files=False)
    except (OSError, SafetensorError) as problem:
        raise error(f"{output}: the model cannot be written: {problem}; make room, start again") from problem
    run_files.delete_folder_of_model(unfinished)


def _clear_for(output: Path, now: dict[str, Any]) -> None:
    """Keep a replacement that this training run can resume; delete any other."""
    new = replacement.replacement_of(output)
    run_files.require_output(new)
    before = run_files.recorded(new)
    if before is None:
        return
    try:
        is_other = any(differences(before, now))
        checkpoints.newest(new, lambda text: None)
    except TrainingError:  # all are damaged
        is_other = True
    if is_other:
        replacement.discard(output)


def _prepare(output: Path, now: dict[str, Any], database: Version, note: Note) -> int:
    """Make the folder ready; returns the step of the checkpoint to resume from, or `_NEW`, or `_DONE`."""
    if (output / run_files.CONFIG).exists():
        before = run_files.recorded(output)
        has_weights = (output / run_files.WEIGHTS).exists()
        if before is None or not has_weights or any(differences(before, now)):
            raise other_model(output)
        checkpoints.clear(output)  # this training run was interrupted when it had nothing else left to do
        note(f"{output}: the model was complete already")
        return _DONE
    step = checkpoints.newest(output, note)
    if step is not None:
        checkpoint = checkpoints.read(output, step)
        _require_same(output, checkpoint, now, database)
        checkpoints.keep_until(output, step)
        note(f"{output}: resumes from step {step} of {now['train']['max_steps']}")
        return step
    output.mkdir(parents=True, exist_ok=True)
    replace_file(output / run_files.RECIPE, (json.dumps(now, indent=2) + "\n").encode())
    return _NEW


def _require_same(output: Path, checkpoint: Checkpoint, now: dict[str, Any], database: Version) -> None:
    """Name the first thing that differs."""
    before = checkpoint.recipe | {"trained_on": checkpoint.trained_on}
    for what, old, new in differences(before, now):
        raise MismatchError(
            f"{output}: holds a training run that stopped at step {checkpoint.step}, with {what} {old!r}; "
            f"now it is {new!r}: {_ways_on(output, checkpoint, what, database)}, or start again from scratch "
            "with --overwrite"
        )


def _ways_on(output: Path, checkpoint: Checkpoint, what: str, database: Version) -> str:
    """What can be done where this differs, besides starting again."""
    resume = "give what it began with to resume it"
    if not what.startswith("the database's ") or what.endswith("tokenizer"):
        return f"{resume}, or choose another --output"
    # The weights fit any database of this tokenizer.
    weights = f"go on from its weights with {from_weights(checkpoints.folder_of(output, checkpoint.step))}"
    began = checkpoint.trained_on
    if database.version > began["version"] and database.catalog.history(began["version"]) == began["history"]:
        return weights  # a version that this database had cannot be brought back
    return f"{resume}, {weights}"

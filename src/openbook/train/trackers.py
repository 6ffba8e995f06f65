"""Trackers: TensorBoard, wandb, mlflow and others, which show the numbers of metrics.jsonl.

They are accelerate's; `train.trackers` names them. TensorBoard's files stand in the folder of the training
run, a service is set up by its own environment variables (WANDB_MODE, MLFLOW_TRACKING_URI and the like).
"""

import warnings
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from openbook.errors import MissingExtraError, OpenbookWarning, TrainingError, one_line
from openbook.train.run_files import delete_events

PACKAGES = {
    "aim": "aim",
    "clearml": "clearml",
    "comet_ml": "comet_ml",
    "dvclive": "dvclive",
    "mlflow": "mlflow",
    "swanlab": "swanlab",
    "tensorboard": "tensorboardX",
    "trackio": "trackio",
    "wandb": "wandb",
}
"""What to install for each."""

_PROJECT = "openbook"
_RUN_NAME = {"mlflow": "run_name", "trackio": "name", "wandb": "name"}
"""The argument that names the run, where there is one; it gets the name of the folder."""


def require_packages(names: Iterable[str]) -> None:
    """Look whether the packages of these trackers are there at all, before torch is loaded.

    Raises:
        MissingExtraError: with the line that installs it.
    """
    for name in names:
        if name != "tensorboard" and find_spec(PACKAGES[name]) is None:  # which others can bring, too
            raise MissingExtraError(_to_install(name))


def require_trackers(names: Iterable[str]) -> None:
    """Look whether the packages of these trackers are installed.

    Raises:
        MissingExtraError: with the line that installs it.
    """
    from accelerate.tracking import get_available_trackers

    available = {str(name) for name in get_available_trackers()}
    for name in names:
        if name not in available:
            raise MissingExtraError(_to_install(name))


def _to_install(name: str) -> str:
    return f"train.trackers: {name} is not installed; pip install {PACKAGES[name]}, or leave it out"


def start_trackers(names: Iterable[str], output: Path, *, step: int, recipe: Mapping[str, Any]) -> list[Any]:
    """Start trackers, in the first process alone.

    Args:
        names: keys of `PACKAGES`.
        output: folder of the training run.
        step: the one that the run resumes after; 0: it begins, and TensorBoard's older files are deleted.
        recipe: the whole of it, which services show beside the numbers.

    Raises:
        TrainingError: one cannot be started: nobody is logged in, a server is not reached.
    """
    trackers: list[Any] = []
    for name in names:
        try:
            tracker = _tensorboard(output, step) if name == "tensorboard" else _service(name, output)
            tracker.start()
            trackers.append(tracker)
            if name != "tensorboard":
                tracker.store_init_configuration(_flat(recipe))
        except Exception as error:  # whatever their packages raise
            finish_trackers(trackers)
            raise TrainingError(
                f"train.trackers: {name} cannot be started: {one_line(error)}; set it up, or leave it out"
            ) from error
    return trackers


def finish_trackers(trackers: Iterable[Any]) -> None:
    """Bring what they were given to where they keep it; one that fails is a warning, for a model is there."""
    for tracker in trackers:
        try:
            tracker.finish()
        except Exception as error:  # noqa: BLE001 - whatever their packages raise
            warnings.warn(
                f"the tracker {tracker.name} has not kept all: {one_line(error)}",
                OpenbookWarning,
                stacklevel=2,
            )


def _tensorboard(output: Path, step: int) -> Any:
    """TensorBoard's files are never rewritten: it hides events of later steps when it reads the new file."""
    from accelerate.tracking import TensorBoardTracker

    if not step:
        delete_events(output)
    # A file's name holds seconds only, hence the suffix.
    purged = step + 1 if step else None
    return TensorBoardTracker("tensorboard", output, purge_step=purged, filename_suffix=f".{step}")


def _service(name: str, output: Path) -> Any:
    from accelerate.tracking import LOGGER_TYPE_TO_CLASS

    tracker_class = LOGGER_TYPE_TO_CLASS[name]
    options = {_RUN_NAME[name]: output.name} if name in _RUN_NAME else {}
    if tracker_class.requires_logging_directory:
        return tracker_class(_PROJECT, output / name, **options)
    return tracker_class(_PROJECT, **options)


def _flat(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """{"name": "tiny", "train": {"seed": 0}} as {"name": "tiny", "train.seed": 0}; lists as text."""
    flat: dict[str, Any] = {}
    for section, value in recipe.items():
        if isinstance(value, Mapping):
            flat |= {f"{section}.{key}": item for key, item in value.items()}
        else:
            flat[section] = value
    return {key: str(value) if isinstance(value, list | tuple) else value for key, value in flat.items()}

"""`openbook train --ray`: the training run that Ray Train starts."""

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.lost_cluster import end_at_once
from openbook.cli.options.cluster_options import check_cluster_options
from openbook.errors import SettingsError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from openbook.database import Version
    from openbook.progress import Progress
    from openbook.train import Recipe, TrainingSize, TrainResult
    from openbook.train.metrics_file import Report
    from openbook.train.run_folder import Note


def training_function(ray: str | None, workers: int | None) -> "Callable[..., TrainResult] | None":
    """What trains in place of `openbook.train.train`: calls it, with its arguments, in Ray's workers.

    Returns:
        None: without Ray nothing does.

    Raises:
        SettingsError: workers without Ray.
        MissingExtraError: Ray is asked for and not installed.
    """
    check_cluster_options(ray, workers=workers)
    return None if ray is None else partial(_train_on_ray, ray, workers)


def _train_on_ray(
    ray: str,
    workers: int | None,
    recipe: "Recipe",
    database: "Version",
    output: Path,
    *,
    base: "PreTrainedModel | None" = None,
    overwrite: bool = False,
    progress: "Progress",
    report: "Report",
    note: "Note",
    begins: "Callable[[TrainingSize], None]",
    stop: Callable[[], bool],
) -> "TrainResult":
    from openbook.cluster.ray_session import connected
    from openbook.cluster.training_job import Listener, TrainingJob, train_on_ray

    if base is not None:
        raise SettingsError("--ray: a retrofit is trained under torchrun; leave --ray out")
    job = TrainingJob(
        recipe=recipe, database=database, output=output, overwrite=overwrite, folder=str(Path.cwd())
    )
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with connected(ray, on_lost=end_at_once) as session:
        for number, handler in handlers.items():
            signal.signal(
                number, handler
            )  # Ray has put its own in their place, which end the command at once
        asked = workers or max(1, session.resource("GPU"))
        listener = Listener(progress=progress, report=report, note=note, begins=begins, stop=stop)
        return train_on_ray(session, job, listener, workers=asked)

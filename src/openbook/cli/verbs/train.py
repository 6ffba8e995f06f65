"""The verb `train`, and a training run with its bar and its signals, for all that train."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from openbook.cli.console import bar, note
from openbook.cli.options import (
    Json,
    ModelFolder,
    Overwrite,
    PlainDecoder,
    RecipeArgument,
    Settings,
    TrainingDatabase,
)
from openbook.cli.output import note_step, print_trained
from openbook.cli.signals import stop_on_signals
from openbook.errors import TrainingStoppedError
from openbook.progress import silent

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from openbook.database import Version
    from openbook.train import Recipe


def train(
    recipe: RecipeArgument,
    database: TrainingDatabase,
    output: ModelFolder,
    settings: Settings = None,
    baseline: PlainDecoder = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Train a model on a database; the same command resumes an interrupted training run.

    With several GPUs: torchrun --nproc-per-node 8 -m openbook train ...

    Example: openbook train tiny --database mybook --output mymodel --set train.max_steps=500
    """
    from openbook.database import Version
    from openbook.train import load_recipe

    loaded = load_recipe(recipe, settings or [])
    if baseline:
        loaded = loaded.without_retrieval()
    raise typer.Exit(run_training(loaded, Version.open(database), output, overwrite=overwrite, json=json))


def run_training(
    recipe: "Recipe",
    database: "Version",
    output: Path,
    *,
    base: "PreTrainedModel | None" = None,
    overwrite: bool = False,
    json: bool = False,
) -> int:
    """Train until the end or a signal, and print what was made; under torchrun the first process prints.

    Args:
        recipe: what to train, and how.
        database: to train on.
        output: folder of the model.
        base: a model of transformers to retrofit; None: the recipe's own decoder is trained.
        overwrite: replace what the folder holds.
        json: print one JSON value.

    Returns:
        The exit code: 0 done, 128 + signal stopped by one.
    """
    from openbook.train import train as run
    from openbook.train.distributed import is_first

    drawn = bar("training", recipe.train.max_steps) if is_first() else nullcontext(silent)
    with stop_on_signals() as stop:
        try:
            with drawn as progress:
                result = run(
                    recipe,
                    database,
                    output,
                    base=base,
                    overwrite=overwrite,
                    progress=progress,
                    report=note_step,
                    note=note,
                    stop=stop,
                )
        except TrainingStoppedError as stopped:
            if is_first():
                note(str(stopped))
            return stop.exit_code
    if is_first():
        print_trained(result, json=json)
    return 0

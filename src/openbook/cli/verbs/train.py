"""The verb `train`, and a training run with its bar and its signals, for all that train."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.bars import Bars, bar
from openbook.cli.console import note
from openbook.cli.options.cluster_options import Ray, TrainingWorkers
from openbook.cli.options.shared_options import Json
from openbook.cli.options.training_options import (
    ModelFolder,
    Overwrite,
    PlainDecoder,
    Questions,
    RecipeArgument,
    Settings,
    TrainingDatabase,
)
from openbook.cli.output import print_trained
from openbook.cli.signals import StoppedInOrderError, stop_on_signals
from openbook.cli.training_notes import note_size, note_step
from openbook.cli.training_questions import require_questions, with_questions
from openbook.cli.training_workers import training_function
from openbook.errors import TrainingStoppedError
from openbook.progress import silent

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from openbook.database import Version
    from openbook.train import Recipe, TrainResult


def train(
    recipe: RecipeArgument,
    database: TrainingDatabase,
    output: ModelFolder,
    questions: Questions = None,
    settings: Settings = None,
    baseline: PlainDecoder = False,
    overwrite: Overwrite = False,
    ray: Ray = None,
    workers: TrainingWorkers = None,
    json: Json = False,
) -> None:
    """Train a model on a database; the same command resumes an interrupted training run.

    tiny takes minutes on two cores and wants a megabyte of text or more (it reads 2 million tokens); small
    an hour or so and tens of megabytes (16 million tokens); medium hours on a GPU and gigabytes; 172m,
    425m, 1.5b, 7.5b and wikitext103 are the paper's models, for one GPU or many. tiny and small show that
    retrieval helps; what they write is nonsense in the manner of the text. In the folder are then the
    model, its tokenizer, recipe.json, and metrics.jsonl with the losses.

    With several GPUs: torchrun --nproc-per-node 8 -m openbook train ...; on several machines that share the
    model's folder, torchrun --nnodes 4 --nproc-per-node 8 --rdzv-backend c10d --rdzv-endpoint HOST:29500 on
    each. 1.5b wants 8 GPUs of 80 GB in one machine and takes 23 days, 7.5b 32 in four machines and 26 days
    (docs/scale.md). --ray starts the processes on a Ray cluster instead, to the same result.

    With --questions it learns to answer them from what they find in the database, or in the rows; with
    --set questions.text_every=3 every third step learns the database's text, which needs its neighbors.

    Example: openbook train tiny --database mybook --output mymodel --set train.max_steps=500
    """
    from openbook.database import Version
    from openbook.train import load_recipe
    from openbook.train.model_settings import require_settings

    loaded = with_questions(load_recipe(recipe, settings or []), questions)
    if baseline:
        loaded = loaded.without_retrieval()
    require_settings(loaded, retrofits=False)
    run = training_function(ray, workers)
    require_questions(loaded)
    opened = Version.open(database)
    require_place(loaded, opened, output, overwrite=overwrite)
    end(run_training(loaded, opened, output, overwrite=overwrite, json=json, run=run))


def end(code: int) -> None:
    """End a command with the exit code of its training run; where a signal stopped it, that was said."""
    if code:
        raise StoppedInOrderError(code)


def require_place(
    recipe: "Recipe", database: "Version", output: Path, *, base: str | None = None, overwrite: bool
) -> None:
    """Refuse a folder that the model cannot be written to, before anything heavy is loaded.

    Args:
        recipe: what to train.
        database: to train on.
        output: folder of the model.
        base: folder or name of the model that is retrofitted; None: there is none.
        overwrite: replace what the folder holds.

    Raises:
        SettingsError: it holds another model, or what no training run has written; or samples that the
            database cannot give.
        MissingExtraError: a tracker's package is not installed.
        MismatchError: the database's neighbor table is stale.
        DatabaseError: there is no neighbor table, or nothing to learn.
    """
    from openbook.database import NeighborTable
    from openbook.train.comparison import fingerprints, refuse_other_model
    from openbook.train.model_settings import require_samples
    from openbook.train.run_files import require_output
    from openbook.train.trackers import require_packages

    require_output(output, start_from=recipe.train.start_from, base=base)
    require_packages(recipe.train.trackers)
    table = NeighborTable.load(database) if recipe.reads_table else None
    require_samples(recipe, database, table, retrofits=base is not None)
    if not overwrite:
        refuse_other_model(output, recipe, fingerprints(database, table))


def run_training(
    recipe: "Recipe",
    database: "Version",
    output: Path,
    *,
    base: "PreTrainedModel | None" = None,
    overwrite: bool = False,
    json: bool = False,
    run: "Callable[..., TrainResult] | None" = None,
) -> int:
    """Train until the end or a signal, and print what was made; under torchrun the first process prints.

    Args:
        recipe: what to train, and how.
        database: to train on.
        output: folder of the model.
        base: a model of transformers to retrofit; None: the recipe's own decoder is trained.
        overwrite: replace what the folder holds.
        json: print one JSON value.
        run: trains, with the arguments of `openbook.train.train`; None: that.

    Returns:
        The exit code: 0 done, 128 + signal stopped by one.
    """
    from openbook.train import train as here
    from openbook.train.distributed import is_first

    run = run or here
    drawn = bar("training", recipe.train.max_steps) if is_first() else nullcontext(silent)
    with stop_on_signals(note if is_first() else lambda text: None) as stop:
        try:
            with drawn as progress:
                shown = progress if isinstance(progress, Bars) else None
                result = run(
                    recipe,
                    database,
                    output,
                    base=base,
                    overwrite=overwrite,
                    progress=progress,
                    report=partial(note_step, steps=recipe.train.max_steps, bar=shown),
                    note=note,
                    begins=note_size,
                    stop=stop,
                )
        except TrainingStoppedError as stopped:
            if is_first():
                note(str(stopped))
            return stop.exit_code
    if is_first():
        print_trained(result, json=json)
    return 0

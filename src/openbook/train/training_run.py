"""Training a RETRO on a database: begin or go on, evaluate, save, finish."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, set_seed

from openbook.database import Database, NeighborTable, SequenceDataset, Version
from openbook.errors import TrainingStoppedError
from openbook.evaluate import EvaluationOptions, Evaluator, evaluate_perplexity
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import RetrofitConfig
from openbook.progress import Progress, silent
from openbook.train import checkpoints, distributed, state_dicts
from openbook.train.callbacks import Reporter, Timetable
from openbook.train.fsdp import shard
from openbook.train.initialize import freeze_decoder, new_model, take_weights
from openbook.train.loop import Hooks, TrainingLoop, training_arguments
from openbook.train.metrics_file import MetricsFile, Report
from openbook.train.recipe import Recipe
from openbook.train.run_folder import Tell, begin, fingerprints, finish
from openbook.train.sample_order import TrainingOrder


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a training made."""

    output: Path
    """A folder with the model, its tokenizer, recipe.json, metrics.jsonl and tensorboard/."""
    steps: int
    tokens: int
    """Positions trained on, filling included."""
    seconds: float
    """Of this call; less than the whole where it went on from a checkpoint."""
    parameters: int
    """Those that are saved: of a retrofit the new ones."""


def train(
    recipe: Recipe,
    database: Database | Version,
    output: str | Path,
    *,
    base: PreTrainedModel | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    report: Report = lambda row: None,
    tell: Tell = lambda text: None,
    stop: Callable[[], bool] = lambda: False,
) -> TrainResult:
    """Train a model and save it; go on where an interrupted training of the same recipe stopped.

    Under torchrun every process calls this; the first one writes and reports.

    Args:
        recipe: what to train, and how.
        database: read throughout in the version that it reads now, with a neighbor table of that, unless the
            recipe goes without retrieval.
        output: a folder; made if needed.
        base: a causal language model of transformers to retrofit, see `openbook.retrofit`; the recipe's model
            section then has settings of what is added. None: the recipe's own decoder is trained.
        overwrite: replace a model, or an unfinished training, that the folder holds.
        progress: told of each step.
        report: told of each line of metrics.jsonl.
        tell: told what is worth knowing: where the training goes on, what is left out.
        stop: asked after each step whether to save a checkpoint and stop.

    Raises:
        SettingsError: the folder holds a model, or the recipe does not fit the database or the base.
        MismatchError: the neighbor table is stale, or the folder's unfinished training is another's.
        DatabaseError: there is no neighbor table.
        TrainingError: the loss is no number any more, or checkpoints are damaged or cannot be written.
        TrainingStoppedError: `stop` said so; a checkpoint is there.
    """
    began = time.monotonic()
    folder, settings = Path(output), recipe.train
    distributed.join()
    tell = tell if distributed.is_first() else lambda text: None
    database = database.opened
    table = NeighborTable.load(database) if recipe.data.num_neighbors else None
    samples = _samples(recipe, database, table)
    training_arguments(settings, folder)  # refuses settings before anything is written
    set_seed(settings.seed)
    model = new_model(recipe, database, base)
    if settings.start_from is not None and (overwrite or not checkpoints.steps_saved(folder)):
        take_weights(model, Path(settings.start_from))
    if settings.freeze_decoder:
        freeze_decoder(model, recipe)
    trained_on = fingerprints(database, table)
    if isinstance(model.config, RetrofitConfig):
        trained_on["base"] = model.config.base_fingerprint or model.config.base_core_fingerprint
        trained_on["base's loading"] = model.config.base_loading
    start, done = begin(folder, recipe, trained_on, overwrite=overwrite, tell=tell)
    parameters = sum(weight.numel() for name, weight in model.named_parameters() if model.stores(name))
    if not done:
        metrics = _metrics(recipe, folder, start, report) if distributed.is_first() else None
        run = _Run(recipe, database, table, folder, trained_on, start, metrics)
        try:
            run.train(model, samples, progress=progress, tell=tell, stop=stop)
        finally:
            if metrics is not None:
                metrics.close()
    tokens = settings.max_steps * settings.step_size * recipe.data.sequence_length
    seconds = round(time.monotonic() - began, 1)
    return TrainResult(folder, settings.max_steps, tokens, seconds, parameters)


@dataclass(frozen=True)
class _Run:
    """One call's part of a training."""

    recipe: Recipe
    database: Version
    table: NeighborTable | None
    folder: Path
    trained_on: dict[str, Any]
    start: checkpoints.Saved | None
    metrics: MetricsFile | None
    """In the first process."""

    def train(
        self,
        model: RetroForCausalLM,
        samples: SequenceDataset,
        *,
        progress: Progress,
        tell: Tell,
        stop: Callable[[], bool],
    ) -> None:
        """Take the steps that are left, and save the model."""
        settings = self.recipe.train
        evaluates = bool(self.database.layout.holdout.any())
        if settings.eval_every and not evaluates:
            tell("no document is held out, so nothing is evaluated during the training")
        timetable = Timetable(settings, evaluates=evaluates, stop=stop)
        loop = self._loop(model, samples)
        loop.add_callback(timetable)
        if self.metrics is not None:
            loop.add_callback(Reporter(self.metrics, progress))
        loop.train()
        if timetable.stopped:
            step = loop.state.global_step
            raise TrainingStoppedError(
                f"stopped at step {step} of {settings.max_steps}, which "
                f"{checkpoints.folder_of(self.folder, step)} holds; the same command goes on from there"
            )
        weights = state_dicts.weights_of(model)
        distributed.in_first(lambda: finish(self.folder, model, weights, self.database))

    def _loop(self, model: RetroForCausalLM, samples: SequenceDataset) -> TrainingLoop:
        settings = self.recipe.train
        if settings.gradient_checkpointing:
            model.activation_checkpointing_enable()
        if settings.fsdp and distributed.world_size() > 1:
            shard(model)
        first = (self.start.step if self.start else 0) * settings.step_size
        last = settings.max_steps * settings.step_size
        order = TrainingOrder(samples, settings.seed, settings.retrieval_dropout, first=first, last=last)
        hooks = Hooks(evaluate=lambda: self._bits_per_byte(model), save=self._save)
        return TrainingLoop(model, settings, order, self.folder, hooks=hooks, start=self.start)

    def _save(self, loop: TrainingLoop) -> None:
        """Write a checkpoint of this moment."""
        weights = state_dicts.weights_of(loop.network)
        tensors, groups = state_dicts.optimizer_state(loop.network, loop.adam)
        saved = loop.saved(asdict(self.recipe), self.trained_on, groups)

        def files(folder: Path) -> None:
            state_dicts.save_model(loop.network, weights, folder)
            state_dicts.save_tensors(tensors, folder / "optimizer.safetensors")

        def write() -> None:
            assert self.metrics is not None
            self.metrics.sync()
            checkpoints.write(self.folder, saved, files, keep=self.recipe.train.keep_checkpoints)

        distributed.in_first(write)

    def _bits_per_byte(self, model: RetroForCausalLM) -> dict[str, float]:
        """Every process reads the same sequences: sharded weights need all of them at each step."""
        options = EvaluationOptions(
            sequence_length=self.recipe.data.sequence_length,
            batch_size=max(1, self.recipe.train.batch_size // distributed.world_size()),
            max_sequences=self.recipe.train.eval_sequences,
        )
        evaluator = Evaluator(model, self.database, self.table, options=options)
        modes = ("off",) if self.table is None else ("on", "off", "random")
        report = evaluate_perplexity(evaluator, modes)
        return {mode: round(result.bits_per_byte, 4) for mode, result in report.modes.items()}


def _samples(recipe: Recipe, database: Version, table: NeighborTable | None) -> SequenceDataset:
    length = recipe.data.sequence_length
    if table is None:
        return SequenceDataset(database, "train", length)
    neighbors = table.first(recipe.data.num_neighbors)
    return SequenceDataset(database, "train", length, neighbors, book=table.book)


def _metrics(recipe: Recipe, output: Path, start: checkpoints.Saved | None, report: Report) -> MetricsFile:
    tokens = recipe.train.step_size * recipe.data.sequence_length
    return MetricsFile(output, step=start.step if start else 0, tokens_per_step=tokens, report=report)

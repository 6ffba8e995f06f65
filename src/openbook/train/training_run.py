"""A training run on a database: begin or resume, evaluate, save, finish."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, set_seed

from openbook.database import Database, NeighborTable, Version
from openbook.errors import TrainingStoppedError, type_error
from openbook.evaluate import EvaluationOptions, Evaluator, evaluate_perplexity
from openbook.evaluate.answering.answerer import Answerer
from openbook.given import opened
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import RetrofitConfig
from openbook.progress import Progress, silent, stage
from openbook.train import checkpoints, distributed, sharded_checkpoints, state_dicts
from openbook.train.checkpoints import Checkpoint
from openbook.train.comparison import description, fingerprints
from openbook.train.fsdp import is_sharded, shard
from openbook.train.initialize import copy_weights, freeze_decoder, new_model
from openbook.train.loop import Hooks, TrainingLoop, check_machine
from openbook.train.metrics_file import MetricsFile, Report
from openbook.train.model_settings import require_what_trains
from openbook.train.question_evaluation import exact_matches
from openbook.train.recipe import Recipe
from openbook.train.replacement import move_if_complete
from openbook.train.run_files import require_output
from openbook.train.run_folder import Note, begin, finish, locked
from openbook.train.trackers import require_trackers, start_trackers
from openbook.train.training_data import TrainingData, fingerprint_of, load_data, question_chat


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSize:
    """What a training run is about to do."""

    parameters: int
    """Those that are saved: of a retrofit the new ones."""
    samples: int
    """Sequences, or questions, that there are."""
    sequence_length: int
    """Tokens of each."""
    steps: int
    step_size: int
    """Sequences that a step reads."""
    epochs: float
    """How often all of the steps together read each of these samples."""

    @classmethod
    def of(cls, recipe: Recipe, *, parameters: int, samples: int) -> "TrainingSize":
        """That of this recipe, for so many parameters and samples."""
        settings = recipe.train
        steps = settings.max_steps
        if recipe.questions.file is not None:  # the samples are questions, and the other steps read none
            steps = recipe.question_steps(steps)
        return cls(
            parameters=parameters,
            samples=samples,
            sequence_length=recipe.sample_length,
            steps=settings.max_steps,
            step_size=settings.step_size,
            epochs=steps * settings.step_size / samples,
        )


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a training run made."""

    output: Path
    """A folder with the model, its tokenizer, recipe.json, metrics.jsonl and tensorboard/."""
    steps: int
    tokens: int
    """Positions trained on, padding included."""
    seconds: float
    """Of this call; less than the whole where it resumed from a checkpoint."""
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
    note: Note = lambda text: None,
    begins: Callable[[TrainingSize], None] = lambda size: None,
    stop: Callable[[], bool] = lambda: False,
) -> TrainResult:
    """Train a model and save it; resume where an interrupted training run of the same recipe stopped.

    Under torchrun every process calls this; the first one writes and reports.

    Args:
        recipe: what to train, and how.
        database: read throughout in the version that it reads now, with a neighbor table of that, unless the
            recipe goes without retrieval.
        output: a folder; made if needed.
        base: a causal language model of transformers to retrofit, see `openbook.retrofit`; the recipe's model
            section then has settings of what is added. None: the recipe's own decoder is trained.
        overwrite: replace a model, or an unfinished training run, that the folder holds, once this one is
            complete.
        progress: called after each step.
        report: called with each line of metrics.jsonl.
        note: called with what is worth knowing: which step the training run resumes from, what is left out.
        begins: called before the first step with what is about to be trained, and on how much; not where all
            is done already.
        stop: called after each step: whether to save a checkpoint and stop.

    Raises:
        SettingsError: the folder holds another model, is the base, `start_from` or a database, or holds what
            no training run has written; or the recipe does not fit the database or the base.
        MissingExtraError: a tracker's package is not installed.
        MismatchError: the neighbor table is stale, or the folder's unfinished training run is another's.
        DatabaseError: there is no neighbor table.
        TrainingError: another training run writes to the folder; the loss is not finite; memory ran out;
            checkpoints are damaged or cannot be written; another process is gone, or sees another folder.
        TrainingStoppedError: `stop` asked for it; a checkpoint is there.
        TypeError: the name of a recipe or a base, or the path of a database, in place of it.
    """
    began = time.monotonic()
    _require_kinds(recipe, base)
    database = opened(database)
    folder, settings = Path(output), recipe.train
    require_what_trains(recipe, retrofits=base is not None)
    distributed.join()
    distributed.in_first(partial(_require_output, folder, recipe, base))
    note = note if distributed.is_first() else lambda text: None
    chat = question_chat(recipe, database, base)
    table = NeighborTable.load(database) if recipe.reads_table else None
    asking = silent if chat is None else stage(progress, "asking")
    data = load_data(recipe, database, table, chat, retrofits=base is not None, note=note, progress=asking)
    # All that can be refused is refused before anything is written.
    check_machine(settings)
    require_trackers(settings.trackers)
    set_seed(settings.seed)
    model = new_model(recipe, database, base, prefix_ids=None if chat is None else chat.prefix_ids)
    if settings.start_from is not None and (overwrite or not checkpoints.steps_saved(folder)):
        copy_weights(model, Path(settings.start_from))
    if settings.freeze_decoder:
        freeze_decoder(model)
    trained_on = _trained_on(recipe, database, table, model)
    parameters = sum(weight.numel() for name, weight in model.named_parameters() if model.stores(name))
    distributed.require_same(description(recipe, trained_on), "recipe or database")
    with distributed.noticing_lost_processes(), locked(folder):
        begun = begin(folder, recipe, trained_on, database, overwrite=overwrite, note=note)
        if begun.is_complete:
            progress(settings.max_steps, settings.max_steps)
        else:
            if distributed.is_first():
                begins(TrainingSize.of(recipe, parameters=parameters, samples=data.num_samples))
            run = TrainingRun(recipe, database, table, begun.folder, trained_on, begun.checkpoint)
            run.train(model, data, progress=progress, report=report, note=note, stop=stop)
            distributed.in_first(lambda: move_if_complete(folder))
    tokens = recipe.tokens_of(settings.max_steps)
    seconds = round(time.monotonic() - began, 1)
    return TrainResult(folder, settings.max_steps, tokens, seconds, parameters)


def _require_output(folder: Path, recipe: Recipe, base: PreTrainedModel | None) -> None:
    require_output(
        folder, start_from=recipe.train.start_from, base=None if base is None else base.name_or_path
    )


def _trained_on(
    recipe: Recipe, database: Version, table: NeighborTable | None, model: RetroForCausalLM
) -> dict[str, Any]:
    """What a training run that resumes must find as it was."""
    trained_on = fingerprints(database, table)
    if recipe.questions.file is not None:
        trained_on["questions"] = fingerprint_of(recipe.questions.file)
    if isinstance(model.config, RetrofitConfig):
        trained_on["base"] = model.config.base_fingerprint or model.config.base_core_fingerprint
        trained_on["base's loading"] = model.config.base_loading
    return trained_on


def _require_kinds(recipe: Recipe, base: PreTrainedModel | None) -> None:
    if not isinstance(recipe, Recipe):
        raise type_error(recipe, "a Recipe", where="recipe", remedy="give openbook.train.load_recipe(name)")
    if base is not None and not hasattr(base, "name_or_path"):
        remedy = "give openbook.model.retrofitting.load_base(name)"
        raise type_error(base, "a model of transformers", where="base", remedy=remedy)


def _unevaluated(data: TrainingData) -> str:
    """Why there is nothing to evaluate."""
    if data.questions is None:
        return "no document is held out"
    return "no held-out question can be asked" if data.num_held_out else "no question is held out"


@dataclass(frozen=True)
class TrainingRun:
    """The part of a training run that one call does: from the beginning, or from a checkpoint.

    recipe: what to train, and how.
    database: what is read.
    table: its neighbors; None: without retrieval.
    folder: of the training run.
    trained_on: see `fingerprints`.
    start: the checkpoint to resume from; None: from the beginning.
    """

    recipe: Recipe
    database: Version
    table: NeighborTable | None
    folder: Path
    trained_on: dict[str, Any]
    start: Checkpoint | None

    def train(
        self,
        model: RetroForCausalLM,
        data: TrainingData,
        *,
        progress: Progress,
        report: Report,
        note: Note,
        stop: Callable[[], bool],
    ) -> None:
        """Take the steps that are left, and save the model; arguments and errors are those of `train`."""
        settings = self.recipe.train
        evaluates = bool(settings.eval_every) and self._has_held_out(data)
        if settings.eval_every and not evaluates:
            note(f"{_unevaluated(data)}, so nothing is evaluated during training")
        if settings.gradient_checkpointing:
            model.activation_checkpointing_enable()
        if settings.fsdp and distributed.world_size() > 1:
            shard(model)
        with self._metrics(report) as metrics:
            hooks = Hooks(
                write=metrics.write if metrics else lambda step, values: None,
                evaluate=self._evaluation(model, data) if evaluates else None,
                is_evaluated=lambda: metrics is None or metrics.is_evaluated,
                save=lambda loop: self._save(loop, metrics),
                progress=progress if metrics else silent,
                stop=stop,
            )
            order = data.order(self.recipe, first_step=self.start.step if self.start else 0)
            loop = TrainingLoop(model, settings, order, self.folder, hooks)
            if self.start is not None:
                loop.resume(self.start)
            stopped = loop.run()
        if stopped:
            raise TrainingStoppedError(
                f"stopped at step {loop.step} of {settings.max_steps}, which "
                f"{checkpoints.folder_of(self.folder, loop.step)} holds; the same command resumes from there"
            )
        weights = state_dicts.weights_of(model)
        distributed.in_first(lambda: finish(self.folder, model, weights, self.database))

    def _has_held_out(self, data: TrainingData) -> bool:
        has_text = data.text is not None and bool(self.database.layout.holdout.any())
        return has_text or len(data.held_out) > 0

    def _evaluation(self, model: RetroForCausalLM, data: TrainingData) -> Callable[[], dict[str, Any]]:
        """What an evaluation does: bits per byte of held-out text, exact matches of held-out questions."""
        has_text = data.text is not None and self.database.layout.holdout.any()
        evaluator = self._evaluator(model) if has_text else None
        if data.chat is not None:
            Answerer(model, data.chat).require_lengths([item.question.question for item in data.held_out])

        def evaluate() -> dict[str, Any]:
            found: dict[str, Any] = {}
            if evaluator is not None:
                found["bits_per_byte"] = self._bits_per_byte(evaluator)
            if data.held_out:
                assert data.chat is not None
                k, size = self.recipe.data.num_neighbors, self.recipe.train.batch_size
                found["exact_match"] = exact_matches(model, data.chat, data.held_out, k=k, batch_size=size)
            return found

        return evaluate

    @contextmanager
    def _metrics(self, report: Report) -> Iterator[MetricsFile | None]:
        """Open metrics.jsonl and start the trackers in the first process; the others have none."""
        settings = self.recipe.train
        step = self.start.step if self.start else 0
        tokens = self.recipe.tokens_of
        opened: list[MetricsFile] = []

        def open_in_first() -> None:
            trackers = start_trackers(settings.trackers, self.folder, step=step, recipe=asdict(self.recipe))
            opened.append(
                MetricsFile(self.folder, step=step, tokens_of=tokens, report=report, trackers=trackers)
            )

        distributed.in_first(open_in_first)
        try:
            yield opened[0] if opened else None
        finally:
            for metrics in opened:
                metrics.close()

    def _save(self, loop: TrainingLoop, metrics: MetricsFile | None) -> None:
        """Write a checkpoint of this moment; all processes must call it."""
        settings = self.recipe.train

        def sync() -> None:
            assert metrics is not None
            metrics.sync()

        if settings.sharded_checkpoints and is_sharded(loop.network):
            distributed.in_first(sync)
            describe = partial(loop.checkpoint, asdict(self.recipe), self.trained_on)
            sharded_checkpoints.save(self.folder, loop, describe, keep=settings.keep_checkpoints)
            return
        weights = state_dicts.weights_of(loop.network)
        tensors, groups = state_dicts.optimizer_state(loop.network, loop.adam)
        checkpoint = loop.checkpoint(asdict(self.recipe), self.trained_on, groups)

        def files(folder: Path) -> None:
            state_dicts.save_model(loop.network, weights, folder)
            state_dicts.save_tensors(tensors, folder / "optimizer.safetensors")

        def write() -> None:
            sync()
            checkpoints.write(self.folder, checkpoint, files, keep=settings.keep_checkpoints)

        distributed.in_first(write)

    def _evaluator(self, model: RetroForCausalLM) -> Evaluator:
        """Every process reads the same sequences: sharded weights need all of them at each step."""
        settings = self.recipe.train
        options = EvaluationOptions(
            sequence_length=self.recipe.data.sequence_length,
            batch_size=max(1, settings.batch_size // distributed.world_size()),
            max_sequences=settings.eval_sequences,
        )
        return Evaluator(model, self.database, self.table, options=options)

    def _bits_per_byte(self, evaluator: Evaluator) -> dict[str, float]:
        modes = ("off",) if self.table is None else ("on", "off", "random")
        report = evaluate_perplexity(evaluator, modes)
        return {mode: round(result.bits_per_byte, 4) for mode, result in report.modes.items()}

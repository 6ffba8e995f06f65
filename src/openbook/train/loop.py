"""The training loop: read, accumulate gradients, check, change the weights; then log, evaluate, save, stop.

accelerate provides devices, copies of the model in several processes, mixed precision and compiling. With
several processes (torchrun) each runs this loop side by side; a comment says where they wait for each other.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor
from torch.distributed.tensor import DTensor
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset

from openbook.errors import SettingsError, TrainingError, memory_shortage
from openbook.linear_kernel import onednn_products
from openbook.model import RetroForCausalLM
from openbook.model.batch import collate
from openbook.model.causal_lm import RetroCausalLMOutput
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.progress import Progress
from openbook.train import checkpoints, distributed, state_dicts
from openbook.train.checkpoints import Checkpoint
from openbook.train.distillation import divergence, prompt_hidden
from openbook.train.fsdp import is_sharded
from openbook.train.optimizer import learning_rate_factor, make_optimizer
from openbook.train.question_layout import collate_prompts
from openbook.train.sample_order import begin_worker, seed_step
from openbook.train.settings import TrainSettings

Batch = dict[str, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the loop calls, in every process; what is for the first alone does nothing in the others."""

    write: Callable[[int, dict[str, Any]], None]
    """Called with a step and what is to be logged of it."""
    evaluate: Callable[[], dict[str, Any]] | None
    """Gives what is to be logged of the model as it is, such as bits per byte by mode; None: nothing is."""
    is_evaluated: Callable[[], bool]
    """Whether the step that is resumed from was evaluated: it was saved before that."""
    save: Callable[["TrainingLoop"], None]
    """Writes a checkpoint."""
    progress: Progress
    """Called after each step."""
    stop: Callable[[], bool]
    """Asked after each step; one process that answers True stops all."""


class TrainingLoop:
    """The steps of a training run, and what changes from one to the next.

    Args:
        model: sharded already, if it is to be.
        settings: of the training run.
        samples: those still to be read.
        output: folder of the training run; errors name its checkpoints.
        hooks: see `Hooks`.
    """

    def __init__(
        self,
        model: RetroForCausalLM,
        settings: TrainSettings,
        samples: Dataset[Any],
        output: Path,
        hooks: Hooks,
    ) -> None:
        self.network = model
        self.settings = settings
        self.output = output
        self.hooks = hooks
        self.accelerator = make_accelerator(settings)
        if is_sharded(model):
            # accelerate neither compiles nor wraps in autocast what it has not sharded itself.
            self.model: Any = torch.compile(model) if settings.compile else model
            self.autocast: Callable[[], Any] = self.accelerator.autocast
        else:
            self.model = self.accelerator.prepare(model)  # All wait: copies begin with the same weights.
            self.autocast = nullcontext
        self.adam = make_optimizer(model, settings)
        self.optimizer = self.accelerator.prepare(self.adam)
        self.schedule = LambdaLR(self.optimizer, lambda step: learning_rate_factor(settings, step))
        self.batches = self.accelerator.prepare(make_loader(samples, settings))
        self.step = 0
        """Optimizer steps done."""
        self.logged = 0
        """The step of the last line of metrics.jsonl that has a loss."""
        self.loss = torch.tensor(0.0, device=self.accelerator.device)
        """Sum over the steps since that line, of this process."""

    def run(self) -> bool:
        """Take the steps that are left.

        Returns:
            whether `stop` ended them before the last.

        Raises:
            TrainingError: the loss or the norm of the gradients is not finite; or memory ran out.
        """
        try:
            # What torch.compile makes of products is its own.
            with nullcontext() if self.settings.compile else onednn_products():
                return self._take_steps()
        except (MemoryError, RuntimeError) as error:
            if shortage := memory_shortage(error):
                raise TrainingError(self._too_large(shortage)) from error
            raise

    def _take_steps(self) -> bool:
        settings, hooks = self.settings, self.hooks
        batches = iter(self.batches)
        self.model.train()
        if self.step and distributed.any_of(not hooks.is_evaluated()):
            self._evaluate()
        while self.step < settings.max_steps:
            norm, learning_rate = self._take_step(batches)
            self.step += 1
            last = self.step == settings.max_steps
            # All wait: a signal may reach one process alone, and all stop after the same step.
            stopped = distributed.any_of(hooks.stop()) and not last
            hooks.progress(self.step, settings.max_steps)
            if self._is_due(settings.log_every):
                hooks.write(self.step, self._logs(norm, learning_rate))
            # Saved before it is evaluated: where both are due, an evaluation that fails costs no steps. Else
            # it costs those since the last checkpoint, also at the last step, which gets none: the model
            # itself follows.
            if stopped or (self._is_due(settings.save_every) and not last):
                hooks.save(self)  # All wait: shards are gathered, then the first process writes.
            self._evaluate()
            if stopped:
                return True
        return False

    def _take_step(self, batches: Iterator[Batch]) -> tuple[float, float]:
        """Read, accumulate, check, change the weights; returns the norm of the gradients and the rate."""
        settings, accelerator = self.settings, self.accelerator
        micro_batches, predicted = self.read_step(batches)
        seed_step(settings.seed, self.step, accelerator.process_index)
        for number, batch in enumerate(micro_batches, start=1):
            # All wait in the last backward pass, where copies of the model average what each has added up.
            # Shards do so in every backward pass: whole gradients would not fit.
            last = number == len(micro_batches)
            with nullcontext() if last else accelerator.no_sync(self.model):
                loss = self.compute_loss(batch, predicted)
                accelerator.backward(loss)
            self.loss += loss.detach()
        norm: Any = accelerator.clip_grad_norm_(self.model.parameters(), settings.max_grad_norm or math.inf)
        # All wait where the model is sharded: the norm is that of all shards.
        norm = float(norm.full_tensor() if isinstance(norm, DTensor) else norm)
        self._require_finite(norm)
        self.optimizer.step()
        learning_rate = float(self.schedule.get_last_lr()[0])
        if not accelerator.optimizer_step_was_skipped:  # float16 skips steps while it searches for a scale
            self.schedule.step()
        self.optimizer.zero_grad()
        return norm, learning_rate

    def read_step(self, batches: Iterator[Batch]) -> tuple[list[Batch], Tensor]:
        """Read the micro-batches of a step, and count the tokens that it predicts in all processes."""
        micro_batches = [next(batches) for _ in range(self.settings.gradient_accumulation_steps)]
        # The model shifts the labels: nothing predicts the first of a sequence.
        predicted = torch.stack([(batch["labels"][:, 1:] >= 0).sum() for batch in micro_batches]).sum()
        # All wait: the loss of the step is the mean over the tokens of all processes.
        return micro_batches, self.accelerator.reduce(predicted, "sum")

    def compute_loss(self, batch: Batch, predicted: Tensor) -> Tensor:
        """Sum the losses of a micro-batch's tokens, divided by the number that the step predicts."""
        given: dict[str, Any] = {**batch, "num_items_in_batch": predicted}
        if "is_prompt" in batch:
            given["is_prompt"] = bool(batch["is_prompt"].all())
        weight = self.settings.distillation
        distills = weight > 0
        with self.autocast():
            out = self.model(**given, return_logits=False, output_hidden=distills, output_copied=distills)
            loss: Tensor = out.loss
            if distills:
                loss = loss + weight * self._divergence(given, out) / predicted
        copies = self.accelerator.num_processes > 1 and not is_sharded(self.network)
        if copies or not loss.requires_grad:
            # What a pass did not use has gradients of zero: copies wait for those of all weights, of each
            # process.
            trained = [weight for weight in self.model.parameters() if weight.requires_grad]
            loss = loss + sum(0.0 * weight.sum() for weight in trained)
        # The processes' gradients are averaged, where their sum is meant.
        return loss * self.accelerator.num_processes

    def _divergence(self, given: dict[str, Any], out: RetroCausalLMOutput) -> Tensor:
        """Sum over a micro-batch's tokens how far what the model says is from what the base's prompt says."""
        assert isinstance(self.network, RetrofitForCausalLM) and out.hidden is not None
        teacher = prompt_hidden(self.network, given)
        head = self.network.lm_head
        with self.accelerator.autocast():  # elsewhere the model's own passes alone are within
            return divergence(teacher, out.hidden, head.weight, given["labels"], out.copied, bias=head.bias)

    def _logs(self, norm: float, learning_rate: float) -> dict[str, float]:
        """The line of metrics.jsonl: the mean loss since the last one, the rest of this step."""
        # All wait: each process has the loss of its own tokens.
        total = self.accelerator.gather(self.loss).mean().item()
        loss = total / (self.step - self.logged)
        self.loss.zero_()
        self.logged = self.step
        return {"loss": loss, "grad_norm": norm, "learning_rate": learning_rate}

    def _evaluate(self) -> None:
        """Evaluate and log, where it is time."""
        if self.hooks.evaluate is not None and self._is_due(self.settings.eval_every):
            # All wait: each evaluates the same text, for shards of weights are of no use alone.
            self.hooks.write(self.step, self.hooks.evaluate())

    def _is_due(self, every: int) -> bool:
        return every > 0 and self.step % every == 0

    def checkpoint(self, recipe: dict[str, Any], trained_on: dict[str, Any], groups: list[Any]) -> Checkpoint:
        """Describe this moment; all processes must call it."""
        scaler = self.accelerator.scaler
        return Checkpoint(
            step=self.step,
            recipe=recipe,
            trained_on=trained_on,
            loss=distributed.mean_of(self.loss.item()),
            logged=self.logged,
            scheduler=self.schedule.state_dict(),
            scaler=scaler.state_dict() if scaler is not None else {},
            groups=groups,
        )

    def resume(self, checkpoint: Checkpoint) -> None:
        """Put everything back as it was. Dropout needs nothing: each step is seeded."""
        folder = checkpoints.folder_of(self.output, checkpoint.step)
        state_dicts.restore(self.network, self.adam, folder, checkpoint.groups)
        self.schedule.load_state_dict(checkpoint.scheduler)
        if checkpoint.scaler and self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(checkpoint.scaler)
        self.step = checkpoint.step
        self.logged = checkpoint.logged
        self.loss += checkpoint.loss

    def _require_finite(self, norm: float) -> None:
        """Look at the numbers of a step before it changes the weights.

        Raises:
            TrainingError: one of them is not finite.
        """
        numbers = {"loss": self.loss.item()}
        if self.accelerator.scaler is None:  # float16 scales, skips steps with too large gradients
            numbers["norm of the gradients"] = norm
        for name, value in numbers.items():
            if not math.isfinite(value):
                raise TrainingError(self._not_finite(name, value))

    def _too_large(self, shortage: str) -> str:
        settings = self.settings
        smaller = "lower data.sequence_length (with questions: questions.length)"
        if settings.batch_size > self.accelerator.num_processes:
            accumulated = settings.gradient_accumulation_steps
            smaller = (
                f"lower train.batch_size {settings.batch_size} and raise train.gradient_accumulation_steps "
                f"{accumulated} as much, or {smaller}"
            )
        again = "start again"
        if checkpoints.steps_saved(self.output):
            again += " from scratch (--overwrite), or resume with the same command where there is more memory"
        return f"step {self.step + 1}: {shortage}; {smaller}, and {again}"

    def _not_finite(self, name: str, value: float) -> str:
        what = f"step {self.step + 1}: the {name} is {value}; stopped before the weights changed"
        remedy = "lower train.learning_rate or lengthen train.warmup_steps"
        steps = checkpoints.steps_saved(self.output)
        if not steps:
            return f"{what}; there is no checkpoint yet: {remedy}, and start again"
        newest = checkpoints.folder_of(self.output, steps[0])
        return (
            f"{what}; {newest} is kept: {remedy}, and start again from scratch (--overwrite), or train to "
            f"another --output with train.start_from={newest}"
        )


def check_machine(settings: TrainSettings) -> None:
    """Refuse settings that do not suit the number of processes, or the machine.

    Raises:
        SettingsError: saying which, and what to take.
    """
    processes = distributed.world_size()
    if settings.batch_size % processes:
        raise SettingsError(
            f"train.batch_size {settings.batch_size}: must be a multiple of the number of processes, "
            f"{processes}"
        )
    if settings.precision == "float16" and not torch.cuda.is_available():
        raise SettingsError("train.precision float16: needs a GPU; take bfloat16 or float32")
    if settings.precision == "float16" and settings.fsdp:
        raise SettingsError("train.precision float16: does not go with train.fsdp; take bfloat16")


def make_accelerator(settings: TrainSettings) -> Accelerator:
    """Set up devices, precision and compiling for one training run."""
    # accelerate keeps what the first Accelerator of a process was given; each training run has its own.
    AcceleratorState._reset_state()
    return Accelerator(
        mixed_precision={"float32": "no", "bfloat16": "bf16", "float16": "fp16"}[settings.precision],
        dynamo_backend="inductor" if settings.compile else "no",
    )


def make_loader(samples: Dataset[Any], settings: TrainSettings) -> DataLoader[Any]:
    """Batches in the order of the samples; accelerate gives each process its own of them, on its device.

    What is compiled would be compiled again for each length of questions.
    """
    return DataLoader(
        samples,
        batch_size=settings.batch_size // distributed.world_size(),
        collate_fn=collate if settings.compile else collate_prompts,
        num_workers=settings.workers,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=begin_worker,
    )

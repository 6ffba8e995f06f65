"""transformers' Trainer with our own order of samples, schedule, sharding, checks and checkpoints."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from torch.utils.data import DataLoader, Dataset, Sampler, SequentialSampler
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from openbook.errors import SettingsError, TrainingError
from openbook.model import RetroForCausalLM
from openbook.model.batch import collate
from openbook.train import checkpoints, distributed, state_dicts
from openbook.train.checkpoints import Saved
from openbook.train.fsdp import Sharded, is_sharded
from openbook.train.sample_order import TrainingOrder, outlive_signals
from openbook.train.schedule import learning_rate_factor
from openbook.train.settings import TrainSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the loop calls; all of it in every process.

    evaluate: gives bits per byte by mode, of the model as it is.
    save: writes a checkpoint.
    """

    evaluate: Callable[[], dict[str, float]]
    save: Callable[["TrainingLoop"], None]


class TrainingLoop(Trainer):
    """The steps of a training.

    Args:
        model: sharded already, if it is to be.
        settings: of the training.
        samples: those still to be read.
        output: folder of the training.
        hooks: see `Hooks`.
        start: what the checkpoint to go on from says; None: begin.
    """

    def __init__(
        self,
        model: RetroForCausalLM,
        settings: TrainSettings,
        samples: TrainingOrder,
        output: Path,
        *,
        hooks: Hooks,
        start: Saved | None,
    ) -> None:
        self.settings = settings
        self.output = output
        self.hooks = hooks
        self.start = start
        self.network = model
        self.samples = samples
        super().__init__(
            model=model,
            args=training_arguments(settings, output),
            train_dataset=samples,
            data_collator=collate,
        )
        self.remove_callback(PrinterCallback)
        self.add_callback(_GoOn(self))

    def saved(self, recipe: dict[str, Any], trained_on: dict[str, Any], groups: list[Any]) -> Saved:
        """What a checkpoint of this moment says; all processes must call it."""
        scaler = self.accelerator.scaler
        return Saved(
            step=self.state.global_step,
            recipe=recipe,
            trained_on=trained_on,
            loss=distributed.mean_of(self._tr_loss.item()),
            logged=self._globalstep_last_logged,
            scheduler=self._scheduler.state_dict(),
            scaler=scaler.state_dict() if scaler is not None else {},
            groups=groups,
        )

    @property
    def adam(self) -> Optimizer:
        """The optimizer below accelerate's."""
        assert isinstance(self.optimizer, AcceleratedOptimizer)
        return self.optimizer.optimizer

    @property
    def _scheduler(self) -> LRScheduler:
        assert self.lr_scheduler is not None
        return self.lr_scheduler

    def go_on(self) -> None:
        """Put everything back as the checkpoint has it. Dropout needs nothing: each step is seeded."""
        if self.start is None:
            return
        folder = checkpoints.folder_of(self.output, self.start.step)
        state_dicts.restore(self.network, self.adam, folder, self.start.groups)
        self._scheduler.load_state_dict(self.start.scheduler)
        if self.start.scaler and self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(self.start.scaler)
        self.state.global_step = self.start.step
        self._globalstep_last_logged = self.start.logged
        self._tr_loss += self.start.loss

    def create_scheduler(self, num_training_steps: int, optimizer: Optimizer | None = None) -> LRScheduler:
        """The schedule of our settings."""
        chosen = self.optimizer if optimizer is None else optimizer
        assert chosen is not None
        self.lr_scheduler = LambdaLR(chosen, lambda step: learning_rate_factor(self.settings, step))
        return self._scheduler

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """The loss alone: nobody reads the logits of a training step."""
        inputs = {**inputs, "return_logits": False}
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Bits per byte on held-out documents."""
        found = self.hooks.evaluate()
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
        return found

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        self.hooks.save(self)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """As the Trainer makes it, its processes deaf to what tells this one to stop."""
        loader: DataLoader[Any] = super().get_train_dataloader()
        getattr(loader, "base_dataloader", loader).worker_init_fn = outlive_signals
        return loader

    def _get_train_sampler(self, train_dataset: Dataset[Any] | None = None) -> Sampler[int]:
        return SequentialSampler(self.samples)

    def _wrap_model(self, model: nn.Module, training: bool = True, dataloader: Any = None) -> nn.Module:
        if not is_sharded(self.network):
            return super()._wrap_model(model, training, dataloader)
        dtype = torch.bfloat16 if self.settings.precision == "bfloat16" else None
        return Sharded(self.network, dtype=dtype, compile=self.settings.compile)

    def _get_grad_norm(self, model: nn.Module, grad_norm: Any = None) -> Any:
        """The last thing before the weights change: refuse to go on with numbers that are none."""
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)
        norm = norm.full_tensor() if isinstance(norm, DTensor) else norm
        # In float16 too large gradients are part of the search for a scale; such steps are skipped.
        numbers = {"loss": self._tr_loss.item()}
        if self.accelerator.scaler is None:
            numbers["norm of the gradients"] = float(norm)
        for name, value in numbers.items():
            if not math.isfinite(value):
                raise TrainingError(self._diverged(name, value))
        return norm

    def _diverged(self, name: str, value: float) -> str:
        happened = (
            f"step {self.state.global_step + 1}: the {name} is {value}; stopped before the weights changed"
        )
        remedy = "lower train.learning_rate or lengthen train.warmup_steps"
        steps = checkpoints.steps_saved(self.output)
        if not steps:
            return f"{happened}; there is no checkpoint yet: {remedy}, and start again"
        last = checkpoints.folder_of(self.output, steps[0])
        return (
            f"{happened}; {last} is kept: {remedy}, and start anew (--overwrite), or train to another "
            f"--output with train.start_from={last}"
        )


class _GoOn(TrainerCallback):
    """The Trainer's own way of going on reads pickles."""

    def __init__(self, loop: TrainingLoop) -> None:
        self.loop = loop

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Everything is prepared."""
        self.loop.go_on()


def training_arguments(settings: TrainSettings, output: Path) -> TrainingArguments:
    """Our settings, as the Trainer knows them.

    Raises:
        SettingsError: they do not suit the number of processes, or the machine.
    """
    each, rest = divmod(settings.batch_size, distributed.world_size())
    if rest:
        raise SettingsError(
            f"train.batch_size {settings.batch_size}: must be a multiple of the number of processes, "
            f"{distributed.world_size()}"
        )
    if settings.precision == "float16" and not torch.cuda.is_available():
        raise SettingsError("train.precision float16: needs a GPU; take bfloat16 or float32")
    if settings.precision == "float16" and settings.fsdp:
        raise SettingsError("train.precision float16: does not go with train.fsdp; take bfloat16")
    return TrainingArguments(
        output_dir=str(output),
        max_steps=settings.max_steps,
        per_device_train_batch_size=each,
        gradient_accumulation_steps=settings.gradient_accumulation_steps,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        adam_beta1=settings.adam_beta1,
        adam_beta2=settings.adam_beta2,
        max_grad_norm=settings.max_grad_norm,
        use_cpu=not torch.accelerator.is_available(),
        bf16=settings.precision == "bfloat16",
        fp16=settings.precision == "float16",
        torch_compile=settings.compile,
        ddp_find_unused_parameters=False,
        dataloader_num_workers=settings.workers,
        dataloader_pin_memory=torch.cuda.is_available(),
        logging_steps=settings.log_every,
        logging_nan_inf_filter=False,  # it would report other losses than there are
        save_strategy="no",  # the Trainer's own checkpoints hold pickles
        seed=settings.seed,
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=True,
    )

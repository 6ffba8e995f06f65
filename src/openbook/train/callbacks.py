"""What happens beside the training steps: random numbers, when to evaluate, save and stop, progress."""

from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from openbook.progress import Progress
from openbook.train.distributed import any_of
from openbook.train.metrics_file import MetricsFile
from openbook.train.sample_order import seed_step
from openbook.train.settings import TrainSettings


class Timetable(TrainerCallback):
    """Seeds each step, and says after which to evaluate, to save and to stop.

    Args:
        settings: how often.
        evaluates: whether there is anything to evaluate on.
        stop: asked after each step, in each process.
    """

    def __init__(self, settings: TrainSettings, *, evaluates: bool, stop: Callable[[], bool]) -> None:
        self.settings = settings
        self.eval_every = settings.eval_every if evaluates else 0
        self.stop = stop
        self.stopped = False

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Before each step."""
        seed_step(self.settings.seed, state.global_step, args.process_index)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """After each step; the Trainer then logs, evaluates and saves, in this order."""
        step, last = state.global_step, state.global_step >= state.max_steps
        control.should_evaluate = bool(self.eval_every) and step % self.eval_every == 0
        self.stopped = any_of(self.stop()) and not last
        due = bool(self.settings.save_every) and step % self.settings.save_every == 0
        # The last step needs no checkpoint: the model itself follows.
        control.should_save = self.stopped or (due and not last)
        control.should_training_stop = self.stopped or last


class Reporter(TrainerCallback):
    """Writes metrics and tells how far the training is; for the first process alone."""

    def __init__(self, metrics: MetricsFile, progress: Progress) -> None:
        self.metrics = metrics
        self.progress = progress

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """The Trainer logged: loss, learning rate, norm of the gradients."""
        shown = ("loss", "learning_rate", "grad_norm")
        wanted: dict[str, Any] = {key: value for key, value in (logs or {}).items() if key in shown}
        if wanted:
            self.metrics.write(state.global_step, wanted)

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """The Trainer evaluated: bits per byte by mode."""
        self.metrics.write(state.global_step, {"bits_per_byte": metrics})

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """After each step."""
        self.progress(state.global_step, state.max_steps)

"""What happens beside the training steps: metrics.jsonl, evaluations, progress."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from openbook.progress import Progress

Evaluate = Callable[[], dict[str, float]]
"""Evaluates the model as it is; gives bits per byte by mode."""
Report = Callable[[dict[str, Any]], None]
"""Told of each line of metrics.jsonl as it is written."""


class MetricsWriter(TrainerCallback):
    """Writes metrics.jsonl: a line each time the Trainer logs, and one for each evaluation.

    Args:
        path: of the file; it is begun anew.
        tokens_per_step: to count the tokens seen.
        eval_every: steps between evaluations; 0: none.
        evaluate: see `Evaluate`.
        report: see `Report`.
    """

    def __init__(
        self, path: Path, *, tokens_per_step: int, eval_every: int, evaluate: Evaluate, report: Report
    ) -> None:
        self.path = path
        self.tokens_per_step = tokens_per_step
        self.eval_every = eval_every
        self.evaluate = evaluate
        self.report = report
        self.began = time.monotonic()
        path.write_text("", encoding="utf-8")

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
            self._write(state.global_step, wanted)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """After each step: evaluate if it is time."""
        if self.eval_every and state.global_step % self.eval_every == 0:
            self._write(state.global_step, {"bits_per_byte": self.evaluate()})

    def _write(self, step: int, values: dict[str, Any]) -> None:
        seconds = round(time.monotonic() - self.began, 2)
        row = {"step": step, "tokens": step * self.tokens_per_step, "seconds": seconds, **values}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self.report(row)


class Checkpointer(TrainerCallback):
    """Saves the model as it is, so that an interrupted training leaves one to use; complete or absent.

    Args:
        folder: replaced each time.
        every: steps between savings.
    """

    def __init__(self, folder: Path, every: int) -> None:
        self.folder = folder
        self.every = every

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """After each step: save if it is time."""
        if state.global_step % self.every == 0:
            unfinished = self.folder.with_name(f"{self.folder.name}.new")
            shutil.rmtree(unfinished, ignore_errors=True)
            kwargs["model"].save_pretrained(unfinished)
            shutil.rmtree(self.folder, ignore_errors=True)
            unfinished.rename(self.folder)


class ProgressTeller(TrainerCallback):
    """Tells how many steps are done."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """After each step."""
        self.progress(state.global_step, state.max_steps)

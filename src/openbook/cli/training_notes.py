"""What is said while a model trains: its size first, then losses and what evaluations measure."""

from typing import TYPE_CHECKING, Any

from openbook.cli.console import note
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.cli.bars import Bars
    from openbook.train import TrainingSize


def note_size(size: "TrainingSize") -> None:
    """Say what is about to be trained, and on how much."""
    note(
        f"{size.parameters:,} parameters; {counted(size.samples, 'sample')} of "
        f"{size.sequence_length:,} tokens; "
        f"{counted(size.steps, 'step')} of {counted(size.step_size, 'sample')}: {size.epochs:,.2f} epochs"
    )


def note_step(row: dict[str, Any], *, steps: int, bar: "Bars | None" = None) -> None:
    """Say what a line of metrics.jsonl says: loss and learning rate, or what an evaluation measured.

    Args:
        row: of metrics.jsonl.
        steps: of the training run.
        bar: which shows the loss from now on, too; None: there is none.
    """
    if "loss" in row:
        loss, rate = row["loss"], row["learning_rate"]
        note(f"step {row['step']:,} of {steps:,}: loss {loss:.4f}, learning rate {rate:.2e}")
        if bar is not None:
            bar.tell(f"loss {loss:.3f}, rate {rate:.1e}")
    if "bits_per_byte" in row:
        by_mode = ", ".join(f"{mode} {value:.3f}" for mode, value in row["bits_per_byte"].items())
        note(f"step {row['step']}: held-out bits per byte: {by_mode}")
    if "exact_match" in row:
        by_mode = ", ".join(f"{mode} {value:.2f}" for mode, value in row["exact_match"].items())
        note(f"step {row['step']}: held-out questions answered exactly: {by_mode}")
        if bar is not None:
            bar.tell(f"exact on {row['exact_match']['on']:.2f}")  # more does not fit beside a bar

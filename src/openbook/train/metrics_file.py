"""What a training reports while it runs: metrics.jsonl, and the same for TensorBoard."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Report = Callable[[dict[str, Any]], None]
"""Told of each line of metrics.jsonl as it is written."""


class MetricsFile:
    """metrics.jsonl, and TensorBoard's event files in the folder beside it.

    Args:
        output: folder of the training.
        step: the one that the training goes on from; what was written for later ones is cut off.
        tokens_per_step: to count the tokens seen.
        report: see `Report`.
    """

    def __init__(self, output: Path, *, step: int, tokens_per_step: int, report: Report) -> None:
        from tensorboardX import SummaryWriter

        self.path = output / "metrics.jsonl"
        self.tokens_per_step = tokens_per_step
        self.report = report
        rows = _rows_until(self.path, step)
        unfinished = self.path.with_name(f"{self.path.name}.new")
        unfinished.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        unfinished.replace(self.path)
        self.began = time.monotonic() - (rows[-1]["seconds"] if rows else 0.0)
        if not step:
            shutil.rmtree(output / "tensorboard", ignore_errors=True)
        # TensorBoard's files are never rewritten: it hides events of later steps when it reads the new file.
        # Their names hold seconds only, hence the suffix.
        purged = step + 1 if step else None
        folder = str(output / "tensorboard")
        self.board = SummaryWriter(folder, purge_step=purged, filename_suffix=f".{step}")

    def write(self, step: int, values: dict[str, Any]) -> None:
        """Add a line."""
        seconds = round(time.monotonic() - self.began, 2)
        row = {"step": step, "tokens": step * self.tokens_per_step, "seconds": seconds, **values}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        for name, value in values.items():
            parts = value.items() if isinstance(value, dict) else [(None, value)]
            for part, number in parts:
                self.board.add_scalar(f"{name}/{part}" if part else name, number, step)
        self.report(row)

    def sync(self) -> None:
        """Bring it to the disk, before a checkpoint that counts on it."""
        self.board.flush()
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        """No more lines will follow."""
        self.board.close()


def _rows_until(path: Path, step: int) -> list[dict[str, Any]]:
    """The lines up to this step; a line that an interruption cut off is none."""
    rows: list[dict[str, Any]] = []
    for line in path.read_text("utf-8").splitlines() if step and path.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            break
        if row["step"] > step:
            break
        rows.append(row)
    return rows

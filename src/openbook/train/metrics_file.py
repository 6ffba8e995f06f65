"""metrics.jsonl: what a training run measures, line by line; trackers get the same numbers."""

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from openbook.durable import replace_file
from openbook.train.trackers import finish_trackers

Report = Callable[[dict[str, Any]], None]
"""Called with each line of metrics.jsonl as it is written."""


class MetricsFile:
    """metrics.jsonl of a training run.

    Args:
        output: folder of the training run.
        step: the one that it resumes after; lines of later steps are cut off.
        tokens_of: how many tokens the first steps have seen, by their number.
        report: see `Report`.
        trackers: those of accelerate that were started.
    """

    def __init__(
        self,
        output: Path,
        *,
        step: int,
        tokens_of: Callable[[int], int],
        report: Report,
        trackers: Sequence[Any] = (),
    ) -> None:
        self.path = output / "metrics.jsonl"
        self.tokens_of = tokens_of
        self.report = report
        self.trackers = trackers
        rows = _rows_until(self.path, step)
        replace_file(self.path, "".join(json.dumps(row) + "\n" for row in rows).encode())
        self.is_evaluated = bool(rows) and rows[-1]["step"] == step and "loss" not in rows[-1]
        """Whether the step of the checkpoint has the line of its evaluation, which is its last."""
        self.began = time.monotonic() - (rows[-1]["seconds"] if rows else 0.0)

    def write(self, step: int, values: dict[str, Any]) -> None:
        """Add a line.

        Args:
            step: the optimizer steps done.
            values: numbers, or dicts of numbers, by name; trackers get {"a": {"b": 1}} as {"a/b": 1}.
        """
        seconds = round(time.monotonic() - self.began, 2)
        row = {"step": step, "tokens": self.tokens_of(step), "seconds": seconds, **values}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        numbers = _by_tag(values)
        for tracker in self.trackers:
            tracker.log(numbers, step=step)
        self.report(row)

    def sync(self) -> None:
        """Bring it to the disk, before a checkpoint that counts on it."""
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        """Finish the trackers: no more lines follow."""
        finish_trackers(self.trackers)


def _by_tag(values: dict[str, Any]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            numbers |= {f"{name}/{part}": number for part, number in value.items()}
        else:
            numbers[name] = value
    return numbers


def _rows_until(path: Path, step: int) -> list[dict[str, Any]]:
    """The lines up to this step, or up to one that an interruption cut off, or that is not ours."""
    rows: list[dict[str, Any]] = []
    for line in path.read_text("utf-8").splitlines() if step and path.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            break
        if not _is_ours(row) or row["step"] > step:
            break
        rows.append(row)
    return rows


def _is_ours(row: Any) -> bool:
    """Whether a line has what each of ours has."""
    if not isinstance(row, dict):
        return False
    return isinstance(row.get("step"), int) and isinstance(row.get("seconds"), int | float)

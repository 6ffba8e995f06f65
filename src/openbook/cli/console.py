"""How the verbs talk: JSON or lines on stdout, bars and errors on stderr."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

_NEVER_CUT = 4096
"""Columns: a tree would lose the ends of longer lines."""


def quiet_libraries() -> None:
    """Keep other libraries' bars and notes off the terminal; ours say what is going on."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")


def print_line(text: str = "") -> None:
    """Print a line of data, on stdout."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Print a line about what is going on, on stderr."""
    sys.stderr.write(f"{text}\n")


def print_error(message: str) -> None:
    """Print the one line that a user gets, on stderr."""
    note(f"openbook: error: {' '.join(message.split())}")


def print_json(value: Any) -> None:
    """Print one JSON value and nothing else, on stdout."""
    print_line(json.dumps(to_json(value), ensure_ascii=False, indent=2))


def print_tree(title: str, branches: Mapping[str, Sequence[str]]) -> None:
    """Draw a tree of three levels on stdout: the title, its branches, and the lines of each."""
    from rich.console import Console
    from rich.markup import escape
    from rich.tree import Tree

    tree = Tree(escape(title))
    for name, lines in branches.items():
        branch = tree.add(escape(name))
        for line in lines:
            branch.add(escape(line))
    Console(highlight=False, width=_NEVER_CUT).print(tree)


def to_json(value: Any) -> Any:
    """Turn dataclasses into objects, and paths into strings, all the way down."""
    if is_dataclass(value) and not isinstance(value, type):
        return {key: to_json(item) for key, item in asdict(value).items()}
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, Path) else value


@contextmanager
def bar(description: str, total: int | None = None) -> Iterator["Bars"]:
    """Draw a progress bar on stderr with count, rate and time left; further stages get bars of their own.

    Args:
        description: what is being done.
        total: where the work itself does not know it.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as progress:
        yield Bars(progress, description, total)


class Bars:
    """An `openbook.progress.Progress` that draws."""

    def __init__(self, progress: Any, description: str, total: int | None = None) -> None:
        self._progress = progress
        self._total = total
        self._task = progress.add_task(description, total=total, rate="")

    def __call__(self, done: int, of: int | None) -> None:
        task = self._progress.tasks[self._task]
        speed = task.finished_speed or task.speed
        rate = f"{speed:,.1f}/s" if speed else ""
        total = of if of is not None else self._total
        self._progress.update(self._task, completed=done, total=total, rate=rate)

    def stage(self, name: str) -> "Bars":
        """Begin a bar below this one."""
        return Bars(self._progress, name)

"""How the verbs talk: JSON or lines on stdout, bars and errors on stderr."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from openbook.progress import Progress


def quiet_libraries() -> None:
    """Keep other libraries' bars and notes off the terminal; ours say what is going on."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")


def print_line(text: str = "") -> None:
    """A line of data, on stdout."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """A line about what is going on, on stderr."""
    sys.stderr.write(f"{text}\n")


def print_error(message: str) -> None:
    """The one line that a user gets."""
    note(f"openbook: error: {' '.join(message.split())}")


def print_json(value: Any) -> None:
    """One JSON value and nothing else, on stdout."""
    print_line(json.dumps(to_json(value), ensure_ascii=False, indent=2))


def to_json(value: Any) -> Any:
    """Dataclasses as objects, all the way down."""
    if is_dataclass(value) and not isinstance(value, type):
        return {key: to_json(item) for key, item in asdict(value).items()}
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, Path) else value


@contextmanager
def bar(description: str, total: int | None = None) -> Iterator[Progress]:
    """A progress bar on stderr with count, rate and time left.

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
        task = progress.add_task(description, total=total, rate="")

        def tell(done: int, of: int | None) -> None:
            speed = progress.tasks[0].finished_speed or progress.tasks[0].speed
            rate = f"{speed:,.1f}/s" if speed else ""
            progress.update(task, completed=done, total=of if of is not None else total, rate=rate)

        yield tell

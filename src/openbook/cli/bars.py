"""Progress bars on stderr: what is done and of how much, how long it took and how long it will."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from openbook.escapes import visible

_MILLION = 1_000_000
_WIDE = 110
"""Columns, below which bars are short and have no rate, for elapsed and left to fit."""
_BAR = 40
_NARROW = 26
"""Columns for a name and its bar, where there are 80."""
_EVERY = 0.1
"""Seconds between updates, which is as often as rich draws; computing the rate at each step would cost more
than many steps do."""


@contextmanager
def bar(description: str, total: int | None = None, *, counts_text: bool = False) -> Iterator["Bars"]:
    """Draw a progress bar on stderr; further stages get bars of their own, and what does nothing gets none.

    Args:
        description: what is being done.
        total: where the work itself does not know it.
        counts_text: count characters, as `openbook.progress.text_done` tells them, rather than what the work
            counts itself.
    """
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(_BAR if _is_wide(console) else max(1, _NARROW - len(description))),
        TextColumn("{task.fields[count]}", markup=False),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
    )
    with RichProgress(*columns, console=console) as progress:
        bars = Bars(progress, description, total, counts_text=counts_text)
        try:
            yield bars
        finally:
            bars.flush()


def _is_wide(console: Any) -> bool:
    return bool(console.width >= _WIDE)


class Bars:
    """An `openbook.progress.Progress` that draws, from the first call on that leaves something to do.

    Args:
        progress: of the library rich.
        description: what is being done.
        total: where the work itself does not know it.
        counts_text: see `bar`.
    """

    def __init__(
        self, progress: Any, description: str, total: int | None = None, *, counts_text: bool = False
    ) -> None:
        self._progress = progress
        self._description = visible(description)
        self._total = total
        self._counts_text = counts_text
        self._began = progress.get_time()
        self._task: Any = None
        self._detail = ""
        self._waiting: tuple[int, int | None] | None = None
        self._updated = -math.inf
        self._stages: list[Bars] = []

    def __call__(self, done: int, of: int | None) -> None:
        if not self._counts_text:
            self._draw(done, of)

    def text_done(self, characters: int) -> None:
        """Draw how many characters are done, where that is what the bar counts."""
        if self._counts_text:
            self._draw(characters, None)

    def tell(self, detail: str) -> None:
        """Show something beside the bar from now on, such as a loss."""
        self._detail = visible(detail)

    def stage(self, name: str) -> "Bars":
        """Begin a bar below this one, for work that counts something else."""
        self.flush()
        further = Bars(self._progress, name)
        self._stages.append(further)
        return further

    def flush(self) -> None:
        """Show what was told last, here and in the stages below."""
        if self._waiting is not None:
            self._update(*self._waiting)
        for further in self._stages:
            further.flush()

    def _draw(self, done: int, of: int | None) -> None:
        now = time.monotonic()
        is_last = of is not None and done >= of
        if now - self._updated < _EVERY and not is_last:
            self._waiting = done, of
        else:
            self._updated = now
            self._update(done, of)

    def _update(self, done: int, of: int | None) -> None:
        self._waiting = None
        total = of if of is not None else self._total
        if self._task is None:
            if total is not None and done >= total:
                return  # there was nothing to do
            number = self._progress.add_task(self._description, total=total, count="", detail="")
            self._task = next(task for task in self._progress.tasks if task.id == number)
            self._task.start_time = self._began
        speed = self._task.finished_speed or self._task.speed if _is_wide(self._progress.console) else None
        count = count_line(done, total, speed, counts_text=self._counts_text)
        self._progress.update(self._task.id, completed=done, total=total, count=count, detail=self._detail)


def count_line(done: int, total: int | None, speed: float | None, *, counts_text: bool) -> str:
    """Write what is done, of how much, and how fast.

    >>> count_line(3, 179, 2.5, counts_text=False)
    '3/179, 2.5/s'
    >>> count_line(1_250_000, 5_000_000, 300_000.0, counts_text=True)
    '1.25/5.00 M characters, 0.30 M/s'
    """
    if counts_text:
        digits = 2 if max(done, total or 0) < 10 * _MILLION else 0
        of = "" if total is None else f"/{total / _MILLION:.{digits}f}"
        line = f"{done / _MILLION:.{digits}f}{of} M characters"
        return f"{line}, {speed / _MILLION:.2f} M/s" if speed else line
    of = "" if total is None else f"/{total:,}"
    return f"{done:,}{of}, {speed:,.1f}/s" if speed else f"{done:,}{of}"

"""How long work tells its caller how far it is. The library only calls; the command line draws the bars."""

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called with (done, total); total is None while it is unknown."""


def silent(done: int, total: int | None) -> None:
    """The default: say nothing."""

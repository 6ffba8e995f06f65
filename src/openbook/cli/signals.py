"""Ending long work in good order at a signal: SIGTERM from a scheduler, Ctrl-C from a user."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of what Ctrl-C ended."""


class StopRequest:
    """Whether a signal has come, and which."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """What shells expect of a program that a signal ended: 143 for SIGTERM, 130 for Ctrl-C."""
        return 128 + (self.signal or signal.SIGTERM)


class StoppedInOrderError(Exception):
    """Ends a command that a signal has stopped, and that has saved and said what it should.

    Args:
        exit_code: of the command.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


@contextmanager
def stop_on_signals(note: Callable[[str], None] = lambda text: None) -> Iterator[StopRequest]:
    """Remember SIGTERM and Ctrl-C inside the block; a second one ends the program at once.

    Args:
        note: called with a line at the first one.
    """
    request = StopRequest()

    def remember(number: int, frame: FrameType | None) -> None:
        is_first, request.signal = request.signal is None, number
        # torchrun passes on to its processes what the terminal has sent them already.
        is_alone = "TORCHELASTIC_RUN_ID" not in os.environ
        if is_alone:
            restore()
        if is_first:
            with suppress(RuntimeError):  # the signal came while a line was being written
                note("finishing this step, then saving" + ("; again to stop at once" if is_alone else ""))

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, remember) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield request
    finally:
        restore()

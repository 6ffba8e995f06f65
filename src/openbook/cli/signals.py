"""Ending long work in good order at a signal: SIGTERM from a scheduler, Ctrl-C from a user."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Remember SIGTERM and Ctrl-C inside the block; a second one ends the program at once."""
    request = StopRequest()

    def remember(number: int, frame: FrameType | None) -> None:
        request.signal = number
        # torchrun passes on to its processes what the terminal has sent them already.
        if "TORCHELASTIC_RUN_ID" not in os.environ:
            restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, remember) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield request
    finally:
        restore()

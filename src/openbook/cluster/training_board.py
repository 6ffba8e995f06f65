"""The board between the workers of a training run and the command that has started them: an actor of Ray.

This file loads neither torch nor Ray, so that the actor is there at once.
"""

from typing import Any

from openbook.errors import OpenbookError

Event = tuple[str, tuple[Any, ...]]
"""Which of the command's functions is to be called, and with what."""
Ended = dict[str, Any] | OpenbookError | str
"""The fields of what a worker has made, or why it has made nothing: of a fault of ours the traceback."""


class TrainingBoard:
    """What the workers say, until the command asks; and whether it wants them to stop."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._ended: dict[int, Ended] = {}
        self._stopping = False

    def tell(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Keep what the first worker says."""
        self._events.append((name, arguments))

    def end(self, rank: int, how: Ended) -> None:
        """Keep how a worker has ended."""
        self._ended[rank] = how

    def take(self) -> tuple[list[Event], dict[int, Ended]]:
        """What was said since the last time, and how workers have ended, by their numbers."""
        events, self._events = self._events, []
        return events, self._ended

    def ask_to_stop(self) -> None:
        """Have the workers save a checkpoint and stop."""
        self._stopping = True

    def is_stopping(self) -> bool:
        """Whether they are to."""
        return self._stopping

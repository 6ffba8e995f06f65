"""How far the tasks are: an actor that they tell, and that whoever waits for them asks."""

from contextlib import suppress
from typing import Any

from openbook.cluster.ray_session import RaySession


class ProgressBoard:
    """Keeps the last number that each task told."""

    def __init__(self) -> None:
        self._done: dict[int, int] = {}

    def tell(self, task: int, done: int) -> None:
        """Note how much of a task is done."""
        self._done[task] = done

    def read(self) -> dict[int, int]:
        """How much of each task is done."""
        return self._done


class BoardReader:
    """Begins a board, and reads it as far as it answers: one that is lost with its node begins again empty.

    Args:
        session: of the cluster.
    """

    def __init__(self, session: RaySession) -> None:
        self._ray = session.ray
        self.actor: Any = session.ray.remote(num_cpus=0, max_restarts=-1)(ProgressBoard).remote()
        self._asked: Any = None
        self._known: dict[int, int] = {}

    def done(self, but: set[int]) -> int:
        """Add up what all tasks told, but for some; at once, of when it was asked last.

        Args:
            but: tasks that are counted otherwise.
        """
        errors = self._ray.exceptions.RayError
        if self._asked is not None and self._ray.wait([self._asked], timeout=0)[0]:
            with suppress(errors):
                self._known |= self._ray.get(self._asked)
            self._asked = None
        if self._asked is None:
            self._asked = self.actor.read.remote()
        return sum(done for task, done in self._known.items() if task not in but)

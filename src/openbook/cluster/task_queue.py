"""Tasks on a cluster, so many at a time; what a lost worker was doing is done again by another."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

from openbook.cluster.ray_session import RaySession
from openbook.errors import ClusterError, OpenbookError, first_line
from openbook.phrases import counted

Key = TypeVar("Key")
Place = TypeVar("Place")

_MOST_LOSSES = 20
"""Of workers at one task, from which on it is the task that kills them."""
_SECONDS = 1.0
"""Between two looks at whether the cluster is still there."""


def said_of_lost(count: int) -> str:
    """What is told of workers that were lost while tasks run on."""
    return f"{counted(count, 'worker')} lost so far; another one takes over"


class TaskQueue(Generic[Key, Place]):
    """Runs tasks that may be begun again: each leaves its result complete or not at all.

    Args:
        session: of the cluster.
        places: where tasks run, one at a time at each.
        submit: begins the task of a key at a place; returns Ray's reference to its result.
        name: what a task is called in messages, by its key.
    """

    def __init__(
        self,
        session: RaySession,
        places: Sequence[Place],
        submit: Callable[[Key, Place], Any],
        name: Callable[[Key], str],
    ) -> None:
        self._session = session
        self._free = deque(places)
        self._submit = submit
        self._name = name
        self._running: dict[Any, tuple[Key, Place]] = {}
        self._losses: Counter[Key] = Counter()
        self.lost = 0
        """Workers that were lost so far."""

    def run(
        self, keys: Iterable[Key], *, waiting: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Key, Any]]:
        """Run the task of each key; gives key and result as they are done.

        Args:
            keys: in the order in which they are begun.
            waiting: called each second.

        Raises:
            OpenbookError: of the first task that raised one.
            ClusterError: the head node is gone, or the workers of one task are lost again and again.
        """
        left = deque(keys)
        try:
            while left or self._running:
                while left and self._free:
                    key, place = left.popleft(), self._free.popleft()
                    self._running[self._submit(key, place)] = key, place
                done, _ = self._session.ray.wait(list(self._running), timeout=_SECONDS)
                for reference in done:
                    key, place = self._running.pop(reference)
                    self._free.append(place)
                    found, result = self._result(key, reference)
                    if found:
                        yield key, result
                    else:
                        left.append(key)
                if not done:
                    self._session.require_head()
                waiting()
        finally:
            self._cancel()

    def _result(self, key: Key, reference: Any) -> tuple[bool, Any]:
        """Whether a task has a result, and which; it has none if its worker was lost."""
        ray = self._session.ray
        try:
            return True, ray.get(reference)
        except ray.exceptions.RayError as error:
            cause = self._cause_of(error)
            if isinstance(cause, OpenbookError):
                raise cause from None
            if not isinstance(cause, ray.exceptions.RayError):
                raise
        self._session.require_head()
        self.lost += 1
        self._losses[key] += 1
        if self._losses[key] == _MOST_LOSSES:
            raise ClusterError(
                f"{self._name(key)}: {_MOST_LOSSES} workers were lost at it, the last so: "
                f"{first_line(cause):.200}; see the logs of Ray, and run the same command again: it resumes"
            )
        return False, None

    def _cause_of(self, error: BaseException) -> BaseException:
        """What a task raised, also where it passed on what another one raised; else what Ray says."""
        while isinstance(error, self._session.ray.exceptions.RayTaskError) and error.cause is not None:
            error = error.cause
        return error

    def _cancel(self) -> None:
        for reference in self._running:
            with suppress(self._session.ray.exceptions.RayError, ValueError):
                self._session.ray.cancel(reference, force=True)
        self._running.clear()

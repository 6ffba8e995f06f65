"""Watching the head node of a Ray cluster: where it is gone, Ray itself waits for it.

Calls that need the head (the first use of a function, a new actor) wait inside Ray, where no exception
reaches them; after a minute Ray ends the whole process with exit code 1, or goes on waiting where it had not
connected yet. So a thread looks whether the head answers:

    head answers ── gone, seen LOOKS times ── whoever runs may end by itself ── PATIENCE later: `on_lost`
"""

import socket
from collections.abc import Callable
from threading import Event, Lock, Thread

from openbook.errors import ClusterError

LOOKS = 3
"""How often in a row the head must not answer."""
EVERY = 1.0
"""Seconds between two looks."""
_ANSWER = 5.0
"""Seconds that the head may take to answer."""
_PATIENCE = 20.0
"""Seconds in which what runs may end by itself: Ray takes some fifteen to shut down without its head."""


def host_and_port(address: str) -> tuple[str, int] | None:
    """Read HOST:PORT; None: an address of another kind, such as `local` or `ray://…`."""
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        return None
    return host.strip("[]"), int(port)


def why_unreachable(place: tuple[str, int]) -> str | None:
    """Why nothing answers at this host and port; None: something does."""
    try:
        socket.create_connection(place, timeout=_ANSWER).close()
    except OSError as error:
        return f"{place[0]}:{place[1]}: {error.strerror or error}"
    return None


def head_error(name: str, place: tuple[str, int]) -> ClusterError | None:
    """What is to be said if the head does not answer; None: it does.

    Args:
        name: of the cluster, as the user gave it.
        place: host and port of the head.
    """
    why = why_unreachable(place)
    if why is None:
        return None
    return ClusterError(
        f"the head node of the Ray cluster {name} is gone ({why}); start it, and run the same command "
        "again: it resumes"
    )


class HeadWatch:
    """Looks at the head every second, on a thread of its own, until it is closed.

    Args:
        name: of the cluster, as the user gave it.
        place: host and port of the head.
        on_lost: called on that thread, once, with what is to be said, when the head is gone and the watch was
            not closed for twenty seconds after.
    """

    def __init__(self, name: str, place: tuple[str, int], on_lost: Callable[[ClusterError], None]) -> None:
        self._name = name
        self._place = place
        self._on_lost = on_lost
        self._closed = Event()
        self._calling = Lock()
        Thread(target=self._watch, name="head of the Ray cluster", daemon=True).start()

    def close(self) -> None:
        """End the watch; after this nothing is called any more."""
        with self._calling:
            self._closed.set()

    def _watch(self) -> None:
        error = self._lost()
        if error is None or self._closed.wait(_PATIENCE):
            return
        with self._calling:
            if not self._closed.is_set():
                self._on_lost(error)

    def _lost(self) -> ClusterError | None:
        """Wait until the head is gone; None: the watch was closed before."""
        missed = 0
        error = None
        while missed < LOOKS:
            if self._closed.wait(EVERY):
                return None
            error = head_error(self._name, self._place)
            missed = 0 if error is None else missed + 1
        return error

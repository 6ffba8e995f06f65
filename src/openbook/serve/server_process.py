"""Running the application until a signal: SIGTERM and Ctrl-C finish what runs, and take nothing new.

What runs are requests that have come whole: of another one nobody knows when it will.
"""

import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from openbook.errors import SettingsError

_PATIENCE = 600
"""Seconds after a signal at which connections that are still open are closed."""
_LONGEST_HEAD = 64 * 1024
"""Bytes of a request before its body."""
_BACKLOG = 1024
"""Connections that wait to be taken."""


def run_server(
    app: ASGIApp,
    bound: socket.socket,
    host: str,
    *,
    on_ready: Callable[[str], None],
    on_ending: Callable[[int], None],
) -> None:
    """Serve until a signal comes; then finish what runs.

    Args:
        app: what answers.
        bound: see `bind`; it is heard from now on.
        host: that it was bound to.
        on_ready: told the server's address when it can be asked.
        on_ending: told how many requests are finished after the signal, if any are; one more Ctrl-C gives
            them up.

    Raises:
        SettingsError: another program has listened at the address first.
    """
    try:
        bound.listen(_BACKLOG)
    except OSError as error:
        raise _cannot_be_bound(host, bound.getsockname()[1], error) from error
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    name = f"[{host}]" if ":" in host else host
    announce = partial(on_ready, f"http://{name}:{bound.getsockname()[1]}")
    server = _Announced(server_config(app), announce, on_ending)
    with suppress(KeyboardInterrupt):  # uvicorn has finished what ran, and raises Ctrl-C's once more
        server.run(sockets=[bound])


class _Announced(uvicorn.Server):
    """Says when it can be asked, and ended, and what it still finishes.

    Args:
        config: see `server_config`.
        announce: is called once.
        on_ending: see `run_server`.
    """

    def __init__(
        self, config: uvicorn.Config, announce: Callable[[], None], on_ending: Callable[[int], None]
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._on_ending = on_ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; signals are heard from before."""
        await super().startup(sockets)
        if self.started:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End it; connections whose request has not come whole are closed at once."""
        unfinished = 0
        for connection in list(self.server_state.connections):
            cycle = connection.cycle if isinstance(connection, H11Protocol) else None
            if cycle is None or cycle.response_complete:
                continue
            if cycle.more_body:
                connection.transport.close()
            else:
                unfinished += 1
        if unfinished:
            self._on_ending(unfinished)
        await super().shutdown(sockets)


def server_config(app: ASGIApp) -> uvicorn.Config:
    """How an application is served: by the same loop and parser wherever it runs.

    uvicorn takes others where they happen to be installed: of these, httptools reads headers of any size.
    """
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_PATIENCE,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
    )


def bind(host: str, port: int) -> socket.socket:
    """Take an address, before what takes long is loaded; nobody is heard there yet.

    Args:
        host: address to bind.
        port: 0: a free one.

    Raises:
        SettingsError: it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # where it is meant for ports just left; on Windows, for ports in use
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise _cannot_be_bound(host, port, error) from error
    return found


def _cannot_be_bound(host: str, port: int, error: OSError) -> SettingsError:
    reason = error.strerror or error
    return SettingsError(f"{host}:{port}: cannot be bound ({reason}); choose another: --host, --port")

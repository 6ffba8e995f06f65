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


def run_server(app: ASGIApp, host: str, port: int, *, on_ready: Callable[[str], None]) -> None:
    """Serve until a signal comes; then finish what runs.

    Args:
        app: what answers.
        host: address to bind.
        port: 0: a free one.
        on_ready: told the server's address when it can be asked.

    Raises:
        SettingsError: the address cannot be bound.
    """
    bound = _bound(host, port)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    name = f"[{host}]" if ":" in host else host
    server = _Announced(server_config(app), partial(on_ready, f"http://{name}:{bound.getsockname()[1]}"))
    with suppress(KeyboardInterrupt):  # uvicorn has finished what ran, and raises Ctrl-C's once more
        server.run(sockets=[bound])


class _Announced(uvicorn.Server):
    """Says when it can be asked, and ended.

    Args:
        config: see `server_config`.
        announce: is called once.
    """

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; signals are heard from before."""
        await super().startup(sockets)
        if self.started:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End it; connections whose request has not come whole are closed at once."""
        for connection in list(self.server_state.connections):
            cycle = connection.cycle if isinstance(connection, H11Protocol) else None
            if cycle is not None and cycle.more_body and not cycle.response_complete:
                connection.transport.close()
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


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # where it is meant for ports just left; on Windows, for ports in use
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(1024)
    except OSError as error:
        found.close()
        raise SettingsError(
            f"{host}:{port}: cannot be bound ({error.strerror or error}); choose another: --host, --port"
        ) from error
    return found

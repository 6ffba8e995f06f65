"""A replica: the server's application, with a model and an engine of its own, in an actor of Ray Serve.

A request comes as an ASGI scope and its body, and the application's messages go back one by one, so that what
is streamed stays a stream. Nothing of the application is written twice; the other side is `replica_front`.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openbook.serve.server_state import ServerState

Message = dict[str, Any]

SCOPE_KEYS = (
    *("type", "asgi", "http_version", "method", "scheme", "path", "raw_path"),
    *("query_string", "root_path", "headers", "client", "server"),
)
"""What of a request's scope goes to a replica."""


class ServedReplica:
    """The application, for Ray Serve to start, to ask for its health, and to end.

    Args:
        make_state: loads the model and opens the books; it comes from another process, by its name.
        folder: where the command was started: relative paths are meant from there.
        threads: that this replica computes with.
    """

    def __init__(self, make_state: "Callable[[], ServerState]", folder: str, threads: int) -> None:
        import torch

        from openbook.serve.app import make_app

        os.chdir(folder)
        torch.set_num_threads(threads)
        self._state = make_state()
        self._app = make_app(self._state)
        self._lifespan = _Lifespan(self._app)
        self._answering: set[asyncio.Task[None]] = set()

    async def answer(self, scope: Message, body: bytes) -> AsyncGenerator[Message, None]:
        """Answer a request; whatever ends the generator hangs up, as a client does."""
        await self._lifespan.start()
        messages: asyncio.Queue[Message | None] = asyncio.Queue()
        given, gone = False, asyncio.Event()

        async def receive() -> Message:
            nonlocal given
            if not given:
                given = True
                return {"type": "http.request", "body": body, "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            messages.put_nowait(dict(message))

        async def run() -> None:
            try:
                with suppress(Exception):  # the application has answered it, and its log says what it was
                    await self._app({**scope, "state": {}}, receive, send)
            finally:
                messages.put_nowait(None)

        task = asyncio.create_task(run())
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        try:
            while (message := await messages.get()) is not None:
                yield message
        finally:
            gone.set()

    def metrics(self) -> tuple[str, str]:
        """The replica's name, and what it has counted, in Prometheus' text format."""
        from ray import serve

        return serve.get_replica_context().replica_id.unique_id, self._state.metrics.text().decode()

    def check_health(self) -> None:
        """Asked by Ray Serve, which starts another replica in place of one that raises an error."""
        if not self._state.engine.is_alive:
            raise RuntimeError("the engine's thread is gone")

    async def __del__(self) -> None:
        """Finish what runs, when Ray Serve ends the replica."""
        await self._lifespan.end()


class _Lifespan:
    """The application's own beginning and end, which a server tells it of, in a task of their own."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._begun = asyncio.Event()

    async def start(self) -> None:
        """Begin, if it has not begun; return when the application is ready."""
        if self._task is None:
            self._told.put_nowait({"type": "lifespan.startup"})
            self._task = asyncio.create_task(self._run())
        await self._begun.wait()

    async def end(self) -> None:
        """End, and wait for what runs."""
        if self._task is not None:
            self._told.put_nowait({"type": "lifespan.shutdown"})
            await self._task

    async def _run(self) -> None:
        async def send(message: Message) -> None:
            self._begun.set()

        try:
            scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
            await self._app(scope, self._told.get, send)
        finally:
            self._begun.set()

"""Server-sent events: an answer that goes on, until it is complete or nobody reads it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

KEEP_ALIVE = ": keep-alive\n\n"
"""A comment, which clients skip: it tells those between that the connection lives."""
STREAM: dict[str, Any] = {"text/event-stream": {"schema": {"type": "string"}}}
"""How a stream stands in the OpenAPI document."""
DONE = "data: [DONE]\n\n"
IDLE = 10.0
"""Seconds of silence after which a comment is sent."""
_STALLED = 120.0
"""Seconds after which a client that reads nothing is given up."""

_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def event(data: Mapping[str, Any], *, name: str | None = None) -> str:
    """One event with JSON as its data, on one line whatever text it holds."""
    head = "" if name is None else f"event: {name}\n"
    return f"{head}data: {json.dumps(data, ensure_ascii=True, separators=(',', ':'))}\n\n"


class EventStream(StreamingResponse):
    """An answer of server-sent events.

    Args:
        events: what to send; it is closed when the client goes away, wherever it is.
        give_up: called in the end, also where the client is gone before the first event.
    """

    def __init__(self, events: AsyncGenerator[str, None], give_up: Callable[[], None]) -> None:
        super().__init__(events, headers=_HEADERS, media_type="text/event-stream")
        self._events = events
        self._give_up = give_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all events, or as many as the client waits for."""
        sending = asyncio.ensure_future(self._send(send))
        gone = asyncio.ensure_future(wait_for_disconnect(receive))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, gone):
                task.cancel()
            results = await asyncio.gather(sending, gone, return_exceptions=True)
            self._give_up()
        if isinstance(results[0], Exception) and not isinstance(results[0], OSError | TimeoutError):
            raise results[0]

    async def _send(self, send: Send) -> None:
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(head)
        try:
            async for line in self._events:
                message = {"type": "http.response.body", "body": line.encode(), "more_body": True}
                async with asyncio.timeout(_STALLED):
                    await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._events.aclose()


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client hangs up; its body has been read before."""
    while (await receive())["type"] != "http.disconnect":
        pass

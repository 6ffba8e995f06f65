"""What stands before the replicas of a server: it hands each request to one of them, and its answer back.

A replica that is lost takes with it only what it was answering: whoever waits for that is told to ask again,
by 503 and Retry-After, or, where a stream has begun, by an event that says so. All others never hear of it:
Ray Serve hands them to the replicas that are left, and starts another.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from ray.exceptions import RayError
from ray.serve.exceptions import BackPressureError, RayServeException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from openbook.cluster.replica_metrics import of_all_replicas
from openbook.cluster.served_replica import SCOPE_KEYS, Message
from openbook.serve.api_errors import RETRY_AFTER, ApiError
from openbook.serve.event_stream import event, wait_for_disconnect


class ReplicaFront:
    """An ASGI application that has its answers from replicas.

    Args:
        handle: of Ray Serve's deployment of `ServedReplica`.
    """

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._answers = handle.options(stream=True, method_name="answer")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            body = await _read(receive)
            if body is None:
                return
            if scope["path"] == "/metrics" and scope["method"] == "GET":
                await self._send_metrics(scope, receive, send)
                return
            await self._relay(scope, body, receive, send)

    async def _relay(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Pass on what a replica answers, until it is complete, or nobody waits for it."""
        answer = self._answers.remote({key: scope[key] for key in SCOPE_KEYS if key in scope}, body)
        passing = asyncio.ensure_future(_pass_on(answer, scope, receive, send))
        gone = asyncio.ensure_future(wait_for_disconnect(receive))
        try:
            await asyncio.wait({passing, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_over = passing.done()
            if not is_over:
                answer.cancel()
            for task in (passing, gone):
                task.cancel()
            results = await asyncio.gather(passing, gone, return_exceptions=True)
        if is_over and isinstance(results[0], Exception):
            raise results[0]

    async def _send_metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What all replicas count, each under its own name."""
        try:
            found = await self._handle.broadcast("metrics").results_async()
        except (RayError, RayServeException) as error:
            await _lost(error).response()(scope, receive, send)
            return
        text = of_all_replicas(found)
        kind = "text/plain; version=0.0.4; charset=utf-8"
        await Response(text, media_type=kind)(scope, receive, send)


async def _pass_on(answer: AsyncGenerator[Message, None], scope: Scope, receive: Receive, send: Send) -> None:
    """Pass on a replica's messages; where it is lost, say so."""
    start: Message | None = None
    has_begun = False
    try:
        async for message in answer:
            if message["type"] == "http.response.start":
                start = message  # held back: as long as nothing of the body is there, it can still be a 503
                continue
            if start is not None and not has_begun:
                await send(start)
                has_begun = True
            await send(message)
    except (RayError, RayServeException) as error:
        lost = _lost(error)
        if not has_begun:
            await lost.response()(scope, receive, send)
        elif start is not None and _is_stream(start):
            name = "error" if scope["path"].endswith("/responses") else None  # whose events have names
            last = event(lost.body(), name=name).encode()
            await send({"type": "http.response.body", "body": last, "more_body": False})
        else:
            raise  # half of an answer: closing the connection says that it is not whole


def _lost(error: Exception) -> ApiError:
    """What is said of an answer that will not come: ask again."""
    wait = {"Retry-After": str(RETRY_AFTER)}
    if isinstance(error, BackPressureError):
        full = "as many requests wait as may; ask again"
        return ApiError(429, full, code="rate_limit_exceeded", headers=wait)
    said = "the replica that was answering this is gone; ask again, another one answers"
    return ApiError(503, said, code="replica_lost", headers=wait)


def _is_stream(start: Message) -> bool:
    kinds = [value for name, value in start["headers"] if name.lower() == b"content-type"]
    return any(kind.startswith(b"text/event-stream") for kind in kinds)


async def _read(receive: Receive) -> bytes | None:
    """The whole body, whose size is limited before; None: the client is gone."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _live(receive: Receive, send: Send) -> None:
    """Begin and end, as a server wants it: there is nothing to prepare."""
    with suppress(asyncio.CancelledError):
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

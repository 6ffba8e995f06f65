"""The Model Context Protocol over standard input and output, where every line that asks is answered.

The package skips a line that is no message, so that whoever sent it waits for ever. JSON-RPC wants an error:

    nonsense                              id null, -32700 parse error
    {"jsonrpc": "2.0", "id": 9}           id 9,    -32600 invalid request

It also drops what still runs when the input ends. Here what was asked before is answered first.
"""

import json
from types import TracebackType
from typing import Any, Self

import anyio
from mcp.server import MCPServer
from mcp.server.stdio import stdio_server
from mcp.shared._stream_protocols import WriteStream
from mcp.shared.message import SessionMessage
from mcp_types import ErrorData
from mcp_types.jsonrpc import (
    INVALID_REQUEST,
    PARSE_ERROR,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError

_NEVER_ANSWERED = ("subscriptions/listen",)
"""Requests that stay open as long as the client does."""


def run_over_stdio(server: MCPServer[Any]) -> None:
    """Serve one client, until its standard input has ended and what it asked is answered."""
    anyio.run(_serve, server)


async def _serve(server: MCPServer[Any]) -> None:
    lowlevel = server._lowlevel_server  # the package's own way with other streams than stdio's is private
    async with stdio_server() as (read_stream, write_stream):
        sender, receiver = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        answers = _Answers(write_stream)

        async def pass_on() -> None:
            async with sender:
                async for item in read_stream:
                    if not isinstance(item, Exception):
                        answers.expect(item.message)
                        await sender.send(item)
                    elif not _is_blank(item):
                        await write_stream.send(SessionMessage(_answer_to(item)))
                await answers.wait_for_all()  # the package cancels what runs once the sender is closed

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pass_on)
            await lowlevel.run(receiver, answers, lowlevel.create_initialization_options())
            tasks.cancel_scope.cancel()


class _Answers:
    """The stream of answers; it knows which requests still wait for theirs.

    Args:
        stream: where they go.
    """

    def __init__(self, stream: WriteStream[SessionMessage]) -> None:
        self._stream = stream
        self._waiting: list[str] = []  # ids as text: the package takes 7 and "7" for the same one
        self._struck = anyio.Event()

    def expect(self, message: JSONRPCMessage) -> None:
        """Remember a request that is passed on; one that is cancelled gets no answer."""
        if isinstance(message, JSONRPCRequest) and message.method not in _NEVER_ANSWERED:
            self._waiting.append(str(message.id))
        elif isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            self._strike((message.params or {}).get("requestId"))

    async def wait_for_all(self) -> None:
        """Return when no request waits."""
        while self._waiting:
            self._struck = anyio.Event()
            await self._struck.wait()

    def _strike(self, known: object) -> None:
        if str(known) in self._waiting:
            self._waiting.remove(str(known))
            self._struck.set()

    async def send(self, item: SessionMessage, /) -> None:
        """Send a message."""
        await self._stream.send(item)
        if isinstance(item.message, JSONRPCResponse | JSONRPCError):
            self._strike(item.message.id)

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _answer_to(problem: Exception) -> JSONRPCError:
    """The error that a line is answered with, under the id that it has, if it has one."""
    is_json, request = _read(problem)
    known = request.get("id") if isinstance(request, dict) else None
    code = INVALID_REQUEST if is_json else PARSE_ERROR
    said = (
        "Invalid request: not a message of JSON-RPC 2.0" if is_json else "Parse error: the line is not JSON"
    )
    return JSONRPCError(
        jsonrpc="2.0",
        id=known if isinstance(known, str) or type(known) is int else None,
        error=ErrorData(code=code, message=said),
    )


def _is_blank(problem: Exception) -> bool:
    """Whether the line holds nothing, which asks for nothing."""
    if not isinstance(problem, ValidationError):
        return False
    line = problem.errors(include_url=False)[0]["input"]
    return isinstance(line, str) and not line.strip()


def _read(problem: Exception) -> tuple[bool, Any]:
    """Whether a line was JSON, and what it said, as far as its error tells."""
    if not isinstance(problem, ValidationError):
        return False, None
    errors = problem.errors(include_url=False)
    if errors[0]["type"] != "json_invalid":
        return True, next((each["input"] for each in errors if isinstance(each["input"], dict)), None)
    return False, _lenient(errors[0]["input"])


def _lenient(line: object) -> Any:
    """What Python makes of a line that the package does not take, such as one with half a character."""
    try:
        return json.loads(line) if isinstance(line, str | bytes) else None
    except (ValueError, RecursionError):
        return None

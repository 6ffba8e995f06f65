"""The Model Context Protocol over standard input and output, where every line that asks is answered.

The package skips a line that is no message, so that whoever sent it waits for ever. JSON-RPC wants an error:

    nonsense                              id null, -32700 parse error
    {"jsonrpc": "2.0", "id": 9}           id 9,    -32600 invalid request
"""

import json
from typing import Any

import anyio
from mcp.server import MCPServer
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import ErrorData
from mcp_types.jsonrpc import INVALID_REQUEST, PARSE_ERROR, JSONRPCError
from pydantic import ValidationError


def run_over_stdio(server: MCPServer[Any]) -> None:
    """Serve one client, until its end of standard input."""
    anyio.run(_serve, server)


async def _serve(server: MCPServer[Any]) -> None:
    lowlevel = server._lowlevel_server  # the package's own way with other streams than stdio's is private
    async with stdio_server() as (read_stream, write_stream):
        sender, receiver = anyio.create_memory_object_stream[SessionMessage | Exception](0)

        async def pass_on() -> None:
            async with sender:
                async for item in read_stream:
                    if not isinstance(item, Exception):
                        await sender.send(item)
                    elif not _is_blank(item):
                        await write_stream.send(SessionMessage(_answer_to(item)))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pass_on)
            await lowlevel.run(receiver, write_stream, lowlevel.create_initialization_options())
            tasks.cancel_scope.cancel()


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

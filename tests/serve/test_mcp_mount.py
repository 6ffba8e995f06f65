"""`/mcp` on the server: the protocol's own client asks over HTTP."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx
import pytest
from mcp.client import Client

from openbook.serve.books import Books
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve, telling

T = TypeVar("T")
Start = Callable[..., Running]
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.fixture
def start(make_state: MakeState, serve: Serve, edited: Path, fables: Path) -> Start:
    """A server of two books, `fables` and `kept`."""

    def started(**settings: Any) -> Running:
        books = Books(edited, {"kept": fables})
        return serve(make_state(ScriptedEngine(telling("x")), books=books, **settings))

    return started


def ask(
    url: str,
    questions: Callable[[Client], Awaitable[T]],
    *,
    mode: Literal["auto", "legacy"] = "auto",
) -> T:
    """Connect a client to an address."""

    async def asked() -> T:
        async with Client(url, mode=mode) as client:
            return await questions(client)

    return asyncio.run(asked())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_searches_and_reads(start: Start, mode: Literal["auto", "legacy"]) -> None:
    async def questions(client: Client) -> list[Any]:
        found = await client.call_tool("search", {"query": "Number"})
        first = found.structured_content["results"][0]["id"]
        read = await client.call_tool("fetch", {"id": first})
        return [first, read.structured_content]

    first, read = ask(f"{start().url}/mcp", questions, mode=mode)
    assert read["id"] == first
    assert read["text"].startswith("Number")


def test_each_book_has_its_address(start: Start) -> None:
    server = start(allow_edits=True)

    async def remove(client: Client) -> Any:
        return await client.call_tool("remove", {"ids": ["doc3"]})

    async def fetch(client: Client) -> Any:
        return await client.call_tool("fetch", {"id": "doc3"})

    assert ask(f"{server.url}/mcp", remove).structured_content["removed"] == 1
    assert ask(f"{server.url}/mcp/fables", fetch).is_error
    assert ask(f"{server.url}/mcp/kept", fetch).structured_content["id"] == "doc3"
    answer = server.http.post("/mcp/other", json=INITIALIZE, headers=ACCEPT)
    assert answer.status_code == 404
    assert "'fables', 'kept'" in answer.json()["error"]["message"]


def test_a_slash_at_the_end_names_the_first_book(start: Start) -> None:
    server = start(allow_edits=True)

    async def remove(client: Client) -> Any:
        return await client.call_tool("remove", {"ids": ["doc3"]})

    async def fetch(client: Client) -> Any:
        return await client.call_tool("fetch", {"id": "doc3"})

    assert ask(f"{server.url}/mcp/", remove).structured_content["removed"] == 1
    assert ask(f"{server.url}/mcp", fetch).is_error


def test_without_edits_no_tool_edits(start: Start) -> None:
    tools = ask(f"{start().url}/mcp", lambda client: client.list_tools()).tools
    assert {tool.name for tool in tools} == {"search", "fetch", "search_passages", "list"}


def test_a_book_that_is_gone_is_an_error(start: Start, edited: Path) -> None:
    server = start()
    shutil.move(edited, edited.with_name("elsewhere"))
    result = ask(f"{server.url}/mcp", lambda client: client.call_tool("search", {"query": "Number"}))
    assert result.is_error
    assert "the book 'fables'" in result.content[0].text


def test_the_key_the_host_and_the_limit_hold_here_too(start: Start) -> None:
    server = start(api_key="secret", max_body_bytes=2000)

    def status(**headers: str) -> int:
        return server.http.post("/mcp", json=INITIALIZE, headers=ACCEPT | headers).status_code

    assert status() == 401
    assert status(Authorization="Bearer wrong") == 401
    assert status(Authorization="Bearer secret") == 200
    assert status(Authorization="Bearer secret", Host="evil.example") == 403
    assert status(Authorization="Bearer secret", Origin="https://evil.example") == 403
    large = INITIALIZE | {"padding": "x" * 3000}
    answer = server.http.post("/mcp", json=large, headers=ACCEPT | {"Authorization": "Bearer secret"})
    assert answer.status_code == 413


def test_what_is_no_protocol_is_refused_without_a_fault(start: Start) -> None:
    http: httpx.Client = start().http
    for content in (b"", b"{", b"[]", b"null", b'{"jsonrpc": "2.0", "id": 1, "method": "nothing"}', b"\xff"):
        headers = ACCEPT | {"Content-Type": "application/json"}
        assert http.post("/mcp", content=content, headers=headers).status_code < 500
    for method in ("GET", "PUT", "DELETE"):
        assert http.request(method, "/mcp", headers=ACCEPT).status_code == 405

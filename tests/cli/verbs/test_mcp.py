"""`openbook mcp`: a real process, asked over its standard input by the protocol's own client."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

import openbook
from command_line import OpenBook

SOURCE = Path(openbook.__file__).parent.parent
SEEN = {"PYTHONPATH": os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])}
"""What a process must be told to find this package."""


HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}
SEARCH = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "search", "arguments": {"query": "zebras"}},
}


def parameters(database: Path, *options: str) -> StdioServerParameters:
    """How a client starts the command."""
    arguments = ["-m", "openbook", "mcp", str(database), *options]
    return StdioServerParameters(command=sys.executable, args=arguments, env=SEEN)


def test_a_client_searches_reads_and_edits(database: Path) -> None:
    async def asked() -> list[Any]:
        async with Client(parameters(database, "--allow-edits")) as client:
            found = await client.call_tool("search", {"query": "zebras"})
            first = found.structured_content["results"][0]
            read = await client.call_tool("fetch", {"id": first["id"]})
            added = await client.call_tool("add", {"documents": [{"id": "weevils", "text": "A zyzzyva."}]})
            again = await client.call_tool("search", {"query": "zyzzyva"})
            return [first, read.structured_content, added.structured_content, again.structured_content]

    first, read, added, again = asyncio.run(asked())
    assert first["title"] == "The guide"
    assert "Zebras drink water" in read["text"]
    assert added["added"] == 1
    assert again["results"][0]["id"] == "weevils"


def test_an_older_client_is_understood(database: Path) -> None:
    async def asked() -> Any:
        async with Client(parameters(database), mode="legacy") as client:
            return await client.call_tool("list", {"limit": 1})

    assert len(asyncio.run(asked()).structured_content["documents"]) == 1


def test_stdout_carries_the_protocol_alone_and_torch_stays_unloaded(database: Path) -> None:
    script = (
        "import sys\nfrom openbook.cli.app import run\n"
        "code = run(sys.argv[1:])\nprint('torch' in sys.modules, file=sys.stderr)\nsys.exit(code)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, "mcp", str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | SEEN,
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    answers = []
    for message in (HELLO, READY, SEARCH):
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        if "id" in message:
            answers.append(json.loads(process.stdout.readline()))
    process.stdin.close()
    rest, notes = process.stdout.read(), process.stderr.read()
    assert process.wait(timeout=60) == 0
    assert [answer["id"] for answer in answers] == [1, 2]
    assert answers[1]["result"]["structuredContent"]["results"]
    assert rest == ""
    assert notes.splitlines()[-1] == "False"
    assert "waiting for a client" in notes


PING = {"jsonrpc": "2.0", "id": 77, "method": "ping"}
HALF = b'{"jsonrpc": "2.0", "id": 7, "method": "ping", "params": {"a": "\\ud800"}}'
LINES = {
    b"nonsense": (None, -32700),
    b'{"jsonrpc": "2.0", ': (None, -32700),
    b"\xff\xfe\x00": (None, -32700),
    b"[" * 100_000: (None, -32700),
    HALF: (7, -32700),
    b"[]": (None, -32600),
    b"null": (None, -32600),
    b'{"jsonrpc": "2.0", "id": 9}': (9, -32600),
    b'{"jsonrpc": "1.0", "id": "a", "method": "ping"}': ("a", -32600),
    b'{"jsonrpc": "2.0", "id": 8, "method": "no such"}': (8, -32601),
}
"""Bad lines, and the id and code of their answers."""


def test_every_line_that_asks_is_answered_and_the_next_one_too(database: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "openbook", "mcp", str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | SEEN,
    )
    assert process.stdin is not None and process.stdout is not None
    found = {}
    process.stdin.write(b"\n  \n")  # asks for nothing
    for line in LINES:
        process.stdin.write(line + b"\n" + json.dumps(PING).encode() + b"\n")
        process.stdin.flush()
        # What is wrong with a line is seen before it is shared out: its answer may overtake, or be overtaken.
        answers = sorted(
            (json.loads(process.stdout.readline()) for _ in range(2)), key=lambda it: it["id"] == 77
        )
        assert answers[1]["id"] == 77
        found[line] = (answers[0]["id"], answers[0]["error"]["code"])
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert found == LINES


def said_at_once(database: Path, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What is answered to somebody who says everything and ends the input."""
    process = subprocess.run(
        [sys.executable, "-m", "openbook", "mcp", str(database), "--allow-edits"],
        input="".join(json.dumps(message) + "\n" for message in messages),
        capture_output=True,
        text=True,
        env=os.environ | SEEN,
        check=True,
    )
    return [json.loads(line) for line in process.stdout.splitlines()]


def test_what_was_asked_before_the_end_of_the_input_is_answered(database: Path) -> None:
    document = {"id": "weevils", "text": "A zyzzyva."}
    add = SEARCH | {"id": "3", "params": {"name": "add", "arguments": {"documents": [document]}}}
    answers = {answer["id"]: answer for answer in said_at_once(database, HELLO, READY, SEARCH, add, PING)}
    assert answers.keys() == {1, 2, "3", 77}
    assert answers[2]["result"]["structuredContent"]["results"]
    assert answers["3"]["result"]["structuredContent"]["added"] == 1


def test_what_was_canceled_is_not_waited_for_at_the_end_of_the_input(database: Path) -> None:
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}}
    answers = said_at_once(database, HELLO, READY, SEARCH, cancel)
    assert answers[0]["id"] == 1


def test_a_book_that_vanishes_is_an_error_and_is_found_again(database: Path, tmp_path: Path) -> None:
    book = shutil.copytree(database, tmp_path / "here")

    async def asked() -> list[Any]:
        async with Client(parameters(book, "--allow-edits")) as client:
            book.rename(tmp_path / "gone")
            lost = [
                await client.call_tool("search", {"query": "zebras"}),
                await client.call_tool("list", {}),
                await client.call_tool("add", {"documents": [{"text": "A zyzzyva."}]}),
            ]
            (tmp_path / "gone").rename(book)
            return [*lost, await client.call_tool("search", {"query": "zebras"})]

    *lost, found = asyncio.run(asked())
    assert all(answer.is_error and "here" in answer.content[0].text for answer in lost)
    assert str(tmp_path) not in "".join(answer.content[0].text for answer in lost)
    assert found.structured_content["results"]


def test_a_huge_argument_and_an_unknown_tool(database: Path) -> None:
    async def asked() -> list[Any]:
        async with Client(parameters(database)) as client:
            return [
                await client.call_tool("search", {"query": "zebras " * 300_000}),
                await client.call_tool("fetch", {"id": "x" * 2_000_000}),
                await client.call_tool("add", {"documents": [{"text": "x"}]}),
                await client.call_tool("serch", {"query": "zebras"}),
                await client.call_tool("search", {"query": "zebras"}),
            ]

    huge, unknown, forbidden, misspelled, after = asyncio.run(asked())
    assert huge.structured_content["results"] == after.structured_content["results"]
    assert unknown.is_error and len(unknown.content[0].text) < 1000
    assert forbidden.is_error and misspelled.is_error
    assert "serch" in misspelled.content[0].text


def test_a_database_that_is_not_there_is_one_line(openbook: OpenBook, tmp_path: Path) -> None:
    result = openbook("mcp", tmp_path / "nothing")
    assert (result.code, result.out) == (2, "")
    assert "openbook build" in result.error


def test_without_the_package_the_line_says_how_to_get_it(
    openbook: OpenBook, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        name for name in sys.modules if name.partition(".")[0] == "mcp" or name.endswith("mcp_server")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    result = openbook("mcp", database)
    assert result.code == 2
    assert "pip install 'openbook[serve]'" in result.error

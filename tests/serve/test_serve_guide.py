"""docs/serve.md on searches, documents and the Model Context Protocol: what it shows is run."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

import openbook
from command_line import LEXICAL
from openbook.cli.app import run
from openbook.serve.books import Books
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve, telling

ROOT = Path(openbook.__file__).parents[2]
GUIDE = ROOT / "docs" / "serve.md"
ADDRESS = "http://127.0.0.1:8000"


def section(title: str) -> str:
    """What stands under a heading."""
    if not GUIDE.is_file():
        pytest.skip(f"{GUIDE} is not there: this is an installed package")
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def blocks(title: str, kind: str) -> Iterator[str]:
    """The blocks of code of one kind in a section."""
    yield from re.findall(rf"^```{kind}\n(.*?)^```", section(title), re.MULTILINE | re.DOTALL)


@pytest.fixture
def mybook(tmp_path: Path) -> Path:
    """The book that the guide asks: of a folder `texts`."""
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "guide.md").write_text("# The guide\n\nZebras drink water at the river every evening.\n")
    for number in range(12):
        (texts / f"note{number}.txt").write_text(f"Ripe apples of kind {number}.\n")
    assert run(["build", str(tmp_path / "mybook"), str(texts), *LEXICAL]) == 0
    return tmp_path / "mybook"


@pytest.fixture
def server(make_state: MakeState, serve: Serve, mybook: Path) -> Running:
    return serve(make_state(ScriptedEngine(telling("x")), books=Books(mybook), allow_edits=True))


def test_the_commands_of_searches_and_documents(server: Running, mybook: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (mybook.parent / "notes.md").write_text("# Notes\n\nOkapis graze.\n")
    answers: list[Any] = []
    for block in blocks("Search and documents", "bash"):
        for command in block.replace("\\\n", " ").splitlines():
            assert command.startswith("curl -s ")
            done = subprocess.run(
                command.replace(ADDRESS, server.url),
                shell=True,
                cwd=mybook.parent,
                capture_output=True,
                check=True,
                env=os.environ | {"no_proxy": "*"},
            )
            answers.append(json.loads(done.stdout))
    found, filtered, listed, read, added, weevil, removed, uploaded = answers
    assert found[0]["document_id"] == "texts/guide.md"
    assert {hit["document_id"] for hit in filtered} == {
        "texts/note1.txt",
        "texts/note10.txt",
        "texts/note11.txt",
    }
    assert len(listed["data"]) == 3 and listed["has_more"]
    assert read["text"].startswith("# The guide")
    assert added["done"]["added"] == 1
    assert weevil[0]["title"] == "Weevils"
    assert removed["done"]["removed"] == 1
    assert uploaded["done"]["added"] == 1


def test_the_answer_that_is_shown_has_the_keys_of_a_hit(server: Running) -> None:
    (shown,) = blocks("Search and documents", "json")
    hits = server.http.post("/v1/search", json={"query": "zebras"}).json()
    assert json.loads(shown)[0].keys() == hits[0].keys()


def test_what_clients_are_told_starts_a_server(mybook: Path) -> None:
    local, _ = map(json.loads, blocks("The Model Context Protocol", "json"))
    told = local["mcpServers"]["mybook"]
    (command,) = blocks("The Model Context Protocol", "bash")
    assert command.split() == [told["command"], "mcp", "mybook"]
    verb, folder = told["args"]
    assert Path(folder).name == "mybook"

    async def asked() -> Any:
        environment = {"PYTHONPATH": str(ROOT / "src")}
        arguments = ["-m", told["command"], verb, str(mybook)]
        parameters = StdioServerParameters(command=sys.executable, args=arguments, env=environment)
        async with Client(parameters) as client:
            return await client.call_tool("search", {"query": "zebras"})

    assert asyncio.run(asked()).structured_content["results"][0]["id"] == "texts/guide.md"


def test_the_address_and_the_program_that_are_shown(server: Running) -> None:
    _, remote = map(json.loads, blocks("The Model Context Protocol", "json"))
    assert remote["mcpServers"]["mybook"]["url"] == f"{ADDRESS}/mcp"
    (program,) = blocks("The Model Context Protocol", "python")
    command = [sys.executable, "-c", program.replace(ADDRESS, server.url)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("# The guide\n\nZebras drink water")


def test_the_table_names_all_tools(server: Running) -> None:
    async def asked() -> set[str]:
        async with Client(f"{server.url}/mcp") as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    rows = [row for row in section("The Model Context Protocol").splitlines() if row.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)\(", row.split("|")[1])}
    assert named == asyncio.run(asked())

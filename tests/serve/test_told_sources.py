"""No answer of a server tells a path of its machine: routes, citations, footnotes, errors, MCP."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.client import Client

from openbook.database import Database
from openbook.generation.citations import Citation
from openbook.serve.books import Books
from openbook.text import read_documents
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve, neighbor, telling


@pytest.fixture
def anna(tmp_path: Path) -> Path:
    """A folder of hers."""
    folder = tmp_path / "home-of-anna" / "notes"
    folder.mkdir(parents=True)
    (folder / "gate.md").write_text("A zyzzyva built the gate.")
    return folder


@pytest.fixture
def server(make_state: MakeState, serve: Serve, edited: Path, anna: Path) -> Running:
    """It reads a book that her notes were added to."""
    Database.open(edited).add(read_documents([str(anna)]))
    read = neighbor(1, document_id="notes/gate.md", title="", source=str(anna / "gate.md"))
    engine = ScriptedEngine(telling("The zyzzyva.", spans=[Citation(0, 12, [read])]))
    return serve(make_state(engine, books=Books(edited), allow_edits=True))


def answers(http: httpx.Client) -> Iterator[httpx.Response]:
    yield http.get("/v1/documents", params={"after": "doc9"})
    yield http.get("/v1/documents/notes/gate.md")
    yield http.post("/v1/search", json={"query": "zyzzyva"})
    asked = {"model": "tiny", "openbook": {"footnotes": True}, "max_tokens": 9}
    messages = {"messages": [{"role": "user", "content": "zyzzyva"}]}
    yield http.post("/v1/chat/completions", json=asked | messages)
    yield http.post("/v1/chat/completions", json=asked | messages | {"stream": True})
    yield http.post("/v1/completions", json=asked | {"prompt": "zyzzyva"})


def test_an_answer_tells_the_id_in_place_of_the_path(server: Running) -> None:
    for answer in answers(server.http):
        assert answer.status_code == 200, answer.text
        assert "anna" not in answer.text
        assert '"source":"notes/gate.md"' in answer.text


def test_a_footnote_has_no_path(server: Running) -> None:
    body = {"model": "tiny", "openbook": {"footnotes": True}, "max_tokens": 9}
    asked = body | {"messages": [{"role": "user", "content": "zyzzyva"}]}
    text = server.http.post("/v1/chat/completions", json=asked).json()["choices"][0]["message"]["content"]
    assert text.endswith("[^1]: notes/gate\\.md")


def test_patterns_are_of_what_is_told(server: Running) -> None:
    """Else one could find the path, letter by letter."""
    for pattern, found in (("notes/*.md", ["notes/gate.md"]), ("notes/g", ["notes/gate.md"]), ("*anna*", [])):
        listed = server.http.get("/v1/documents", params={"source": pattern}).json()["data"]
        assert [each["document_id"] for each in listed] == found
        body = {"query": "zyzzyva", "filter": {"sources": [pattern]}}
        answer = server.http.post("/v1/search", json=body)
        assert ([hit["document_id"] for hit in answer.json()] if found else answer.status_code) == (
            found or 404
        )


def test_a_wrong_pattern_is_answered_without_paths(server: Running) -> None:
    body = {"query": "zyzzyva", "filter": {"sources": ["notes/gaet.md"]}}
    said = server.http.post("/v1/search", json=body).json()["error"]["message"]
    assert "nearest: 'notes/gate.md'" in said and "anna" not in said


def test_tools_tell_the_id_too(server: Running) -> None:
    async def asked() -> list[Any]:
        async with Client(f"{server.url}/mcp") as client:
            calls = [
                ("list", {"after": "doc9"}),
                ("list", {"source": "anna"}),
                ("fetch", {"id": "notes/gate.md"}),
            ]
            return [await client.call_tool(tool, arguments) for tool, arguments in calls]

    listed, named, read = asyncio.run(asked())
    assert listed.structured_content["documents"][0]["source"] == "notes/gate.md"
    assert named.structured_content["documents"] == []
    assert read.structured_content["metadata"]["source"] == "notes/gate.md"
    assert "anna" not in str(listed.content) + str(read.content)

"""A book for clients of the Model Context Protocol: their own package asks, in process."""

import asyncio
import json
import logging
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from mcp.client import Client

from openbook.database import Database, SearchUnit
from openbook.serve import mcp_server
from openbook.serve.books import Book
from openbook.serve.mcp_server import make_mcp
from openbook.text import Document

T = TypeVar("T")
READING = {"search", "fetch", "search_passages", "list"}


def ask(book: Path, questions: Callable[[Client], Awaitable[T]], *, allow_edits: bool = False) -> T:
    """Connect a client to the server of a book."""

    async def asked() -> T:
        served = Book("fables", book)
        try:
            async with Client(make_mcp(served, allow_edits=allow_edits)) as client:
                return await questions(client)
        finally:
            served.close()

    return asyncio.run(asked())


def call(book: Path, tool: str, *, allow_edits: bool = False, **arguments: Any) -> Any:
    """The result of one call."""
    return ask(book, lambda client: client.call_tool(tool, arguments), allow_edits=allow_edits)


def answer(book: Path, tool: str, **arguments: Any) -> Any:
    """The structured content of one call, which its text says too."""
    result = call(book, tool, **arguments)
    assert not result.is_error, result.content
    (content,) = result.content
    assert json.loads(content.text) == result.structured_content
    return result.structured_content


def error(book: Path, tool: str, **arguments: Any) -> str:
    """What a call that goes wrong says."""
    result = call(book, tool, **arguments)
    assert result.is_error
    assert result.structured_content is None
    return str(result.content[0].text)


def test_search_answers_what_chatgpt_wants(edited: Path) -> None:
    Database.open(edited).add(
        [Document(id="weevils/a b", text="A zyzzyva is a weevil.", source="https://x.org/a")]
    )
    found = answer(edited, "search", query="zyzzyva")
    assert found == {"results": [{"id": "weevils/a b", "title": "weevils/a b", "url": "https://x.org/a"}]}


def test_a_search_names_each_document_once(fables: Path) -> None:
    found = answer(fables, "search", query="Number")["results"]
    assert len({document["id"] for document in found}) == len(found) == 10
    assert found[0].keys() == {"id", "title", "url"}
    assert found[0]["url"] == f"openbook://fables/{found[0]['id']}"


def test_a_long_document_crowds_out_no_other(edited: Path) -> None:
    """Each of its chunks is better than those of the notes, and there are more than are looked at at once."""
    database = Database.open(edited)
    short = [
        Document(id=f"note{n}", text=f"Once a zyzzyva was seen in the garden of the house number {n}.")
        for n in range(8)
    ]
    # A text that says nothing else, of so many chunks, that each end in the middle of a word.
    manual = Document(id="manual", text="zyzzyva weevil " * 400)
    database.add([manual, *short])
    assert len(database.search("zyzzyva weevil", k=50)[0]) == 50
    assert {hit.document_id for hit in database.search("zyzzyva weevil", k=50)[0]} == {"manual"}
    found = [document["id"] for document in answer(edited, "search", query="zyzzyva weevil")["results"]]
    assert found[0] == "manual"
    assert sorted(found[1:]) == [f"note{n}" for n in range(8)]


def test_no_more_than_ten_documents_are_found(edited: Path) -> None:
    database = Database.open(edited)
    long = [Document(id=f"manual{n}", text="zyzzyva " * 600) for n in range(2)]
    notes = [Document(id=f"note{n}", text=f"A zyzzyva sat in garden {n}.") for n in range(12)]
    database.add([*long, *notes])
    found = [document["id"] for document in answer(edited, "search", query="zyzzyva")["results"]]
    assert len(found) == 10
    assert {"manual0", "manual1"} <= set(found[:2])


def test_fetch_answers_what_chatgpt_wants(fables: Path, book_documents: list[Document]) -> None:
    found = answer(fables, "fetch", id="doc3")
    text = book_documents[3].text
    revision = next(each.revision for each in Database.open(fables).documents() if each.document_id == "doc3")
    metadata = {"source": "book/3.txt", "revision": revision, "offset": "0", "characters": str(len(text))}
    url = "openbook://fables/doc3"
    assert found == {"id": "doc3", "title": "title 3", "text": text, "url": url, "metadata": metadata}


def test_a_long_document_comes_in_parts_that_say_so(edited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_server, "_LONGEST", 40)
    text = "".join(f"word{number} " for number in range(20)) + "end"
    Database.open(edited).add([Document(id="long", text=text)])
    parts, offset = [], 0
    while True:
        found = answer(edited, "fetch", id="long", offset=offset)
        part, _, said = found["text"].partition("\n[Cut here")
        parts.append(part)
        if "next_offset" not in found["metadata"]:
            assert said == ""
            break
        offset = int(found["metadata"]["next_offset"])
        assert f"with offset {offset}" in said and str(len(text)) in said
    assert "".join(parts) == text and len(parts) > 2
    assert "offset 9999" in error(edited, "fetch", id="long", offset=9999)


def test_passages_are_answered_with_their_texts(fables: Path) -> None:
    found = answer(fables, "search_passages", query="Number 7", k=2, mode="bm25")["results"]
    hits = Database.open(fables).search("Number 7", k=2, mode="bm25")[0]
    assert [(passage["id"], passage["text"]) for passage in found] == [
        (hit.document_id, hit.text + hit.continuation) for hit in hits
    ]


@pytest.mark.parametrize("by", ["section", "document"])
def test_passages_by_section_or_document(fables: Path, by: SearchUnit) -> None:
    found = answer(fables, "search_passages", query="Number 7", k=2, by=by)["results"]
    hits = Database.open(fables).search("Number 7", k=2, by=by)[0]
    assert [passage["id"] for passage in found] == [hit.document_id for hit in hits]
    assert "by" in error(fables, "search_passages", query="x", by="page")


def test_documents_are_listed_a_page_at_a_time(fables: Path) -> None:
    first = answer(fables, "list", limit=15)
    assert len(first["documents"]) == 15
    rest = answer(fables, "list", limit=15, after=first["next_after"])
    assert (len(rest["documents"]), rest["next_after"]) == (5, None)
    only = answer(fables, "list", source="book/3.txt")["documents"]
    assert only == [{"id": "doc3", "title": "title 3", "source": "book/3.txt", "searchable": True}]


def test_what_goes_wrong_is_said(fables: Path) -> None:
    assert "'doc3'" in error(fables, "fetch", id="DOC-3")
    assert "empty" in error(fables, "search", query=" ")
    assert "lexical only" in error(fables, "search_passages", query="x", mode="dense")
    assert "query" in error(fables, "search")
    assert "k" in error(fables, "search_passages", query="x", k=0)


@pytest.mark.parametrize("arguments", [{"query": "Number"}, {"id": "doc3"}, {}])
def test_a_book_that_is_gone_is_an_error_and_not_an_empty_list(
    edited: Path, arguments: dict[str, str]
) -> None:
    tool = {("query",): "search", ("id",): "fetch", (): "list"}[tuple(arguments)]

    async def asked(client: Client) -> Any:
        shutil.move(edited, edited.with_name("elsewhere"))
        return await client.call_tool(tool, arguments)

    result = ask(edited, asked)
    assert result.is_error
    assert "the book 'fables'" in result.content[0].text
    assert str(edited.parent) not in result.content[0].text


def test_without_edits_there_are_only_tools_that_read(fables: Path) -> None:
    tools = ask(fables, lambda client: client.list_tools()).tools
    assert {tool.name for tool in tools} == READING
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert all(tool.description and tool.output_schema for tool in tools)
    by_name = {tool.name: tool for tool in tools}
    assert by_name["search"].input_schema["properties"].keys() == {"query"}
    assert by_name["search"].input_schema["required"] == ["query"]
    assert by_name["fetch"].input_schema["required"] == ["id"]
    assert "Unknown tool" in error(fables, "remove", ids=["doc3"])


def test_with_edits_documents_come_and_go(edited: Path) -> None:
    async def asked(client: Client) -> Any:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools.keys() == READING | {"add", "remove"}
        assert not tools["add"].annotations.read_only_hint
        assert tools["remove"].annotations.destructive_hint
        document = {"id": "new", "text": "A zyzzyva is a weevil.", "title": "Weevils"}
        added = await client.call_tool("add", {"documents": [document]})
        found = await client.call_tool("search", {"query": "zyzzyva"})
        removed = await client.call_tool("remove", {"ids": ["new"]})
        after = await client.call_tool("search", {"query": "zyzzyva"})
        twice = await client.call_tool("remove", {"ids": ["new"]})
        blank = await client.call_tool("add", {"documents": [{"text": " "}]})
        return [result.structured_content for result in (added, found, removed, after)], [twice, blank]

    (added, found, removed, after), wrong = ask(edited, asked, allow_edits=True)
    assert (added["added"], added["documents"]) == (1, 21)
    assert found["results"][0]["title"] == "Weevils"
    assert (removed["removed"], removed["documents"]) == (1, 20)
    assert added["ids"] == removed["ids"] == ["new"]
    assert after == {"results": []}
    assert all(result.is_error for result in wrong)
    assert [document.document_id for document in Database.open(edited).documents()].count("new") == 0


def test_what_was_not_read_is_not_replaced_where_that_is_asked(edited: Path) -> None:
    async def asked(client: Client) -> Any:
        async def add(text: str, **more: str) -> Any:
            return await client.call_tool("add", {"documents": [{"id": "doc3", "text": text, **more}]})

        async def fetch() -> Any:
            return (await client.call_tool("fetch", {"id": "doc3"})).structured_content

        read = (await fetch())["metadata"]["revision"]
        refused = [await add("A new one.", replaces="")]
        replaced = [await add("A first edit.", replaces=read)]
        refused.append(await add("A second edit.", replaces=read))
        texts = [(await fetch())["text"]]
        replaced.append(await add("Whatever is there."))
        return refused, replaced, [*texts, (await fetch())["text"]]

    refused, replaced, texts = ask(edited, asked, allow_edits=True)
    assert all(result.is_error for result in refused)
    assert "is there already" in refused[0].content[0].text
    assert "was changed since it was read" in refused[1].content[0].text
    assert [result.structured_content["replaced"] for result in replaced] == [1, 1]
    assert texts == ["A first edit.", "Whatever is there."]


def test_what_was_not_read_is_not_removed_where_that_is_asked(edited: Path) -> None:
    async def asked(client: Client) -> Any:
        async def remove(*ids: str, **revisions: str) -> Any:
            return await client.call_tool("remove", {"ids": ids, "revisions": revisions})

        fetched = await client.call_tool("fetch", {"id": "doc3"})
        read = fetched.structured_content["metadata"]["revision"]
        await client.call_tool("add", {"documents": [{"id": "doc3", "text": "An edit."}]})
        edit = (await client.call_tool("fetch", {"id": "doc3"})).structured_content["metadata"]["revision"]
        refused = [await remove("doc4", "doc3", doc3=read), await remove("doc4", doc3=edit)]
        return refused, await remove("doc4", "doc3", doc3=edit)

    refused, removed = ask(edited, asked, allow_edits=True)
    assert all(result.is_error for result in refused)
    assert "was changed since it was read" in refused[0].content[0].text
    assert "'doc3' is not one of the ids" in refused[1].content[0].text
    assert (removed.structured_content["removed"], removed.structured_content["documents"]) == (2, 18)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search_passages", {"query": "x", "k": 0}, "k: Input should be greater than or equal to 1"),
        ("search_passages", {"query": "x", "qery": 1}, "qery: unknown parameter; did you mean 'query'?"),
        ("search", {}, "query: is required"),
        ("fetch", {"id": 3}, "id: Input should be a valid string"),
        (
            "add",
            {"documents": [{"text": "a", "tittle": "b"}]},
            "documents.0.tittle: unknown parameter; did you",
        ),
        ("add", {"documents": []}, "documents: List should have at least 1 item"),
        ("remove", {"ids": "doc3"}, "ids: Input should be a valid list"),
        ("remove", {"ids": []}, "ids: List should have at least 1 item"),
        (
            "remove",
            {"ids": ["doc3"], "revisions": {"doc3": ""}},
            "revisions: String should have at least 1",
        ),
    ],
)
def test_wrong_arguments_are_told_in_one_line(
    fables: Path, tool: str, arguments: dict[str, Any], said: str
) -> None:
    message = error(fables, tool, allow_edits=True, **arguments)
    assert f"{tool}: {said}" in message
    assert "\n" not in message and "pydantic" not in message


def test_an_id_that_no_document_has_is_told_with_the_nearest(fables: Path) -> None:
    for tool, arguments in (("fetch", {"id": "DOC-3"}), ("remove", {"ids": ["DOC-3"]})):
        assert "nearest: 'doc3'" in error(fables, tool, allow_edits=True, **arguments)


@pytest.mark.parametrize("name", [".", "..", "x" * 1001])
def test_an_id_without_an_address_is_refused(edited: Path, name: str) -> None:
    result = call(edited, "add", allow_edits=True, documents=[{"text": "A text.", "id": name}])
    assert result.is_error
    assert "address" in result.content[0].text


def test_making_a_server_leaves_logging_alone(fables: Path) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    served = Book("fables", fables)
    make_mcp(served)
    served.close()
    assert (root.handlers, root.level) == before


def test_an_argument_that_a_tool_does_not_have_is_refused(fables: Path) -> None:
    assert "qery" in error(fables, "search", query="Number", qery="x")
    assert "modes" in error(fables, "search_passages", query="Number", modes="bm25")


def test_clients_are_told_that_there_are_no_other_arguments(fables: Path) -> None:
    async def listed(client: Client) -> Any:
        return (await client.list_tools()).tools

    for tool in ask(fables, listed, allow_edits=True):
        assert tool.input_schema["additionalProperties"] is False, tool.name

"""The verbs on a sharded book: the same as on one database, and what they say when a shard is missing."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client

from command_line import HIT, INFO, TINY, OpenBook, sets, write_rows
from openbook.cli.checked_sources import Sources
from openbook.cli.folder_watch import FolderWatch
from openbook.database import Database
from openbook.database.shards.book_creation import create_book
from openbook.database.shards.book_manifest import BookManifest
from openbook.serve.books import Book
from openbook.serve.mcp_server import make_mcp
from openbook.text import load_tokenizer
from openbook.text.sources import SourceOptions
from tiny_base import write_base


@pytest.fixture
def book(openbook: OpenBook, database: Path, texts: Path, tmp_path: Path) -> Path:
    """The database's documents, in three shards."""
    folder = tmp_path / "book"
    one = Database.open(database)
    names = [f"shard-{place:05}" for place in range(3)]
    for name in names:
        Database.create(
            folder / name, tokenizer=one.tokenizer, embedder=None, chunk_size=16, holdout=one.settings.holdout
        )
    create_book(folder, names)
    assert openbook("add", folder, texts).code == 0
    return folder


def test_what_is_said_of_a_book(openbook: OpenBook, book: Path, database: Path) -> None:
    info = openbook("info", book, "--json").json
    assert info.keys() >= INFO and (info["shards"], info["missing_shards"]) == (3, [])
    assert "3 shards" in openbook("info", book).out
    one = openbook("info", database, "--json").json
    assert [info[name] for name in ("documents", "chunks", "holdout_documents")] == [
        one[name] for name in ("documents", "chunks", "holdout_documents")
    ]
    documents = [openbook("list", each, "--json").json for each in (book, database)]
    by_id = [sorted(each, key=lambda document: str(document["document_id"])) for each in documents]
    assert by_id[0] == by_id[1]


def test_searching_and_changing_it(openbook: OpenBook, book: Path, database: Path, texts: Path) -> None:
    found = [openbook("search", each, "zebras quokka", "--json").json for each in (book, database)]
    kept = ("document_id", "text", "continuation", "title")
    assert [[hit[name] for name in kept] for hit in found[0]] == [
        [hit[name] for name in kept] for hit in found[1]
    ]
    assert openbook("build", book, texts).code == 0, "what is there is skipped"
    (texts / "guide.md").write_text("# The guide\n\nHippos sleep at the river every evening.\n")
    added = openbook("add", book, texts, "--sync", "--json").json
    assert (added["done"]["replaced"], added["done"]["unchanged"]) == (1, 13)
    assert openbook("remove", book, "row1").code == 0
    assert {hit["title"] for hit in openbook("search", book, "hippos", "--json").json} == {"The guide"}
    assert openbook("search", book, "quokka", "--json").json == []
    assert openbook("compact", book).code == 0
    assert openbook("neighbors", book, "-k", "2").code == 0
    assert openbook("verify", book).code == 0
    assert openbook("info", book, "--json").json["neighbors"]["state"] == "current"
    actions = [made["action"] for made in openbook("info", book, "--json").json["history"]]
    assert actions == ["create", "add", "add", "remove", "compact"]


def test_a_model_trains_on_it_and_reads_it(openbook: OpenBook, book: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    rows = write_rows(tmp_path / "more.jsonl", {f"d{number}": 1 for number in range(20)})
    assert openbook("add", book, rows).code == 0
    assert openbook("neighbors", book, "-k", "4").code == 0
    trained = openbook("train", "tiny", "--database", book, "--output", model, *sets(*TINY))
    assert trained.code == 0, trained.err
    evaluated = openbook("eval", "perplexity", model, book, "--max-sequences", 2, "--json")
    assert evaluated.code == 0 and evaluated.json["modes"].keys() >= {"on", "off"}
    written = openbook("generate", model, book, "Apples of kind", "--max-new-tokens", "20", "--json")
    assert written.code == 0 and written.json["citations"]
    ranker = tmp_path / "ranker.json"
    learned = openbook("rank", model, book, "--output", ranker, "-k", 4, "--json")
    assert learned.code == 0 and learned.json["k"] == 4, learned.err
    ranked = openbook("generate", model, book, "Apples of kind", "--ranker", ranker, "-k", 4, "--json")
    assert ranked.code == 0, ranked.err
    wrong = openbook("retokenize", book, "--output", tmp_path / "derived", "--tokenizer", book / "tokenizer")
    assert wrong.code == 2 and "is a sharded book" in wrong.error


def test_documents_as_units(openbook: OpenBook, book: Path, database: Path) -> None:
    command = ("apples moon month", "--by", "document", "-k", "4", "--mode", "bm25", "--json")
    found = [openbook("search", each, *command).json for each in (book, database)]
    assert len(found[0]) == 4
    assert [(hit["document_id"], hit["text"]) for hit in found[0]] == [
        (hit["document_id"], hit["text"]) for hit in found[1]
    ]


def test_an_exam_in_a_copy_of_it(openbook: OpenBook, tmp_path: Path) -> None:
    base = write_base(tmp_path / "base")
    tokenizer = load_tokenizer(str(base))
    for folder in (tmp_path / "one", *(tmp_path / "book" / f"shard-{place:05}" for place in range(3))):
        Database.create(folder, tokenizer=tokenizer, embedder=None, chunk_size=64)
    create_book(tmp_path / "book", [f"shard-{place:05}" for place in range(3)])
    asked = (
        "exam",
        "--model",
        base,
        "--documents",
        12,
        "--questions",
        4,
        "-k",
        2,
        "--by",
        "document",
        "--json",
    )
    found = [openbook(*asked, "--book", tmp_path / name) for name in ("one", "book")]
    assert [each.code for each in found] == [0, 0], found[1].err
    assert found[0].json == found[1].json
    assert Database.open(tmp_path / "book").info().documents == 0, "the book itself stays as it was"


def test_a_folder_is_followed(book: Path, texts: Path) -> None:
    lines: list[str] = []
    sources = Sources([str(texts)], SourceOptions(text_key="text"), skip=False)
    watch = FolderWatch(Database.open(book), sources, yes=True, print_line=lines.append)
    watch.step(1.0)
    (texts / "new.md").write_text("A yak eats grass.")
    (texts / "note4.txt").unlink()
    for now in (2.0, 3.0, 4.0):
        watch.step(now)
    assert lines == ["added    texts/new.md", "removed  texts/note4.txt"]
    ids = {document.document_id for document in Database.open(book).documents()}
    assert "texts/new.md" in ids and "texts/note4.txt" not in ids


def test_a_client_of_mcp_edits_it(book: Path) -> None:
    async def edited() -> list[Any]:
        served = Book("fruit", book)
        try:
            async with Client(make_mcp(served, allow_edits=True)) as client:
                await client.call_tool("add", {"documents": [{"id": "yak", "text": "A yak eats grass."}]})
                found = await client.call_tool("search", {"query": "yak"})
                read = await client.call_tool("fetch", {"id": "yak"})
                await client.call_tool("remove", {"ids": ["yak"]})
                gone = await client.call_tool("search", {"query": "yak"})
                return [each.structured_content for each in (found, read, gone)]
        finally:
            served.close()

    found, read, gone = asyncio.run(edited())
    assert [each["id"] for each in found["results"]] == ["yak"]
    assert read["text"] == "A yak eats grass." and gone["results"] == []


def test_a_shard_is_missing(openbook: OpenBook, book: Path) -> None:
    found = openbook("search", book, "apples zebras quokka", "--json").json
    shard = BookManifest.read(book).shards[0].folder
    shutil.rmtree(book / shard)
    result = openbook("search", book, "apples")
    assert result.code == 2 and shard in result.error and "--allow-missing-shards" in result.error
    allowed = openbook("search", book, "apples zebras quokka", "--json", "--allow-missing-shards")
    assert allowed.code == 0 and allowed.json["missing_shards"] == [shard]
    assert all(hit.keys() >= HIT for hit in allowed.json["hits"])
    assert len(allowed.json["hits"]) > 0 and found
    assert f"read without 1 shard ({shard})" in allowed.err
    info = openbook("info", book, "--json", "--allow-missing-shards").json
    assert info["missing_shards"] == [shard] and info["documents"] < 14
    assert shard in openbook("list", book, "--allow-missing-shards").err
    verified = openbook("verify", book)
    assert verified.code != 0 and shard in verified.out + verified.err
    assert shard in openbook("remove", book, "row1").error


def test_all_shards_are_there(openbook: OpenBook, book: Path) -> None:
    result = openbook("search", book, "zebras", "--json", "--allow-missing-shards")
    assert result.json["missing_shards"] == [] and "warning" not in result.err

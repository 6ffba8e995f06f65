"""The verbs on a sharded book: the same as on one database, and what they say when a shard is missing."""

import shutil
from pathlib import Path

import pytest

from command_line import HIT, INFO, TINY, OpenBook, sets
from openbook.database import Database
from openbook.database.shards.book_creation import create_book
from openbook.database.shards.book_manifest import BookManifest


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
    assert openbook("neighbors", book, "-k", "2").code == 0
    trained = openbook("train", "tiny", "--database", book, "--output", model, *sets(*TINY))
    assert trained.code == 0, trained.err
    evaluated = openbook("eval", "perplexity", model, book, "--max-sequences", 2, "--json")
    assert evaluated.code == 0 and evaluated.json["modes"].keys() >= {"on", "off"}
    written = openbook("generate", model, book, "Apples of kind", "--max-new-tokens", "20", "--json")
    assert written.code == 0 and written.json["citations"]
    wrong = openbook("retokenize", book, "--output", tmp_path / "derived", "--tokenizer", book / "tokenizer")
    assert wrong.code == 2 and "is a sharded book" in wrong.error


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

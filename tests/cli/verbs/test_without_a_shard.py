"""The verbs that answer from a book one of whose shards is gone: refused, or told in every answer."""

import asyncio
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from mcp.client import Client

from command_line import TINY, OpenBook, sets
from openbook.database import Database
from openbook.database.shards.book_creation import create_book
from openbook.database.shards.book_manifest import BookManifest
from openbook.serve.books import Book
from openbook.serve.mcp_server import make_mcp
from openbook.text import load_tokenizer
from tiny_base import write_base

GONE = "shard-00001"
ALLOWED = "--allow-missing-shards"
WITHOUT = f"read without 1 shard ({GONE}"  # after it the commit that changed it


def shard(folder: Path, tokenizer: Any, *, chunk_size: int = 16, holdout: float = 0.0) -> Path:
    """An empty book of three shards, of words alone."""
    names = [f"shard-{place:05}" for place in range(3)]
    for name in names:
        Database.create(
            folder / name, tokenizer=tokenizer, embedder=None, chunk_size=chunk_size, holdout=holdout
        )
    create_book(folder, names)
    return folder


@pytest.fixture
def book(openbook: OpenBook, database: Path, texts: Path, tmp_path: Path) -> Path:
    """The database's documents, in three shards; no held-out one is in the shard that goes."""
    one = Database.open(database)
    folder = shard(tmp_path / "book", one.tokenizer, holdout=one.settings.holdout)
    assert openbook("add", folder, texts).code == 0
    return folder


def take_away(book: Path) -> Path:
    """Lose a shard."""
    (gone,) = (entry.folder for entry in BookManifest.read(book).shards if entry.folder.startswith(GONE))
    shutil.rmtree(book / gone)
    return book


@pytest.mark.parametrize("verb", ["info", "list", "eval retrieval"])
def test_a_verb_that_can_do_without_advises_it(openbook: OpenBook, book: Path, verb: str) -> None:
    refused = openbook(*verb.split(), take_away(book))
    assert (refused.code, GONE in refused.error) == (2, True)
    assert refused.error.endswith(f"; restore it from a copy, or go on without it: {ALLOWED}")


@pytest.mark.parametrize(
    "command",
    [
        ("compact", "BOOK"),
        ("neighbors", "BOOK"),
        ("remove", "BOOK", "apples"),
        ("add", "BOOK", "TEXTS"),
        ("build", "BOOK", "TEXTS"),
        ("train", "tiny", "--database", "BOOK", "--output", "MODEL"),
    ],
    ids=lambda command: command[0],
)
def test_a_verb_that_cannot_does_not(
    openbook: OpenBook, book: Path, texts: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    given = {"BOOK": take_away(book), "TEXTS": texts, "MODEL": tmp_path / "model"}
    refused = openbook(*(given.get(word, word) for word in command))
    assert (refused.code, GONE in refused.error) == (2, True), refused.err
    assert refused.error.endswith("; restore it from a copy") and ALLOWED not in refused.error


@pytest.fixture
def model(openbook: OpenBook, book: Path, tmp_path: Path) -> Path:
    assert openbook("neighbors", book, "-k", "2").code == 0
    trained = openbook("train", "tiny", "--database", book, "--output", tmp_path / "model", *sets(*TINY))
    assert trained.code == 0, trained.err
    return tmp_path / "model"


def test_generate(openbook: OpenBook, model: Path, book: Path) -> None:
    take_away(book)
    command = ("generate", model, book, "Apples of kind", "--max-new-tokens", "18", "--json")
    refused = openbook(*command)
    assert refused.code == 2 and GONE in refused.error and ALLOWED in refused.error
    written = openbook(*command, ALLOWED)
    assert written.code == 0 and WITHOUT in written.err
    assert GONE in written.json["missing_shards"][0] and written.json["citations"]
    several = openbook(*command, ALLOWED, "--samples", 2)
    assert [GONE in text["missing_shards"][0] for text in several.json] == [True, True]


def test_perplexity_is_measured_without_the_table(
    openbook: OpenBook, model: Path, book: Path, tmp_path: Path
) -> None:
    command = ("eval", "perplexity", model, book, "--max-sequences", 2, "--modes", "on,off", "--json")
    whole = openbook(*command, ALLOWED)
    assert whole.json["missing_shards"] == []
    take_away(book)
    assert GONE in openbook(*command).error
    report = tmp_path / "report"
    found = openbook(*command, "--report", report, ALLOWED)
    assert found.code == 0, found.err
    assert WITHOUT in found.err and GONE in found.json["missing_shards"][0]
    assert found.json["modes"]["off"] == whole.json["modes"]["off"], "the same documents are read"
    assert f"read without {GONE}" in (report / "report.md").read_text()


def test_retrieval_is_measured(openbook: OpenBook, book: Path) -> None:
    command = ("eval", "retrieval", take_away(book), "--queries", "5", "--json")
    assert GONE in openbook(*command).error
    found = openbook(*command, ALLOWED)
    assert found.code == 0 and WITHOUT in found.err and GONE in found.json["missing_shards"][0]


def test_harness(
    openbook: OpenBook, model: Path, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets.config

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "words.jsonl").write_text(json.dumps({"text": "Apples of kind 3"}) + "\n")
    settings = {
        "task": "words",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(tmp_path / "words.jsonl")}},
        "test_split": "test",
        "output_type": "loglikelihood",
        "doc_to_text": "{{text.split(' ')[:-1]|join(' ')}}",
        "doc_to_target": "{{' '+text.split(' ')[-1]}}",
        "metric_list": [{"metric": "acc"}],
    }
    (tmp_path / "words.yaml").write_text(yaml.safe_dump(settings))
    output = tmp_path / "results.json"
    command = ("eval", "harness", model, take_away(book), "--tasks", tmp_path / "words.yaml", "--json")
    assert GONE in openbook(*command).error
    found = openbook(*command, "--output", output, ALLOWED)
    assert found.code == 0, found.err
    assert WITHOUT in found.err and GONE in found.json["missing_shards"][0]
    assert json.loads(output.read_text())["missing_shards"] == found.json["missing_shards"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("bases") / "llama")


def test_chat_says_so_after_each_answer(
    openbook: OpenBook, book: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_away(book)
    lines = "Which apples?\nWhich month?\n/off\nAnd then?\n"
    command = ("chat", book, "--model", base, "--max-tokens", "3")
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    assert GONE in openbook(*command).error
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    said = openbook(*command, ALLOWED)
    assert said.code == 0, said.err
    assert said.err.count(WITHOUT) == 2, "of three answers one was not looked up"


def test_questions_with_known_answers(openbook: OpenBook, base: Path, texts: Path, tmp_path: Path) -> None:
    folder = shard(tmp_path / "native", load_tokenizer(str(base)))
    assert openbook("add", folder, texts).code == 0
    adapted = tmp_path / "adapted"
    (tmp_path / "questions.jsonl").write_text(
        "".join(
            json.dumps({"question": f"Which apples {n}?", "answers": [f"kind {n}"]}) + "\n" for n in range(6)
        )
    )
    settings = sets("train.max_steps=1", "train.batch_size=2", "questions.length=64", "questions.held_out=2")
    read = ("--recipe", "read", "--questions", tmp_path / "questions.jsonl", *settings)
    made = openbook("retrofit", base, "--database", folder, "--output", adapted, *read)
    assert made.code == 0, made.err
    take_away(folder)
    command = ("eval", "qa", adapted, folder, tmp_path / "questions.jsonl", "--limit", "2", "--json")
    assert GONE in openbook(*command).error
    found = openbook(*command, ALLOWED)
    assert found.code == 0, found.err
    assert WITHOUT in found.err and GONE in found.json["missing_shards"][0]


def test_every_tool_of_mcp_says_so(openbook: OpenBook, book: Path) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("search", {"query": "apples"}),
        ("search_passages", {"query": "apples"}),
        ("list", {}),
    ]

    async def asked() -> list[Any]:
        served = Book("fruit", book, allow_missing_shards=True)
        try:
            async with Client(make_mcp(served)) as client:
                found = [(await client.call_tool(*call)).structured_content for call in calls]
                first = found[0]["results"][0]["id"]
                return [*found, (await client.call_tool("fetch", {"id": first})).structured_content]
        finally:
            served.close()

    assert all("missing_shards" not in answer for answer in asyncio.run(asked()))
    take_away(book)
    assert GONE in openbook("mcp", book).error
    answers = asyncio.run(asked())
    assert [GONE in answer["missing_shards"][0] for answer in answers] == [True] * 4
    assert answers[0]["results"] and answers[3]["text"]

"""The verb `generate`: what it refuses, and how its text is told. What it writes is in test_whole_path.py."""

from pathlib import Path
from typing import Any

import pytest

from command_line import OpenBook
from openbook.cli import text_output
from openbook.cli.verbs import generate as verb
from openbook.database import Database
from openbook.generation import Sampling, ask
from openbook.model import RetroForCausalLM

WORDS = ("Number 3. ba", "--max-new-tokens", "20", "--seed", "1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("",), "the prompt is empty"),
        (("a", "--top-p", "2"), "top-p 2"),
        (("a", "--temperature", "-1"), "temperature -1"),
        (("a", "-k", "0"), "k = 0"),
        (("a", "--max-new-tokens", "0"), "max new tokens 0"),
        (("a", "--source", "boko/1.txt"), "nearest: 'book/1.txt'"),
        (("a", "--source", "book", "--no-retrieval"), "leave them out"),
    ],
)
def test_wrong_ways_to_generate(
    openbook: OpenBook, trained_folder: Path, book: Any, options: tuple[str, ...], message: str
) -> None:
    result = openbook("generate", trained_folder, book.path, *options)
    assert result.code == 2
    assert message in result.error
    assert result.out == ""


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is printed piece by piece, on what is taken for a terminal."""
    found: list[str] = []
    monkeypatch.setattr(verb, "on_terminal", lambda: True)
    monkeypatch.setattr(text_output, "print_piece", found.append)
    return found


def test_on_a_terminal_the_text_comes_piece_by_piece(
    openbook: OpenBook, trained_folder: Path, book: Database, pieces: list[str]
) -> None:
    written = openbook("generate", trained_folder, book.path, *WORDS, "--json").json
    assert pieces == []
    result = openbook("generate", trained_folder, book.path, *WORDS)
    assert len(pieces) > 2
    assert "".join(pieces) == f"{WORDS[0]}{written['text']}\n"
    assert written["text"] not in result.out
    first = written["citations"][0]
    begins = " ".join(written["text"][: first["end"]].split())[:20]
    assert result.out.startswith(f"[1] {begins}")
    assert f"chunk {first['neighbors'][0]['chunk_id']}): " in result.out


def test_a_question_is_put_in_the_models_format_and_looked_up_as_it_stands(
    openbook: OpenBook, trained_folder: Path, trained: RetroForCausalLM, book: Database, pieces: list[str]
) -> None:
    written = openbook("generate", trained_folder, book.path, *WORDS, "--chat", "--json").json
    asked = ask(trained, book, WORDS[0], max_new_tokens=20, sampling=Sampling(), seed=1, mode="bm25")
    assert written["text"] == asked.answer
    assert (written["prompt"], written["seed"]) == (WORDS[0], 1)
    assert written["tokens"] == asked.completion_tokens
    assert written["finish_reason"] == asked.finish_reason
    assert len(written["citations"]) == len(asked.citations)
    openbook("generate", trained_folder, book.path, *WORDS, "--chat")
    assert "".join(pieces) == f"{asked.answer}\n"


@pytest.mark.parametrize("chat", [(), ("--chat",)])
def test_only_what_was_chosen_is_read(
    openbook: OpenBook, trained_folder: Path, book: Database, chat: tuple[str, ...]
) -> None:
    command = ("generate", trained_folder, book.path, *WORDS, *chat, "-k", "4", "--json")

    def read(*options: str) -> set[str]:
        citations = openbook(*command, *options).json["citations"]
        return {neighbor["source"] for citation in citations for neighbor in citation["neighbors"]}

    chosen = read("--source", "book/1*.txt", "--title", "2", "--title", "4")
    assert chosen
    assert chosen <= {"book/12.txt", "book/14.txt"}
    assert not read() <= chosen

"""The verb `generate`: what it refuses, and how its text is told. What it writes is in test_whole_path.py."""

from pathlib import Path
from typing import Any

import pytest
from transformers import GPT2Config

from command_line import OpenBook
from openbook.cli import text_output
from openbook.cli.verbs import generate as verb
from openbook.database import Database
from openbook.generation import Sampling, ask
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import load_base, retrofit
from openbook.text import load_tokenizer
from tiny_base import qwen, write_base

WORDS = ("Number 3. ba", "--max-new-tokens", "20", "--seed", "1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("",), "the prompt is empty"),
        (("a", "--top-p", "2"), "top-p 2"),
        (("a", "--temperature", "-1"), "temperature -1"),
        (("a", "-k", "0"), "k = 0"),
        (("a", "--max-new-tokens", "0"), "max new tokens 0"),
        (("a", "--max-tokens", "0"), "max new tokens 0"),
        (("a", "--source", "boko/1.txt"), "nearest: 'book/1.txt'"),
        (("a", "--min-p", "2"), "min-p 2"),
        (("a", "--repetition-penalty", "0"), "repetition penalty 0"),
        (("a", "--presence-penalty", "3"), "presence penalty 3"),
        (("a", "--frequency-penalty", "-3"), "frequency penalty -3"),
        (("a", "--logit-bias", "42:1"), "--logit-bias '42:1'"),
        (("a", "--logit-bias", "42=101"), "logit bias 101"),
        (("a", "--logit-bias", "9999=1"), "token 9999"),
        (("a", "--min-new-tokens", "129"), "min new tokens 129"),
        (("a", "--stop", ""), "stop: an empty text"),
        (("a", "--samples", "0"), "--samples 0"),
        (("a", "--samples", "2", "--chat"), "leave out --chat"),
        (("a", "--logprobs", "2"), "add --json"),
        (("a", "--num-beams", "0"), "--num-beams 0"),
        (("a", "--num-beams", "2"), "temperature is 0.8; set it to 0"),
        (("a", "--num-beams", "2", "--samples", "2"), "leave out --samples"),
        (("a", "--num-beams", "2", "--chat"), "leave out --chat"),
        (("a", "--logprobs", "-1", "--json"), "--logprobs -1"),
        (("a", "--source", "book", "--no-retrieval"), "leave them out"),
        (("a", "--stride", "0"), "stride 0"),
        (("a", "--stride", "17"), "stride 17: must be from 1 to 16"),
        (("a", "--stride", "4", "--no-retrieval"), "--stride"),
        (("a", "--influence", "--no-retrieval"), "--influence"),
        (("a", "--drafts"), "--temperature 0"),
        (("a", "--drafts", "--temperature", "0", "--samples", "2"), "leave out --samples"),
        (("a", "--look-ahead", "16"), "look-ahead of 16 tokens: must be from 0 to 15"),
        (("a", "--look-ahead", "-1"), "look-ahead -1"),
        (("a", "--remember", "--samples", "2"), "--remember does not go with --samples"),
        (("a", "--memory", "m", "--influence"), "--memory does not go with --influence"),
        (("a", "--window", "32", "--chat"), "--window does not go with --chat"),
        (("a", "--window", "1"), "--window 1: must be at least two chunks"),
        (("a", "--remember", "--window", "40"), "window 40: must be a multiple of the chunk length 16"),
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


def test_several_texts_are_those_of_the_next_seeds(
    openbook: OpenBook, trained_folder: Path, book: Database
) -> None:
    options = ("generate", trained_folder, book.path, "Number 3. ba", "--max-new-tokens", "9", "--json")
    several = openbook(*options, "--samples", "3", "--seed", "4").json
    alone = [openbook(*options, "--seed", f"{seed}").json for seed in (4, 5, 6)]
    assert [one["text"] for one in several] == [one["text"] for one in alone]
    assert [one["seed"] for one in several] == [4, 5, 6]
    shown = openbook(*options[:-1], "--samples", "2", "--seed", "4").out
    assert shown.count("Number 3. ba") == 2


def test_options_of_drawing_and_ending_reach_the_text(
    openbook: OpenBook, trained_folder: Path, book: Database
) -> None:
    options = ("generate", trained_folder, book.path, "Number 3. ba", "--temperature", "0", "--json")
    plain = openbook(*options, "--max-new-tokens", "12", "--logprobs", "2").json
    tokens = [token["id"] for token in plain["logprobs"]]
    assert len(tokens) == plain["tokens"] == 12
    assert [token["likeliest"][0]["id"] for token in plain["logprobs"]] == tokens
    banned = openbook(
        *options, "--max-new-tokens", "12", "--logprobs", "0", "--logit-bias", f"{tokens[0]}=-100"
    )
    assert tokens[0] not in [token["id"] for token in banned.json["logprobs"]]
    beams = openbook(*options, "--max-new-tokens", "12", "--num-beams", "3").json
    assert len(beams["text"]) > 0
    middle = plain["text"][3:5]
    stopped = openbook(*options, "--max-new-tokens", "12", "--stop", middle).json
    assert stopped["text"] == plain["text"][: plain["text"].index(middle)]
    assert stopped["finish_reason"] == "stop"
    assert stopped["logprobs"] == []


def test_a_stride_drafts_and_influence(openbook: OpenBook, trained_folder: Path, book: Database) -> None:
    command = ("generate", trained_folder, book.path, *WORDS, "--temperature", "0", "-k", "2")
    plain = openbook(*command, "--json").json
    options = ("--drafts", "--influence")
    asked = openbook(*command, *options, "--json").json
    assert asked["text"] == plain["text"]
    assert plain["drafts"] is None
    assert asked["drafts"]["passes"] + asked["drafts"]["accepted"] == asked["tokens"]
    neighbors = [neighbor for citation in asked["citations"] for neighbor in citation["neighbors"]]
    assert all(isinstance(neighbor["influence"], float) for neighbor in neighbors)
    assert {neighbor["influence"] for c in plain["citations"] for neighbor in c["neighbors"]} == {None}
    told = openbook(*command, *options)
    assert "influence " in told.out
    assert "drafts: " in told.err
    often = openbook(*command, "--stride", "5", "--look-ahead", "2", "--json").json
    assert len(often["citations"]) > len(plain["citations"])


def test_a_long_prompt_is_remembered_and_looked_up(
    openbook: OpenBook, trained_folder: Path, book: Database, tmp_path: Path
) -> None:
    said = " ".join(book.chunk_texts([0, 1, 2, 3, 4, 5, 0, 1]))
    options = ("--max-new-tokens", "20", "--seed", "1", "--no-retrieval", "--json")
    kept = tmp_path / "kept"
    result = openbook("generate", trained_folder, book.path, said, *options, "--memory", kept)
    assert result.code == 0, result.error
    cited = [near["title"] for span in result.json["citations"] for near in span["neighbors"]]
    assert cited
    assert all(title.startswith("said before") for title in cited)
    # The window is that of the training, 64 tokens: what stayed in it is in no memory.
    texts = Database.open(kept).chunk_texts(range(Database.open(kept).layout.num_chunks))
    assert said.startswith("".join(texts))
    assert 0 < len("".join(texts)) < len(said)
    again = openbook("generate", trained_folder, book.path, "Number", *options, "--memory", kept)
    assert again.json["citations"]


@pytest.mark.parametrize("more", [(), ("--remember", "--window", "128"), ("--chat",), ("--no-retrieval",)])
def test_a_base_that_reads_itself_writes_with_a_database_of_other_tokens(
    openbook: OpenBook, tmp_path: Path, book: Database, more: tuple[str, ...]
) -> None:
    base, folder = write_base(tmp_path / "base"), tmp_path / "model"
    tokenizer = load_tokenizer(str(base))
    assert tokenizer.fingerprint != book.tokenizer.fingerprint
    retrofit(load_base(str(base)), tokenizer_fingerprint=tokenizer.fingerprint).save_pretrained(folder)
    tokenizer.save(folder)
    written = openbook("generate", folder, book.path, *WORDS, "--temperature", "0", *more, "--json").json
    assert bool(written["citations"]) == ("--no-retrieval" not in more)
    assert written["tokens"] == 20


@pytest.mark.parametrize(
    "more", [(), ("--remember", "--window", "128"), ("--samples", "2"), ("--no-retrieval",)]
)
def test_a_base_writes_as_it_is(
    openbook: OpenBook, tmp_path: Path, book: Database, more: tuple[str, ...]
) -> None:
    base = write_base(tmp_path / "base")
    result = openbook("generate", base, book.path, *WORDS, *more, "--json")
    assert result.code == 0, result.error
    written = result.json[0] if "--samples" in more else result.json
    assert bool(written["citations"]) == ("--no-retrieval" not in more)
    read = "" if "--no-retrieval" in more else ", not trained to read"
    assert f"writing with {base}{read}\n" in result.err


def test_a_base_answers_as_ask_has_it_answer(openbook: OpenBook, tmp_path: Path, book: Database) -> None:
    base = write_base(tmp_path / "base")
    greedy = ("--temperature", "0", "--max-tokens", "8", "--json")
    for retrieval in ("--retrieval", "--no-retrieval"):
        written = openbook("generate", base, book.path, "Number 3?", "--chat", retrieval, *greedy).json
        asked = openbook("ask", book.path, "Number 3?", "--model", base, retrieval, *greedy).json
        assert (written["text"], written["tokens"]) == (asked["answer"], asked["completion_tokens"])
        assert written["citations"] == asked["citations"]


def test_a_base_that_cannot_read_writes_alone(openbook: OpenBook, tmp_path: Path, book: Database) -> None:
    sizes = {"vocab_size": qwen().vocab_size, "n_embd": 32, "n_layer": 2, "n_head": 2}
    base = write_base(tmp_path / "gpt2", GPT2Config(**sizes))
    alone = openbook("generate", base, book.path, *WORDS, "--no-retrieval", "--json")
    assert alone.code == 0, alone.error
    assert alone.json["citations"] == []
    refused = openbook("generate", base, book.path, *WORDS)
    assert (refused.code, "reader='encoder'" in refused.error) == (2, True), refused.error

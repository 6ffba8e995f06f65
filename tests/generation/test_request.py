"""What people give in place of what is asked for: each entry point says what it was."""

from collections.abc import Callable
from typing import Any

import pytest

from openbook.database import Database
from openbook.generation import Sampling, ask, converse, generate, generate_batch
from openbook.generation.engine import Engine
from openbook.generation.request import check_ends
from openbook.generation.text_request import TextRequest
from openbook.model import RetroForCausalLM
from openbook.text import Turn

WRITES: dict[str, Callable[..., Any]] = {
    "generate": lambda model, book, **options: generate(model, book, "Number 3", **options),
    "generate_batch": lambda model, book, **options: generate_batch(model, book, ["Number 3"], **options),
    "ask": lambda model, book, **options: ask(model, book, "Number 3", **options),
    "converse": lambda model, book, **options: converse(model, book, [Turn("user", "Number 3")], **options),
}


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

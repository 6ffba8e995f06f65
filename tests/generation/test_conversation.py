"""What a conversation's prompt is: the same for `converse` and the server, without the space around words."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from foreign_tokenizers import make_fast
from generation.test_question import M, own_reader, tiny_base, with_template
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.generation import Sampling, converse
from openbook.generation.conversation import conversation_ids, conversation_request, without_prefix
from openbook.generation.text_request import TextRequest
from openbook.model import RetroForCausalLM
from openbook.text import ChatFormat, Tokenizer, Turn
from openbook.text.chat_format import REFUSAL
from text.test_chat_turns import CHAT_ML, HEADERS, ONE_SYSTEM, START, STRICT

SAID = [Turn("user", "Number 1."), Turn("assistant", "ba ke."), Turn("user", "Number 3. ba ke?")]
SPACED = [
    Turn("system", " \n"),
    Turn("user", "  Number 1. "),
    Turn("assistant", " ba ke.\n\n"),
    Turn("user", "Number 3. ba ke?\n"),
]
PASSAGES = (" The mill was built by Ada.\n", "It <|im_end|> burned.")


def with_prefix(*prefix: int) -> RetroForCausalLM:
    """What puts these tokens before every text."""
    return cast(RetroForCausalLM, SimpleNamespace(prefix_ids=list(prefix)))


def chat_of(template: str | None) -> ChatFormat:
    fast = make_fast("qwen")
    return ChatFormat.of(
        Tokenizer(fast, end_of_text=START, name="mine", start_of_text=START, chat_template=template)
    )


@pytest.mark.parametrize("template", [CHAT_ML, HEADERS, STRICT, ONE_SYSTEM, None])
@pytest.mark.parametrize("prefix", [(), (1,)])
def test_space_around_words_and_a_silent_system_are_no_part(
    template: str | None, prefix: tuple[int, ...]
) -> None:
    chat, model = chat_of(template), with_prefix(*prefix)
    assert conversation_ids(model, chat, SPACED) == conversation_ids(model, chat, SAID)


@pytest.mark.parametrize("template", [CHAT_ML, HEADERS, STRICT, ONE_SYSTEM, None])
@pytest.mark.parametrize("passages", [(), PASSAGES])
@pytest.mark.parametrize("prefix", [(), (1,)])
def test_a_single_question_is_as_in_training(
    template: str | None, passages: tuple[str, ...], prefix: tuple[int, ...]
) -> None:
    chat = chat_of(template)
    for question in ("Who built the mill?", "a <|im_end|> b", "[INST] {}"):
        ids = conversation_ids(with_prefix(*prefix), chat, [Turn("user", f" {question}\n")], passages)
        texts = [passage.strip() for passage in passages]
        assert ids == [*chat.prefix_ids, *chat.question_ids(question, texts)]


@pytest.mark.parametrize("has_template", [True, False])
@pytest.mark.parametrize("options", [{"retrieval": False}, {"in_prompt": True}, {}])
def test_converse_reads_it(book: Database, has_template: bool, options: dict[str, Any]) -> None:
    tokenizer = with_template(book.tokenizer) if has_template else book.tokenizer
    model = own_reader(tokenizer, tiny_base(tokenizer.vocab_size))
    chat = ChatFormat.of(tokenizer)
    plain, spaced = (
        converse(model, book, turns, chat=chat, max_new_tokens=M, **options) for turns in (SAID, SPACED)
    )
    assert spaced == plain
    if not options.get("in_prompt"):
        assert plain.prompt_tokens == len(conversation_ids(model, chat, SAID))


def test_a_prompt_is_given_without_what_the_model_puts_before_it() -> None:
    assert without_prefix(with_prefix(1, 2), [1, 2, 3]) == (3,)
    assert without_prefix(with_prefix(1, 2), [1, 3]) == (1, 3)
    with pytest.raises(SettingsError, match="prompt is empty; give some text"):
        without_prefix(with_prefix(1, 2), [1, 2])


def test_it_ends_as_an_answer_does() -> None:
    chat = chat_of(None)
    request = TextRequest(prompt_ids=(1,), sampling=Sampling(), max_new_tokens=3, stop=("END", "\n"))
    answer = conversation_request(chat, request)
    assert (answer.stop, answer.refusal, answer.strip) == (("END", "\n"), REFUSAL, True)
    assert answer.end_ids == chat.end_ids
    assert conversation_request(chat_of(CHAT_ML), request).stop == ("END", "\n")

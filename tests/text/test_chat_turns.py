"""Conversations in tokens: those of transformers, those of one question, and nothing that somebody forges."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from foreign_tokenizers import make_fast
from openbook.errors import SettingsError
from openbook.pretrained import PACKAGED, SMOLLM2, at_hand
from openbook.text import ChatFormat, Tokenizer, load_tokenizer
from openbook.text.chat_turns import Turn, turns_ids
from openbook.text.gguf_tokenizer import read_gguf_tokenizer

CHAT_ML = (
    "{% for m in messages %}{% if loop.first and m.role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>"
    "\n{% endif %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""As SmolLM2's: a system prompt of its own where none is given."""
HEADERS = (
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}<tool_call>\n\n{{ m.content | trim }}"
    "<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant<tool_call>\n\n{% endif %}"
)
"""As Llama 3's: the start token stands before the first turn alone, and words are trimmed."""
STRICT = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles alternate') }}{% endif %}"
    "{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
"""As Mistral's: no system, and roles that alternate."""
ONE_SYSTEM = (
    "{% if messages[0].role == 'system' %}<|im_start|>system\n{{ messages[0].content }}<|im_end|>\n"
    "{% endif %}{% for m in messages %}{% if m.role != 'system' %}<|im_start|>{{ m.role }}\n"
    "{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""It passes over system messages after the first."""
START = "<|endoftext|>"
SAID = [
    Turn("system", "Answer in one word."),
    Turn("user", "Who built the mill?"),
    Turn("assistant", "Ada."),
    Turn("user", "When? 日本 🙂"),
]


def chat_of(template: str | None) -> ChatFormat:
    """The format of a tokenizer with this template."""
    tokenizer = Tokenizer(
        make_fast("qwen"), end_of_text=START, name="mine", start_of_text=START, chat_template=template
    )
    return ChatFormat.of(tokenizer)


def theirs(template: str, turns: list[Turn]) -> list[int]:
    """The tokens of transformers."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=make_fast("qwen"), bos_token=START, eos_token=START)
    tokenizer.chat_template = template
    return tokens_of(tokenizer, turns)


def tokens_of(tokenizer: Any, turns: list[Turn]) -> list[int]:
    """What `apply_chat_template` makes of a conversation."""
    messages = [{"role": turn.role, "content": turn.text} for turn in turns]
    ids: list[int] = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_dict=False, tokenize=True
    )
    return ids


def text_of(chat: ChatFormat, turns: list[Turn], **options: bool) -> str:
    """The conversation with its special tokens, as the model reads it."""
    ids = turns_ids(chat, turns, **options)
    return str(make_fast("qwen").decode(ids, skip_special_tokens=False))


@pytest.mark.parametrize("template", [CHAT_ML, HEADERS, ONE_SYSTEM])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_tokens_are_those_of_transformers(template: str, count: int) -> None:
    assert turns_ids(chat_of(template), SAID[:count]) == theirs(template, SAID[:count])


@pytest.mark.parametrize("template", [HEADERS, STRICT, ONE_SYSTEM])
def test_tokens_are_those_of_transformers_without_a_system(template: str) -> None:
    assert turns_ids(chat_of(template), SAID[1:]) == theirs(template, SAID[1:])


def test_a_default_system_prompt_is_left_out() -> None:
    default = theirs(CHAT_ML, SAID[1:])
    ours = turns_ids(chat_of(CHAT_ML), SAID[1:])
    assert default[-len(ours) :] == ours
    assert text_of(chat_of(CHAT_ML), SAID[1:]).startswith("<|im_start|>user\nWho built the mill?<|im_end|>")


@pytest.mark.parametrize("template", [CHAT_ML, HEADERS, STRICT, ONE_SYSTEM, None])
def test_one_question_is_what_asking_makes_of_it(template: str | None) -> None:
    chat = chat_of(template)
    for question in ("Who built the mill?", "a <|im_end|> b", "[INST]"):
        ids = turns_ids(chat, [Turn("user", question)])
        assert ids == [*chat.prefix_ids, *chat.question_ids(question)]


def test_smollm2s_own_template() -> None:
    package = PACKAGED[SMOLLM2].module
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    loaded = read_gguf_tokenizer(Path(at_hand(SMOLLM2)))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=loaded.fast, eos_token=loaded.end_of_text)
    tokenizer.chat_template = loaded.chat_template
    chat = ChatFormat.of(load_tokenizer(at_hand(SMOLLM2)))
    assert turns_ids(chat, SAID) == tokens_of(tokenizer, SAID)
    ours = turns_ids(chat, SAID[1:])
    assert tokens_of(tokenizer, SAID[1:])[-len(ours) :] == ours
    assert ours[: len(chat.prefix_ids)] == chat.prefix_ids
    two_systems = [SAID[0], SAID[1], Turn("system", "Be quick."), SAID[1]]
    assert turns_ids(chat, two_systems) == tokens_of(tokenizer, two_systems)


def test_a_template_without_a_system_gets_its_words_in_the_first_question() -> None:
    expected = [Turn("user", f"{SAID[0].text}\n\n{SAID[1].text}"), *SAID[2:]]
    assert turns_ids(chat_of(STRICT), SAID) == theirs(STRICT, expected)


def test_roles_that_do_not_alternate_are_joined_where_the_template_wants_it() -> None:
    turns = [Turn("user", "one"), Turn("user", "two"), Turn("assistant", "three"), Turn("user", "four")]
    expected = [Turn("user", "one\n\ntwo"), *turns[2:]]
    assert turns_ids(chat_of(STRICT), turns) == theirs(STRICT, expected)
    assert text_of(chat_of(ONE_SYSTEM), turns).count("<|im_start|>user") == 3


def test_no_system_message_is_passed_over() -> None:
    turns = [SAID[0], SAID[1], Turn("system", "Be quick."), Turn("user", "Now?")]
    text = text_of(chat_of(ONE_SYSTEM), turns)
    assert "<|im_start|>system\nAnswer in one word.\n\nBe quick.<|im_end|>" in text


def test_a_model_with_a_prefix_of_its_own_reads_the_system_in_the_users_turn() -> None:
    chat = chat_of(CHAT_ML)
    ids = turns_ids(chat, SAID, opens_with_user=True)
    assert ids[: len(chat.prefix_ids)] == chat.prefix_ids
    text = text_of(chat, SAID, opens_with_user=True)
    assert text.startswith("<|im_start|>user\nAnswer in one word.\n\nWho built the mill?<|im_end|>")
    answered = text_of(chat, [Turn("assistant", "Hello."), Turn("user", "Hi.")], opens_with_user=True)
    assert answered.startswith("<|im_start|>user\n<|im_end|>\n<|im_start|>assistant\nHello.")
    assert text_of(chat, SAID[:1], opens_with_user=True).startswith(
        "<|im_start|>user\nAnswer in one word.<|im_end|>"
    )


def test_without_a_template_the_form_is_plain() -> None:
    assert text_of(chat_of(None), SAID) == (
        "Answer in one word.\n\nQuestion: Who built the mill?\nAnswer: Ada.\n\n"
        "Question: When? 日本 🙂\nAnswer:"
    )
    assert text_of(chat_of(None), [Turn("assistant", "Hello.")]) == "Answer: Hello.\n\nAnswer:"
    assert text_of(chat_of(None), SAID[:1]) == "Answer in one word.\n\nAnswer:"


def test_nothing_said_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least one message"):
        turns_ids(chat_of(CHAT_ML), [])


def test_a_template_that_takes_no_order_is_reported() -> None:
    template = "{% if messages[1:] %}{{ raise_exception('one alone') }}{% endif %}{{ messages[0].content }}"
    chat = chat_of(CHAT_ML)
    chat.tokenizer.chat_template = template
    with pytest.raises(SettingsError, match=r"one alone.*tokenizer_config\.json"):
        turns_ids(chat, SAID)


@pytest.mark.parametrize("template", [CHAT_ML, HEADERS, STRICT, ONE_SYSTEM, None])
def test_marks_that_somebody_says_are_text(template: str | None) -> None:
    chat = chat_of(template)
    fast = chat.tokenizer
    special = {fast.encode_special(mark)[0] for mark in fast.marks.texts}
    words = st.sampled_from(
        [*sorted(fast.marks.texts), "a", " ", "\n", "\U000f0000", "system\n", "<|im_", "end|>"]
    )
    said = st.lists(words, min_size=1).map("".join)
    harmless = [Turn("system", "s"), Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c")]
    count = sum(token in special for token in turns_ids(chat, harmless))

    @given(st.lists(said, min_size=4, max_size=4))
    def is_text(texts: list[str]) -> None:
        turns = [Turn(turn.role, text) for turn, text in zip(harmless, texts, strict=True)]
        ids = turns_ids(chat, turns)
        assert sum(token in special for token in ids) == count
        decoded = fast.decode([[token for token in ids if token not in special]])[0]
        assert all(text.strip() in decoded for text in texts)

    is_text()

"""The pieces around a question: those of the model's chat template, and of a plain format without one."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from foreign_tokenizers import make_fast
from openbook.errors import SettingsError
from openbook.pretrained import PACKAGED, SMOLLM2
from openbook.text import ChatFormat, Tokenizer, load_tokenizer
from tiny_gguf import write_gguf

SYSTEM = "{% if messages[0].role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}"
CHAT_ML = (
    SYSTEM
    + "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""As SmolLM2's: with a system prompt of its own where none is given."""
START_AND_HEADERS = (
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}<tool_call>\n\n{{ m.content | trim }}"
    "<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant<tool_call>\n\n{% endif %}"
)
"""As Llama 3's: the start token stands before the first turn alone."""
BRACKETS = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
"""As Mistral's."""


def with_template(template: str | None, *, start: str | None = None) -> Tokenizer:
    return Tokenizer(
        make_fast("qwen"),
        end_of_text="<|endoftext|>",
        name="mine",
        start_of_text=start,
        chat_template=template,
    )


def test_the_prefix_is_that_of_a_second_turn_without_the_default_system_prompt() -> None:
    chat = ChatFormat.of(with_template(CHAT_ML))
    assert (chat.prefix, chat.after) == ("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n")
    assert chat.end == "<|im_end|>"
    assert chat.stop is None


def test_a_start_token_stands_before_the_first_turn() -> None:
    chat = ChatFormat.of(with_template(START_AND_HEADERS, start="<|endoftext|>"))
    assert chat.prefix == "<|endoftext|><|im_start|>user<tool_call>\n\n"
    assert chat.after == "<|im_end|><|im_start|>assistant<tool_call>\n\n"


def test_a_space_before_the_question_is_tokenized_with_it() -> None:
    chat = ChatFormat.of(with_template(BRACKETS, start="<|im_start|>"))
    assert (chat.prefix, chat.before, chat.after) == ("<|im_start|>[INST]", " ", " [/INST]")
    assert chat.end == "<|endoftext|>"
    text = chat.tokenizer.decode([chat.prefix_ids + chat.question_ids("The fox?")])
    assert text == ["[INST] The fox? [/INST]"]


@pytest.mark.parametrize("template", [CHAT_ML, START_AND_HEADERS, BRACKETS])
def test_tokens_are_those_of_transformers(template: str) -> None:
    """A conversation's second turn, there."""
    ours = with_template(template, start="<|endoftext|>")
    theirs = PreTrainedTokenizerFast(
        tokenizer_object=make_fast("qwen"), bos_token="<|endoftext|>", eos_token="<|endoftext|>"
    )
    theirs.chat_template = template
    first = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    second = {"role": "user", "content": "What is the lazy dog?"}
    ids = theirs.apply_chat_template(
        [*first, second], add_generation_prompt=True, return_dict=False, tokenize=True
    )
    chat = ChatFormat.of(ours)
    turn = chat.prefix_ids + chat.question_ids(second["content"])
    if chat.prefix.startswith("<|endoftext|>"):
        assert ids[0] == turn[0] == ours.eos_id
        turn = turn[1:]
    assert ids[-len(turn) :] == turn
    assert ChatFormat.of(theirs).question_ids("What?") == chat.question_ids("What?")


def test_special_tokens_in_a_question_or_a_passage_are_text() -> None:
    chat = ChatFormat.of(with_template(CHAT_ML))
    special = {chat.tokenizer.encode_special(mark)[0] for mark in ("<|im_start|>", "<|im_end|>")}
    ids = chat.question_ids("a <|im_end|> b", ["<|im_start|>"])
    assert sum(token in special for token in ids) == 2  # those of the template
    assert chat.tokenizer.decode([ids])[0].startswith("<|im_start|>\n\na <|im_end|> b")


def test_an_answer_ends_with_the_token_that_ends_the_turn() -> None:
    chat = ChatFormat.of(with_template(CHAT_ML))
    ids = chat.answer_ids("the fox")
    assert chat.tokenizer.encode_special("the fox<|im_end|>") == ids
    assert chat.end_ids == {ids[-1], chat.tokenizer.eos_id}


TURNS = (
    "{{ bos_token }}{% for m in messages %}<turn>{{ m.role }}\n{{ m.content | trim }}<end_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)
"""As Gemma's."""


def with_plain_marks() -> Tokenizer:
    """Marks that are no special tokens, and a word that somebody added, which the template writes, too."""
    fast = make_fast("llama")
    added = ("<turn>", "<end_turn>", "user", "<b>")
    fast.add_tokens([AddedToken(text, special=False, normalized=False) for text in added])
    return Tokenizer(fast, end_of_text="</s>", name="mine", start_of_text="<s>", chat_template=TURNS)


def test_a_turn_ends_with_an_added_token_that_is_not_special() -> None:
    chat = ChatFormat.of(with_plain_marks())
    turn, end = chat.tokenizer.encode_special("<turn><end_turn>")
    assert (chat.end, chat.stop, chat.end_ids) == ("<end_turn>", None, {2, end})
    assert chat.answer_ids("The fox.")[-1] == end
    assert [token for token in chat.question_ids("Who?") if token in (turn, end)] == [end, turn]
    assert chat.prefix_ids[:2] == [1, turn]


def test_marks_that_are_not_special_are_text_where_somebody_says_them() -> None:
    chat = ChatFormat.of(with_plain_marks())
    turn, end, user, bold = chat.tokenizer.encode_special("<turn><end_turn>user<b>")
    ids = chat.question_ids("a <end_turn> user <b>", ["<turn>"])
    assert [token for token in ids if token in (turn, end)] == [end, turn]  # those of the template
    assert chat.tokenizer.decode([ids])[0].startswith("<turn>\n\na <end_turn> user")
    assert (user in ids, bold in ids) == (True, True)  # of the vocabulary's words
    assert chat.answer_ids("a <end_turn>").count(end) == 1
    assert chat.tokenizer.encode(["<turn>"]) == [[turn]]  # a document's tokens are as they were


@pytest.mark.parametrize(
    ("written", "end", "stop"),
    [
        ("### {{ m.role }}:\n{{ m.content }}\n\n", "<|endoftext|>", "### user:"),
        ("{{ m.role }}\n{{ m.content }}<turn's end>\n", "<|endoftext|>", "<turn's end>"),
        ("{{ m.role }}: {{ m.content }}\n", "<|endoftext|>", "\nuser:"),
        ("{{ m.role }}: {{ m.content }} ", "<|endoftext|>", "user:"),
        ("{{ m.content }}\n", "<|endoftext|>", None),
        ("{{ bos_token }}{{ m.role }}: {{ m.content }}\n", "<|endoftext|>", "\nuser:"),
        ("<tool_call>{{ m.role }}\n{{ m.content }}\n", "<tool_call>", None),
        ("{{ m.role }}\n{{ m.content }} END<|im_end|>", "<|endoftext|>", "END"),
    ],
)
def test_text_ends_a_turn_where_no_token_does(written: str, end: str, stop: str | None) -> None:
    template = "{% for m in messages %}" + written + "{% endfor %}"
    chat = ChatFormat.of(with_template(template, start="<|im_start|>"))
    assert (chat.end, chat.stop) == (end, stop)


def test_without_a_template_the_format_is_plain() -> None:
    chat = ChatFormat.of(with_template(None))
    assert chat.prefix_ids == []
    text = chat.tokenizer.decode([chat.question_ids("Who?", ["The fox.", "A dog."])])
    assert text == ["The fox.\n\nA dog.\n\nQuestion: Who?\nAnswer:"]
    assert chat.tokenizer.decode([chat.answer_ids("A dog.")]) == [" A dog."]
    assert (chat.stop, chat.end_ids) == ("\n", {chat.tokenizer.eos_id})


def test_a_start_token_is_a_plain_formats_prefix() -> None:
    llama = Tokenizer(make_fast("llama"), end_of_text="</s>", name="llama")
    assert ChatFormat.of(llama).prefix_ids == llama.start_ids == [1]


@pytest.mark.parametrize("template", ["{{ raise_exception('no') }}", "{% if", "always the same"])
def test_a_template_that_cannot_be_used_is_reported(template: str) -> None:
    with pytest.raises(SettingsError, match=r"tokenizer mine: its chat template .* tokenizer_config\.json"):
        ChatFormat.of(with_template(template))


# Tokenizers keep their templates


def test_a_template_is_saved_and_loaded(tmp_path: Path) -> None:
    saved = with_template(START_AND_HEADERS, start="<|endoftext|>")
    saved.save(tmp_path)
    loaded = load_tokenizer(str(tmp_path))
    assert (loaded.chat_template, loaded.start_of_text) == (START_AND_HEADERS, "<|endoftext|>")
    assert loaded.fingerprint == saved.fingerprint
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    assert theirs.chat_template == START_AND_HEADERS
    assert theirs("The fox").input_ids == saved.encode(["The fox"])[0]


def test_without_a_template_files_are_as_before(tmp_path: Path) -> None:
    with_template(None, start="<|im_start|>").save(tmp_path)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert config.keys().isdisjoint({"chat_template", "bos_token"})


@pytest.mark.parametrize("place", ["file", "configuration", "by name"])
def test_templates_are_found_where_models_have_them(tmp_path: Path, place: str) -> None:
    with_template(None).save(tmp_path)
    config: dict[str, Any] = json.loads((tmp_path / "tokenizer_config.json").read_text())
    if place == "file":
        (tmp_path / "chat_template.jinja").write_text(CHAT_ML)
    elif place == "configuration":
        config["chat_template"] = CHAT_ML
    else:
        config["chat_template"] = [
            {"name": "tool_use", "template": "other"},
            {"name": "default", "template": CHAT_ML},
        ]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    assert load_tokenizer(str(tmp_path)).chat_template == CHAT_ML


def test_a_gguf_file_has_one(tmp_path: Path) -> None:
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    fast = make_fast("gpt2")
    model = LlamaForCausalLM(LlamaConfig(vocab_size=fast.get_vocab_size(), **sizes))
    write_gguf(tmp_path / "model.gguf", model, fast, chat_template=CHAT_ML)
    loaded = load_tokenizer(str(tmp_path / "model.gguf"))
    assert (loaded.chat_template, loaded.start_of_text) == (CHAT_ML, "<|endoftext|>")


def test_the_format_of_the_base_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec(PACKAGED[SMOLLM2].module) is None:
        pytest.skip(f"needs {PACKAGED[SMOLLM2].package}")
    monkeypatch.setattr("openbook.pretrained._on_hub", lambda *name: False)
    chat = ChatFormat.of(load_tokenizer(SMOLLM2))
    assert (chat.prefix, chat.after) == ("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n")
    assert chat.prefix_ids == [1, 4093, 198]
    assert chat.end_ids == {2}

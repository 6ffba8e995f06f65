"""Which of a tokenizer's tokens are marks, and what somebody says beside them."""

import pytest
from tokenizers import AddedToken

from foreign_tokenizers import make_fast
from openbook.text import Tokenizer

SPECIAL = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}


def with_added(text: str, template: str | None = None) -> Tokenizer:
    """A tokenizer with one more token, which is not special."""
    fast = make_fast("qwen")
    fast.add_tokens([AddedToken(text, special=False, normalized=False)])
    return Tokenizer(fast, end_of_text="<|endoftext|>", name="mine", chat_template=template)


@pytest.mark.parametrize(
    ("text", "is_mark"),
    [
        ("<end_of_turn>", True),
        ("[/INST]", True),
        ("USER:", True),
        ("user", False),
        (" knock-knock", False),
        ("    ", False),
        ("...", False),
    ],
)
def test_of_tokens_that_are_not_special_those_of_the_template_are_marks_unless_they_are_words(
    text: str, is_mark: bool
) -> None:
    tokenizer = with_added(text, f"{{{{ messages[0].content }}}}{text}{{{{ messages }}}}")
    assert tokenizer.marks.texts == SPECIAL | ({text} if is_mark else set())
    assert with_added(text, "{{ messages }}").marks.texts == with_added(text).marks.texts == SPECIAL
    (token,) = tokenizer.encode_special(text)
    assert (token in tokenizer.marks.encode_said([f"a{text}b"])[0]) is not is_mark
    assert tokenizer.marks.place(f"a{text}b<|im_end|>") == (1 if is_mark else len(text) + 2)


def test_an_end_token_is_a_mark_though_it_is_not_special() -> None:
    fast = make_fast("qwen")
    fast.add_tokens([AddedToken("</end>", special=False, normalized=False)])
    tokenizer = Tokenizer(fast, end_of_text="</end>", name="mine")
    assert tokenizer.marks.texts == SPECIAL | {"</end>"}
    assert tokenizer.eos_id not in tokenizer.marks.encode_said(["a </end>"])[0]

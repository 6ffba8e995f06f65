"""What a BPE without a token for each byte leaves out of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import models, normalizers, pre_tokenizers

from openbook.text.spelling import Spelling


def characters() -> FastTokenizer:
    """Letters from a to z, the last of a word otherwise than the rest."""
    names = [f"{letter}{end}" for letter in "abcdefghijklmnopqrstuvwxyz" for end in ("", "</w>")]
    model = models.BPE({name: at for at, name in enumerate(names)}, [], end_of_word_suffix="</w>")
    fast = FastTokenizer(model)
    fast.normalizer = normalizers.Lowercase()
    fast.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return fast


def only_inside() -> FastTokenizer:
    """As above, but no word can end in x."""
    fast = characters()
    vocabulary = {name: at for name, at in fast.get_vocab().items() if name != "x</w>"}
    fast.model = models.BPE(vocabulary, [], end_of_word_suffix="</w>")
    return fast


def some_bytes() -> FastTokenizer:
    """All bytes but one that "é" has and one that "日" has."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    missing = {
        pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(char)[0][0][-1] for char in "é日"
    }
    fast = FastTokenizer(
        models.BPE({char: at for at, char in enumerate(sorted(set(alphabet) - missing))}, [])
    )
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return fast


KINDS = {"characters": characters(), "only inside": only_inside(), "bytes": some_bytes()}


@pytest.mark.parametrize("kind", KINDS)
@given(texts=st.lists(st.text(alphabet="abxyzX é日本 \n.ß", max_size=30), min_size=1, max_size=4))
def test_a_text_whose_characters_are_known_is_not_taken_apart(kind: str, texts: list[str]) -> None:
    spelling = Spelling(KINDS[kind], unknown_id=None)
    for text in texts:  # what one text has shown is used for the next
        anew = Spelling(KINDS[kind], unknown_id=None)
        anew._is_sure = lambda char: False  # type: ignore[method-assign]
        assert spelling.left_out(text) == anew.left_out(text)


@pytest.mark.parametrize(
    ("kind", "text", "parts"),
    [
        ("characters", "river 日本 Stone", ["日本"]),
        ("characters", "river stone", []),
        ("only inside", "axe fox", ["x"]),
        ("bytes", "cafe", []),
    ],
)
def test_what_is_left_out(kind: str, text: str, parts: list[str]) -> None:
    assert Spelling(KINDS[kind], unknown_id=None).left_out(text) == parts


def test_bytes_that_are_missing_are_noticed() -> None:
    spelling = Spelling(KINDS["bytes"], unknown_id=None)
    assert len(spelling.left_out("café and 日")) == 2
    assert len(spelling.left_out("café and 日")) == 2

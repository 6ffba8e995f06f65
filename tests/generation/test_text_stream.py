"""Text is told piece by piece: nothing broken, nothing lost, nothing twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreign_tokenizers import FAMILIES, foreign
from openbook.generation.decoding_loop import DecodedToken
from openbook.generation.text_stream import TextStream
from openbook.text import Tokenizer

any_text = st.text(st.characters(codec="utf-8", exclude_characters="�"), max_size=40)


def told(tokenizer: Tokenizer, text: str, **options: object) -> tuple[list[str], bool]:
    """The pieces of a text whose tokens come one by one, and whether a stop ended it."""
    pieces: list[str] = []
    stream = TextStream(tokenizer, pieces.append, **options)  # type: ignore[arg-type]
    tokens: list[DecodedToken] = []
    for token in tokenizer.encode([text])[0]:
        tokens.append(DecodedToken(token, 0, []))
        if stream.add(tokens):
            break
    whole = tokenizer.decode_inside([[token.id for token in tokens]])[0]
    if not options:
        stream.finish(whole)
        assert "".join(pieces) == whole
    return pieces, stream.stopped


@pytest.mark.parametrize("name", list(FAMILIES))
@settings(deadline=None, max_examples=60)
@given(text=any_text)
def test_pieces_are_the_text_and_no_character_is_broken(name: str, text: str) -> None:
    pieces, stopped = told(foreign(name), text)
    assert all(pieces)
    assert "�" not in "".join(pieces)
    assert not stopped


def test_words_come_as_their_tokens_do() -> None:
    tokenizer = foreign("gpt2")
    pieces, _ = told(tokenizer, "The quick brown 日本語 fox")
    assert "".join(pieces) == "The quick brown 日本語 fox"
    assert pieces[0] == "The"
    assert len(pieces) > 4


def test_a_character_of_several_tokens_comes_with_the_last() -> None:
    tokenizer = foreign("gpt2")
    assert len(tokenizer.encode(["🦫"])[0]) > 1
    assert told(tokenizer, "🦫")[0] == ["🦫"]


def test_what_is_not_shown_is_not_told() -> None:
    pieces, _ = told(foreign("gpt2"), "  The quick  ", shown=str.strip)
    assert "".join(pieces) == "The quick"


def test_a_stop_ends_it() -> None:
    pieces, stopped = told(
        foreign("gpt2"), " The dog\nThe fox", shown=lambda text: text.lstrip().partition("\n")[0], stop="\n"
    )
    assert stopped
    assert "".join(pieces) == "The dog"


def test_half_a_character_at_the_end_is_told_when_the_text_is_finished() -> None:
    tokenizer = foreign("gpt2")
    ids = tokenizer.encode(["a🦫"])[0][:-1]
    pieces: list[str] = []
    stream = TextStream(tokenizer, pieces.append)
    tokens = [DecodedToken(token, 0, []) for token in ids]
    for count in range(1, len(tokens) + 1):
        stream.add(tokens[:count])
    assert pieces == ["a"]
    whole = tokenizer.decode_inside([ids])[0]
    stream.finish(whole)
    assert "".join(pieces) == whole

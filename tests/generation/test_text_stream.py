"""Text is told piece by piece: nothing broken, nothing lost, nothing twice, no stop text."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreign_tokenizers import FAMILIES, foreign
from openbook.generation.text_stream import TextStream
from openbook.text import Tokenizer

any_text = st.text(st.characters(codec="utf-8", exclude_characters="�"), max_size=40)
some_text = st.text("ab .\n", max_size=30)
stop_texts = st.lists(st.text("ab .\n", min_size=1, max_size=4), max_size=3)


def told(tokenizer: Tokenizer, text: str, **options: Any) -> tuple[list[str], TextStream]:
    """The pieces of a text whose tokens come one by one."""
    stream = TextStream(tokenizer, **options)
    ids = tokenizer.encode([text])[0]
    pieces, done = [], 0
    while done < len(ids) and not stream.stopped:
        done += 1
        pieces.append(stream.add(ids[:done]))
    pieces.append(stream.finish(ids[:done]))
    assert "".join(pieces) == stream.told == stream.text
    return [piece for piece in pieces if piece], stream


@pytest.mark.parametrize("name", list(FAMILIES))
@settings(deadline=None, max_examples=60)
@given(text=any_text)
def test_pieces_are_the_text_and_no_character_is_broken(name: str, text: str) -> None:
    tokenizer = foreign(name)
    pieces, stream = told(tokenizer, text)
    assert "".join(pieces) == tokenizer.decode_inside([tokenizer.encode([text])[0]])[0]
    assert "�" not in "".join(pieces)
    assert not stream.stopped


@pytest.mark.parametrize("name", list(FAMILIES))
@settings(deadline=None, max_examples=60)
@given(text=some_text, stop=stop_texts, strip=st.booleans())
def test_a_text_ends_before_the_first_stop_text(name: str, text: str, stop: list[str], strip: bool) -> None:
    tokenizer = foreign(name)
    pieces, stream = told(tokenizer, text, stop=stop, strip=strip)
    whole = tokenizer.decode_inside([tokenizer.encode([text])[0]])[0]
    whole = whole.lstrip() if strip else whole
    assert whole.startswith("".join(pieces))
    assert not any(one in "".join(pieces) for one in stop)
    assert stream.stopped == any(one in whole for one in stop)
    if not stream.stopped:
        assert "".join(pieces) == (whole.rstrip() if strip else whole)


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


def test_the_space_around_a_text_can_be_left_out() -> None:
    pieces, stream = told(foreign("gpt2"), "  The quick  ", strip=True)
    assert "".join(pieces) == "The quick"
    assert stream.lead == 2


def test_a_stop_text_in_the_space_before_does_not_end_it() -> None:
    pieces, stream = told(foreign("gpt2"), "\n The dog\nThe fox", strip=True, stop=["\n"])
    assert stream.stopped
    assert "".join(pieces) == "The dog"


def test_the_beginning_of_a_stop_text_is_held_back_and_told_when_it_is_none() -> None:
    tokenizer = foreign("gpt2")
    stream = TextStream(tokenizer, stop=["END"])
    ids = [tokenizer.encode([part])[0] for part in ("a", "E", "N", "b", "E")]
    assert all(len(part) == 1 for part in ids)
    flat = [token for part in ids for token in part]
    assert [stream.add(flat[: count + 1]) for count in range(5)] == ["a", "", "", "ENb", ""]
    assert stream.finish(flat) == "E"


def test_no_stop_text_ends_within_the_free_tokens() -> None:
    tokenizer = foreign("gpt2")
    pieces, stream = told(tokenizer, "a.b.c", stop=["."], free=3)
    assert len(tokenizer.encode(["a.b"])[0]) == 3
    assert ("".join(pieces), stream.stopped) == ("a.b", True)


def test_half_a_character_at_the_end_is_told_when_the_text_is_finished() -> None:
    tokenizer = foreign("gpt2")
    ids = tokenizer.encode(["a🦫"])[0][:-1]
    stream = TextStream(tokenizer)
    pieces = [stream.add(ids[:count]) for count in range(1, len(ids) + 1)]
    assert [piece for piece in pieces if piece] == ["a"]
    assert "a" + stream.finish(ids) == tokenizer.decode_inside([ids])[0]

"""A word that a chunk's border cuts is a word of both chunks, in any script and any tokenizer's tokens."""

# ruff: noqa: RUF001 - letters that look alike are what it is about

import random
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from foreign_tokenizers import FAMILIES, foreign
from openbook.database.search.analyzer import WordAnalyzer
from openbook.database.search.joined_words import LONGEST_WORD
from openbook.database.search.whole_words import texts_of_documents, texts_to_index, texts_to_search_for
from openbook.text import Tokenizer, cut_chunks, train_tokenizer

words = WordAnalyzer().words
TWO_PARTS = re.compile("(?<![^\\W\\d_])([^\\W\\d_]+)(?=[-\u2010\u00ad]\r?\n[ \t]*([^\\W\\d_]+))")

CLUSTERS = [
    "a",
    "B",
    "e\u0301",
    "é",
    "1",
    "²",
    "ﬁ",
    "ß",
    "д",
    "हि",
    "न्",
    "كِ",
    "ت",
    "a\u00ad",
    "b\u200b",
    "neighbor",
]
UNSPACED = ["漢", "字", "の", "を", "กิ", "น", "한", "\u1112\u1161\u11ab", "ခြ"]
SEPARATORS = [
    "-\n",
    "\u2010\r\n  ",
    " ",
    " ",
    "\n",
    ".",
    "-",
    "_",
    "'",
    "，",
    "。",
    "—",
    "™",
    "“",
    "\U0001f600",
]


@pytest.fixture(scope="module")
def letters() -> Tokenizer:
    """A token a byte, so that any border cuts words and characters."""
    return train_tokenizer([""], vocab_size=257)


def cut(tokenizer: Tokenizer, text: str, chunk_size: int) -> NDArray[np.uint16 | np.uint32]:
    ids = [*tokenizer.encode([text])[0], tokenizer.eos_id]
    return cut_chunks(ids, chunk_size=chunk_size, padding=tokenizer.eos_id, dtype=np.uint32)


def indexed(tokenizer: Tokenizer, text: str, chunk_size: int) -> list[str]:
    rows = cut(tokenizer, text, chunk_size)
    return texts_of_documents(rows, tokenizer, [range(len(rows))])


def layout_of(*document_chunks: int) -> Any:
    """What is asked of the layout of documents of so many chunks."""
    chunks = np.array(document_chunks, dtype=np.int64)
    return SimpleNamespace(
        document_of=np.repeat(np.arange(len(chunks)), chunks),
        first_chunk=np.cumsum(chunks) - chunks,
        document_chunks=chunks,
    )


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("the engineer met", ["the engineer", "engineer met"]),
        ("the engi neer", ["the engi", " neer"]),
        ("the eng, neer", ["the eng,", " neer"]),
        ("abcdefgh", ["abcdefgh"]),
        ("engineering, a toe", ["engineering", "engineering, a toe", "toe"]),
        ("abcdefghijklmnopqrst", ["abcdefghijklmnopqrst"] * 3),
        ("münchen", ["münchen"]),
        ("in münchner bie", ["in münchner", "münchner bie"]),
        ("1234567é, the", ["1234567é", "1234567é, the"]),
        ("“123é” the", ["“123é", "” the"]),
        ("12345—78 a", ["12345—", "78 a"]),
        ("12\u00ad4567890", ["12\u00ad4567890", "12\u00ad4567890"]),
        ("漢字計算機", ["漢字計算", "字計算機"]),
        ("a漢字計 b", ["a漢字計", "字計 b"]),
        ("abc漢字 def", ["abc漢字", "漢字 def"]),
        ("abcde漢def", ["abcde漢", "def"]),
        ("กิน abc", ["กิน", "กิน abc"]),
    ],
)
def test_both_chunks_have_the_word_that_their_border_cuts(
    letters: Tokenizer, text: str, chunks: list[str]
) -> None:
    """Chunks of eight bytes; the last one may hold nothing but the end of the text."""
    assert [found for found in indexed(letters, text, 8) if found] == chunks


@given(
    st.lists(st.sampled_from(CLUSTERS + SEPARATORS) | st.sampled_from(UNSPACED), max_size=60),
    st.sampled_from([2, 3, 5, 8, 64]),
    st.sampled_from([*FAMILIES, "letters"]),
)
@example(["aaaaa\u00ad", "\n", "a"], 2, "letters")
@example(["a", "\u2010\r\n  ", "a"], 5, "gpt2")
@example(["a", ".", "हि"], 2, "llama")
@example(["กิ", "²", ".", "a"], 3, "llama")
@settings(max_examples=300, deadline=None)
def test_together_the_chunks_have_the_words_of_their_document(
    letters: Tokenizer, pieces: list[str], chunk_size: int, name: str
) -> None:
    """And more only of words that hyphens divide over three lines and more: any two parts may be one."""
    tokenizer = letters if name == "letters" else foreign(name)
    text = tokenizer.token_bytes.of(tokenizer.encode(["".join(pieces)])[0]).decode()  # some compose letters
    whole = set(words(text))
    found = {word for chunk in indexed(tokenizer, text, chunk_size) for word in words(chunk)}
    assert whole <= found
    pairs = words(" ".join(first + second for first, second in TWO_PARTS.findall(text)))
    assert found - whole - set(pairs) <= set(UNSPACED)


@pytest.mark.parametrize("hyphen", ["-\n", "\u2010\r\n \t", "\u00ad\n"])
@pytest.mark.parametrize("chunk_size", [2, 3, 5, 8, 9, 16])
def test_every_chunk_with_a_part_has_a_word_that_a_hyphen_divides(
    letters: Tokenizer, hyphen: str, chunk_size: int
) -> None:
    for start in range(chunk_size):
        text = f"{'x' * start} tadup{hyphen}obetu and"
        parts = [text.encode().index(part) for part in (b"tadup", b"obetu")]
        chunks = {(place + letter) // chunk_size for place in parts for letter in range(5)}
        found = [words(chunk).count("tadupobetu") for chunk in indexed(letters, text, chunk_size)]
        assert found == [int(number in chunks) for number in range(len(found))]


@pytest.mark.parametrize("whole", ["AP-417", "é.abc_d", "10.20.30.40", "ab__c"])
@pytest.mark.parametrize("chunk_size", [2, 3, 5, 8, 9, 16])
def test_every_chunk_with_a_part_has_a_name_of_several_parts(
    letters: Tokenizer, whole: str, chunk_size: int
) -> None:
    for start in range(chunk_size):
        text = f"{'x' * start} {whole} and"
        place = text.encode().index(whole.encode())
        at = [place + number for number, byte in enumerate(whole.encode()) if byte not in b"-._"]
        chunks = {byte // chunk_size for byte in at}
        found = [words(chunk) for chunk in indexed(letters, text, chunk_size)]
        assert [each.count(whole.lower()) for each in found] == [int(n in chunks) for n in range(len(found))]


def test_a_part_of_a_name_is_no_name(letters: Tokenizer) -> None:
    assert indexed(letters, "is 2.4.0 new", 6) == ["is 2 4, 2.4.0", " 0 new, 2.4.0", ""]


def test_a_query_does_not_know_the_rest_of_a_divided_word(letters: Tokenizer) -> None:
    rows = cut(letters, "a tadup-\nobetu", 8)
    chunks = np.arange(2, dtype=np.int64)
    found = texts_to_search_for(rows, letters, layout_of(len(rows)), chunks)
    assert ["tadupobetu" in words(text) for text in found] == [False, True]


@pytest.mark.parametrize("chunk_size", [2, 7, 16, 64])
@pytest.mark.parametrize("length", [100, 255])
def test_a_long_word_is_completed_over_many_chunks(letters: Tokenizer, chunk_size: int, length: int) -> None:
    word = "".join(chr(ord("a") + place % 23) for place in range(length))
    chunks = indexed(letters, f"see {word} there", chunk_size)
    assert word in words(chunks[4 // chunk_size])
    assert word in words(chunks[(3 + length) // chunk_size])


def test_a_text_without_any_end_of_word_is_completed_so_far_and_no_farther(letters: Tokenizer) -> None:
    """Its first pieces are found; of what lies deep inside, no piece is known."""
    text = "".join(random.Random(0).choices("abcdef", k=20_000))
    chunks = indexed(letters, text, 16)
    for piece in words(text)[:4]:
        assert [number for number, chunk in enumerate(chunks) if piece in words(chunk)]
    assert words(text)[0] in words(chunks[0])
    assert [len(chunk) for chunk in chunks[70:-1]] == [16] * (len(chunks) - 71)
    assert max(map(len, chunks)) <= 16 + 2 * LONGEST_WORD


def test_documents_do_not_touch(letters: Tokenizer) -> None:
    rows = np.concatenate([cut(letters, text, 8) for text in ("the engi", "neering", "abcdefgh ij")])
    assert texts_of_documents(rows, letters, [range(2), range(2, 3), range(3, 5)]) == [
        *("the engi", "", "neering"),
        *("abcdefgh", " ij"),
    ]


def test_a_query_knows_what_stands_before_its_chunk_and_nothing_of_what_follows(letters: Tokenizer) -> None:
    rows = cut(letters, "the engineer Gesotoro", 8)
    layout = layout_of(len(rows))
    chunks = np.array([1, 0, 2], dtype=np.int64)
    expected = ["engineer Ges", "the engi", "Gesotoro"]
    assert texts_to_search_for(rows, letters, layout, chunks) == expected
    changed = rows.copy()
    changed[2:] = letters.encode(["z"])[0][0]
    assert texts_to_search_for(changed, letters, layout, chunks[:2]) == expected[:2]


def test_the_same_for_any_choice_of_chunks(letters: Tokenizer) -> None:
    text = "Some engineers neighboring harbors met and 漢字計算機 stayed quietly"
    rows = np.concatenate([cut(letters, text, 8), cut(letters, text[::-1], 8)])
    half = len(rows) // 2
    layout = layout_of(half, half)
    whole = texts_of_documents(rows, letters, [range(half), range(half, 2 * half)])
    some = np.array([5, 0, half, half - 1, 2 * half - 1, 5], dtype=np.int64)
    assert texts_to_index(rows, letters, layout, some) == [whole[chunk] for chunk in some]


def test_padding_inside_a_document_does_not_come_between(letters: Tokenizer) -> None:
    """As retokenized databases have it."""
    rows = np.full((2, 16), letters.eos_id, dtype=np.uint32)
    rows[0, :8] = letters.encode(["the engi"])[0]
    rows[1, :8] = letters.encode(["neer met"])[0]
    assert texts_of_documents(rows, letters, [range(2)]) == ["the engineer", "engineer met"]

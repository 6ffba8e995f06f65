"""Names and numbers of several parts are words as a whole, beside their parts."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth import assert_linear
from openbook.database.search.analyzer import WordAnalyzer
from openbook.database.search.joined_words import joined_words, may_be_joined

words = WordAnalyzer().words


@pytest.mark.parametrize(
    ("text", "wholes"),
    [
        ("since 2.4.0.", "2.4.0"),
        ("since v2.4.0 and V3.1,", "2.4.0 3.1"),
        ("the AP-41's AP\u201042", "ap-41 ap-42"),
        ("state-of-the-art, well-known_thing", "known_thing"),
        ("GPT-4-turbo of 2023-06-13", "gpt-4-turbo 2023-06-13"),
        ("AP\u201141 and AP\uff0d42, \uff12\uff0e\uff14, max\uff3ftokens", "ap-41 ap-42 2.4 max_tokens"),
        ("snake__case of a..b", "snake__case"),
        ("at 2024-11-28T14:00, 2024-11-28", "2024-11-28t14 2024-11-28 2024-11-28"),
        ("__init__ of os.path.join(...)", "os.path.join"),
        ("cafe\u0301.fr, max_\u200btokens", "café.fr max_tokens"),
        ("版本2.4.0的", "2.4.0"),
        ("a.हि हिa.b", ""),
        ("3 - 4, a.-b, c._d, e. f", ""),
        (f"{'x' * 256}.1 {'y' * 250}.2", "y" * 250 + ".2"),
    ],
)
def test_names_and_numbers_of_several_parts_are_there_as_a_whole_too(text: str, wholes: str) -> None:
    found = words(text)
    assert [word for word in found if set(word) & set("-._")] == wholes.split()
    assert set(
        words(
            text.translate(str.maketrans("-._\u2010\u2011\uff0d\uff0e\uff3f", " " * 8)).replace("\u200b", "")
        )
    ) <= set(found)


@given(st.text(alphabet=string.printable) | st.text(alphabet="aé1v.-_ \u2010\u2011\uff0e\u200b\u0301水"))
def test_what_a_glance_says_has_none_has_none(text: str) -> None:
    found = list(joined_words(text))
    assert may_be_joined(text) or not found
    assert all(text[begin:].startswith(word) for begin, word in found)


@pytest.mark.parametrize("run", ["x", "1", "a\u0301", "a.", "-._"])
def test_long_runs_are_read_in_linear_time(run: str) -> None:
    def read(count: int) -> bool:
        return bool(list(joined_words(f"{run * count} a.b-1"))) and may_be_joined(f"{run * count} -")

    assert_linear(read, 4_000)


def test_behind_a_vowel_mark_of_a_script_without_spaces_a_name_begins() -> None:
    assert [word for _, word in joined_words("หนังสือที่2.4.0")] == ["2.4.0"]
    assert list(joined_words("हि.a")) == []

"""The order of sources: the words of a text first, then what was copied, then what was looked at."""

import pytest

from openbook.generation.word_origins import order_by_words

PASSAGES = ["He was a weaver of Ost.", "She was the tax collector of Ost.", "No taxes on salt."]
NOTHING = [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "copied", "attention", "expected"),
    [
        ("tax collector", NOTHING, [0.6, 0.1, 0.3], [1, 0, 2]),
        ("Nobody knows.", NOTHING, [0.2, 0.1, 0.7], [2, 0, 1]),
        ("Nobody knows.", [0.0, 0.4, 0.1], [0.2, 0.1, 0.7], [1, 2, 0]),
        ("of Ost", NOTHING, [0.1, 0.8, 0.1], [1, 0, 2]),
        ("of Ost", [0.3, 0.2, 0.0], [0.1, 0.8, 0.1], [0, 1, 2]),
        ("", NOTHING, NOTHING, [0, 1, 2]),
    ],
)
def test_words_come_before_copies_and_these_before_attention(
    text: str, copied: list[float], attention: list[float], expected: list[int]
) -> None:
    assert order_by_words(text, PASSAGES, copied=copied, attention=attention) == expected


def test_a_number_is_no_part_of_another() -> None:
    passages = ["quince 12.75", "count 12"]
    assert order_by_words("12", passages, copied=[0.0, 0.0], attention=[0.6, 0.4]) == [1, 0]


def test_the_more_words_the_further_ahead() -> None:
    passages = ["the gate was built in spring", "the gate was built in spring by Tollan the smith"]
    text = "The answer: the gate was built in spring by Tollan."
    assert order_by_words(text, passages, copied=[0.0, 0.0], attention=[0.9, 0.1]) == [1, 0]

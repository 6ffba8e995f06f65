"""Normalized exact match and F1, against examples worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.evaluate.exact_match import (
    exact_match,
    f1,
    holds_answer,
    is_refusal,
    normalize_answer,
)
from openbook.text.chat_format import REFUSAL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Eiffel Tower.", "eiffel tower"),
        ("an  apple\n a day", "apple day"),
        ("theatre", "theatre"),  # an article is a whole word
        ("4,312", "4312"),
        ("O'Tool", "otool"),
        ("The A.", "the a"),  # nothing else would be left
        ("?!", "?!"),
        ("“Orl” «Vane»…", "orl vane"),
        ("1712\u20131740", "1712 1740"),
        ("Cafe\u0301", "caf\u00e9"),
        ("他住在北京。", "他 住 在 北 京"),
        ("กรุงเทพ", "ก รุ ง เ ท พ"),
    ],
)
def test_normalized(text: str, expected: str) -> None:
    assert normalize_answer(text) == expected


@pytest.mark.parametrize(
    ("prediction", "answers", "expected"),
    [
        ("In 1912", ["1912"], 0.0),
        ("the 1912.", ["1912"], 1.0),
        ("Orl", ["Vane", "orl"], 1.0),
        ("", ["orl"], 0.0),
        (REFUSAL, [], 1.0),
        ("1912", [], 0.0),
        (REFUSAL, ["1912"], 0.0),
        ("", ["A"], 0.0),
        (".", ["The"], 0.0),
        ("北京", ["北京。"], 1.0),
    ],
)
def test_exact_match(prediction: str, answers: list[str], expected: float) -> None:
    assert exact_match(prediction, answers) == expected


@pytest.mark.parametrize(
    ("prediction", "answers", "expected"),
    [
        ("Orl Vane of Tesk", ["Vane of"], 2 / 3),
        ("Vane Vane", ["Vane"], 2 / 3),  # the second one is not in the answer
        ("Tesk", ["Vane", "Tesk Orl"], 2 / 3),
        ("Tesk", ["Vane"], 0.0),
        ("", ["Vane"], 0.0),
        ("the", ["a"], 0.0),
        ("北海", ["北京"], 1 / 2),  # characters are words there
        (REFUSAL, [], 1.0),
    ],
)
def test_f1(prediction: str, answers: list[str], expected: float) -> None:
    assert f1(prediction, answers) == pytest.approx(expected)


@given(st.text(max_size=30), st.lists(st.text(max_size=30), min_size=1, max_size=3))
def test_f1_is_1_where_the_match_is_exact(prediction: str, answers: list[str]) -> None:
    assert 0 <= f1(prediction, answers) <= 1
    assert exact_match(prediction, answers) <= f1(prediction, answers)
    assert f1(answers[0], answers) == exact_match(answers[0], answers) == 1


def test_a_refusal_in_any_spelling() -> None:
    assert is_refusal("the book does not say")
    assert is_refusal(f"{REFUSAL} It names no year.")
    assert not is_refusal("The book says 1912.")


def test_an_answer_is_whole_words() -> None:
    assert holds_answer("It was Orl Vane's, in 1912.", ["1912"])
    assert not holds_answer("Orlando", ["Orl"])
    assert holds_answer("of the Orl (Vane)", ["Tesk", "orl vane"])
    assert not holds_answer("", ["The"])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("他住在北京。", "北京"),
        ("東京タワーは1958年に完成した。", "1958年"),
        ("그는 북경에 산다.", "북경"),
        ("เขาอยู่ที่กรุงเทพมหานคร", "กรุงเทพ"),
        ("he won in “Rexi”, 1712\u20131740", "Rexi"),
        ("he reigned 1712\u20131740", "1740"),
        ("the Cafe\u0301 of Orl", "Caf\u00e9"),
        ("عاش في القاهرة، ثم", "القاهرة"),
    ],
)
def test_an_answer_is_found_in_any_script(text: str, answer: str) -> None:
    assert holds_answer(text, [answer])
    assert exact_match(answer, [answer]) == 1
    assert not holds_answer("anything", [])

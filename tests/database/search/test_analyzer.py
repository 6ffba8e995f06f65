"""What is a word: scripts with and without spaces, long words, words and names of several parts."""

# ruff: noqa: RUF001 - letters that look alike are what it is about

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.database.search.analyzer import FirstAnalyzer, SecondAnalyzer, WordAnalyzer
from openbook.database.search.joined_words import LONGEST_WORD

words = WordAnalyzer().words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("水位标记", "水位 位标 标记 水 位 标 记"),
        ("茶", "茶"),
        ("です", "です"),
        ("誤り訂正", "誤り り訂 訂正 誤 訂 正"),
        ("コンピュータ", "コン ンピ ピュ ュー ータ"),
        ("GPUで計算3回", "gpu で計 計算 計 算 3 回"),
        ("กินข้าว", "กิน นข้ ข้า าว"),
        ("ພາສາ", "ພາ າສ ສາ"),
        ("ខ្មែរ", "ខ្មែ មែរ"),
        ("မြန်မာ", "မြန် န်မာ"),
        ("서울역에 책을", "서울 울역 역에 서 울 역 에 책을 책 을"),
        ("한\u200b국", "한국 한 국"),
    ],
)
def test_scripts_without_spaces_are_cut_into_pairs(text: str, expected: str) -> None:
    assert words(text) == expected.split()


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("龙井茶", "杭州的龙井茶在清明之前采摘"),
        ("แบตเตอรี่", "พบว่าแบตเตอรี่เสื่อมสภาพ"),
        ("계산", "양자계산기의 오류"),
        ("မြန်မာ", "ကျွန်တော်မြန်မာစာရေးသည်"),
    ],
)
def test_the_words_of_a_word_are_among_those_of_the_text_that_has_it(word: str, text: str) -> None:
    assert set(words(word)) <= set(words(text))


@pytest.mark.parametrize(
    "word",
    [
        "достопримечательности",
        "человеконенавистничество",
        "დამოუკიდებლობისათვის",
        "rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" * 2,
        "x" * LONGEST_WORD,
    ],
)
def test_long_words_are_words(word: str) -> None:
    assert words(f"the {word}, and") == ["the", word, "and"]


def test_longer_ones_count_as_their_pieces() -> None:
    word = "".join(str(number) for number in range(300))
    pieces = words(f"a {word} b")
    assert pieces[0] == "a" and pieces[-1] == "b"
    assert "".join(pieces[1:-1]) == word
    assert {len(piece) for piece in pieces[1:-2]} == {LONGEST_WORD}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the com-\nputer works", "com computer puter the works"),
        ("well-\r\n  known", "known well wellknown"),
        ("Donau\u00ad\ndampf", "dampf donau donaudampf"),
        ("a -\nb, 3-\n4, x-y", "3 4 a b x y"),
    ],
)
def test_a_word_that_a_hyphen_divides_is_there_as_a_whole_too(text: str, expected: str) -> None:
    assert sorted(words(text)) == expected.split()


@given(st.text(alphabet=string.printable + "\x00\x1f\x7f"))
def test_plain_text_has_the_words_it_always_had(text: str) -> None:
    text = text.replace("-\n", "\n").replace("-\r\n", "\n")
    parts = [word for word in words(text) if word.isalnum()]
    assert [word for word in parts if len(word) < 40] == FirstAnalyzer().words(text)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Ёлка, всё", "елка все"),
        ("е\u0308лка", "елка"),
        ("أحمد إلى آخر ٱلكتاب", "احمد الي اخر الكتاب"),
        ("كتابة على", "كتابه علي"),
        ("کتاب ایرانی", "كتاب ايراني"),
    ],
)
def test_letters_that_are_written_for_each_other_are_one(text: str, other: str) -> None:
    assert words(text) == words(other)


@pytest.mark.parametrize("analyzer", [SecondAnalyzer(), WordAnalyzer()])
@given(text=st.text() | st.text(alphabet="aé1.-_ \u200bx"))
def test_tantivy_takes_what_it_is_given_for_the_same_words(analyzer: SecondAnalyzer, text: str) -> None:
    assert analyzer.tantivy_analyzer().analyze(analyzer.for_tantivy(text)) == analyzer.words(text)

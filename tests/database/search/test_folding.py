"""Text that looks equal, or is written equally well, is equal to BM25; other text is not."""

# ruff: noqa: RUF001 - letters that look alike are what it is about

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.database.search.folding import fold, kinds

EQUAL = {
    "decomposed": ("Cafe\u0301 Ko\u0308nigsstrasse Tie\u0302\u0301ng", "Café Königsstrasse Tiếng"),
    "decomposed Korean": ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"),
    "ligatures": ("o\ufb03ce ﬁnancial ﬂow eﬀects ﬆreet", "office financial flow effects street"),
    "full width": ("ＯＰＥＮ　ｂｏｏｋ　２１", "open book 21"),
    "half-width kana": ("ﾊﾝｶｸ ｶﾞｷﾞ", "ハンカク ガギ"),
    "letters of mathematics": ("𝐀𝐛 ℌ 𝟙", "ab h 1"),
    "superscripts": ("m² H₂O", "m2 h2o"),
    "soft hyphens": ("Donau\u00addampf\u00adschiff", "donaudampfschiff"),
    "no width": ("super\u200bcali\u200c\u200d\u2060\ufeffx", "supercalix"),
    "direction": ("\u200fabc\u202e\u2066d", "abcd"),
    "variants": ("❤\ufe0fx 漢\U000e0100", "x 漢"),
    "case": ("STRASSE STRAẞE ΑΣ", "straße strasse ας"),
    "Turkish": ("İSTANBUL Istanbul ISPARTA", "istanbul i\u0307stanbul ısparta"),
    "Greek accents": ("ΑΘΗΝΑ ΩΔΕΊΟ", "Αθήνα ωδείο"),
    "stress in Cyrillic": ("Москва\u0301", "москва"),
    "Arabic": ("كِتَابٌ الـرَّحمٰن", "كتاب الرحمن"),
    "Arabic presentation forms": ("ﻛﺘﺎﺏ", "كتاب"),
    "Hebrew": ("שָׁלוֹם \ufb2a", "שלום ש"),
    "digits": ("٢٠٢٤ ๒๕๖๗ २०", "2024 2567 20"),
    "hyphens and apostrophes": ("non\u2011stop don’t мʼята", "non-stop don't м'ята"),
}


@pytest.mark.parametrize("kind", EQUAL)
def test_equal_texts_fold_alike(kind: str) -> None:
    first, second = EQUAL[kind]
    assert fold(first).split() == fold(second).split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Windows™ №5 5㎏", ["windows", "tm", "no", "5", "5", "kg"]),
        ("1½ ①abc", ["1", "1", "2", "1", "abc"]),
        ("हिन्दी पुस्तक", ["हिन्दी", "पुस्तक"]),
        ("schön schon", ["schön", "schon"]),
        ("й и ё е", ["й", "и", "ё", "е"]),
        ("อะไร", ["อะไร"]),
        ("a_b-c.d\u0000e—f", ["a", "b", "c", "d", "e", "f"]),
    ],
)
def test_symbols_stand_apart_and_other_letters_stay(text: str, words: list[str]) -> None:
    assert fold(text).split() == words


@given(st.text())
def test_folding_twice_changes_nothing_and_composition_does_not_matter(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFD", text)).split() == folded.split()


def test_kinds_of_characters() -> None:
    assert kinds("aé1, ก\u0e34漢\u00ad\u0301™ﾞ한\u1161") == "sss  umumm mum"


@given(st.text())
def test_each_character_has_one_kind(text: str) -> None:
    assert len(kinds(text)) == len(text)
    assert set(kinds(text)) <= set("sum ")

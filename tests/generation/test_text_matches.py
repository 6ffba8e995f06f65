"""Words in common equal those of a loop over all pairs of places, and are equal on both sides, always."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.generation.text_matches import (
    _UNIT,
    LEAST_WORDS,
    TextMatch,
    begin_of_words,
    clipped,
    stands_in,
    text_matches,
)

PIECES = [
    "the",
    "gate",
    "The",
    "a",
    "1873",
    "Tollan",
    "é",
    "e\u0301",
    "鍛",
    "冶屋",
    ".",
    ",",
    "“",
    " ",
    " ",
    "  ",
    "\n",
    "\U0001f511",
]
texts = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)


def slow(text: str, sources: list[str], least: int) -> list[TextMatch]:
    """All pairs of places, compared character by character."""
    units = list(_UNIT.finditer(text))
    least = min(least, sum(unit["word"] is not None for unit in units))
    found, done = [], 0
    for begin in units:
        if begin.start() < done or begin["word"] is None:
            continue
        best: TextMatch | None = None
        for number, source in enumerate(sources):
            of_source = list(_UNIT.finditer(source))
            for other, end in product(of_source, units):
                length = end.end() - begin.start()
                source_end = other.start() + length
                words = sum(
                    unit["word"] is not None
                    for unit in units
                    if begin.start() <= unit.start() and unit.end() <= end.end()
                )
                if (
                    length > 0
                    and words >= least
                    and any(unit.end() == source_end for unit in of_source)
                    and text[begin.start() : end.end()] == source[other.start() : source_end]
                    and (best is None or length > best.end - best.start)
                ):
                    best = TextMatch(begin.start(), end.end(), number, other.start(), source_end)
        if best is not None:
            found.append(best)
            done = best.end
    return found


@given(text=texts, sources=st.lists(texts, max_size=3), least=st.integers(1, 4))
def test_equal_to_comparing_all_pairs_of_places(text: str, sources: list[str], least: int) -> None:
    found = text_matches(text, sources, least_words=least)
    assert found == slow(text, sources, least)
    for match in found:
        assert text[match.start : match.end] == sources[match.source][match.source_start : match.source_end]


@given(text=texts, source=texts, start=st.integers(0, 40), end=st.integers(0, 40))
def test_a_clipped_match_is_equal_on_both_sides(text: str, source: str, start: int, end: int) -> None:
    for match in text_matches(text, [source], least_words=1):
        part = clipped(match, start, end)
        if part is None:
            assert min(match.end, end) <= max(match.start, start)
            continue
        assert text[part.start : part.end] == source[part.source_start : part.source_end]
        assert (part.start, part.end) == (max(match.start, start), min(match.end, end))


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        (
            "It was built by the smith Edda Tollan.",
            "The gate, built by the smith Edda Tollan, has a key",
            ["built by the smith Edda Tollan"],
        ),
        ("in the gate", "at the gate", []),
        ("Edda Tollan", "by Edda Tollan in 1873", ["Edda Tollan"]),
        (" 1873.", "built in 1873", ["1873"]),
        ("1873", "built in 18735", []),
        ("12", "12.75 Zorbs, 1,12 or 12:30", []),
        ("12.75", "count 12.75.", ["12.75"]),
        ("family \U0001f469", "family \U0001f469\u200d\U0001f467", []),
        ("由鍛冶屋造", "門由鍛冶屋造成", ["由鍛冶屋造"]),
        ("the old  gate of iron", "the old gate of iron", ["gate of iron"]),
        ("…", "…", []),
        ("", "a", []),
    ],
)
def test_words_in_common(text: str, source: str, expected: list[str]) -> None:
    assert [text[match.start : match.end] for match in text_matches(text, [source])] == expected


def test_the_first_source_of_equal_ones_counts() -> None:
    (match,) = text_matches("one two three", ["x", "one two three four", "one two three"])
    assert match == TextMatch(0, 13, 1, 0, 13)


def test_words_are_counted_back() -> None:
    text = "one, two three"
    assert [begin_of_words(text, len(text), words=words) for words in (1, 2, 3, 4)] == [9, 5, 0, 0]
    assert LEAST_WORDS == 3


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("Odo Fenwick", True),
        ("odo FENWICK.", True),
        ("Fenwick, in 1873", True),
        ("Fenwick Odo", False),
        ("Odo Fen", False),  # no whole word
        ("187", False),
        ("built Odo", False),  # not in a row
        ("1873 It is", False),  # in two sources
        ("鍛冶", True),
        ("冶鍛", False),
        ("", True),
    ],
)
def test_words_in_a_row_stand_in_a_source(text: str, stands: bool) -> None:
    sources = ["The gate was built by Odo Fenwick in 1873", "It is of oak. 鍛冶屋"]
    assert stands_in(text, sources) is stands
    assert stands_in(text, []) is False


@given(texts, texts, texts)
def test_any_part_that_begins_and_ends_with_words_stands_in_the_whole(
    before: str, text: str, after: str
) -> None:
    assert stands_in(f"“{text}”", [f"{before} {text} {after}"])

"""What a text has in common with what was read, word for word: the exact words, on both sides.

Not every model says what it copies. Where the same words stand in the text and in a neighbor that it read,
they are found by comparing characters; nobody knows whether the model would have written them anyway.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from openbook.database.search.folding import UNIT

LEAST_WORDS = 3
"""Words of a run; fewer stand in many texts by chance."""
_PUNCTUATION = (
    r"!-/:-@\[-`{-~\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u2000-\u200b\u200e-\u206f"
    r"\u3000-\u303f\uff01-\uff0f"
)
_UNIT = re.compile(
    rf"(?P<word>{UNIT.pattern}|(?:(?!{UNIT.pattern})[^\s{_PUNCTUATION}]|(?<=\d)[.,:](?=\d))+)|\S"
)
"""A word or a number with its marks, a character of a script without spaces, or a mark between words.
Joiners, as in families of emoji, part nothing."""


@dataclass(frozen=True, slots=True)
class TextMatch:
    """Equal characters of a text and a source."""

    start: int
    end: int
    source: int
    """Which."""
    source_start: int
    source_end: int


@dataclass(frozen=True, slots=True)
class _Units:
    """What a text is made of, from left to right."""

    text: str
    starts: list[int]
    ends: list[int]
    are_words: list[bool]

    @classmethod
    def of(cls, text: str) -> "_Units":
        found = list(_UNIT.finditer(text))
        return cls(
            text,
            [unit.start() for unit in found],
            [unit.end() for unit in found],
            [unit["word"] is not None for unit in found],
        )

    def unit(self, place: int) -> str:
        return self.text[self.starts[place] : self.ends[place]]

    def with_space(self, place: int) -> str:
        """A unit and what stands between the one before and it."""
        return self.text[self.ends[place - 1] : self.ends[place]]


def text_matches(text: str, sources: Sequence[str], *, least_words: int = LEAST_WORDS) -> list[TextMatch]:
    """Find the runs of words that a text shares with its sources.

    From the left, the longest run that begins at a word, in the source that is named first and there in the
    first place; then on behind it. A run begins and ends where words or punctuation do, in both.

        text      It was built by the blacksmith Edda Tollan.
        source    The gate, built by the blacksmith Edda Tollan, has a key.
        match            built by the blacksmith Edda Tollan

    Args:
        text: that was written.
        sources: that it may have words of, the likeliest first.
        least_words: of a run, or all of those that a shorter text has.
    """
    units = _Units.of(text)
    least = min(least_words, sum(units.are_words))
    parts = [_Units.of(source) for source in sources]
    places: dict[str, list[tuple[int, int]]] = {}
    for number, part in enumerate(parts):
        for place in range(len(part.starts)):
            places.setdefault(part.unit(place), []).append((number, place))
    found, at = [], 0
    while at < len(units.starts):
        match, count = None, 0
        if units.are_words[at]:
            match, count = _longest(units, at, parts, places.get(units.unit(at), []), least)
        if match is not None:
            found.append(match)
        at += max(count, 1)
    return found


def stands_in(text: str, sources: Sequence[str]) -> bool:
    """Whether one of the sources has all words of a text in a row, whatever their case and what parts them.

    >>> stands_in("odo fenwick.", ["The gate was built by Odo Fenwick in 1873."])
    True

    Args:
        text: without words it stands anywhere.
        sources: any number.
    """
    words = _words(text)
    return any(
        words == found[place : place + len(words)]
        for found in map(_words, sources)
        for place in range(len(found) - len(words) + 1)
    )


def _words(text: str) -> list[str]:
    return [unit["word"] for unit in _UNIT.finditer(text.casefold()) if unit["word"] is not None]


def _longest(
    units: _Units, at: int, parts: Sequence[_Units], begins: Sequence[tuple[int, int]], least: int
) -> tuple[TextMatch | None, int]:
    """The longest run from a unit on, of those that begin at these units of sources; and its units."""
    best, most = None, 0
    for number, place in begins:
        count = _units_in_common(units, at, parts[number], place)
        if count > most and sum(units.are_words[at : at + count]) >= least:
            most, best = count, (number, place)
    if best is None:
        return None, 0
    source = parts[best[0]]
    match = TextMatch(
        units.starts[at],
        units.ends[at + most - 1],
        best[0],
        source.starts[best[1]],
        source.ends[best[1] + most - 1],
    )
    return match, most


def _units_in_common(text: _Units, at: int, source: _Units, place: int) -> int:
    count = 1
    most = min(len(text.starts) - at, len(source.starts) - place)
    while count < most and text.with_space(at + count) == source.with_space(place + count):
        count += 1
    return count


def clipped(match: TextMatch, start: int, end: int) -> TextMatch | None:
    """The part of a match between two places of the text, None: nothing is left."""
    first, last = max(match.start, start), min(match.end, end)
    if last <= first:
        return None
    by = match.source_start - match.start
    return TextMatch(first, last, match.source, first + by, last + by)


def begin_of_words(text: str, place: int, *, words: int) -> int:
    """Go back so many words from a place in a text: where the first of them begins."""
    begins = [unit.start() for unit in _UNIT.finditer(text, 0, place) if unit["word"] is not None]
    return begins[-words] if len(begins) >= words else 0

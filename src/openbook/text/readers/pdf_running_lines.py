"""Lines that a PDF repeats at the edges of its pages: running heads, footers and numbers of pages.

    Acme Pump Manual                        Acme Pump Manual
    Turn the valve until                    Turn the valve until
                              8             the wheel stands still.
    ---- page ----                   →
    Acme Pump Manual
    the wheel stands still.
                              9

They would weigh in searches, and cut sentences that go over a page's edge. Text that is lost is worse than a
head that stays, so a line must stand at the same place of most pages, its number must rise with them, and the
first of those that say more than a number stays. Values (`Result: negative`, `12.01.2024`), questions,
numbers of invoices and headings with numbers (`Step 3 of the assembly`) are none.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

_FEWEST_PAGES = 4
_ZONE, _SHARE = 3, 5
"""Lines at each edge that may be such: so many, but no more than the fifth part of a page each."""
_LONGEST = 200
"""Characters of a head."""
_SPAN_SHARE = 0.75
"""Of the pages between the first and the last with a head; values (`Paid in full`) come and go."""
_FEWEST_WORDS = 3
"""Of a line beside its number; with less it may be a heading: Exam question 3."""
_FARTHEST, _FARTHEST_OUTERMOST = 30, 999
"""Pages that a number may be off from its page's; that of an invoice is farther. An article that begins on
page 345 has its numbers at the very edge."""
_HELD = "\ufdd0"
"""Stands for the number; Unicode keeps it for such uses."""
_NUMBER, _WORD = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")
_NO_HEAD = re.compile(r"\w:(?:\s|$)|[?\uff1f]$")
"""`Result: negative` may be true of many pages, and a question be asked on each."""
_PAGE = "page|pg|seite|página|pág|pagina|pag|strana|strona|стр|sivu|sida|side|oldal"
_TOTAL = r"\s*(?:/|of|von|de|sur|di|av|af|van|z|из)\s*\d+"
_NUMBERS_PAGE = rf"(?:(?:{_PAGE})\b\.?\s*|[ps]\.\s*)?{_HELD}(?:{_TOTAL})?"
_ALONE = re.compile(
    rf"[|•·]?\s*{_NUMBERS_PAGE}\s*[|•·]?|([-\u2013\u2014~])\s*{_NUMBERS_PAGE}\s*\1|\[\s*{_NUMBERS_PAGE}\s*\]",
    re.IGNORECASE,
)
"""`3`, `- 3 -`, `Page 3 of 12`; neither `12.03.2024` nor `P-3`."""
_NAMES_PAGE = re.compile(
    rf"\b(?:{_PAGE})\b\.?\s*{_HELD}|[|•·]\s*{_HELD}(?:{_TOTAL})?$|^{_HELD}\s*[|•·]", re.IGNORECASE
)
_AT_AN_END = re.compile(rf"^{_HELD}\s|\s{_HELD}$")
_GOES_ON = re.compile(r"[\w,\-\u2013]$")


class _Key(NamedTuple):
    """What lines of several pages have in common."""

    text: str
    """With `_HELD` where the number stands that rises with the pages, if one does."""
    offset: int
    """Of that number from the page, counted from 0; 0 if there is none."""


class _Line(NamedTuple):
    page: int
    number: int
    """Of the page's lines, from 0."""
    place: int
    """From the top 1, 2, …; from the bottom -1, -2, …"""
    keys: list[_Key]
    is_inner: bool
    """Whether it is the first one that is too far from the edge."""


def joined_pages(pages: Sequence[str]) -> str:
    """The text of pages without lines that most of them repeat; what goes on over an edge is not cut.

    Args:
        pages: the text of each, in order.

    >>> joined_pages(["It turns until", "the gate is shut."])
    'It turns until\\nthe gate is shut.'
    """
    lines = [page.split("\n") for page in pages]
    for page, numbers in _running(lines).items():
        lines[page] = [line for number, line in enumerate(lines[page]) if number not in numbers]
    texts = ["\n".join(page) for page in lines]
    for place in range(1, len(texts)):
        if _continues(texts[place - 1], texts[place]):
            texts[place - 1] = texts[place - 1].rstrip()
            texts[place] = texts[place].lstrip()
    return "\n".join(texts)


def _continues(before: str, after: str) -> bool:
    """Whether a sentence goes on behind a page's edge."""
    last, first = before[-200:].rstrip(), after[:200].lstrip()
    return bool(_GOES_ON.search(last)) and first[:1].islower()


def _running(pages: list[list[str]]) -> dict[int, set[int]]:
    """By page the numbers of the lines to leave out."""
    found = [line for page, lines in enumerate(pages) for line in _edges(page, lines)]
    pages_of_any = sorted({line.page for line in found})
    running = _numbered_once(_running_at([line for line in found if not line.is_inner], pages_of_any))
    # Where even lines behind the edge repeat, each page is a form, and these are its labels.
    behind = _running_at([line for line in found if line.is_inner], pages_of_any)
    forms = {place > 0 for key, place in behind if _HELD not in key.text}
    left_out: dict[int, set[int]] = defaultdict(set)
    seen: set[str] = set()
    for line in found:
        for key in line.keys:
            is_label = _HELD not in key.text and (line.place > 0) in forms
            if key in running and not is_label and not line.is_inner:
                if _is_number(key.text) or key.text in seen:
                    left_out[line.page].add(line.number)
                seen.add(key.text)
                break
    return left_out


def _edges(page: int, lines: list[str]) -> Iterator[_Line]:
    """The first and last lines of a page that hold something, and one behind them; of a short page less."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    zone = min(_ZONE, len(filled) // _SHARE)
    labeled = {number for label, number in pairwise(filled) if lines[label].rstrip().endswith(":")}
    places = [*range(1, zone + 2), *range(-zone - 1, 0)] if zone else []
    for place in places:
        number = filled[place - 1 if place > 0 else place]
        text = " ".join(lines[number].split())
        is_of_table = text.startswith("|")
        if len(text) <= _LONGEST and not is_of_table and number not in labeled:
            yield _Line(page, number, place, [*_keys(text, page)], is_inner=abs(place) > zone)


def _keys(text: str, page: int) -> Iterator[_Key]:
    yield _Key(text, 0)
    for match in _NUMBER.finditer(text):
        if len(match[0]) < 10:
            yield _Key(f"{text[: match.start()]}{_HELD}{text[match.end() :]}", int(match[0]) - page)


def _running_at(lines: list[_Line], pages: list[int]) -> list[tuple[_Key, int]]:
    """What stands at one place of most pages, or of most that lie on the same side of a book, and where."""
    sides = [[page for page in pages if page % 2 in side] for side in ({0, 1}, {0}, {1})]
    found: dict[tuple[_Key, int], set[int]] = defaultdict(set)
    for line in lines:
        for key in line.keys:
            found[key, line.place].add(line.page)
    return [
        (key, place)
        for (key, place), on in found.items()
        if _may_run(key, place) and any(_is_of_most(key, on, of_side) for of_side in sides)
    ]


def _numbered_once(running: list[tuple[_Key, int]]) -> set[_Key]:
    """The keys without a number above where another one runs below: that is of a song on each page."""
    below = {key.offset for key, place in running if place < 0 and _is_number(key.text)}
    return {
        key for key, place in running if not below or place < 0 or key.text != _HELD or key.offset in below
    }


def _is_of_most(key: _Key, on: set[int], pages: list[int]) -> bool:
    """Whether so many of these pages have a line that it is one of the kind."""
    having = [page for page in pages if page in on]
    if len(pages) < _FEWEST_PAGES or 2 * len(having) <= len(pages):
        return False
    if _HELD in key.text:
        return True
    if len(having) < len(on):  # a head of left pages stands on no right one
        return False
    span = sum(having[0] <= page <= having[-1] for page in pages)
    is_word = len(_WORD.findall(key.text)) == 1
    return len(having) >= _SPAN_SHARE * span and (not is_word or len(having) > 0.8 * len(pages))


def _may_run(key: _Key, place: int) -> bool:
    """Whether a line may be a head or footer, not a value that repeats or a heading with its number."""
    distance = abs(key.offset)
    if _is_number(key.text):
        return distance <= _FARTHEST or (distance <= _FARTHEST_OUTERMOST and place in (1, -1))
    words = _WORD.findall(key.text)
    if _NO_HEAD.search(key.text) or not words:
        return False
    if _HELD not in key.text:
        return len(words) > 1 or len(words[0]) > 4
    is_footer = place < 0 and len(words) >= _FEWEST_WORDS and _AT_AN_END.search(key.text) is not None
    return distance <= _FARTHEST and (is_footer or _NAMES_PAGE.search(key.text) is not None)


def _is_number(text: str) -> bool:
    """Whether a line says a page's number and nothing else: `- 3 -`, `Page 3 of 12`."""
    return _ALONE.fullmatch(text) is not None

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
first of those that say more than a number stays. Values (`Result: negative`), numbers of invoices and
`Question 3` are none.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_FEWEST_PAGES = 4
_ZONE, _SHARE = 3, 5
"""Lines at each edge that may be such: so many, but no more than the fifth part of a page each."""
_FEWEST_WORDS = 3
"""Of a line beside its number; with less it may be a heading: Exam question 3."""
_FARTHEST = 30
"""Pages that a number in a longer line may be off from its page's; that of an invoice is farther."""
_YEARS = range(1400, 2101)
"""Numbers alone that rise from page to page may be these, and then are headings."""
_HELD = "\ufdd0"
"""Stands for the number; Unicode keeps it for such uses."""
_NUMBER, _WORD = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")
_VALUE = re.compile(r"\w:\s")
"""`Result: negative` may be true of many pages."""
_PAGE_WORDS = frozenset((
    "page", "pages", "pg", "p", "seite", "seiten", "s", "página", "pág", "pagina", "pag", "strana", "strona",
    "стр", "sivu", "sida", "side", "oldal", "of", "von", "de", "sur", "di", "av", "af", "van", "z", "из",
))  # fmt: skip
_RULES = r"[|•·\u2013\u2014]"
_NAMES_PAGE = re.compile(
    rf"\b(?:page|pg|seite|página|pág|pagina|pag|strana|strona|стр|sivu|sida|side|oldal)\b\.?\s*{_HELD}"
    rf"|{_RULES}\s*{_HELD}(?:\s*(?:/|of|von|de|sur|di)\s*\d+)?$|^{_HELD}\s*{_RULES}",
    re.IGNORECASE,
)
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
    running = _keys_of_most(found)
    left_out: dict[int, set[int]] = defaultdict(set)
    seen: set[str] = set()
    for line in found:
        for key in line.keys:
            if key in running:
                if _is_number(key.text) or key.text in seen:
                    left_out[line.page].add(line.number)
                seen.add(key.text)
                break
    return left_out


def _edges(page: int, lines: list[str]) -> Iterator[_Line]:
    """The first and last lines of a page that hold something; of a short page less."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    zone = min(_ZONE, len(filled) // _SHARE)
    places = [*range(1, zone + 1), *range(-zone, 0)]
    for place in places:
        number = filled[place - 1 if place > 0 else place]
        text = " ".join(lines[number].split())
        if not text.startswith("|"):  # of a table
            yield _Line(page, number, place, [*_keys(text, page)])


def _keys(text: str, page: int) -> Iterator[_Key]:
    yield _Key(text, 0)
    for match in _NUMBER.finditer(text):
        if len(match[0]) < 10:
            yield _Key(f"{text[: match.start()]}{_HELD}{text[match.end() :]}", int(match[0]) - page)


def _keys_of_most(lines: list[_Line]) -> set[_Key]:
    """What stands at one place of most pages, or of most that lie on the same side of a book."""
    pages = {line.page for line in lines}
    sides = [(side, sum(page % 2 in side for page in pages)) for side in ({0, 1}, {0}, {1})]
    found: dict[tuple[_Key, int], set[int]] = defaultdict(set)
    for line in lines:
        for key in line.keys:
            found[key, line.place].add(line.page)
    running = set()
    for (key, _), on in found.items():
        for side, of_side in sides:
            having = sum(page % 2 in side for page in on)
            if of_side >= _FEWEST_PAGES and 2 * having > of_side and _may_run(key, having / of_side):
                running.add(key)
    return running


def _may_run(key: _Key, share: float) -> bool:
    """Whether a line may be a head or footer, not a value that repeats or a heading with its number."""
    words = [word for word in _WORD.findall(key.text) if word.lower() not in _PAGE_WORDS]
    if _is_number(key.text):
        return key.offset not in _YEARS
    if _VALUE.search(key.text):
        return False
    if _HELD not in key.text:
        return len(words) > 1 or (len(words) == 1 and len(words[0]) > 4 and share > 0.8)
    is_near = abs(key.offset) <= _FARTHEST
    return is_near and (len(words) >= _FEWEST_WORDS or _NAMES_PAGE.search(key.text) is not None)


def _is_number(text: str) -> bool:
    """Whether a line says a page's number and nothing else: `- 3 -`, `Page 3 of 12`."""
    return _HELD in text and all(word.lower() in _PAGE_WORDS for word in _WORD.findall(text))

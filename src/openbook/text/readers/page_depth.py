"""Web pages that no parser takes apart in a time to wait for: too much of them is open at once.

A parser of HTML looks through the open elements at each block, and opens again in each block the formatting
that was not closed. Its time, and in the second case its room, grow by the product of both. So it is counted
before, by the tags alone, what is open. That is a guess, for a parser closes much itself; its bounds are far
above what pages have.

    <div> 100,000 times                     100,000 elements are open at once: refused
    <p><font size=1>x<p><font size=2>x…     each paragraph has the fonts of all before it: refused, if many
    <p> 100,000 times                       each closes the one before it: one is open
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from openbook.text.documents import source_error
from openbook.text.readers.source_file import LEAVE_OUT

MOST_OPEN = 5_000
"""Elements that are open at once."""
MOST_REPEATED = 1_000_000
"""Times that formatting is opened again, at least; pages of many tags may have more."""
_REPEATED_A_TAG = 20
_FEW = 3_000
"""Tags that begin something: so few are parsed in a second, whatever they are."""

_TAG = re.compile(r"<(?:(!--)|(/?)([a-z][^\s/>]*)([^>]*))", re.IGNORECASE)
_COMMENT_END = re.compile("--!?>")
_FORMATTING = frozenset({
    "b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u",
})  # fmt: skip
_ALIKE = 3
"""Elements with the same tag that are opened again."""
_NEVER_NESTED = frozenset({
    "a", "area", "base", "basefont", "bgsound", "body", "br", "button", "caption", "col", "colgroup", "dd",
    "dt", "embed", "frame", "head", "hr", "html", "image", "img", "input", "keygen", "li", "link", "meta",
    "nobr", "option", "p", "param", "select", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track",
    "wbr",
})  # fmt: skip
"""Those that hold nothing, and those that the next of their kind closes, if no other element is between."""
_RUBY = ("rb", "rp", "rt", "rtc")
_TEXT_ALONE = frozenset({"iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"})
_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _TEXT_ALONE}


def require_shallow(page: str, *, where: str) -> None:
    """Refuse a page that would take too long.

    Args:
        page: its text.
        where: its file, for the error.

    Raises:
        SourceError: too much of it is open at once.
    """
    if page.count("<") - page.count("</") <= _FEW:
        return
    opened, formatting = _Open(), _Formatting()
    for number, (is_end, name, rest) in enumerate(_tags(page)):
        if name in _FORMATTING:
            formatting.tag(name, rest, is_end=is_end)
            continue
        opened.tag(name, is_end=is_end, is_closed=rest.endswith("/"))
        formatting.repeat()
        if opened.total > MOST_OPEN:
            problem = f"more than {MOST_OPEN:,} of its elements stand in each other, or are not closed"
            raise source_error(where, f"{problem}; repair it", option=LEAVE_OUT)
        if formatting.repeated > MOST_REPEATED + _REPEATED_A_TAG * number:
            problem = f"{formatting.total:,} of its elements for formatting, such as <font>, are not closed"
            raise source_error(where, f"{problem}; repair it", option=LEAVE_OUT)


def _tags(page: str) -> Iterator[tuple[bool, str, str]]:
    """Each tag: whether it ends an element, of which name, and what follows the name; none of scripts."""
    place = 0
    for found in _TAG.finditer(page):
        if found.start() < place:  # inside of what was passed over
            continue
        comment, slash, name, rest = found.groups()
        if comment:
            ends = _COMMENT_END.search(page, found.start() + 2)
        elif (name := name.lower()) not in _TEXT_ALONE:
            yield slash == "/", name, rest
            continue
        elif slash:
            continue
        else:
            ends = _ENDS[name].search(page, found.end())
        if ends is None:
            return
        place = ends.end()


class _Open:
    """How many elements are open that may stand in each other."""

    def __init__(self) -> None:
        self.total = 0
        self._by_name: Counter[str] = Counter()

    def tag(self, name: str, *, is_end: bool, is_closed: bool) -> None:
        if is_end:
            self._close(name, 1)
            for part in _RUBY if name == "ruby" else ():
                self._close(part, self._by_name[part])
        elif name not in _NEVER_NESTED and not (is_closed and self._is_drawing):
            self._by_name[name] += 1
            self.total += 1

    @property
    def _is_drawing(self) -> bool:
        """Whether what is closed at once is: in SVG and MathML it is, in HTML the slash says nothing."""
        return self._by_name["svg"] > 0 or self._by_name["math"] > 0

    def _close(self, name: str, count: int) -> None:
        closed = min(count, self._by_name[name])
        self._by_name[name] -= closed
        self.total -= closed


class _Formatting:
    """The formatting that is not closed: a parser opens it again in each block."""

    def __init__(self) -> None:
        self.total = 0
        self.repeated = 0
        self._by_name: defaultdict[str, list[str]] = defaultdict(list)
        self._alike: Counter[tuple[str, str]] = Counter()

    def tag(self, name: str, rest: str, *, is_end: bool) -> None:
        if is_end:
            if self._by_name[name]:
                self._alike[name, self._by_name[name].pop()] -= 1
                self.total -= 1
        elif self._alike[name, rest] < _ALIKE:
            self._by_name[name].append(rest)
            self._alike[name, rest] += 1
            self.total += 1

    def repeat(self) -> None:
        """A block begins or ends."""
        self.repeated += self.total

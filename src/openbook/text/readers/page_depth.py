"""Web pages that no parser takes apart in a time to wait for: too much of them is open at once.

A parser of HTML looks through the open elements at each block, and opens again in each block the formatting
that was not closed. Its time, and in the second case its room, grow by the product of both. So it is counted
before, by the tags alone, what is open. That is a guess, for a parser closes much itself. It errs on the side
of more: an end tag is believed only where its element is the last that is open, or just before a paragraph.
Where it comes to too much, the page is parsed up to there, which takes no long time yet, and it is seen how
deep it is.

    <div> 100,000 times                     100,000 elements are open at once: refused
    <p><font size=1>x<p><font size=2>x…     each paragraph has the fonts of all before it: refused, if many
    <p> 100,000 times                       each closes the one before it: one is open
    <p><span></p> 5,000 times               5,000 are guessed, few are open in truth
"""

from collections import Counter, defaultdict

from openbook.text.documents import source_error
from openbook.text.readers.page_tags import Tag, tags
from openbook.text.readers.source_file import LEAVE_OUT

MOST_OPEN = 5_000
"""Elements that are open at once."""
MOST_REPEATED = 1_000_000
"""Times that formatting is opened again, at least; pages of many tags may have more."""
_REPEATED_A_TAG = 20
_FEW = 3_000
"""Tags that begin something: so few are parsed in a second, whatever they are."""
_SHALLOW = 1_000
"""Elements in each other, in truth, up to which a guess is given up."""
_MOST_LOOKS = 10
"""Times that a page is parsed for that: a page of more elements that are not closed is refused."""

_FORMATTING = frozenset({
    "b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u",
})  # fmt: skip
_ALIKE = 3
"""Elements with the same tag that are opened again."""
_NEVER_OPEN = _FORMATTING | frozenset({
    "a", "area", "base", "basefont", "bgsound", "body", "br", "caption", "col", "colgroup", "embed", "frame",
    "head", "hr", "html", "image", "img", "input", "keygen", "link", "meta", "nobr", "param", "source",
    "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
})  # fmt: skip
"""Those that hold nothing, those that are counted elsewhere, and those that the next of their kind closes
whatever is between, or that are not opened at all outside of the elements that are counted."""
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | frozenset({
    "address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "li", "listing", "main",
    "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "table", "ul",
})  # fmt: skip
"""Each closes a paragraph that is the last element open."""
_IMPLIED = frozenset({"dd", "dt", "li", "p"})
"""The end of a block, but a paragraph's, closes these too."""
_REPLACED = {"li": ("li",), "dd": ("dd", "dt"), "dt": ("dd", "dt"), "button": ("button",)}
"""Of an element, those that it closes if they are the last that is open."""
_RUBY = frozenset({"rb", "rp", "rt", "rtc"})
_LOOKED_THROUGH = 8
"""Elements that an end tag closes with its own, at most."""
_DRAWINGS = frozenset({"math", "svg"})
_HTML_IN_DRAWINGS = frozenset({
    "annotation-xml", "desc", "foreignobject", "mi", "mn", "mo", "ms", "mtext", "title",
})  # fmt: skip
_BREAKING_OUT = _FORMATTING | _HEADINGS | frozenset({
    "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "embed", "head", "hr", "img", "li",
    "listing", "menu", "meta", "nobr", "ol", "p", "pre", "ruby", "span", "sub", "sup", "table", "ul", "var",
})  # fmt: skip
"""What ends a drawing that is not closed."""


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
    opened, formatting, looks = _Open(), _Formatting(), 0
    for number, tag in enumerate(tags(page, is_drawing=lambda: opened.is_drawing)):
        opened.tag(tag)
        if tag.name in _FORMATTING:
            formatting.tag(tag.name, tag.rest, is_end=tag.is_end)
            continue
        formatting.repeat()
        if opened.total > MOST_OPEN:
            looks += 1
            if looks > _MOST_LOOKS or not _is_shallow(page[: tag.place]):
                problem = f"more than {MOST_OPEN:,} of its elements stand in each other, or are not closed"
                raise source_error(where, f"{problem}; repair it", option=LEAVE_OUT)
            opened.forget()
        if formatting.repeated > MOST_REPEATED + _REPEATED_A_TAG * number:
            problem = f"{formatting.total:,} of its elements for formatting, such as <font>, are not closed"
            raise source_error(where, f"{problem}; repair it", option=LEAVE_OUT)


def _is_shallow(page: str) -> bool:
    """Whether few elements of a page, or of its beginning, stand in each other, as a parser has it."""
    from selectolax.lexbor import LexborHTMLParser

    if "<template" in page.lower():  # what stands in it is not shown
        return False
    root = LexborHTMLParser(page).root
    level = [] if root is None else [root]
    for _ in range(_SHALLOW):
        level = [child for node in level for child in node.iter()]
        if not level:
            return True
    return False


class _Open:
    """The elements that are open, at least those that may stand in each other, and maybe more."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._marks: list[tuple[int, bool]] = []
        """Where drawings begin, and HTML in them: places among the names, and whether it is a drawing."""

    @property
    def total(self) -> int:
        """How many."""
        return len(self._names)

    @property
    def is_drawing(self) -> bool:
        """Whether what is closed at once is: in SVG and MathML it is, in HTML the slash says nothing."""
        return bool(self._marks) and self._marks[-1][1]

    def forget(self) -> None:
        """Begin anew."""
        self._cut(0)

    def tag(self, tag: Tag) -> None:
        """A tag is read."""
        if tag.is_end:
            self._end(tag.name)
        else:
            self._begin(tag.name, is_closed=tag.is_closed)

    def _begin(self, name: str, *, is_closed: bool) -> None:
        if name in _BREAKING_OUT:
            self._leave_drawings()
        if name in _NEVER_OPEN and not self.is_drawing:
            return
        if is_closed and (self.is_drawing or name in _DRAWINGS):
            return
        if name in _BLOCKS and self._last == "p":
            self._cut(self.total - 1)
        if self._last in _REPLACED.get(name, ()):
            self._cut(self.total - 1)
        if name in _DRAWINGS or (self.is_drawing and name in _HTML_IN_DRAWINGS):
            self._marks.append((self.total, name in _DRAWINGS))
        self._names.append(name)

    def _end(self, name: str) -> None:
        closed_with_it = _RUBY if name == "ruby" else _IMPLIED if name in _BLOCKS and name != "p" else ()
        lowest = max(0, self.total - _LOOKED_THROUGH)
        for place in range(self.total - 1, lowest - 1, -1):
            if self._names[place] == name:
                self._cut(place)
                return
            if self._names[place] not in closed_with_it:
                break
        self._leave_drawings()  # for it may be the end of one

    @property
    def _last(self) -> str:
        return self._names[-1] if self._names else ""

    def _cut(self, place: int) -> None:
        """Close the element at a place, and those in it."""
        del self._names[place:]
        while self._marks and self._marks[-1][0] >= place:
            self._marks.pop()

    def _leave_drawings(self) -> None:
        """Take what follows for HTML, if it is in drawings; they stay counted."""
        while self.is_drawing:
            self._marks.pop()


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

"""Tables of contents of a web page: lists of links to its own headings, which say what stands there again.

<ul><li><a href="#gates">Gates</a>              left out: both are headings of the page
    <li><a href="#wheel">Wheel</a></ul>
<ul><li><a href="gates.html#east">East gate</a>  read: it stands on another page
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from openbook.text.readers.page_headings import LEVELS, LONGEST_HEADING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_LISTS = ("dl", "ol", "ul")
_LINKS = "a[href^='#']"
_FEWEST = 2
"""Links to headings that make a list a table of contents."""
_MOST_LISTS, _MOST_STEPS, _MOST_NODES = 20, 12, 200
"""Lists looked at, elements above a link, and what stands in a heading or link: all take linear time."""
_NAMES = ("contents", "outline", "toc")
_LONGEST_LABEL = 30
"""Letters of what stands above such a list in its frame: "Table of Contents"."""


def contents(tree: "LexborHTMLParser") -> set[int]:
    """Find the tables of contents, each with its frame, by their `mem_id`."""
    links = tree.css(_LINKS)
    headings = {_words(node) for node in tree.css(", ".join(LEVELS))} - {""}
    lists: dict[int, LexborNode] = {}
    counts: Counter[int] = Counter()
    for link in links:
        if _words(link) in headings:
            around = {node.mem_id: node for node in _lists_around(link)}
            lists |= around
            counts.update(around.keys())
    likely = [lists[name] for name, count in counts.most_common(_MOST_LISTS)]
    return {
        _with_frame(node).mem_id
        for node in likely
        if (counts[node.mem_id] >= _FEWEST or _is_called_so(node)) and _only_leads(node, headings)
    }


def _lists_around(link: "LexborNode") -> Iterator["LexborNode"]:
    node = link.parent
    for _ in range(_MOST_STEPS):
        if node is None or node.tag in LEVELS:  # a heading of its own, which leads to itself
            return
        if node.tag in _LISTS:
            yield node
        node = node.parent


def _only_leads(node: "LexborNode", headings: set[str]) -> bool:
    """Whether all words and numbers of a list are in links, and most of these lead to headings."""
    if node.css_first(", ".join(LEVELS)) is not None:
        return False
    said = [_text(link) for link in node.css(_LINKS)]
    to_headings = sum(_letters(text) in headings for text in said)
    return 2 * to_headings > len(said) and sum(map(_count, said)) == _count(node.text())


def _with_frame(node: "LexborNode") -> "LexborNode":
    """A list, or what holds it and its label alone, if that is called so."""
    frame = node.parent
    if frame is None or frame.tag != "div":
        return node
    *label, last = _first_three(frame)
    is_labeled = last.mem_id == node.mem_id and len(label) <= 1
    if not (
        is_labeled and _is_called_so(frame) and _count(label[0].text() if label else "") <= _LONGEST_LABEL
    ):
        return node
    leads_to = {_words(link) for link in node.css(_LINKS)}
    holds_them = any(_words(heading) in leads_to for heading in frame.css(", ".join(LEVELS)))
    return node if holds_them else frame


def _first_three(frame: "LexborNode") -> list["LexborNode"]:
    """The first elements and texts in a frame, which are a label and a list if there are no more."""
    inside = (
        each
        for each in frame.iter(include_text=True)
        if each.tag != "-text" or (each.text_content or "").strip()
    )
    return list(islice(inside, 3))


def _is_called_so(node: "LexborNode") -> bool:
    called = f"{node.attributes.get('id') or ''} {node.attributes.get('class') or ''}".lower()
    return any(name in called for name in _NAMES)


def _words(node: "LexborNode") -> str:
    """The letters of a heading or a link, to compare them; empty: it has none, or lacks its end tag."""
    return _letters(_text(node))


def _text(node: "LexborNode") -> str:
    """The text of a heading or a link; empty: it lacks its end tag."""
    texts: list[str] = []
    stack = [node]
    for _ in range(_MOST_NODES):
        if not stack:
            break
        each = stack.pop()
        if each.tag == "-text":
            texts.append(each.text_content or "")
        else:
            stack.extend(list(islice(each.iter(include_text=True), _MOST_NODES))[::-1])
    text = "".join(texts)
    return "" if stack or len(text) > LONGEST_HEADING else text


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text)).casefold()


def _count(text: str) -> int:
    """How many letters and digits it has."""
    return sum(map(str.isalnum, text))

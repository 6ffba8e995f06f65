"""What stands between the words of a web page, and around them, that only style sheets and browsers show.

<label>Linux</label><label>macOS</label>       Linux macOS
<a href="/rye">rye</a><a href="/oats">oats</a>   rye oats: two links
<q>Open it</q>                                 "Open it": browsers write the marks
<s>closed</s> open                             ~~closed~~ open, as in Markdown: struck out
"""

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

from openbook.text.readers.page_raised import last_letter

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_LABELS = ", ".join((
    "label", "span.badge", "span.label", "span.tag", "span.chip", "span.pill", "span.Label", "span.eqno",
    "span.selected-value", "span.aui-lozenge", "a.post-tag",  # Notion, Confluence, Stack Overflow
))  # fmt: skip
"""Labels of buttons and boxes, and small words in frames: a style puts room around them."""
_CODE, _MOST_STEPS = ("code", "pre"), 12
"""Where such classes are those of a language's words, and how far around a label that is looked for."""
_STRUCK = "del, s, strike"
_LOOKED_AT = 50
"""Elements and texts in what is struck out, at most: what has more, or blocks, is a whole part of a page."""
BLOCKS = frozenset({
    "article", "blockquote", "body", "br", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "li", "main", "ol", "p", "pre", "section", "summary", "table", "td",
    "th", "tr", "ul",
})  # fmt: skip
_QUOTATION_MARKS = frozenset('"“”„«»\u2018\u2039\u203a「」『』')
_VERBATIM = "[style*='white-space'], div.fragment"
_KEEPS_SPACE = re.compile(r"white-space\s*:\s*pre\s*(?:;|!|$)", re.IGNORECASE)


def _room_around(label: "LexborNode") -> tuple[str, str]:
    """Spaces before and after a label, where a word stands beside it at once; none in code."""
    if _is_in_code(label):
        return "", ""
    after = label.next
    goes_on = after is not None and (after.tag != "-text" or (after.text_content or "")[:1].isalnum())
    return " " if last_letter(label).isalnum() else "", " " if goes_on else ""


def _is_in_code(word: "LexborNode") -> bool:
    node: LexborNode | None = word
    for _ in range(_MOST_STEPS):
        if node is None:
            break
        if node.tag in _CODE:
            return True
        node = node.parent
    return False


def is_link_after_link(node: "LexborNode") -> bool:
    """Whether a link follows another at once, so that a word ends there; Chinese may go on.

    A small letter goes on with the word before it, where links stand among other words: Micro|soft has.
    """
    before = node.prev
    if node.tag != "a" or before is None or before.tag != "a" or "href" not in node.attributes:
        return False
    letter = last_letter(node)
    if not letter.isalnum() or unicodedata.east_asian_width(letter) in "WF":
        return False
    return not (_first_letter(node).islower() and _stands_in_words(node))


def _first_letter(node: "LexborNode") -> str:
    inside: LexborNode | None = node
    while inside is not None and inside.tag != "-text":
        inside = inside.first_child
    return (inside.text_content or "")[:1] if inside is not None else ""


def _stands_in_words(link: "LexborNode") -> bool:
    """Whether text stands beside a link, among the first of what stands there."""
    beside = islice(link.parent.iter(include_text=True), _LOOKED_AT) if link.parent is not None else ()
    return any(node.tag == "-text" and (node.text_content or "").strip() for node in beside)


def follows_its_like(node: "LexborNode") -> bool:
    """Whether an element follows another of its kind at once, as code does that is written in two ways."""
    return node.prev is not None and node.prev.tag == node.tag


def marks_of_words(tree: "LexborHTMLParser") -> dict[int, tuple[str, str]]:
    """By the `mem_id` of labels, quoted and struck out words, what is to be written before and after."""
    marks = {node.mem_id: _room_around(node) for node in tree.css(_LABELS)}
    marks |= {
        node.mem_id: ('"', '"') for node in tree.css("q") if not (_is_in_code(node) or _is_quoted(node))
    }
    struck = (node for node in tree.css(_STRUCK) if _is_struck_out(node) and not _is_in_code(node))
    return marks | {node.mem_id: ("~~", "~~") for node in struck}


def _is_quoted(node: "LexborNode") -> bool:
    """Whether a quotation mark stands beside an element already."""
    after = node.next
    first = (after.text_content or "")[:1] if after is not None and after.tag == "-text" else ""
    return not _QUOTATION_MARKS.isdisjoint(last_letter(node) + first)


def verbatim(tree: "LexborHTMLParser") -> set[int]:
    """Find elements, by their `mem_id`, whose own style keeps white space, and Doxygen's code."""
    return {node.mem_id for node in tree.css(_VERBATIM) if _keeps_space(node)}


def _keeps_space(node: "LexborNode") -> bool:
    style = node.attributes.get("style")
    return style is None or _KEEPS_SPACE.search(style) is not None


def _is_struck_out(node: "LexborNode") -> bool:
    """Whether it is some words in a line."""
    stack = [node]
    letters = 0
    for _ in range(_LOOKED_AT):
        if not stack:
            break
        each = stack.pop()
        if each.tag in BLOCKS:
            return False
        if each.tag == "-text":
            letters += len((each.text_content or "").strip())
        else:
            stack.extend(list(islice(each.iter(include_text=True), _LOOKED_AT)))
    return not stack and letters > 0

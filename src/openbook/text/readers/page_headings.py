"""Headings of a web page in its text: how they are marked, and what else must not look like one.

    <h2>The mill<a href="#mill">¶</a></h2>      ## The mill
    <p>It is old.</p>                           It is old.
    <pre># a comment</pre>                       # a comment

Each is a line of its own that begins with number signs and a space. Any other line that would is written with
a space before it, so `openbook.text.headings.page_headings` finds exactly those of the page.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

LEVELS = {f"h{level}": level for level in range(1, 7)}
"""Of the elements that are headings."""
LONGEST_HEADING = 300
"""Characters; what is longer lacks its end tag, and holds all that follows."""

_OTHERS = "[role=heading], p.MsoTitle, p.title[id^='h.']"
"""Other elements that are: titles as Word and Google Docs save them, too."""
_USUAL_LEVEL = 2
"""Of a `role=heading` that says none."""
_LIKE_A_HEADING = re.compile(r"^(?=#{1,6} )", re.MULTILINE)


def other_levels(tree: "LexborHTMLParser") -> dict[int, int]:
    """The levels of headings that are so by a role or a class, by their `mem_id`."""
    return {node.mem_id: _level(node) for node in tree.css(_OTHERS) if node.tag not in LEVELS}


def _level(node: "LexborNode") -> int:
    if node.attributes.get("role") != "heading":
        return 1
    said = (node.attributes.get("aria-level") or "").strip()
    return min(int(said), len(LEVELS)) if said in set("123456789") else _USUAL_LEVEL


def marked_heading(title: str, level: int) -> str:
    """The line of a heading; empty, if its title is.

    >>> marked_heading("The mill", 2)
    '## The mill'
    """
    return f"{'#' * level} {title}" if title else ""


def no_heading(text: str) -> str:
    """Text of which no line is taken for a heading.

    >>> no_heading("x = 1\\n# a comment")
    'x = 1\\n # a comment'
    """
    return _LIKE_A_HEADING.sub(" ", text)

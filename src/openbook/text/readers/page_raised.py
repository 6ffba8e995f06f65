"""Raised and lowered letters of a web page, which would be read as part of the word or number before them.

10<sup>6</sup>                            10^6
10<sub>2</sub>, x<sub>i</sub>             10_2, x_i
H<sub>2</sub>O, 1<sup>st</sup>, XIX<sup>e</sup>    H2O, 1st, XIXe: written so in plain text, too
100<sup><a href="#n1">1</a></sup>         100[1]: the number of a note
"""

from itertools import islice
from typing import TYPE_CHECKING

from openbook.text.readers.raised_text import LOWERED, RAISED, marks_around

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selectolax.lexbor import LexborHTMLParser, LexborNode

_LOOKED_AT = 30
"""Elements and texts in what is raised, at most: what has more is no exponent."""


def raised_marks(
    tree: "LexborHTMLParser", is_read: "Callable[[LexborNode], bool]"
) -> dict[int, tuple[str, str]]:
    """By the `mem_id` of what is raised or lowered, what is to be written before and after it.

    Args:
        tree: the page.
        is_read: whether the text in an element is read; what has no other text has no marks.
    """
    found = ((node.mem_id, _marks(node, is_read)) for node in tree.css("sup, sub"))
    return {name: marks for name, marks in found if any(marks)}


def _marks(node: "LexborNode", is_read: "Callable[[LexborNode], bool]") -> tuple[str, str]:
    inside = list(islice(_within(node, is_read), _LOOKED_AT))
    text = "".join(each.text_content or "" for each in inside if each.tag == "-text").strip()
    if len(inside) == _LOOKED_AT or not any(map(str.isalnum, text)):
        return "", ""
    is_alone_in_link = node.parent is not None and node.parent.tag == "a" and not _beside(node)
    before = last_letter(node.parent if is_alone_in_link and node.parent else node)
    if is_alone_in_link or any(each.tag == "a" and is_read(each) for each in inside):
        is_bare = text.isalnum() and not before.isspace()
        return ("[", "]") if before and is_bare else ("", "")
    return marks_around(before, text, LOWERED if node.tag == "sub" else RAISED)


def _within(root: "LexborNode", is_read: "Callable[[LexborNode], bool]") -> "Iterator[LexborNode]":
    """All that stands in an element and in what is read of it, in order; no more of it than is asked for."""
    stack = [root.iter(include_text=True)]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
            continue
        yield node
        if is_read(node):
            stack.append(node.iter(include_text=True))


def _beside(node: "LexborNode") -> bool:
    """Whether anything stands beside an element in its parent."""
    return node.prev is not None or node.next is not None


def last_letter(node: "LexborNode") -> str:
    """The letter before an element; empty: none is known.

    Only what ends just there is looked at, which is so before one element alone: all take linear time.
    """
    before = node.prev
    while before is not None and before.tag != "-text":
        before = before.last_child
    return (before.text_content or "")[-1:] if before is not None else ""

"""Numbers before the items of a web page's ordered lists, and boxes of tasks, as its reader sees them.

    <ol start=4><li>Open<li>Close               4. Open, 5. Close
    <ol reversed type=a><li>Open<li>Close       b. Open, a. Close
    <ol style="list-style: none"><li>Open       Open
    <dt class=label>1</dt><dd>As of May         [1] As of May: a note of Sphinx, beside its number
    <li><input type=checkbox disabled checked>  [x], as in Markdown: a task that is done

Style sheets are not read. So lists that usually have no numbers by them are known by their class: paths to
the page, comments, lines of code.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_NUMBER = re.compile(r"\s*([+-]?\d{1,9})")
_NO_STYLE = re.compile(r"list-style(?:-type)?\s*:[^;]{0,200}\bnone\b", re.IGNORECASE)
_NO_NUMBERS = frozenset({
    "breadcrumb", "breadcrumbs", "children", "comment-list", "commentlist", "linenums", "list-none",
    "list-unstyled",
})  # fmt: skip
_KINDS = {"a": "loweralpha", "A": "upperalpha", "i": "lowerroman", "I": "upperroman"}
"""By the attribute, what docutils and Sphinx write as a class."""
_TASKS = {
    "li > input[type=checkbox][disabled], li > p > input[type=checkbox][disabled]": "checked",
    "li > label > input[type=checkbox][disabled]": "checked",
    "li > .checkbox": "checkbox-on",  # Notion
    "ul.inline-task-list > li": "checked",  # Confluence
}
"""Boxes before items, and the attribute or class that says of one that it is checked."""
_NOTE_LABELS = (
    "aside.footnote > span.label, div.citation > span.label, dl.footnote > dt.label, dl.citation > dt.label"
)
_LETTERS = 26
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
    (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MOST_ROMAN = 3999


def item_numbers(tree: "LexborHTMLParser", is_hidden: Callable[["LexborNode"], bool]) -> dict[int, str]:
    """By the `mem_id` of an item, what stands before it: `4. `."""
    numbers: dict[int, str] = {}
    for ordered in tree.css("ol"):
        items = [child for child in ordered.iter() if child.tag == "li" and not is_hidden(child)]
        if _has_numbers(ordered, items):
            numbers.update(_numbered(ordered, items))
    for item, box in _boxes(tree).items():
        numbers[item] = f"{numbers.get(item, '')}{box} "
    return numbers


def note_labels(tree: "LexborHTMLParser") -> tuple[dict[int, str], set[int]]:
    """By the `mem_id` of a note of Sphinx what stands before it; and the labels that say so, beside it."""
    numbers, labels = {}, set()
    for label in tree.css(_NOTE_LABELS):
        note = _next_element(label)
        if note is not None and (said := label.text().strip(" \t\n[]")):
            numbers[note.mem_id] = f"[{said}] "
            labels.add(label.mem_id)
    return numbers, labels


def _next_element(node: "LexborNode") -> "LexborNode | None":
    after = node.next
    while after is not None and after.tag == "-text":
        after = after.next
    return after


def _boxes(tree: "LexborHTMLParser") -> dict[int, str]:
    """The boxes of tasks, by the `mem_id` of their items."""
    boxes = {}
    for selector, checked in _TASKS.items():
        for node in tree.css(selector):
            item: LexborNode | None = node
            while item is not None and item.tag != "li":
                item = item.parent
            if item is not None:
                is_done = checked in node.attributes or checked in _classes(node)
                boxes[item.mem_id] = "[x]" if is_done else "[ ]"
    return boxes


def _has_numbers(ordered: "LexborNode", items: "list[LexborNode]") -> bool:
    """Whether a reader sees them; items that are articles are comments, or search results."""
    return _NO_NUMBERS.isdisjoint(_classes(ordered)) and not any(
        _NO_STYLE.search(node.attributes.get("style") or "")
        or any(child.tag == "article" for child in node.iter())
        for node in (ordered, *items)
    )


def _numbered(ordered: "LexborNode", items: "list[LexborNode]") -> dict[int, str]:
    attributes = ordered.attributes
    step = -1 if "reversed" in attributes else 1
    kinds = _classes(ordered) & set(_KINDS.values())
    kind = _KINDS.get(attributes.get("type") or "", min(kinds, default=""))
    number = _number(attributes.get("start"), len(items) if step < 0 else 1)
    numbers = {}
    for item in items:
        number = _number(item.attributes.get("value"), number)
        numbers[item.mem_id] = f"{_as_written(number, kind)}. "
        number += step
    return numbers


def _classes(node: "LexborNode") -> set[str]:
    return set((node.attributes.get("class") or "").split())


def _number(said: str | None, usual: int) -> int:
    found = _NUMBER.match(said or "")
    return int(found[1]) if found else usual


def _as_written(number: int, kind: str) -> str:
    """A number of a kind, which is plain if it has no such form.

    >>> _as_written(28, "loweralpha"), _as_written(14, "upperroman"), _as_written(0, "loweralpha")
    ('ab', 'XIV', '0')
    """
    if kind.endswith("alpha") and number > 0:
        written = _letters(number)
    elif kind.endswith("roman") and 0 < number <= _MOST_ROMAN:
        written = _roman(number)
    else:
        return str(number)
    return written.upper() if kind.startswith("upper") else written


def _letters(number: int) -> str:
    written = ""
    while number:
        number, letter = divmod(number - 1, _LETTERS)
        written = chr(ord("a") + letter) + written
    return written


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written

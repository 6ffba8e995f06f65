"""What a web page folds away, and shows who asks for it: it is read, though it is hidden at first.

<div role="tabpanel" hidden>yarn add mill</div>         the text behind a tab
<button aria-expanded="false">Is it old?</button>       a question that opens its answer
<div hidden>It is.</div>

A button or a tab says what it opens by the name of that (`aria-controls`), or its answer follows it at once.
"""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from openbook.text.readers.page_headings import LEVELS

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_PANELS = "[role=tabpanel]"
_BUTTONS = "button[aria-controls], dt button, button.accordion, button.accordion-button"
_IN_HEADINGS = ", ".join(f"{heading} button" for heading in (*LEVELS, "[role=heading]"))
_MENUS = frozenset({"nav", "select", "ul"})
_MENU_ROLES = frozenset({"dialog", "listbox", "menu", "menubar", "navigation", "tablist", "tooltip"})
_MOST_NODES, _MOST_STEPS = 1000, 50
"""Looked at in a heading or below a button, and around a button in a heading."""
_FEWEST_LINKS = 2
"""Of a menu: one link alone may be an answer."""
_CLIMBED = 2
"""Elements around a button, such as a term or a paragraph, below which its answer may stand."""


class Folded(NamedTuple):
    """By their `mem_id`."""

    buttons: set[int]
    """Those whose words are text."""
    panels: set[int]
    """What opens: it is shown."""


def folded(tree: "LexborHTMLParser") -> Folded:
    """Find what a page folds away, and the buttons that say what it is."""
    panels = {node.mem_id for node in tree.css(_PANELS)}
    buttons = {node.mem_id for node in tree.css(_IN_HEADINGS) if _is_heading(node)}
    for button in tree.css(_BUTTONS):
        panel = _panel_below(button)
        if panel is not None:
            buttons.add(button.mem_id)
            panels.add(panel.mem_id)
    return Folded(buttons, panels)


def _panel_below(button: "LexborNode") -> "LexborNode | None":
    """What a button opens, if that stands below it and is no menu."""
    attributes = button.attributes
    if attributes.get("aria-haspopup") not in (None, "false"):
        return None
    wanted = attributes.get("aria-controls")
    node: LexborNode | None = button
    for _ in range(_CLIMBED + 1):
        if node is None:
            return None
        if (below := _next_element(node)) is not None:
            is_meant = not wanted or below.attributes.get("id") == wanted
            return below if is_meant and not _is_menu(below) else None
        node = node.parent
    return None


def _next_element(node: "LexborNode") -> "LexborNode | None":
    after = node.next
    while after is not None and after.tag == "-text" and not (after.text_content or "").strip():
        after = after.next
    return None if after is None or after.tag == "-text" else after


def _is_menu(panel: "LexborNode") -> bool:
    return _has_only_links(panel) or any(
        node.tag in _MENUS or (node.attributes.get("role") or "") in _MENU_ROLES
        for node in (panel, *islice(panel.iter(), _CLIMBED))
    )


def _has_only_links(panel: "LexborNode") -> bool:
    """Whether all letters of a panel stand in some links."""
    links = 0
    for node in islice(_outside_of(panel, "a"), _MOST_NODES):
        links += node.tag == "a"
        if node.tag == "-text" and any(map(str.isalnum, node.text_content or "")):
            return False
    return links >= _FEWEST_LINKS


def _is_heading(button: "LexborNode") -> bool:
    """Whether a button in a heading is what it says; else it stands beside that, to copy it."""
    if "aria-expanded" in button.attributes:
        return True
    heading = button.parent
    for _ in range(_MOST_STEPS):
        if heading is None or heading.tag in LEVELS or heading.attributes.get("role") == "heading":
            break
        heading = heading.parent
    if heading is None:
        return False
    inside = islice(_outside_of(heading, "button"), _MOST_NODES)
    texts = (node.text_content or "" for node in inside if node.tag == "-text")
    return not any(character.isalpha() for text in texts for character in text)


def _outside_of(root: "LexborNode", tag: str) -> Iterator["LexborNode"]:
    """All that stands in an element in order, but not what stands in others of a tag."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if node.tag not in ("-text", tag):
            stack.extend(list(node.iter(include_text=True))[::-1])

"""What of a web page nobody sees, as its elements say by attributes and their own style; no sheets are read.

<p hidden>                                         all in it is hidden
<td style="font-size:0"><p style="font-size:1em">  text without a size; an element in it may have its own
<div style="opacity:0">                            hidden, if there is no script, and nothing moves it

Which elements are text at all is not decided here.
"""

import re
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_SAYING = "[hidden], [aria-hidden], [style], dialog, font[size]"
"""Selected first, for looking at every element's attributes would take as long as all the rest."""
_SCRIPTS = "script:not([type*=json])"
_STYLE_SHEETS = "style, link[rel~=stylesheet]"
_FOUND_BY_BROWSERS = "until-found"
"""Said of what is folded away and opens when a word of it is looked for: readers see it."""
_TELLING = ("display", "visibility", "opacity", "font")
_MOVES = re.compile(r"(?:-\w+-)?(?:animation|transform|transition|will-change)")
"""Properties of what appears, as sections do that fade in where the page is scrolled to them."""
_ZERO = re.compile(r"[+-]?(?:0+(?:\.0*)?|\.0+)(?:[a-z]+|%)?")
_OF_PARENT = re.compile(r"[\d.]+(?:em|ex|ch|%)|larger|smaller|inherit|unset")
"""Sizes that are made of the parent's: of none they are none."""
_SIZE_IN_FONT = re.compile(r"(?:^|\s)([+-]?[\d.]+(?:[a-z]+|%)|0(?=[\s/]|$))")
"""The size in a style's `font: bold 0/0 a`; a number without a unit is a weight, but 0."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Whether text is seen; elements inherit it, and may change it."""

    is_visible: bool = True
    has_size: bool = True

    @property
    def is_clear(self) -> bool:
        """Whether text is seen."""
        return self.is_visible and self.has_size


SEEN = Sight()
"""Where nothing else is said."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What an element says of itself and of what it holds; None: nothing."""

    hides_all: bool = False
    """Whatever those in it say."""
    is_visible: bool | None = None
    has_size: bool | None = None


class Hidden:
    """Which elements of a page are hidden.

    Args:
        tree: the page.
        shown: elements, by their `mem_id`, that show what is in them, whatever they say.
    """

    def __init__(self, tree: "LexborHTMLParser", shown: Set[int] = frozenset()) -> None:
        may_appear = tree.css_first(_SCRIPTS) is not None
        self._said = {
            node.mem_id: said
            for node in tree.css(_SAYING)
            if node.mem_id not in shown and (said := _said(node, may_appear))
        }
        self._has_sheets = tree.css_first(_STYLE_SHEETS) is not None

    def hides_all(self, node: "LexborNode") -> bool:
        """Whether nothing that an element holds is seen, whatever it is."""
        said = self._said.get(node.mem_id)
        return said is not None and said.hides_all

    def sight(self, node: "LexborNode", of_parent: Sight) -> Sight:
        """Whether the text in an element is seen, if that around it is as its parent says."""
        sight = of_parent
        if said := self._said.get(node.mem_id):
            if said.is_visible is not None:
                sight = replace(sight, is_visible=said.is_visible)
            if said.has_size is not None:
                return replace(sight, has_size=said.has_size)
        # Sizes of classes stand in sheets that are not read. To believe that there is one loses nothing.
        if not sight.has_size and self._has_sheets and "class" in node.attributes:
            return replace(sight, has_size=True)
        return sight


def _said(node: "LexborNode", may_appear: bool) -> _Said | None:
    """What an element says; None: nothing. The whole page is believed to be shown.

    Args:
        may_appear: whether a script may show what is transparent.
    """
    attributes = node.attributes
    if node.tag in ("html", "body"):
        return None
    hides = "hidden" in attributes and (attributes["hidden"] or "").lower() != _FOUND_BY_BROWSERS
    closed = node.tag == "dialog" and "open" not in attributes
    if hides or closed or attributes.get("aria-hidden") == "true":
        return _Said(hides_all=True)
    style = _style(attributes.get("style") or "")
    may_appear = may_appear or any(_MOVES.match(name) for name in style)
    is_clear = not _ZERO.fullmatch(style.get("opacity", "1")) or may_appear
    if style.get("display") == "none" or not is_clear:
        return _Said(hides_all=True)
    has_size = _has_size(style)
    if has_size is None and node.tag == "font" and "size" in attributes:
        has_size = True
    visibility = style.get("visibility")
    is_visible = {"hidden": False, "collapse": False, "visible": True}.get(visibility or "")
    return (
        None if is_visible is None and has_size is None else _Said(is_visible=is_visible, has_size=has_size)
    )


def _style(written: str) -> dict[str, str]:
    """The properties that a style declares, in lower case; of two of a name the last that counts."""
    written = written.lower()
    if not any(name in written for name in _TELLING):
        return {}
    found: dict[str, str] = {}
    important = set()
    for declaration in written.split(";"):
        name, _, value = declaration.partition(":")
        before, mark, word = value.rpartition("!")
        is_important = mark == "!" and word.strip() == "important"
        name, value = name.strip(), (before if is_important else value).strip()
        if value and (is_important or name not in important):
            found[name] = value
            important |= {name} if is_important else set()
    return found


def _has_size(style: dict[str, str]) -> bool | None:
    """Whether the letters have a size; None: what the parent's have."""
    size = style.get("font-size")
    if size is None:
        in_font = _SIZE_IN_FONT.search(style.get("font", ""))
        size = in_font[1] if in_font else "inherit"
    if _ZERO.fullmatch(size):
        return False
    return None if _OF_PARENT.fullmatch(size) else True

"""The tags of a page one after another, as a parser of HTML sees them; what they open is not known here.

<div title="</div>">                one tag: a quoted value ends with its quotation mark
<!-- <p> --> <?php <p> ?>           none, and then " ?>", for such a comment ends with the first ">"
<script>'<p>'</script>              none, for what stands in it is no HTML
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_SPACE = r" \t\n\r\f"
_ATTRIBUTE = (
    rf"[{_SPACE}/]++"
    rf"|[^{_SPACE}/>][^{_SPACE}/>=]*+"
    rf"""(?:[{_SPACE}]*+=[{_SPACE}]*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{_SPACE}>"'][^{_SPACE}>]*+|(?=>)))?+"""
)
_TAG = re.compile(
    r"<(?:(?P<comment>!--)|(?P<data>!\[CDATA\[)|[!?][^>]*+|/(?![A-Za-z])[^>]*+"
    rf"|(?P<slash>/?)(?P<name>[A-Za-z][^{_SPACE}/>]*+)(?P<rest>(?P<last>{_ATTRIBUTE})*+))"
)
_COMMENT_END = re.compile("--!?>")
_DATA_END = re.compile(r"\]\]>")
_TEXT_ALONE = frozenset({"iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"})
_ENDS = {name: re.compile(rf"</{name}(?=[{_SPACE}/>])", re.IGNORECASE | re.ASCII) for name in _TEXT_ALONE}


class Tag(NamedTuple):
    """A tag."""

    place: int
    """Of its first letter in the page."""
    name: str
    is_end: bool
    rest: str
    """What follows the name."""
    is_closed: bool
    """Whether it says that its element ends at once, as `<path/>` does."""


def tags(page: str, *, is_drawing: Callable[[], bool]) -> Iterator[Tag]:
    """Each tag, but none of scripts and comments.

    Args:
        page: its text.
        is_drawing: whether the place after the last tag is in SVG or MathML: no element there is a script.
    """
    place = 0
    for found in _TAG.finditer(page):
        if found.start() < place:  # inside of what was passed over
            continue
        ends: re.Pattern[str] | None = None
        if found["comment"]:
            ends, place = _COMMENT_END, found.start() + 2  # <!--> is a whole one
        elif found["data"]:
            ends, place = (_DATA_END if is_drawing() else re.compile(">")), found.end()
        elif found["name"]:
            tag = _tag(found)
            if tag.name not in _TEXT_ALONE or is_drawing():
                yield tag
            elif not tag.is_end:
                ends, place = _ENDS[tag.name], found.end()
        if ends is not None:
            end = ends.search(page, place)
            if end is None:
                return
            place = end.end()


def _tag(found: re.Match[str]) -> Tag:
    last = found["last"] or ""
    is_closed = last.endswith("/") and not last.strip(" \t\n\r\f/")  # else the slash is of a value
    return Tag(found.start(), found["name"].lower(), found["slash"] == "/", found["rest"], is_closed)

"""Pages in XHTML, written as a parser of HTML understands them.

<title/>                        <title></title>
<div class="a"/>                <div class="a"></div>
<![CDATA[a < b]]>               a &lt; b
"""

import re
from html import escape

_XHTML = re.compile(r"<\?xml|DTD XHTML|xmlns\s*=", re.IGNORECASE)
_XHTML_WITHIN = 1024
"""Characters from the beginning in which a page says that it is XHTML."""
_CLOSED_TITLE = re.compile(r"<title\s*/>", re.IGNORECASE)
_CLOSED = re.compile(r"<([a-z][\w.:-]*)((?:\s[^<>]*)?)/>", re.IGNORECASE)
_DATA_OR_CODE = re.compile(
    r"<(?P<code>script|style)\b[^<>]*(?<!/)>.*?(?:</(?P=code)|\Z)|<!--.*?(?:-->|\Z)"
    r"|<!\[CDATA\[(?P<data>.*?)(?:(?P<end>\]\]>)|\Z)",
    re.DOTALL | re.IGNORECASE,
)
"""Letters of XHTML that are no tags, and where such a section is not looked for."""
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
})  # fmt: skip


def with_end_tags(page: str, *, is_xhtml: bool) -> str:
    """Write `<title/>` as `<title></title>`, and in XHTML all that is closed at once.

    A parser of HTML takes the slash for nothing, and the rest of the page for the title. It takes sections of
    CDATA for comments, so in XHTML their letters are written as HTML has them.
    """
    page = _CLOSED_TITLE.sub("<title></title>", page)
    if not is_xhtml and not _XHTML.search(page[:_XHTML_WITHIN]):
        return page
    return _CLOSED.sub(_opened_and_closed, _DATA_OR_CODE.sub(_without_section, page))


def _without_section(found: re.Match[str]) -> str:
    return found[0] if found["end"] is None else escape(found["data"], quote=False)


def _opened_and_closed(tag: re.Match[str]) -> str:
    name, attributes = tag.groups()
    return tag[0] if name.lower() in _VOID else f"<{name}{attributes}></{name}>"

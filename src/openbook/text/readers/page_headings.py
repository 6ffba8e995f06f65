"""Headings of a web page in its text: how they are marked, what else must not look like one, what is no text.

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

_LINKS = ", ".join(f"{heading} a[href*='#']" for heading in LEVELS)
_BY_CLASS = ", ".join(
    f"{heading} .{name}" for heading in LEVELS for name in ("hash-link", "headerlink", "mw-editsection")
)
"""Of Docusaurus, Sphinx and MkDocs, and MediaWiki."""
_ANYWHERE = "a.headerlink[href*='#'], .viewcode-link, a.viewcode-back"
"""Of Sphinx, at whatever can be linked to: its sign, and the words that lead to the code and back."""
_LINE_NUMBERS = "span.linenos, td.linenos, span.lineno, td.lineno, pre.lineno, span.lnt, .line > .ln"
"""Of lines of code: Pygments in Sphinx and MkDocs, Doxygen, Rouge, Chroma in Hugo."""
_SIGNS = frozenset("¶#§🔗⚓\ufe0f")
_LIKE_A_HEADING = re.compile(r"^(?=#{1,6} )", re.MULTILINE)


def marks_of_tools(tree: "LexborHTMLParser") -> set[int]:
    """What a page's maker put beside its words: a sign or a word for a link to them, numbers of lines."""
    signs = (node for node in tree.css(_LINKS) if _is_sign(node))
    by_class = tree.css(f"{_BY_CLASS}, {_ANYWHERE}, {_LINE_NUMBERS}")
    return {node.mem_id for node in (*signs, *by_class)}


def _is_sign(link: "LexborNode") -> bool:
    """Whether its text is one of the usual signs, one of a font for signs, or none that is seen."""
    return all(sign in _SIGNS or sign.isspace() or not sign.isprintable() for sign in link.text())


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

"""Marks of Org and reStructuredText within a heading: without them it is a title.

* TODO [#A] The [[http://x][mill]] :work:      The mill
The ``wheel`` of :doc:`the mill <mill>`        The wheel of the mill
"""

import re

_LONGEST = 1000
"""Characters; what is longer is no title that anybody reads."""
_KEYWORD = re.compile(r"(?:TODO|DONE)(?:[ \t]+|$)")
"""The states that Org has of itself: NEXT or HOLD may be the first word of a title."""
_PRIORITY = re.compile(r"\[#[A-Z0-9]\][ \t]*")
_TAGS = re.compile(r"(?:^|[ \t]):(?:[\w@#%]+:)+$")
_ORG_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[([^\[\]]+)\])?\]")
_ORG_MARKS = re.compile(r"(?<![\w*/_=~+])([*/_=~+])(?=\S)([^*/_=~+]*[^\s*/_=~+])\1(?![\w*/_=~+])")
"""Bold, italic, underlined, code and struck out."""
_RST_QUOTED = re.compile(r"(?::[\w.+:-]+:)?(`{1,2})(?=\S)([^`]*[^\s`])\1(?:_{1,2}(?!\w))?")
"""Code, links and roles; what a link leads to stands at its end."""
_TARGET = re.compile(r"[ \t]*<[^<>]*>$")
_RST_MARKS = re.compile(r"(?<![\w*])(\*{1,2})(?=[^\s*])([^*]*[^\s*])\1(?![\w*])")


def plain_org_title(written: str) -> str:
    """Take the state, priority, tags and marks from a heading in Org.

    >>> plain_org_title("DONE [#A] [[https://x][Link heading]] *bold* =v= :x:home:")
    'Link heading bold v'
    >>> plain_org_title("TODOs of a/b and x_y"), plain_org_title("[[https://x]]")
    ('TODOs of a/b and x_y', 'https://x')
    """
    text = " ".join(written.split())
    if len(text) > _LONGEST:
        return text
    for mark in (_KEYWORD, _PRIORITY):
        if found := mark.match(text):
            text = text[found.end() :]
    return without_org_marks(_TAGS.sub("", text))


def without_org_marks(written: str) -> str:
    """Take the links and marks from a line in Org; words of a `#+TITLE:` are never a state or tags.

    >>> without_org_marks("TODO *lists* of [[https://x][a mill]]")
    'TODO lists of a mill'
    """
    text = " ".join(written.split())
    if len(text) > _LONGEST:
        return text
    return _ORG_MARKS.sub(r"\2", _ORG_LINK.sub(lambda link: link[2] or link[1], text)).strip()


def plain_rst_title(written: str) -> str:
    """Take the marks from a heading in reStructuredText.

    >>> plain_rst_title("Title with ``code_x`` and *it*"), plain_rst_title(":doc:`The mill <mill>`")
    ('Title with code_x and it', 'The mill')
    """
    text = " ".join(written.split())
    if len(text) > _LONGEST:
        return text
    return _RST_MARKS.sub(r"\2", _RST_QUOTED.sub(_words, text)).strip()


def _words(quoted: re.Match[str]) -> str:
    is_code = len(quoted[1]) > 1
    return quoted[2] if is_code else _TARGET.sub("", quoted[2]) or quoted[2]

"""Markdown's marks within a line: a heading without them is a title.

**Bold** [mill](http://x) `x_y`     Bold mill x_y
"""

import html
import re

_KEPT = re.compile(r"(?P<fence>`+)(?P<code>.+?)(?P=fence)(?!`)|\\(?P<sign>[!-/:-@\[-`{-~])")
"""What no other mark is looked for in: code, and a sign after a backslash."""
_IMAGE = re.compile(r"!\[([^\]]*)\](?:\([^()]*\)|\[[^\]]*\])")
_IMAGE_TAG = re.compile(
    r"<img(?=\s)[^<>]*?\salt\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]+))[^<>]*>", re.IGNORECASE
)
"""One that says in words what it shows."""
_LINE_BREAK = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|center|code|del|div|em|font|h[1-6]|i|img|ins|kbd|mark|p|picture|s|small|source|span"
    r"|strong|sub|sup|u)(?:\s[^<>]*)?/?>|<!--.*?-->",
    re.IGNORECASE | re.DOTALL,
)
_MARKS = (
    (re.compile(r"\[\^[^\]]*\]"), ""),  # of a footnote
    (re.compile(r"\[([^\[\]]*)\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])"), r"\1"),
    (re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>"), r"\1"),
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), r"\1"),
    (re.compile(r"\*(?=[^\s*])([^*]*)(?<=\S)\*"), r"\1"),
    (re.compile(r"(?<!\w)__(?![a-z0-9_]+__)(?=\S)(.+?)(?<=\S)__(?!\w)"), r"\1"),  # __init__ is a name
    (re.compile(r"(?<![\w_])_(?=[^\s_])([^_]*)(?<=\S)_(?![\w_])"), r"\1"),
    (re.compile(r"~~(?=\S)(.+?)(?<=\S)~~"), r"\1"),
    (re.compile(r"\s*\{[#.:][^{}]*\}\s*$"), ""),  # an anchor or a class
)
_LONGEST = 1000
"""Characters; what is longer is no title that anybody reads."""
_WORDLESS = (
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"<[^<>]*>"),
    re.compile(r"!\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])?"),
    re.compile(r"\[\s*\](?:\([^()]*\)|\[[^\[\]]*\])"),  # a link around a picture, now without it
    re.compile(r"^ {0,3}\[[^\[\]\n]*\]:.*$", re.MULTILINE),  # where a label leads to; some are comments
)
_EMBEDDED_IMAGE = re.compile(r"!\[([^\]\n]{0,1000})\]\(data:[^)\n]*\)?")
_EMBEDDED_DEFINITION = re.compile(
    r"^ {0,3}\[([^\]\n]{1,1000})\]:[ \t]*(?:\n[ \t]*)?<?data:[^\n]*\n?", re.IGNORECASE | re.MULTILINE
)
"""A line that says the data of pictures that stand elsewhere, by their label."""
_BY_LABEL = re.compile(r"(!?)\[([^\[\]\n]{0,1000})\](?:\[([^\[\]\n]{0,1000})\])?")
_EMBEDDED_IMAGE_TAG = re.compile(r"<img\s[^<>]*?\bsrc\s*=\s*[\"']?data:[^<>]*>?", re.IGNORECASE)


def without_embedded_images(text: str) -> str:
    """Leave out each picture whose data stand in the text; its words stay.

    >>> without_embedded_images("![a cat](data:image/png;base64,iVBORw0KGgo=) ![a hen](hen.png)")
    'a cat ![a hen](hen.png)'
    >>> without_embedded_images("![a cat][1] ![a hen][2]\\n\\n[1]: <data:image/png;base64,iVBORw0KGgo=>")
    'a cat ![a hen][2]\\n\\n'
    """
    text = _EMBEDDED_IMAGE_TAG.sub("", _EMBEDDED_IMAGE.sub(r"\1", text))
    labels = {_same_label(label) for label in _EMBEDDED_DEFINITION.findall(text)}
    if not labels:
        return text

    def words(match: re.Match[str]) -> str:
        mark, said, label = match.groups()
        is_embedded = bool(mark or label) and _same_label(label or said) in labels
        return said if is_embedded else match[0]

    return _BY_LABEL.sub(words, _EMBEDDED_DEFINITION.sub("", text))


def _same_label(label: str) -> str:
    """A label as Markdown compares it."""
    return " ".join(label.split()).casefold()


def plain_title(written: str) -> str:
    """Take the marks and tags of Markdown from a heading; of images their words, if there is nothing else.

    >>> plain_title("Head **bold** [link](http://x) `a_b` &amp; __init__ {#top}")
    'Head bold link a_b & __init__'
    >>> plain_title("![Otter](logo.png) ![CI](badge.svg)"), plain_title("Otter ![CI](badge.svg)")
    ('Otter CI', 'Otter')
    >>> plain_title('<img src="logo.svg" alt="Otter">'), plain_title('<img src="logo.svg">')
    ('Otter', '')
    """
    if len(written) > _LONGEST:
        return " ".join(written.split())
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match["code"] or match["sign"])
        return f"\0{len(kept) - 1}\0"

    text = _KEPT.sub(keep, written.replace("\0", ""))
    without_images = _plain(_IMAGE.sub("", text)) or _plain(_words_of_images(text))
    return " ".join(re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], without_images).split())


def has_words(text: str) -> bool:
    """Whether Markdown says something beside pictures, badges, tags and comments.

    >>> has_words('<a href="x"><img alt="Otter"></a> [![CI](ci.svg)](x)\\n<!-- a note -->\\n---')
    False
    >>> has_words("<p>An otter.</p>")
    True
    """
    for wordless in _WORDLESS:
        text = wordless.sub("", text)
    return any(map(str.isalnum, text))


def _words_of_images(text: str) -> str:
    return _IMAGE_TAG.sub(r"\1\2\3", _IMAGE.sub(r"\1", text))


def _plain(text: str) -> str:
    text = _TAG.sub("", _LINE_BREAK.sub(" ", text))
    for mark, left in _MARKS:
        text = mark.sub(left, text)
    return html.unescape(text).strip()

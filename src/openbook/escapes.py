"""Foreign text where it is shown: what a terminal would obey, and what Markdown would take for markup.

Titles, ids, sources, texts and names of files are whatever somebody wrote into them. Here they become
characters that are only shown.
"""

import re
from io import TextIOBase
from typing import TextIO

_OBEYED = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters: escape sequences begin with one
    "\u2028\u2029"  # the ends of a line and of a paragraph
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # marks that turn the direction of text
    "\ud800-\udfff"  # halves of characters, which no encoding has
    "]"
)
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+=|~&:!$@^\"']|(?<=\bwww)\.", re.IGNORECASE)
"""What begins or ends emphasis, code, links, pictures, tags, tables and whatever else dialects know."""
_ENDS_CODE = re.compile(r"[`|\\]")
"""The backtick; and what cells of a table treat in a way of their own, also inside code."""


def visible(text: str) -> str:
    r"""Write out the characters that a terminal obeys instead of showing them, as \x1b, \u202e or \n.

    So no title, text or name of a file can move the cursor, turn the text's direction or begin a line.
    """
    return _OBEYED.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


class VisibleStream(TextIOBase):
    """Passes on what other code prints, line by line, as characters that are only shown.

    Args:
        stream: where it goes.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Write text, its line ends and nothing else of it obeyed."""
        self._stream.write("\n".join(visible(line.removesuffix("\r")) for line in text.split("\n")))
        return len(text)

    def flush(self) -> None:
        """Bring what was written to the stream's end."""
        self._stream.flush()


def visible_in_json(text: str) -> str:
    r"""Write out the same characters of a JSON text, as JSON does: \u001b; the value stays what it is.

    Line ends are left: in a JSON text only those that indent are not escaped already.
    """
    return _OBEYED.sub(
        lambda found: found.group() if found.group() == "\n" else f"\\u{ord(found.group()):04x}", text
    )


def markdown(text: str) -> str:
    """Write a text for a line or a cell of Markdown, in which it is nothing but text.

    Characters of markup become references such as `&#42;`, which Markdown never takes for markup. It is not
    to begin a line, where numbers and dashes make lists.

    >>> markdown("a|b <i>*c*")
    'a&#124;b &#60;i&#62;&#42;c&#42;'
    """
    return _MARKUP.sub(lambda found: f"&#{ord(found.group())};", visible(text))


def markdown_code(text: str) -> str:
    """Write a text as code in Markdown, or as `markdown` does where code could not hold it.

    >>> markdown_code("docs/*.md"), markdown_code("a`b")
    ('`docs/*.md`', 'a&#96;b')
    """
    shown = visible(text)
    can_be_code = shown.strip() == shown != "" and not _ENDS_CODE.search(shown)
    return f"`{shown}`" if can_be_code else markdown(text)

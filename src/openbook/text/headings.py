"""Headings in a text: where its sections begin, in Markdown, reStructuredText and Org.

# The mill          level 1
It is old.
## Its wheel        level 2: a section of the one above
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKDOWN_HEADING = re.compile(r" {0,3}(#{1,6})[ \t](.*)")
_CLOSING = re.compile(r"[ \t]+#+[ \t]*$")
_CODE_FENCE = ("```", "~~~")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*")
_LONG_ENOUGH = 4
"""An underline of so many characters makes a heading even of a longer line."""
_ORG_HEADING = re.compile(r"(\*+)[ \t](.*)")


@dataclass(frozen=True, slots=True)
class Heading:
    """One that is not empty.

    start: the character at which its line begins, or the line above that is part of it.
    level: 1 is the highest.
    title: without marks and spaces around.
    """

    start: int
    level: int
    title: str


def markdown_headings(text: str) -> Iterator[Heading]:
    """Find the headings that number signs make, outside of code.

    >>> [heading.title for heading in markdown_headings("# One #\\n```\\n# no\\n```\\n### Two\\n")]
    ['One', 'Two']
    """
    code = False
    for start, line in _lines(text):
        if line.lstrip().startswith(_CODE_FENCE):
            code = not code
            continue
        found = None if code else _MARKDOWN_HEADING.match(line)
        if found and (title := _CLOSING.sub("", found[2]).strip()):
            yield Heading(start, len(found[1]), title)


def rst_headings(text: str) -> Iterator[Heading]:
    """Find the lines that are underlined, or over- and underlined; levels come in the order of their kinds.

    >>> [(found.level, found.title) for found in rst_headings("===\\nOne\\n===\\n\\nTwo\\n---\\n")]
    [(1, 'One'), (2, 'Two')]
    """
    lines = [(0, ""), (0, ""), *((start, line.rstrip()) for start, line in _lines(text)), (len(text), "")]
    levels: dict[tuple[str, bool], int] = {}
    rows = zip(lines, lines[1:], lines[2:], lines[3:], strict=False)
    for (_, above), (start_over, over), (start, title), (_, under) in rows:
        if not title or _ADORNMENT.fullmatch(title) or not _ADORNMENT.fullmatch(under):
            continue
        framed = over == under and not above and len(title) <= len(under)
        at_margin = not over and not title.startswith((" ", "\t", ".. "))
        if framed or (at_margin and len(under) >= min(len(title), _LONG_ENOUGH)):
            level = levels.setdefault((under[0], framed), len(levels) + 1)
            yield Heading(start_over if framed else start, level, title.strip())


def org_headings(text: str) -> Iterator[Heading]:
    """Find the lines that begin with stars.

    >>> [(found.level, found.title) for found in org_headings("* One\\ntext\\n** Two\\n")]
    [(1, 'One'), (2, 'Two')]
    """
    for start, line in _lines(text):
        if (found := _ORG_HEADING.match(line)) and (title := found[2].strip()):
            yield Heading(start, len(found[1]), title)


def headings(text: str, *, source: str = "") -> list[Heading]:
    """Find a text's headings: of the kind that its file's name says, else Markdown's or underlined ones.

    Args:
        text: the whole of a document.
        source: where it came from, a path or URL; only its ending is looked at.
    """
    if source.lower().endswith(".org"):
        return list(org_headings(text))
    if source.lower().endswith(".rst"):
        return list(rst_headings(text))
    return list(markdown_headings(text)) or list(rst_headings(text))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with the character at which it begins."""
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, line.rstrip("\r\n")
        start += len(line)

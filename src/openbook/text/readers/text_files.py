"""Text files: plain, Markdown and reStructuredText. Each is one document, kept as it is."""

import re
from collections.abc import Callable, Iterator

from openbook.text.readers.source_file import Item, Keys, SourceFile, read_whole

_MARKDOWN_HEADING = re.compile(r" {0,3}#{1,6}[ \t](.*)")
_CODE_FENCE = ("```", "~~~")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*")
_LONG_ENOUGH = 4
"""An underline of so many characters makes a heading even of a longer line."""


def read_text(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Plain text, which has no headings."""
    yield _read(file, lambda text: "")


def read_markdown(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Markdown; its title is its first heading."""
    yield _read(file, markdown_heading)


def read_rst(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """reStructuredText; its title is its first heading."""
    yield _read(file, rst_heading)


def _read(file: SourceFile, heading: Callable[[str], str]) -> Item:
    def parse(raw: bytes) -> tuple[str, str]:
        text = raw.decode().removeprefix("\ufeff")  # not utf-8-sig, whose errors do not count the mark
        return text, heading(text)

    return read_whole(file, parse)


def markdown_heading(text: str) -> str:
    """The text of the first heading outside of code, else nothing."""
    code = False
    for line in text.splitlines():
        if line.lstrip().startswith(_CODE_FENCE):
            code = not code
        elif not code and (heading := _MARKDOWN_HEADING.match(line)) and (title := heading[1].strip()):
            return title
    return ""


def rst_heading(text: str) -> str:
    """The first line that is underlined, or over- and underlined; else nothing.

    >>> rst_heading("=====\\nTitle\\n=====\\n")
    'Title'
    """
    lines = ["", "", *(line.rstrip() for line in text.splitlines()), ""]
    for above, over, title, under in zip(lines, lines[1:], lines[2:], lines[3:], strict=False):
        if not title or _ADORNMENT.fullmatch(title) or not _ADORNMENT.fullmatch(under):
            continue
        framed = over == under and not above and len(title) <= len(under)
        at_margin = not over and not title.startswith((" ", "\t", ".. "))
        if framed or (at_margin and len(under) >= min(len(title), _LONG_ENOUGH)):
            return title.strip()
    return ""

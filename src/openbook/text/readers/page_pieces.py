"""Texts of a web page one after another, as they make lines: numbers of items, cells of rows, quotations."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_QUOTED = "> "
_SPACES = re.compile(r" {2,}")
_AROUND_TABS = re.compile(r" *\t *")


class PagePiece(NamedTuple):
    """A text of a page; "\n" at the edges of blocks, "\t" before cells."""

    text: str
    written: bool = False
    """Whether white space counts."""
    level: int = 0
    """Of the heading that this is all of; 0: it is none."""
    quoted: int = 0
    """Quotations that it stands in."""
    in_row: bool = False
    """Whether it is the beginning of a cell in a row of data."""
    of_item: bool = False
    """Whether it is the number before an item; the empty one ends the item."""


EDGE = PagePiece("\n")
EMPTY_CELL = PagePiece("\t", in_row=True)
ITEM_END = PagePiece("", of_item=True)


def with_numbers(pieces: Iterator[PagePiece]) -> Iterator[PagePiece]:
    """Pieces, with the numbers of items in the first of each that says something."""
    waiting: list[str] = []  # the innermost items, that say nothing yet
    for piece in pieces:
        if piece.of_item and piece.text:
            waiting.append(piece.text)
        elif piece.of_item:
            del waiting[-1:]
        elif waiting and piece.text.strip():
            said = piece.text if piece.written else piece.text.lstrip(" ")
            yield piece._replace(text="".join((*waiting, said)))
            waiting = []
        else:
            yield piece


def spaced(line: str, *, in_row: bool) -> str:
    """A line without spaces that are not seen; a row of data keeps the tabs after its empty first cells."""
    line = _AROUND_TABS.sub("\t", _SPACES.sub(" ", line))
    return line.removeprefix("\t").rstrip() if in_row else line.strip()


def quoted_lines(lines: str, depth: int) -> str:
    """Lines with the marks of the quotations that they stand in."""
    marks = _QUOTED * depth
    return "\n".join(f"{marks}{line}" for line in lines.split("\n")) if depth else lines

"""Cells of a web page's tables that are merged over rows or columns, as the rows of data have them.

<tr><td rowspan=2>East<td>1850          East, 1850
<tr><td>1860                            East, 1860: said of both
<tr><td colspan=2>all<td>7              all, nothing, 7: each below the name of its column
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from openbook.text.readers.page_rows import CELLS, inside, telling_cells

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    Cells = tuple[LexborNode | None, ...]

_MERGED = "[rowspan], [colspan]"
_MOST_COLUMNS = 60
"""Of a table; one that has more keeps its rows as they are written."""
_LONGEST, _MOST_NODES = 100, 40
"""Characters of a cell, and what stands in it, that is said again in each row."""


@dataclass(slots=True)
class _Merged:
    """A cell that goes on in rows below."""

    cell: "LexborNode | None"
    """None: nothing is said there."""
    rows: int
    """So many."""


def merged_cells(tree: "LexborHTMLParser", rows: set[int]) -> "dict[int, Cells]":
    """By the `mem_id` of a row of data, its cells with those of merged ones; None: an empty one.

    Args:
        tree: the page.
        rows: those of data; others are too, if a cell from above tells what their only one is about.
    """
    parts = {}
    for cell in tree.css(_MERGED):
        row = cell.parent
        if cell.tag in CELLS and row is not None and row.tag == "tr" and row.parent is not None:
            parts[row.parent.mem_id] = row.parent
    found: dict[int, Cells] = {}
    for part in parts.values():
        found |= _of_part(part, rows)
    return found


def _of_part(part: "LexborNode", rows: set[int]) -> "dict[int, Cells]":
    """The same of a part of a table: none reaches beyond it."""
    found: dict[int, Cells] = {}
    above: dict[int, _Merged] = {}
    for row in part.iter():
        if row.tag != "tr":
            continue
        cells = list(islice(_row(row, above), _MOST_COLUMNS + 1))
        if len(cells) > _MOST_COLUMNS:
            return {}
        goes_on = any(cell is not None and cell.parent != row for cell in cells)
        if row.mem_id in rows or (goes_on and telling_cells(row)):
            found[row.mem_id] = tuple(cells)
    return found


def _row(row: "LexborNode", above: dict[int, _Merged]) -> "Iterator[LexborNode | None]":
    """The cells of a row, column by column; what goes on in the next is noted in `above`."""
    own = (cell for cell in row.iter() if cell.tag in CELLS)
    column = 0
    while True:
        if (merged := above.get(column)) is not None:
            merged.rows -= 1
            if not merged.rows:
                del above[column]
            yield merged.cell
            column += 1
        elif (cell := next(own, None)) is not None:
            width, height = _count(cell, "colspan"), _count(cell, "rowspan")
            again = cell if height > 1 and _is_short(cell) else None
            for place in range(width):
                if height > 1:
                    above[column + place] = _Merged(None if place else again, height - 1)
                yield None if place else cell
            column += width
        elif any(place > column for place in above):
            yield None
            column += 1
        else:
            return


def _count(cell: "LexborNode", name: str) -> int:
    said = (cell.attributes.get(name) or "").strip()
    return max(1, min(int(said), 1000)) if said.isascii() and said.isdecimal() else 1


def _is_short(cell: "LexborNode") -> bool:
    nodes = list(islice(inside(cell), _MOST_NODES))
    letters = sum(len((node.text_content or "").strip()) for node in nodes if node.tag == "-text")
    return len(nodes) < _MOST_NODES and 0 < letters <= _LONGEST

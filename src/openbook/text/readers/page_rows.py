"""Rows of a web page's tables that hold data: each is one line, whatever stands in its cells.

    <tr><td><p>Ben<td><p><td>204        Ben, nothing, 204: one line, with tabs between the cells
    <tr><td><p>one<p>two                a table that only frames: the lines of its only cell
    <tr><td><h2>News</h2>…<td>…         columns of a page: the lines of each
    <div role=row><div role=cell>Ben…   a row, too

What has lines of its own is no data: another table, a heading, code, a quotation, a long text in paragraphs.
A cell that is merged over several rows belongs to each of them, see `openbook.text.readers.page_merged`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

CELLS = frozenset({"td", "th"})
ROWS = "tr, [role=row]"
_CELL_ROLES = frozenset({"cell", "columnheader", "gridcell", "rowheader"})
_NO_DATA = frozenset({
    "article", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "listing", "main", "plaintext", "pre",
    "section", "table", "textarea", "tr", "xmp",
})  # fmt: skip
_FEWEST = 2
"""Cells that say something: a text beside empty cells is framed by them."""
_PARAGRAPHS = frozenset({"div", "p"})
_LONGEST = 300
"""Characters of a cell of several paragraphs: more are a column of a page."""


def data_rows(tree: "LexborHTMLParser") -> set[int]:
    """The rows that hold data, by their `mem_id`."""
    return {row.mem_id for row in tree.css(ROWS) if telling_cells(row) >= _FEWEST}


def is_cell(node: "LexborNode") -> bool:
    """Whether an element of a row is a cell of it."""
    return node.tag in CELLS or (node.attributes.get("role") or "") in _CELL_ROLES


def other_cells(tree: "LexborHTMLParser", rows: set[int]) -> set[int]:
    """The cells of these rows that are so by their role, by their `mem_id`."""
    marked = (row for row in tree.css("[role=row]") if row.mem_id in rows)
    return {cell.mem_id for row in marked for cell in row.iter() if is_cell(cell)}


def telling_cells(row: "LexborNode") -> int:
    """How many cells of a row say something, if all are of data; else 0.

    Nothing inside of another row is looked at, so that all rows take linear time.
    """
    telling = 0
    for cell in row.iter():
        if is_cell(cell):
            letters = _letters_of_data(cell)
            if letters is None:
                return 0
            telling += letters > 0
    return telling


def _letters_of_data(cell: "LexborNode") -> int | None:
    """How many characters a cell has; None: it is none of data."""
    letters, paragraphs, begins = 0, 0, False
    for node in inside(cell):
        if node.tag in _NO_DATA:
            return None
        begins = begins or node.tag in _PARAGRAPHS
        if node.tag == "-text" and (text := (node.text_content or "").strip()):
            letters += len(text)
            paragraphs += begins
            begins = False
    return None if letters > _LONGEST and paragraphs > 1 else letters


def inside(root: "LexborNode") -> Iterator["LexborNode"]:
    """All that stands in an element, in order; a step deeper is made only when it is asked for."""
    stack = list(root.iter(include_text=True))[::-1]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(list(node.iter(include_text=True))[::-1])

"""Ruled tables of a PDF as tables, and columns of a page one after the other.

The converter reads ruled tables column by column. And where one page looks like a form to it, it reads all
other pages of the file line by line across their columns:

    ┌──────┬───────┐         Part             | Part | Price |
    │ Part │ Price │         Bolt             | --- | --- |
    ├──────┼───────┤  not    Price    but     | Bolt | 1.50 |
    │ Bolt │ 1.50  │         1.50
    └──────┴───────┘
"""

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from openbook.text.readers.markdown_table import markdown_table

_FEWEST = 2
"""Rows and columns of a table: what has less is a frame."""
_MOST_LINES = 3000
"""On a page: a drawing has more, and no tables that anybody could find in it."""
_LONGEST = 300
"""Characters of a cell: longer ones are columns of a page, if a quarter of all is so long."""
_NEAR = 2.0
"""Points that a line may reach into a table below it."""

Rows = list[list[str]]


def with_tables(raw: bytes, converted: str) -> str:
    """Put tables, and pages in the order of their columns, in the place of what the converter made of them.

    Args:
        raw: the PDF.
        converted: its text; each page ends with a form feed, unless a page looks like a form.
    """
    with suppress(Exception):  # the text is there, if less tidy
        import pdfplumber

        with pdfplumber.open(io.BytesIO(raw)) as pdf:
            pages = _pages(pdf)
            return _by_page(pages, converted) if "\f" in converted else _by_text(pages, converted)
    return converted


def _pages(pdf: Any) -> Iterator[Any]:
    """The pages, of which none stays in memory."""
    for page in pdf.pages:
        yield page
        page.close()


def _by_page(pages: Iterator[Any], converted: str) -> str:
    """Replace the pages that have tables."""
    texts = converted.split("\f")
    for number, page in enumerate(pages):
        if tables := _tables(page):
            texts[number] = _page_text(page, tables)
    return "\f".join(texts)


def _by_text(pages: Iterator[Any], converted: str) -> str:
    """Replace the pages that the converter read line by line; the others look like forms, and stay."""
    done: list[str] = []
    rest = converted
    for page in pages:
        lines = (page.extract_text() or "").strip()
        before, found, after = rest.partition(lines) if lines else (rest, "", "")
        if found:
            done += [before, _page_text(page, _tables(page)).strip()]
            rest = after
    return "".join([*done, rest])


def _tables(page: Any) -> list[tuple[Any, Rows]]:
    """The ruled tables of a page, and what stands in them."""
    sideways = sum(not letter["upright"] for letter in page.chars)
    if not page.edges or len(page.edges) > _MOST_LINES or 2 * sideways > len(page.chars):
        return []
    found = ((table, _rows(table)) for table in page.find_tables())
    return [(table, rows) for table, rows in found if _holds_data(table, rows)]


def _rows(table: Any) -> Rows:
    """The cells, without rows and columns in which nothing stands."""
    rows = [[" ".join((cell or "").split()) for cell in row] for row in table.extract()]
    rows = [row for row in rows if any(row)]
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    return [list(row) for row in zip(*columns, strict=True)]


def _holds_data(table: Any, rows: Rows) -> bool:
    if len(rows) < _FEWEST or len(rows[0]) < _FEWEST:
        return False
    cells = [cell for row in rows for cell in row if cell]
    is_filled = 2 * len(cells) >= len(table.cells)
    return is_filled and 4 * sum(len(cell) > _LONGEST for cell in cells) < len(cells)


def _page_text(page: Any, tables: list[tuple[Any, Rows]]) -> str:
    """A page's text in the order in which it is read, each table behind what stands above it."""
    from pdfminer.layout import LAParams, LTChar

    layout = page.layout
    boxes = [_box(table, page) for table, _ in tables]
    layout._objs = [
        item for item in layout if not (isinstance(item, LTChar) and any(_holds(box, item) for box in boxes))
    ]
    layout.analyze(LAParams())
    blocks = [(item, text) for item in layout if (text := _text(item))]
    texts = [text for _, text in blocks]
    places = [_place(box, [item for item, _ in blocks]) for box in boxes]
    for place, (_, rows) in sorted(zip(places, tables, strict=True), key=lambda each: each[0], reverse=True):
        texts.insert(place, f"{markdown_table(rows)}\n")
    return "\n".join(texts)


def _box(table: Any, page: Any) -> tuple[float, float, float, float]:
    """Where a table is: left, bottom, right and top, as the page's layout counts."""
    left, top, right, bottom = table.bbox
    height = page.height + page.mediabox[1]
    return left, height - bottom, right, height - top


def _holds(box: tuple[float, float, float, float], item: Any) -> bool:
    """Whether the middle of something is in a box."""
    left, bottom, right, top = box
    x, y = (item.x0 + item.x1) / 2, (item.y0 + item.y1) / 2
    return bool(left <= x <= right and bottom <= y <= top)


def _place(box: tuple[float, float, float, float], items: list[Any]) -> int:
    """Behind how many of these a table stands: up to the last one above it."""
    left, _, right, top = box
    place = 0
    for number, item in enumerate(items, start=1):
        if item.y0 > top - _NEAR and item.x0 < right and item.x1 > left:
            place = number
    return place


def _text(item: Any) -> str:
    """What stands in something, as the converter would write it."""
    from pdfminer.layout import LTContainer, LTText

    if isinstance(item, LTText):
        return str(item.get_text())
    return "".join(map(_text, item)) if isinstance(item, LTContainer) else ""

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
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise, starmap
from typing import Any

from openbook.text.readers.markdown_table import markdown_table

_FEWEST = 2
"""Rows and columns of a table: what has less is a frame."""
_MOST_LINES = 3000
"""On a page: a drawing has more, and no tables that anybody could find in it."""
_LONGEST = 300
"""Characters of a cell: longer ones are columns of a page, or a letter in a box, if a quarter of all is so
long or they hold most of the letters."""
_NEAR = 2.0
"""Points that a line may reach into a table below it, and a text over the edge of its cell."""
_RULE, _FEWEST_RULES = re.compile(rb"[\d.]\s+(?:re|l)\s"), 3
"""What draws a line or a box; a frame and two lines make a table."""
_SHOWN, _DEEPEST = re.compile(rb"/([^\s/<>()\[\]{}%]+)\s+Do\s"), 3
"""What shows a picture or a form, which may show others."""
_LETTERS_LOOKED_AT, _PAGES_LOOKED_AT, _FEWEST_LETTERS = 1000, 5, 200
_LETTERS_FOR_A_SPACE = 100
"""Words have five or so."""
_WORD_GAP, _WIDEST_GAP = 0.15, 1.0
"""Of a letter's size, between two words that no space divides; what is wider lies between cells."""
_LETTERS_FOR_A_GAP = 15
"""Of sentences; a list of single words in columns has none."""
_FIRST_WITHOUT_SPACES = "\u0e00"
"""Thai; Chinese and Japanese come later."""

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


def text_without_converter(raw: bytes) -> str:
    """The text of a PDF whose words have no spaces between them, only gaps, as TeX sets them; else nothing.

    The converter takes each word of such a line for a cell. Where one page then looks like a form to it, it
    reads the columns of pages across, and runs words together.
    """
    with suppress(Exception):  # the converter says what is wrong
        import pdfplumber

        with pdfplumber.open(io.BytesIO(raw)) as pdf:
            if _has_no_spaces(pdf):
                return "".join(f"{_page_text(page, _tables(page))}\f" for page in _pages(pdf))
    return ""


def _has_no_spaces(pdf: Any) -> bool:
    """Whether words of the first pages have gaps for spaces; scripts without spaces do not count."""
    letters = spaces = gaps = 0
    for page in _pages(pdf):
        texts = [char["text"] for char in page.chars]
        gaps += sum(starmap(_is_gap, pairwise(page.chars)))
        spaces += texts.count(" ")
        letters += sum(text.isalpha() and text < _FIRST_WITHOUT_SPACES for text in texts)
        if letters >= _LETTERS_LOOKED_AT or page.page_number == _PAGES_LOOKED_AT:
            break
    is_without = letters >= _FEWEST_LETTERS and spaces < letters / _LETTERS_FOR_A_SPACE
    return is_without and gaps > letters / _LETTERS_FOR_A_GAP


def _is_gap(letter: Any, following: Any) -> bool:
    """Whether a word ends between two letters."""
    gap = following["x0"] - letter["x1"]
    is_one_line = abs(following["bottom"] - letter["bottom"]) < _NEAR
    return is_one_line and bool(_WORD_GAP < gap / max(letter["size"], 1) < _WIDEST_GAP)


def _pages(pdf: Any) -> Iterator[Any]:
    """The pages, of which none stays in memory."""
    for page in pdf.pages:
        yield page
        page.close()


def _by_page(pages: Iterator[Any], converted: str) -> str:
    """Replace the pages that have tables."""
    texts = converted.split("\f")
    for number, page in enumerate(pages):
        if _may_have_rules(page) and (tables := _tables(page)):
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


def _may_have_rules(page: Any) -> bool:
    """Whether a page draws lines, or shows what may: a look at it spares many pages a second parse."""
    from pdfminer.pdftypes import stream_value

    drawn = [stream_value(each).get_data() for each in page.page_obj.contents]
    return _rules(b"\n".join(drawn) + b"\n", page.page_obj.resources, _DEEPEST) >= _FEWEST_RULES


def _rules(drawn: bytes, resources: Any, depth: int) -> int:
    """How many rules are drawn, also by the forms that are shown, or enough of them; pictures have none."""
    from pdfminer.pdftypes import dict_value, resolve1

    count = len(_RULE.findall(drawn))
    shown = dict_value(dict_value(resources).get("XObject", {}))
    for name, times in Counter(_SHOWN.findall(drawn)).items():
        if count >= _FEWEST_RULES:
            break
        form = resolve1(shown.get(name.decode("latin-1")))
        if form is None or not depth:
            return _FEWEST_RULES
        if getattr(resolve1(form.get("Subtype")), "name", "Form") == "Form":
            count += times * _rules(form.get_data() + b"\n", form.get("Resources", resources), depth - 1)
    return count


def _tables(page: Any) -> list[tuple[Any, Rows]]:
    """The ruled tables of a page, and what stands in them; none where text runs over the edge of a cell."""
    sideways = sum(not letter["upright"] for letter in page.chars)
    if not page.edges or len(page.edges) > _MOST_LINES or 2 * sideways > len(page.chars):
        return []
    found = ((table, _rows(table)) for table in page.find_tables())
    tables = [(table, rows) for table, rows in found if _holds_data(table, rows)]
    edges = [
        (top, bottom, x)
        for table, _ in tables
        for left, top, right, bottom in table.cells
        for x in (left, right)
    ]
    runs = list(_runs(page.chars)) if tables else []
    is_crossed = any(
        top <= y <= bottom and left + _NEAR < x < right - _NEAR
        for left, right, y in runs
        for top, bottom, x in edges
    )
    return [] if is_crossed else tables


def _runs(letters: list[Any]) -> Iterator[tuple[float, float, float]]:
    """Text written in one go, up to two spaces: from where to where, and how far down its middle is."""
    last: Any = None
    left = right = y = 0.0
    for letter in letters:
        goes_on = (
            last is not None
            and abs(letter["x0"] - last["x1"]) <= 1
            and abs(letter["top"] - last["top"]) <= 1
            and (letter["text"].strip() or last["text"].strip())
        )
        last = letter
        if not goes_on:
            if right > left:
                yield left, right, y
            left = right = letter["x0"]
            y = (letter["top"] + letter["bottom"]) / 2
        if letter["text"].strip():
            right = letter["x1"]
    if right > left:
        yield left, right, y


def _rows(table: Any) -> Rows:
    """The cells, without rows and columns in which nothing stands."""
    rows = [
        [" ".join((cell or "").split()) for cell in row] for row in table.extract(x_tolerance_ratio=_WORD_GAP)
    ]
    rows = [row for row in rows if any(row)]
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    return [list(row) for row in zip(*columns, strict=True)]


def _holds_data(table: Any, rows: Rows) -> bool:
    if len(rows) < _FEWEST or len(rows[0]) < _FEWEST:
        return False
    cells = [cell for row in rows for cell in row if cell]
    long = [len(cell) for cell in cells if len(cell) > _LONGEST]
    is_filled = 2 * len(cells) >= len(table.cells)
    return is_filled and 4 * len(long) < len(cells) and 2 * sum(long) <= sum(map(len, cells))


def _page_text(page: Any, tables: list[tuple[Any, Rows]]) -> str:
    """A page's text in the order in which it is read, each table behind what stands above it."""
    from pdfminer.layout import LAParams, LTChar

    layout = page.layout
    boxes = [_box(table.bbox, page) for table, _ in tables]
    cells = [_box(cell, page) for table, _ in tables for cell in table.cells]
    layout._objs = [
        item
        for item in layout
        if not (isinstance(item, LTChar) and any(_holds(cell, item) for cell in cells))
    ]
    layout.analyze(LAParams(all_texts=True))  # also those in forms that the page shows
    blocks = [(item, text) for item in layout if (text := _text(item))]
    texts = [text for _, text in blocks]
    places = [_place(box, [item for item, _ in blocks]) for box in boxes]
    for place, (_, rows) in sorted(zip(places, tables, strict=True), key=lambda each: each[0], reverse=True):
        texts.insert(place, f"{markdown_table(rows)}\n")
    return "\n".join(texts)


def _box(place: tuple[float, float, float, float], page: Any) -> tuple[float, float, float, float]:
    """Where a table or a cell is: left, bottom, right and top, as the page's layout counts."""
    left, top, right, bottom = place
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

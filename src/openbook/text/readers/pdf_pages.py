"""The pages of a PDF: what each shows, and where its text runs sideways.

The converter takes text that runs up or down a page, as that of wide tables does, letter by letter:

    The mill        .
    is old.         d
                    l     and so on
"""

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

_FEWEST = 8
"""Lines of single letters that make a page worth a look."""


class PageContents(NamedTuple):
    """What a page shows."""

    number: int
    """From 1."""
    letters: int
    sideways: int
    """Letters that do not stand upright."""
    others: int
    """Pictures, lines and the like."""


def page_contents(raw: bytes, wanted: set[int]) -> Iterator[PageContents]:
    """Look at each wanted page of a PDF, counted from 0 (none: at all)."""
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LTChar, LTContainer
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    resources = PDFResourceManager()
    device = PDFPageAggregator(resources, laparams=None)
    interpreter = PDFPageInterpreter(resources, device)
    pages = PDFPage.get_pages(io.BytesIO(raw), pagenos=wanted or None)
    for place, page in enumerate(pages):
        interpreter.process_page(page)
        waiting: list[Any] = list(device.get_result())
        letters = sideways = others = 0
        while waiting:
            item = waiting.pop()
            if isinstance(item, LTContainer):
                waiting.extend(item)
            elif isinstance(item, LTChar):
                letters += 1
                sideways += not item.upright
            else:
                others += 1
        number = sorted(wanted)[place] + 1 if wanted else place + 1
        yield PageContents(number, letters, sideways, others)


def sideways_pages(raw: bytes, converted: str) -> set[int]:
    """The pages, counted from 0, of whose lines most are single letters, and most letters not upright.

    Args:
        raw: the PDF.
        converted: its text, a form feed at the end of each page; without any, none is found.
    """
    pages = converted.split("\f")[:-1]
    looked_at = {number for number, page in enumerate(pages) if _has_single_letters(page)}
    found: set[int] = set()
    with suppress(Exception):  # the text is there, if letter by letter
        for page in page_contents(raw, looked_at) if looked_at else ():
            if 2 * page.sideways > page.letters:
                found.add(page.number - 1)
    return found


def without_single_letters(converted: str, pages: set[int]) -> str:
    """The text without the lines of single letters of these pages."""
    texts = converted.split("\f")
    for number in pages:
        lines = texts[number].split("\n")
        texts[number] = "\n".join(line for line in lines if line.strip() and not _is_of_single_letters(line))
    return "\f".join(texts)


def _has_single_letters(page: str) -> bool:
    lines = [line for line in page.split("\n") if line.strip()]
    single = sum(map(_is_of_single_letters, lines))
    return single >= _FEWEST and 2 * single > len(lines)


def _is_of_single_letters(line: str) -> bool:
    return all(len(word) == 1 for word in line.split())

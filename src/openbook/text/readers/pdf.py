"""PDF files: their text page by page, with what of them is not read.

page contents      converter of `office`, or at once where words have no spaces between them
tables, columns    `pdf_tables`
sideways text      `pdf_pages`
heads and footers  `pdf_running_lines`
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from openbook.phrases import agreeing, part_of
from openbook.text.documents import source_error
from openbook.text.inline_markup import without_embedded_images
from openbook.text.readers.office import converter
from openbook.text.readers.office_properties import pdf_title
from openbook.text.readers.pdf_pages import page_contents, sideways_pages, without_single_letters
from openbook.text.readers.pdf_running_lines import joined_pages
from openbook.text.readers.pdf_tables import text_without_converter, with_tables
from openbook.text.readers.source_file import Item, Keys, ParsedFile, SourceFile, read_whole


def read_pdf(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a PDF; its title is what it says is its title.

    Raises:
        MissingExtraError: markitdown is not installed.
    """
    convert = converter(".pdf", file.path)

    def parse(raw: bytes) -> ParsedFile:
        converted = text_without_converter(raw) or with_tables(raw, convert(raw))
        sideways = sideways_pages(raw, converted)
        text = _plain(without_single_letters(converted, sideways))
        omission = "; ".join(filter(None, [_pages_without_text(raw, converted), _said_of(sideways)]))
        if omission and not text:
            raise source_error(file.path, omission)
        return ParsedFile(text=text, said={"title": pdf_title(raw)}, omission=omission)

    return read_whole(file, parse)


def _plain(converted: str) -> str:
    """The text without pages."""
    *pages, rest = converted.split("\f")  # each ends with a form feed, unless one looks like a form
    text = "\n".join([joined_pages(pages), rest]) if pages else rest
    return without_embedded_images(text).replace("\0", "").strip()


def _pages_without_text(raw: bytes, markdown: str) -> str:
    """What is to be said of the pages of a PDF that show something, but no text; empty: there are none."""
    # Each page ends with a form feed where there are no tables; then only those without text are looked at.
    pages = markdown.split("\f")[:-1]
    empty = {number for number, page in enumerate(pages) if not page.strip()}
    if pages and not empty:
        return ""
    found: list[int] = []
    count = len(pages)
    with suppress(Exception):  # the text is there; that some is missing is all that can be missed
        for number, texts, _, others in page_contents(raw, empty):
            count = max(count, number)
            if others and not texts:
                found.append(number)
    if not found:
        return ""
    return (
        f"{part_of(len(found), count, 'page', 'show')} something, but "
        f"{agreeing(len(found), 'hold')} no text ({as_ranges(found)}), as scanned "
        "ones do: what they show is not read; give them text with an OCR program"
    )


def _said_of(sideways: set[int]) -> str:
    pages = as_ranges(sorted(number + 1 for number in sideways))
    word = "page" if len(sideways) == 1 else "pages"
    return f"{word} {pages}: sideways text is not read; turn it and save it again" if sideways else ""


def as_ranges(numbers: Iterable[int]) -> str:
    """Rising whole numbers in short.

    >>> as_ranges([2, 3, 4, 7])
    '2-4, 7'
    """
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in ranges)

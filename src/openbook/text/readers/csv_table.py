"""A CSV file without a column of text: one document, a table whose rows say what they mean.

part;price      Part: P-1; Price: 3     a row, see `sheet_text.py`
P-1;3
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from openbook.errors import SourceError
from openbook.phrases import counted
from openbook.text.documents import source_error
from openbook.text.encodings import decode
from openbook.text.readers.csv_rows import Row, all_csv_rows, csv_rows, named_separator
from openbook.text.readers.sheet_text import Cell, Sheet, sheet_lines
from openbook.text.readers.source_file import Item, ParsedFile, SourceFile, read_whole, without_zeros

_MOST_TEXT = 16_000_000
"""Bytes of a table, and characters of its lines, which repeat the names of columns: some million
cells, which take a hundred times as much memory."""
_SHOWN = 10
"""Lines that are named of rows with too many fields."""
_LOOKED_AT = 20
"""Rows that show which separator is the file's."""
_YEAR = re.compile(r"19\d\d|20\d\d")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")


def read_csv_table(file: SourceFile, separators: Sequence[str]) -> Iterator[Item]:
    """Read a CSV file as one document, a line for each row; its title is its name.

    Args:
        file: to read.
        separators: of which one is the file's, unless its first line names another; first the usual one.
    """

    def parse(raw: bytes) -> ParsedFile:
        if len(raw) > _MOST_TEXT:
            raise _too_large(file.path)
        text = without_zeros(decode(raw), file.path)
        separator = named_separator(next(_lines(text), "")) or _separator(text, separators)
        written, wide = _table_text(text, file.path, separator)
        return ParsedFile(text=written, omission=_said_of(wide))

    return read_whole(file, parse, most=_MOST_TEXT + 1)


def _lines(text: str) -> Iterator[str]:
    return io.StringIO(text, newline="")


def _separator(text: str, separators: Sequence[str]) -> str:
    """The one that most of the first rows agree on, in their number of fields; else the usual one."""

    def agreement(separator: str) -> tuple[int, int]:
        first = islice(csv_rows(_lines(text), "", separator=separator), _LOOKED_AT)
        widths = Counter(0 if isinstance(row, csv.Error) else len(row) for _, row in first)
        return max(((count, width) for width, count in widths.items() if width > 1), default=(0, 0))

    return max(separators, key=agreement)


def _table_text(text: str, where: str, separator: str) -> tuple[str, list[str]]:
    """The table, and the places of rows with more fields than columns are named."""
    sheet = Sheet(name="")
    for number, (place, row) in enumerate(all_csv_rows(_lines(text), where, separator=separator)):
        cells = _cells(row, place)
        sheet.add(number, cells)
        sheet.widths[number] = len(cells)
    lines: list[str] = []
    wide: set[int] = set()
    size = 0
    for line in sheet_lines(sheet, wide.add):
        size += len(line) + 1
        if size > _MOST_TEXT:
            raise _too_large(where)
        lines.append(line)
    places = enumerate(all_csv_rows(_lines(text), where, separator=separator) if wide else ())
    return "\n".join(lines), [place for number, (place, _) in places if number in wide]


def _said_of(wide: list[str]) -> str:
    """What is said of rows that stand without the names of columns; empty: there are none."""
    if not wide:
        return ""
    lines = [place.rpartition(":")[2] for place in wide]
    shown = ", ".join([*lines[:_SHOWN], *(["…"] if len(lines) > _SHOWN else [])])
    what = f"line {shown} has" if len(lines) == 1 else f"{counted(len(lines), 'row')} (lines {shown}) have"
    more = "more fields than columns are named, so no names stand at them"
    return f"{what} {more}; put a value with the separator in it between quotation marks"


def _cells(row: Row, where: str) -> list[Cell]:
    if isinstance(row, csv.Error):
        raise source_error(where, f"not readable as CSV: {row}")
    return [_cell(field) for field in row]


def _cell(field: str) -> Cell:
    """A field as a workbook would hold it: what has digits and no letters is a value, no name of a column."""
    field = field.strip()
    if _YEAR.fullmatch(field):
        return int(field)
    return [field] if _DIGIT.search(field) and not _LETTER.search(field) else field


def _too_large(where: str) -> SourceError:
    problem = f"a table of more than {_MOST_TEXT / 1e6:,.0f} MB, which is not read as one document; split it"
    option = ", or name the column whose rows are a document each (choose: --text-key)"
    return source_error(where, problem, option=option)

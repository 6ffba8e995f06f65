"""The rows of a CSV file, each with its place. What their columns mean is not known here.

Separated by tabs, a field may begin with a quotation mark that is a letter like any other, for most who write
such files quote nothing; Excel does. Lines that have the right number of fields as they are written are rows:

    id  text            id  text
    1   "Hello,         1   "a field
    2   go away"        of two lines"

Where a space follows a separator in the first row, `id, text`, spaces after separators are no part of fields;
where one stands before a separator too, `id | text`, neither are those at the ends of fields.

A row that breaks the rules is read as these programs mean it, if it then has a field for each column:

    1,"Hello, world" ,go        spaces behind a closing quotation mark
    1,"a \\"field\\" in it",go    Spark's and R's backslash before a quotation mark
"""

import csv
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

TAB = "\t"
_LONGEST_FIELD = 2**31 - 1
"""What a C long holds on every system."""
_BACKSLASH = re.compile(r'\\([\\"])')

_NOT_CLOSED = "unexpected end of data: a quotation mark in it is not closed, so no row below it is read"
_NAMED_SEPARATOR = re.compile(r'"?sep=([^\w\s"]|\t)"?[\r\n]*', re.IGNORECASE)

Row = list[str] | csv.Error
"""A row of a CSV file, or in its place why it cannot be read."""


class _Lines:
    """The lines of a file, which can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._given_back: deque[str] = deque()
        self._taken: list[str] = []
        self.number = 0
        """Of the line that was taken last."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else next(self._lines)
        self._taken.append(line)
        self.number += 1
        return line

    def taken(self) -> list[str]:
        """The lines that were taken since this was asked last."""
        taken, self._taken = self._taken, []
        return taken

    def give_back(self, lines: list[str]) -> None:
        """Take these last ones back, to give them again."""
        self._given_back.extendleft(reversed(lines))
        self.number -= len(lines)


def named_separator(first_line: str) -> str:
    """Find the separator that the first line of a file for Excel may name; empty if it names none.

    >>> named_separator("sep=;\\r\\n"), named_separator("id;text\\r\\n")
    (';', '')
    """
    found = _NAMED_SEPARATOR.fullmatch(first_line)
    return found[1] if found else ""


def csv_rows(file: Iterable[str], path: str, *, separator: str) -> Iterator[tuple[str, Row]]:
    """Read the rows in which something stands, see `all_csv_rows`."""
    for where, row in all_csv_rows(file, path, separator=separator):
        if isinstance(row, csv.Error) or any(row):
            yield where, row


def all_csv_rows(file: Iterable[str], path: str, *, separator: str) -> Iterator[tuple[str, Row]]:
    """Read all rows, each with its place: the path and the line that it begins in.

    A first line that names a separator is no row.

    Args:
        file: its lines with their ends.
        path: of the file.
        separator: of the fields; with tabs, rows that are not Excel's are taken as they are written.
    """
    lines = _Lines(file)
    if not named_separator(next(lines, "")):
        lines.give_back(lines.taken())
    lines.taken()
    reader = _Reader(lines, separator)
    width: int | None = None
    ends_in_spaces = False
    while True:
        where = f"{path}:{lines.number + 1}"
        row, taken = reader.next_row(width)
        if row is None:
            return
        if width is None and separator != TAB and _has_spaces(row):
            ends_in_spaces = _has_spaces_before(row)
            lines.give_back(taken)
            reader = _Reader(lines, separator, skips_spaces=True)
            again, taken = reader.next_row(width)
            row = again or row
        if separator == TAB and width is not None and _is_as_written(row, taken, width):
            lines.give_back(taken[1:])
            row = _fields(taken[0])
        if ends_in_spaces and not isinstance(row, csv.Error):
            row = [field.rstrip(" ") for field in row]
        yield where, row
        if width is None and not isinstance(row, csv.Error) and any(row):
            width = len(row)


class _Reader:
    """Rows of lines, one by one.

    Args:
        lines: of a file.
        separator: of the fields.
        skips_spaces: whether spaces after a separator are no part of a field.
    """

    def __init__(self, lines: _Lines, separator: str, *, skips_spaces: bool = False) -> None:
        self._lines = lines
        self._rules: dict[str, Any] = {"delimiter": separator, "skipinitialspace": skips_spaces}
        self._spaces = re.compile(rf'" +(?={re.escape(separator)}|[\r\n]|$)')
        self._strict = csv.reader(lines, strict=True, **self._rules)

    def next_row(self, width: int | None) -> tuple[Row | None, list[str]]:
        """The next row, or why it cannot be read, and its lines; no row at the end.

        Args:
            width: how many fields a row has that breaks the rules; None: any number.
        """
        row = _next_row(self._strict)
        taken = self._lines.taken()
        if not isinstance(row, csv.Error):
            return row, taken
        for other_row in (self._with_spaces, self._with_backslashes):
            self._lines.give_back(taken)
            other = other_row()
            others = self._lines.taken()
            if isinstance(other, list) and width in (None, len(other)):
                return other, others
            self._lines.give_back(others)
            taken = [next(self._lines) for _ in taken]
            self._lines.taken()
        return row, taken

    def _with_spaces(self) -> Row | None:
        """The row, if it breaks no rule but by spaces behind quotation marks."""
        rules = {**self._rules, "skipinitialspace": True}
        taken: list[str] = []
        row = _next_row(csv.reader(_noted(self._lines, taken), **rules))
        tidy = _next_row(csv.reader((self._spaces.sub('"', line) for line in taken), strict=True, **rules))
        if not isinstance(row, list) or not isinstance(tidy, list) or len(row) != len(tidy):
            return None
        return [field.rstrip(" ") for field in row]

    def _with_backslashes(self) -> Row | None:
        """The row, if a backslash in it makes a quotation mark or another backslash a letter."""
        lines = (_BACKSLASH.sub(_doubled, line) for line in self._lines)
        return _next_row(csv.reader(lines, strict=True, **self._rules))


def _noted(lines: Iterable[str], notes: list[str]) -> Iterator[str]:
    """The lines, each of them noted when it is taken."""
    for line in lines:
        notes.append(line)
        yield line


def _doubled(match: re.Match[str]) -> str:
    return '""' if match[1] == '"' else match[1]


def _has_spaces(row: Row) -> bool:
    """Whether a space follows a separator."""
    return not isinstance(row, csv.Error) and any(field.startswith(" ") for field in row[1:])


def _has_spaces_before(row: Row) -> bool:
    """Whether a space stands before a separator."""
    return not isinstance(row, csv.Error) and any(field.endswith(" ") for field in row[:-1])


def _next_row(reader: Iterator[list[str]]) -> Row | None:
    """The next row, or why it cannot be read; None at the end."""
    try:
        with _FIELD_LIMIT.raised():
            return next(reader)
    except StopIteration:
        return None
    except csv.Error as error:
        return csv.Error(_NOT_CLOSED) if "end of data" in str(error) else error


class _FieldLimit:
    """The limit belongs to the whole process: raised while rows are read, put back after the last of them."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._rows = 0
        """That are being read, by as many threads."""
        self._before = 0

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Read one row in here."""
        with self._changing:
            if self._rows == 0:
                self._before = csv.field_size_limit(_LONGEST_FIELD)
            self._rows += 1
        try:
            yield
        finally:
            with self._changing:
                self._rows -= 1
                if self._rows == 0:
                    csv.field_size_limit(self._before)


_FIELD_LIMIT = _FieldLimit()


def _is_as_written(row: Row, lines: list[str], width: int) -> bool:
    """Whether the lines of a row are a row each, whose quotation marks are letters.

    A table of one column shows nothing: what can be read as Excel writes it is.
    """
    is_row = not isinstance(row, csv.Error) and len(row) == width
    if is_row and (len(lines) == 1 or width == 1):
        return False
    widths = {line.count(TAB) + 1 for line in lines if line.strip("\r\n")}
    return widths == {width}


def _fields(line: str) -> list[str]:
    return line.rstrip("\r\n").split(TAB)

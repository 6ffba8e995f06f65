"""The text of a sheet: a line for each row, with the names of its columns, so that a row says enough alone.

Guests of May                          Guests of May
Name    Phone       Room               Name: Anna; Phone: 030 1234; Room: 3
Anna    030 1234    3                  Name: Ben; Room: 4
Ben                 4

An empty row ends a table; what follows is the rest of it, if it has no names of its own. Of columns that are
nowhere named the cells of a row stand with tabs between them. So do those of a row in a file of text that has
more fields than the row of names, for which of them is one too many is not known. How files hold cells is not
known here.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise, takewhile

Cell = str | float | int | bool | list[str]
"""A text, empty or not; a number; a truth; a date, time or duration as in ISO 8601, in a list.
In a file of text, whose values have no types, one that is no text is in a list, as it is written there."""
Cells = dict[int, Cell]
"""Those of a row that are not empty, by their columns."""
_Names = tuple[dict[int, str], int]
"""Names of columns, and how many fields their row has; 0: that is not known."""
OnWide = Callable[[int], None]
"""Told the number of each row that stands without the names of its table, for it has more fields."""
Range = tuple[tuple[int, int], tuple[int, int]]
"""Merged cells: row and column of the first and of the last, of which the first holds the value."""

_MOST_TITLES = 3
"""Rows of one cell above the names of a table."""
_LOOKED_AT = 20
"""Rows below, to know what kind of values a column has."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_WHOLE = 1e21
"""Numbers below are written without an exponent, as long as they are whole."""
_WIDEST_MERGE = 1000
"""Columns that a merged cell names: no table is wider, and a sheet may merge a row to its last column, of
which there are thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One that is seen.

    name: as its tab says it.
    rows: those in which something stands, by their numbers, in order.
    merged: ranges of cells.
    widths: of rows of a file of text, how many fields each has, empty ones too; in workbooks, where each cell
        is in a column for certain, none.
    """

    name: str
    rows: dict[int, Cells] = field(default_factory=dict)
    merged: Sequence[Range] = ()
    widths: dict[int, int] = field(default_factory=dict)

    def add(self, number: int, cells: Iterable[Cell], *, column: int = 0) -> None:
        """Add a row below, if anything stands in it.

        Args:
            number: of the row.
            cells: side by side.
            column: of the first of them.
        """
        if row := {at: cell for at, cell in enumerate(cells, start=column) if written(cell)}:
            self.rows[number] = row


def sheet_text(sheet: Sheet) -> str:
    """Write a sheet as Markdown: its name as a heading, then its rows; empty if it holds nothing.

    A value that is merged over several rows belongs to each of them.
    """
    text = "\n".join(sheet_lines(sheet))
    return f"# {' '.join(sheet.name.split())}\n\n{text}" if text else ""


def sheet_lines(sheet: Sheet, on_wide: OnWide = lambda number: None) -> Iterator[str]:
    """Write the rows of a sheet one by one, with an empty line between two tables."""
    rows = _filled(sheet)
    spread = {first: last[1] for first, last in sheet.merged if last[1] > first[1]}
    names: _Names = ({}, 0)
    for place, numbers in enumerate(_blocks(list(rows)) if rows else ()):
        table = _Table([(number, rows[number]) for number in numbers], spread, sheet.widths)
        lines, names = table.lines(names, on_wide)
        if place:
            yield ""
        yield from lines


def written(cell: Cell) -> str:
    """A cell on one line, numbers as programs show them.

    >>> written(12.0), written(0.1 + 0.2), written(True), written(["2024-03-05"]), written(" a\\n b")
    ('12', '0.3', 'TRUE', '2024-03-05', 'a b')
    """
    if isinstance(cell, str):
        return " ".join(cell.replace("\0", "").split())
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, list):
        return cell[0]
    return f"{cell:.0f}" if abs(cell) < _WHOLE and cell == int(cell) else f"{cell:.15g}"


def _filled(sheet: Sheet) -> dict[int, Cells]:
    """The rows, with the values of merged cells also in the rows below that they reach."""
    rows = dict(sheet.rows)
    numbers = list(rows)
    reached: dict[int, int] = {}
    """By column the last row that is filled: real ranges do not overlap."""
    for (top, left), (bottom, _) in sorted(sheet.merged):
        value = rows.get(top, {}).get(left)
        if value is None or bottom <= top or top <= reached.get(left, -1):
            continue
        reached[left] = bottom
        for number in numbers[bisect_right(numbers, top) : bisect_right(numbers, bottom)]:
            rows[number] = dict(sorted({left: value, **rows[number]}.items()))
    return rows


def _blocks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """Rows that follow each other."""
    begin = 0
    for place, (before, number) in enumerate(pairwise(numbers), start=1):
        if number > before + 1:
            yield numbers[begin:place]
            begin = place
    yield numbers[begin:]


class _Table:
    """Rows without an empty one between them.

    Args:
        rows: by their numbers.
        spread: of cells that are merged over columns the last column.
        widths: as of the sheet.
    """

    def __init__(
        self,
        rows: list[tuple[int, Cells]],
        spread: dict[tuple[int, int], int],
        widths: dict[int, int],
    ) -> None:
        self._numbers = [number for number, _ in rows]
        self._rows = [row for _, row in rows]
        self._widths = widths
        self._spread = [
            {column: spread[number, column] for column in row if (number, column) in spread}
            for number, row in (rows[: _MOST_TITLES + 1] if spread else ())
        ]

    def lines(self, above: _Names, on_wide: OnWide) -> tuple[Iterator[str], _Names]:
        """The table line by line, and the names of its columns.

        Args:
            above: the names of the columns of the table above; empty: none.
            on_wide: see `OnWide`.
        """
        place, height, names = self._heading(above[0])
        width = self._width(place + height) if names else 0
        if not names and self._fits(*above):
            names, width = above
        titles = (_line(row, {}) for row in self._rows[:place])
        return chain(titles, self._named(place + height, names, width, on_wide)), (names, width)

    def _named(self, begin: int, names: dict[int, str], width: int, on_wide: OnWide) -> Iterator[str]:
        for number, row in zip(self._numbers[begin:], self._rows[begin:], strict=True):
            is_wide = _is_wide(row, width)
            if is_wide:
                on_wide(number)
            yield _line(row, {} if is_wide else names)

    def _width(self, begin: int) -> int:
        """How many fields the row above this one has; 0: that is not known."""
        return self._widths.get(self._numbers[begin - 1], 0)

    def _heading(self, above: dict[int, str]) -> tuple[int, int, dict[int, str]]:
        """The row at which the names of the columns begin, in how many rows they stand, and they themselves.

        Above them stand titles, and rows of two cells if the table is wider. If there are no names, there is
        the number of titles, and no row.
        """
        rows = self._rows[: _MOST_TITLES + 1]
        for place, row in enumerate(rows):
            if len(row) == 1:
                continue
            height, names = self._names(place, above)
            if names and (len(names) > 2 or all(len(title) == 1 for title in rows[:place])):
                return place, height, names
            if len(row) > 2:
                break
        titles = list(takewhile(lambda row: len(row) == 1, rows[:_MOST_TITLES]))
        return len(titles), 0, {}

    def _names(self, place: int, above: dict[int, str]) -> tuple[int, dict[int, str]]:
        """In how many rows from here names of columns stand, and they themselves; if in none, nothing."""
        if place + 1 >= len(self._rows):
            return 0, {}
        first, second = self._rows[place : place + 2]
        if groups := self._groups(place):
            below = _texts(second)
            joined = {at: _joined(groups.get(at, ""), below.get(at, "")) for at in sorted(groups | below)}
            if self._are_names(second, joined, place + 2):
                return 2, joined
        names = _texts(first)
        if not self._are_names(first, names, place + 1) or self._goes_on(first, above, place + 1):
            return 0, {}
        return 1, names

    def _groups(self, begin: int) -> dict[int, str]:
        """The texts of a row by all columns over which they are merged; none if that is no more than one."""
        if begin >= len(self._spread) or not self._spread[begin]:
            return {}
        return {
            reached: written(cell)
            for column, cell in self._rows[begin].items()
            for reached in range(
                column, min(self._spread[begin].get(column, column), column + _WIDEST_MERGE) + 1
            )
        }

    def _are_names(self, row: Cells, names: dict[int, str], begin: int) -> bool:
        """Whether the cells of a row name their columns, so, for values that begin in another row."""
        below = self._columns(begin)
        if (width := self._width(begin)) and max(below, default=0) >= width:
            return False  # most rows have more fields, so it is not known whose names these are
        if len(row) < 2 or not below or 2 * len(below & names.keys()) < len(below):
            return False
        if len({name.casefold() for name in names.values()}) < len(names):
            return False
        if any(name.endswith(":") for name in names.values()):
            return False  # names what is beside it
        others: Cells = {column: cell for column, cell in row.items() if not isinstance(cell, str)}
        return not others or self._are_periods(others, begin)

    def _goes_on(self, row: Cells, above: dict[int, str], begin: int) -> bool:
        """Whether a row of texts may as well be the next one of the table above."""
        if not above or _texts(row) == above:
            return False
        below = self._columns(begin)
        if not (below | row.keys()) <= above.keys() or self._has_other_kinds(row, begin):
            return False
        return row.keys() == above.keys() or not below <= row.keys()

    def _are_periods(self, row: Cells, begin: int) -> bool:
        """Whether these are years or dates that rise from column to column, over values that are none."""
        kinds = {_period(cell) for cell in row.values()}
        if len(row) < 2 or len(kinds) > 1 or not all(kinds):
            return False
        if any(after <= before for before, after in pairwise(map(written, row.values()))):
            return False
        below = [_period(other[at]) for other in self._below(begin) for at in row if at in other]
        return below.count(next(iter(kinds))) * 2 <= len(below)

    def _has_other_kinds(self, row: Cells, begin: int) -> bool:
        """Whether values are no texts in a column where this row has one."""
        return any(
            isinstance(cell, str) and at in other and not isinstance(other[at], str)
            for other in self._below(begin)
            for at, cell in row.items()
        )

    def _below(self, begin: int) -> list[Cells]:
        return self._rows[begin : begin + _LOOKED_AT]

    def _columns(self, begin: int) -> set[int]:
        """Those in which something stands."""
        return {column for row in _most(self._below(begin), self._width(begin)) for column in row}

    def _fits(self, names: dict[int, str], width: int) -> bool:
        """Whether the rows may stand below these names."""
        if not names or all(len(row) == 1 for row in self._rows):
            return False
        columns = sorted(names)
        rows = _most(self._rows, width)
        return all(columns[0] <= min(row) and max(row) <= columns[-1] for row in rows)


def _is_wide(row: Cells, width: int) -> bool:
    """Whether something stands in a field beyond those of the row of names."""
    return width > 0 and max(row) >= width


def _most(rows: list[Cells], width: int) -> list[Cells]:
    """The rows that are not too wide, if they are half of them or more; else all."""
    narrow = [row for row in rows if not _is_wide(row, width)]
    return narrow if 2 * len(narrow) >= len(rows) else rows


def _line(row: Cells, names: dict[int, str]) -> str:
    if not names:
        return "\t".join(map(written, row.values()))
    cells = ((names.get(column, ""), written(cell)) for column, cell in row.items())
    return "; ".join(f"{name}: {text}" if name else text for name, text in cells)


def _texts(row: Cells) -> dict[int, str]:
    return {column: written(cell) for column, cell in row.items()}


def _joined(group: str, name: str) -> str:
    return name if group in ("", name) else f"{group} {name}".strip()


def _period(cell: Cell) -> str:
    """`year` or `date` if it is one."""
    if isinstance(cell, list):
        return "date" if "-" in cell[0][1:] else ""
    is_year = isinstance(cell, float | int) and _FIRST_YEAR <= cell <= _LAST_YEAR and cell == int(cell)
    return "year" if is_year else ""

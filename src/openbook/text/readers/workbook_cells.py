"""The cells of a workbook, through python-calamine: a program of its own, which `workbooks.py` runs.

For calamine lays a sheet out from its first cell to its last: two cells in far corners would take hundreds of
gigabytes, and where memory ends it ends the process, not with an error. Here that is this one, with a limit.
It reads a workbook from standard input, whose ending is its argument. It writes a line of JSON for each sheet
that is seen, with its merged cells, and below it one for each row in which something stands. It imports
nothing of openbook: that takes longer than most workbooks.

{"sheet": "Contacts", "column": 0, "merged": [[[1, 0], [2, 0]]]}
[0, ["Name", "Phone", "Born"]]
[1, ["Anna", 301234.0, ["1985-03-01"]]]         a number; a date, time or duration, as in ISO 8601
{"error": "…", "is_encrypted": true}            in place of all others, or after those that could be read
"""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_MOST_MEMORY = 4 << 30
"""Bytes; a workbook of a million cells takes a thirtieth."""
_MOST_SECONDS = 120
"""That a core works; a million cells take a second. Some damaged files would never end."""
_MOST_TEXT = 512_000_000
"""Characters in cells: a file may hold a long text once, and show it in a million cells."""


def main() -> None:
    """Write what standard input holds."""
    _limit()
    import python_calamine

    output = io.TextIOWrapper(sys.stdout.buffer, encoding="ascii", write_through=False)
    try:
        for line in lines(sys.stdin.buffer.read(), sys.argv[1]):
            output.write(json.dumps(line) + "\n")
    except MemoryError:
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of Rust is no Exception
        is_encrypted = isinstance(error, python_calamine.PasswordError)
        problem = str(error) or type(error).__name__
        output.write(json.dumps({"error": problem, "is_encrypted": is_encrypted}) + "\n")
    output.flush()


def _limit() -> None:
    """Bound memory and time, where the system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        for kind, most in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, _MOST_SECONDS),
            (resource.RLIMIT_AS, _MOST_MEMORY),
        ):
            soft, hard = resource.getrlimit(kind)
            resource.setrlimit(kind, (most if soft == resource.RLIM_INFINITY else min(soft, most), hard))


def lines(raw: bytes, suffix: str) -> Iterator[Any]:
    """Each line of what is written, as above.

    Raises:
        MemoryError: a workbook holds too much.
        python_calamine.CalamineError: it cannot be read.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    except CalamineError:
        workbook = _from_file(raw, suffix)
    left = _MOST_TEXT
    for place, about in enumerate(workbook.sheets_metadata):
        if about.visible != SheetVisibleEnum.Visible or about.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_index(place)
        column = sheet.start[1] if sheet.start else 0
        yield {"sheet": about.name, "column": column, "merged": sheet.merged_cell_ranges or []}
        for number, row in enumerate(sheet.iter_rows()):
            while row and row[-1] == "":
                row.pop()
            left -= sum(len(value) if isinstance(value, str) else 1 for value in row)
            if left < 0:
                raise MemoryError
            if row:
                yield number, [_cell(value) for value in row]


def _from_file(raw: bytes, suffix: str) -> "CalamineWorkbook":
    """Open what can be of any kind by its bytes: of a file with a name, calamine says what is wrong."""
    from python_calamine import CalamineWorkbook

    with TemporaryDirectory() as folder:
        path = Path(folder) / f"workbook{suffix}"
        path.write_bytes(raw)
        return CalamineWorkbook.from_path(path)


def _cell(value: Any) -> Any:
    if isinstance(value, str | float | int):
        return value
    return [_duration(value) if isinstance(value, timedelta) else value.isoformat()]


def _duration(time: timedelta) -> str:
    """As in ISO 8601: `PT36H30M`."""
    sign = "-" if time < timedelta() else ""
    time = abs(time)
    minutes, seconds = divmod(time.days * 86_400 + time.seconds, 60)
    parts = zip((minutes // 60, minutes % 60, seconds + time.microseconds / 1e6), "HMS", strict=True)
    return f"{sign}PT" + ("".join(f"{count:.10g}{unit}" for count, unit in parts if count) or "0S")


if __name__ == "__main__":
    main()

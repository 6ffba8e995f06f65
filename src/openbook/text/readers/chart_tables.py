"""The numbers of Office's charts as tables: a row for each category, a column for each series.

Read is what a chart keeps of its sheet, not the sheet. Elements are those of lxml; nothing here opens a file.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from openbook.text.readers.drawing_text import local_name, written

CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
NEWER_CHART = "http://schemas.microsoft.com/office/drawing/2014/chartex"
"""Kinds of charts since 2016, such as waterfalls, are said in a way of their own."""
_ANY_NUMBER = "General"
"""The format of numbers that have none of their own."""
_DAY_0, _DAY_0_OF_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
"""What the days of a sheet are counted from."""
_NOT_LETTERS = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]|;.*', re.DOTALL)
"""Of a number's format: what stands for itself, and all but the format of what is above zero."""
_DURATION = re.compile(r"\[[hms]+\]", re.IGNORECASE)

Cells = Mapping[int, str]
"""Texts by their places, from 0."""
Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class _Series:
    categories: Cells
    columns: tuple[tuple[str, Cells], ...]
    """What heads each, and its values."""


def chart_title(space: Any) -> str:
    """The title of a chart of either way; empty if it has none."""
    for title in space.iter(f"{{{CHART}}}title", f"{{{NEWER_CHART}}}title"):
        if local_name(title.getparent()) == "chart":
            said = (each.text or "" for each in title.iter(f"{{{CHART}}}v", f"{{{NEWER_CHART}}}v"))
            return written(title) or " ".join(said).strip()
    return ""


def chart_tables(space: Any) -> list[Rows]:
    """The series of a chart, those of the same categories (or first numbers of points) in one table.

    Args:
        space: the `chartSpace` of a chart of either way.
    """
    series = [*_series(space), *_newer_series(space)]
    tables: list[list[_Series]] = []
    for each in series:
        # A series may leave it to those before it to say their categories.
        if tables and (not each.categories or each.categories == tables[-1][0].categories):
            tables[-1].append(each)
        else:
            tables.append([each])
    return [rows for rows in map(_rows, tables) if len(rows) > 1]


def _rows(series: list[_Series]) -> Rows:
    columns = [column for each in series for column in each.columns]
    labels = series[0].categories
    places = sorted({*labels, *(place for _, cells in columns for place in cells)})
    rows = [["", *(name for name, _ in columns)]]
    for place in places:
        label = labels.get(place, "" if labels else str(place + 1))  # as the chart numbers them itself
        rows.append([label, *(cells.get(place, "") for _, cells in columns)])
    return rows


def _series(space: Any) -> Iterator[_Series]:
    said = space.find(f"{{{CHART}}}date1904")
    day_0 = _DAY_0_OF_1904 if said is not None and said.get("val", "1") in ("1", "true") else _DAY_0
    for plot in space.iterfind(f"{{{CHART}}}chart/{{{CHART}}}plotArea/*"):
        for series in sorted(plot.findall(f"{{{CHART}}}ser"), key=_order):
            parts = {local_name(part): _levels(part, day_0) for part in series}
            name = " ".join(parts.get("tx", [{}])[0].values())
            heads = {"val": name, "yVal": name, "bubbleSize": f"{name}: size".removeprefix(": ")}
            columns = tuple((head, parts[kind][0]) for kind, head in heads.items() if kind in parts)
            yield _Series(_labels(parts.get("cat", parts.get("xVal", [{}]))), columns)


def _order(series: Any) -> int:
    with suppress(AttributeError, ValueError):  # it has none, or a damaged one
        return int(series.find(f"{{{CHART}}}order").get("val", "0"))
    return 0


def _levels(part: Any, day_0: datetime) -> list[Cells]:
    """What a part of a series says, by places; of categories in levels the lowest is the first."""
    numbers = next(part.iter(f"{{{CHART}}}numCache", f"{{{CHART}}}numLit"), None)
    code = None if numbers is None else numbers.findtext(f"{{{CHART}}}formatCode") or _ANY_NUMBER
    holders = list(part.iter(f"{{{CHART}}}lvl")) or [part]
    return [_cells(holder, code, day_0, CHART) for holder in holders]


def _cells(holder: Any, code: str | None, day_0: datetime, namespace: str) -> Cells:
    """The points in an element as texts.

    Args:
        holder: the element.
        code: format of its numbers, though a point may have another; None: it holds texts.
        day_0: what the days of its times are counted from.
        namespace: of the points.
    """
    points = list(holder.iter(f"{{{namespace}}}pt")) or list(holder.iter(f"{{{namespace}}}v"))
    cells = {}
    for number, point in enumerate(points):
        place = point.get("idx", "")
        text = " ".join("".join(point.itertext()).split())
        if code is not None:
            text = _shown(text, point.get("formatCode") or code, day_0)
        cells[int(place) if place.isdecimal() else number] = text
    return cells


def _shown(text: str, code: str, day_0: datetime) -> str:
    """A number as it is, a time by the calendar, anything else as it stands."""
    try:
        value = float(text)
    except ValueError:
        return text
    return _moment(value, code, day_0) or _number(value, text)


def _number(value: float, text: str) -> str:
    """A number with the digits that a sheet has.

    >>> _number(1234567.0, "1234567"), _number(0.1 + 0.2, "0.30000000000000004")
    ('1234567', '0.3')
    """
    return f"{value:.15g}" if math.isfinite(value) else text


def _moment(value: float, code: str, day_0: datetime) -> str:
    """A time as ISO writes it, as far as a format shows it; empty if the format shows a number.

    >>> _moment(44562.0, 'd. mmm yyyy', _DAY_0), _moment(44562.75, 'yyyy-mm-dd hh:mm', _DAY_0)
    ('2022-01-01', '2022-01-01 18:00')
    >>> _moment(44562.0, '[$-409]mmm yy', _DAY_0), _moment(44562.0, '0 "days"', _DAY_0)
    ('2022-01', '')
    """
    letters = set(_NOT_LETTERS.sub("", code).lower()) & set("ymdhs")
    if not letters or _DURATION.search(code):
        return ""
    with suppress(OverflowError, ValueError):  # no day of the calendar
        moment = day_0 + timedelta(seconds=round(value * 86_400))
        has_time = bool(letters & set("hs"))
        time = moment.time().isoformat("seconds" if moment.second else "minutes") if has_time else ""
        if has_time and not letters & set("yd"):
            return time
        shown = 10 if has_time or "d" in letters else 7 if "m" in letters else 4
        return f"{moment.date().isoformat()[:shown]} {time}".rstrip()
    return ""


def _labels(levels: list[Cells]) -> Cells:
    """Categories with what stands above them: `2022 spring`. What is above stands where it begins."""
    lowest, *above = levels
    labels = dict(lowest)
    for level in above:
        begins = sorted(level)
        for place, label in labels.items():
            before = bisect_right(begins, place)
            labels[place] = f"{level[begins[before - 1]]} {label}".strip() if before else label
    return labels


def _newer_series(space: Any) -> Iterator[_Series]:
    """The data of a newer chart, each with the name of the first series that shows them."""
    names: dict[str, str] = {}
    for series in space.iter(f"{{{NEWER_CHART}}}series"):
        data = series.find(f"{{{NEWER_CHART}}}dataId")
        name = "".join(series.itertext(f"{{{NEWER_CHART}}}v"))
        names.setdefault("" if data is None else data.get("val", ""), " ".join(name.split()))
    for data in space.iter(f"{{{NEWER_CHART}}}data"):
        texts, numbers = (
            list(data.iterfind(f"{{{NEWER_CHART}}}{kind}/{{{NEWER_CHART}}}lvl"))
            for kind in ("strDim", "numDim")
        )
        labels = [_cells(level, None, _DAY_0, NEWER_CHART) for level in texts]
        values = [
            _cells(level, level.get("formatCode") or _ANY_NUMBER, _DAY_0, NEWER_CHART) for level in numbers
        ]
        name = names.get(data.get("id", ""), "")
        yield _Series(_labels(labels or [{}]), tuple((name, cells) for cells in values))

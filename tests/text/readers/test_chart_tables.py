"""Numbers of charts, as Office keeps them beside a chart's picture."""

from collections.abc import Iterable
from typing import Any

import pytest

from openbook.text.readers.chart_tables import CHART, NEWER_CHART, chart_tables, chart_title

etree = pytest.importorskip("lxml.etree")


def _points(values: Iterable[Any]) -> str:
    return "".join(f'<c:pt idx="{n}"><c:v>{v}</c:v></c:pt>' for n, v in enumerate(values) if v is not None)


def _numbers(*values: Any, code: str = "General") -> str:
    said = f"<c:formatCode>{code}</c:formatCode>" if code else ""
    return f"<c:numRef><c:numCache>{said}<c:ptCount val='9'/>{_points(values)}</c:numCache></c:numRef>"


def _texts(*values: Any) -> str:
    return f"<c:strRef><c:f>Sheet1!A1</c:f><c:strCache>{_points(values)}</c:strCache></c:strRef>"


def _series(name: str, order: int = 0, **parts: str) -> str:
    said = "".join(f"<c:{kind}>{part}</c:{kind}>" for kind, part in parts.items())
    return f'<c:ser><c:order val="{order}"/><c:tx>{_texts(name)}</c:tx>{said}</c:ser>'


def _space(*plots: str, more: str = "", title: str = "") -> Any:
    area = "".join(f"<c:plot>{series}</c:plot>" for series in plots)
    chart = f"<c:chart>{title}<c:plotArea><c:layout/>{area}</c:plotArea></c:chart>"
    return etree.fromstring(f'<c:chartSpace xmlns:c="{CHART}">{more}{chart}</c:chartSpace>')


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("1234567", "1234567"),
        ("98765432.5", "98765432.5"),
        ("0.30000000000000004", "0.3"),
        ("3.0", "3"),
        ("-1.5E-7", "-1.5e-07"),
        ("#N/A", "#N/A"),
        ("NaN", "NaN"),
    ],
)
def test_numbers_keep_their_digits(stored: str, shown: str) -> None:
    for code in ("General", "", "#,##0.00\\ [$€-407]", '0.0,,"Mdhs"', "_-* #,##0", "[h]:mm:ss"):
        space = _space(_series("a", cat=_texts("x"), val=_numbers(stored, code=code)))
        assert chart_tables(space) == [[["", "a"], ["x", shown]]]


@pytest.mark.parametrize(
    ("stored", "code", "shown"),
    [
        ("44562", "yyyy\\-mm\\-dd", "2022-01-01"),
        ("44562", "[$-409]d\\-mmm;@", "2022-01-01"),
        ("44562", "mmm yy", "2022-01"),
        ("44562", "yyyy", "2022"),
        ("44562.75", "m/d/yy h:mm", "2022-01-01 18:00"),
        ("44562.7500116", "yyyy-mm-dd hh:mm:ss", "2022-01-01 18:00:01"),
        ("0.25", "h:mm AM/PM", "06:00"),
        ("1E300", "yyyy", "1e+300"),
        ("spring", "yyyy", "spring"),
    ],
)
def test_times_are_those_of_the_calendar(stored: str, code: str, shown: str) -> None:
    space = _space(_series("a", cat=_numbers(stored, code=code), val=_numbers(1)))
    assert chart_tables(space) == [[["", "a"], [shown, "1"]]]


def test_days_may_be_counted_from_1904() -> None:
    series = _series("a", cat=_numbers(43100, code="yyyy-mm-dd"), val=_numbers(1))
    for said, day in (("1", "2022-01-01"), ("true", "2022-01-01"), ("0", "2017-12-31")):
        space = _space(series, more=f'<c:date1904 val="{said}"/>')
        assert chart_tables(space) == [[["", "a"], [day, "1"]]]


def test_categories_that_are_texts_stay_as_they_are() -> None:
    space = _space(_series("a", cat=_texts("007", "1.50"), val=_numbers(1, None)))
    assert chart_tables(space) == [[["", "a"], ["007", "1"], ["1.50", ""]]]


def test_of_categories_in_levels_all_are_said() -> None:
    def level(**values: str) -> str:
        points = "".join(f'<c:pt idx="{n[1:]}"><c:v>{value}</c:v></c:pt>' for n, value in values.items())
        return f"<c:lvl>{points}</c:lvl>"

    levels = level(_0="Q1", _1="Q2", _2="Q1", _3="Q2") + level(_0="2022", _2="2023") + level(_2="now")
    categories = f"<c:multiLvlStrRef><c:multiLvlStrCache>{levels}</c:multiLvlStrCache></c:multiLvlStrRef>"
    space = _space(_series("a", cat=categories, val=_numbers(1, 2, 3, 4)))
    labels = ["2022 Q1", "2022 Q2", "now 2023 Q1", "now 2023 Q2"]
    assert chart_tables(space) == [[["", "a"], *([label, str(n)] for n, label in enumerate(labels, start=1))]]


def test_series_of_the_same_categories_share_a_table() -> None:
    both = _series("second", 1, val=_numbers(3)) + _series("first", 0, cat=_texts("x"), val=_numbers(2))
    line = _series("line", 2, cat=_texts("x"), val=_numbers(5))
    other = _series("other", 3, cat=_texts("y"), val=_numbers(7))
    assert chart_tables(_space(both, line, other)) == [
        [["", "first", "second", "line"], ["x", "2", "3", "5"]],
        [["", "other"], ["y", "7"]],
    ]


def test_points_are_two_numbers_and_bubbles_three() -> None:
    points = _series("a", xVal=_numbers(1, 2), yVal=_numbers(20, 30), bubbleSize=_numbers(5, None))
    assert chart_tables(_space(points)) == [[["", "a", "a: size"], ["1", "20", "5"], ["2", "30", ""]]]


def test_without_categories_values_are_numbered() -> None:
    assert chart_tables(_space(_series("a", val=_numbers(7, None, 9)))) == [
        [["", "a"], ["1", "7"], ["3", "9"]]
    ]
    assert chart_tables(_space(_series("a", val=_numbers()))) == []


def test_the_title_is_the_charts_own_not_that_of_an_axis() -> None:
    axis = f"<c:valAx><c:title><c:tx>{_texts('EUR')}</c:tx></c:title></c:valAx>"
    assert chart_title(_space(axis)) == ""
    assert chart_title(_space(axis, title=f"<c:title><c:tx>{_texts('Rye')}</c:tx></c:title>")) == "Rye"


def test_newer_charts_may_have_levels_and_no_names() -> None:
    def level(*values: str, code: str = "") -> str:
        points = "".join(f'<x:pt idx="{n}">{value}</x:pt>' for n, value in enumerate(values) if value)
        return f'<x:lvl formatCode="{code}">{points}</x:lvl>'

    texts = f'<x:strDim type="cat">{level("rye", "oats")}{level("grain", "")}</x:strDim>'
    numbers = f'<x:numDim type="size">{level("3.50", "44562", code="0.00")}</x:numDim>'
    space = etree.fromstring(
        f'<x:space xmlns:x="{NEWER_CHART}"><x:data id="0">{texts}{numbers}</x:data></x:space>'
    )
    assert chart_tables(space) == [[["", ""], ["grain rye", "3.5"], ["grain oats", "44562"]]]

"""Cells that are merged over rows and columns of web pages' tables."""

from collections.abc import Callable
from functools import partial

import pytest

from growth import assert_linear
from openbook.text.readers.html import parse_page


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("<tr><td rowspan=2>East<td>1850<td>rye<tr><td>1860<td>oats", "East\t1850\trye\nEast\t1860\toats"),
        ("<tr><td rowspan=3>East<td>1850<tr><td>1860<tr><td>1870", "East\t1850\nEast\t1860\nEast\t1870"),
        ("<tr><td>a<td rowspan=2>b<td>c<tr><td>d<td>e", "a\tb\tc\nd\tb\te"),
        ("<tr><td>a<td>b<td rowspan=2>c<tr><td>d<td>e", "a\tb\tc\nd\te\tc"),
        ("<tr><td colspan=2>all<td>7<tr><td>a<td>b<td>c", "all\t\t7\na\tb\tc"),
        (
            "<tr><th rowspan=2>Gate<th colspan=2>Turns<tr><th>summer<th>winter",
            "Gate\tTurns\nGate\tsummer\twinter",
        ),
        ("<thead><tr><td rowspan=9>a<td>b<tbody><tr><td>c<td>d", "a\tb\nc\td"),
        ("<tr><td rowspan=2><img><td>a<tr><td>b", "a\nb"),
        (f"<tr><td rowspan=2>{'x' * 101}<td>a<td>b<tr><td>c<td>d", f"{'x' * 101}\ta\tb\n\tc\td"),
        ("<tr><td rowspan=2>a<td>b<tr><td><h2>News</h2>", "a\tb\n## News"),
        ("<tr><td rowspan=zwei>a<td colspan=-1>b", "a\tb"),
    ],
)
def test_a_merged_cell_stands_in_each_of_its_rows(rows: str, text: str) -> None:
    assert parse_page(f"<table>{rows}</table>", "a.html").text == text


def test_merged_cells_take_linear_time() -> None:
    pages: dict[str, Callable[[int], str]] = {
        "wide": lambda n: "<table><tr>" + "<td rowspan=999>a" * n + "<tr><td>b<td>c" * n,
        "many": lambda n: "<table>" + "<tr><td rowspan=999 colspan=40>a<td>b" * n,
        "spread": lambda n: "<table>" + "<tr><td colspan=1000>a" * n,
    }

    def read(name: str, n: int) -> None:
        parse_page(pages[name](n), "a.html")

    for name in pages:
        assert_linear(partial(read, name), 200)

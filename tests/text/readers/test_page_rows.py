"""Rows of tables on web pages: which are one line."""

from collections.abc import Callable
from functools import partial

import pytest

from growth import assert_linear
from openbook.text.readers.html import parse_page

_LONG = "It grinds rye and oats. " * 15


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            "<tr><th><p>Name<th><p>Phone<th><p>Room</tr><tr><td><p>Ben<td><p></p><td><p>204",
            "Name\tPhone\tRoom\nBen\t\t204",
        ),
        ("<tr><td><div>Ben</div>\n<td>1<br>2<td><ul><li>a<li>b</ul>", "Ben\t1 2\ta b"),
        ("<tr><td> <th>Jan<th>Feb<tr><td>Ben<td>1<td> ", "\tJan\tFeb\nBen\t1"),
        ("<tr><td>a <b>b</b> <td> c<td>", "a b\tc"),
        ("<tr><td><p>one<p>two", "one\ntwo"),
        ("<tr><td> <td><p>one<p>two<td>&nbsp;", "one\ntwo"),
        ("<tr><td><p>one<p>two<td><h2>News</h2>three", "one\ntwo\n## News\nthree"),
        ("<tr><td>1<br>2<td><pre>a\nb</pre>", "1\n2\na\nb"),
        ("<tr><td>1<br>2<td><table><tr><td><p>a<td><p>b</table>", "1\n2\na\tb"),
        ("<caption>Rooms<tbody><tr><td><p>Ben<td><p># 4", "Rooms\nBen\t# 4"),
        ("<tr><td><p>#<td><p>Peak", "#\tPeak"),
        (f"<tr><td>Home<br>News<td><p>{_LONG}<p>Two", f"Home\nNews\n{_LONG.strip()}\nTwo"),
        (f"<tr><td>Home<br>News<td><div><p>{_LONG}</div>", f"Home News\t{_LONG.strip()}"),
        ("<tr><td>a<td><p>one<p>two", "a\tone two"),
    ],
)
def test_a_row_of_data_is_one_line(rows: str, text: str) -> None:
    assert parse_page(f"<table>{rows}</table>", "a.html").text == text


def test_a_row_in_a_quotation_has_its_mark() -> None:
    page = "<blockquote><table><tr><td><p>a<td><p>b</table></blockquote>"
    assert parse_page(page, "a.html").text == "> a\tb"


def test_rows_take_linear_time() -> None:
    pages: dict[str, Callable[[int], str]] = {
        "nested": lambda n: "<table><tr><td>a<td>" * (n // 10),
        "headings": lambda n: "<h1><div>" * 200 + "<table><tr>" + "<td><p>a" * (10 * n),
    }

    def read(name: str, n: int) -> None:
        parse_page(pages[name](n), "a.html")

    for name in pages:
        assert_linear(partial(read, name), 500)


def test_rows_by_their_role_are_lines() -> None:
    page = (
        "<div role=table><div role=row>"
        "<span role=columnheader>Name</span><span role=columnheader>Turns</span></div>"
        "<div role=row><div role=cell><p>East</div><div role=cell>3</div></div></div>"
    )
    assert parse_page(page, "a.html").text == "Name\tTurns\nEast\t3"

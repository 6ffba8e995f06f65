"""Tables of contents on web pages."""

from collections.abc import Callable
from functools import partial

import pytest

from growth import assert_linear
from openbook.text.readers.html import parse_page

_PAGE = "<h2 id=g>1. Gates<a href='#g'>¶</a></h2><p>Open.</p><h2 id=w>2. <code>Wheel</code></h2><p>Turn."
_TEXT = "## 1. Gates\nOpen.\n## 2. Wheel\nTurn."


@pytest.mark.parametrize(
    "listing",
    [
        "<ul><li><a href='#g'>1. Gates</a><li><a href='#w'>2. <code>Wheel</code></a></ul>",
        "<ol><li><a href='#g'>Gates</a><ol><li><a href='#w'>Wheel</a></ol></ol>",
        "<div id=toc><div>Table of Contents</div>"
        "<ul><li><a href='#g'>Gates</a><li><a href='#w'>Wheel</a></ul></div>",
        "<div class=toc><b>Contents</b><dl><dt><a href='#g'>1. Gates</a><dd><dl><dt>"
        "<a href='#w'>1.1. Wheel</a></dl></dl></div>",
        "<ul class=table-of-contents><li><a href='#g'>Gates</a></ul>",
    ],
    ids=["plain", "nested", "labeled", "docbook", "of-one"],
)
def test_links_to_the_headings_of_a_page_are_no_text(listing: str) -> None:
    assert parse_page(listing + _PAGE, "a.html").text == _TEXT


@pytest.mark.parametrize(
    ("listing", "text"),
    [
        ("<ul><li><a href='b.html#e'>East</a><li><a href='b.html#w'>West</a></ul>", "East\nWest"),
        ("<ul><li><a href='#g'>Gates</a> open late<li><a href='#w'>Wheel</a></ul>", "Gates open late\nWheel"),
        ("<p>See <a href='#g'>Gates</a> and <a href='#w'>Wheel</a>.", "See Gates and Wheel."),
        ("<ul><li><a href='#g'>Gates</a></ul>", "Gates"),
        ("<ul><li><a href='#g'>Gates</a> 3.50<li><a href='#w'>Wheel</a>: 42</ul>", "Gates 3.50\nWheel: 42"),
        ("<ul><li><a href='b.html#g'>Gates</a><li><a href='b.html#w'>Wheel</a></ul>", "Gates\nWheel"),
    ],
    ids=["other-page", "says-more", "sentence", "one", "numbers", "same-names"],
)
def test_other_lists_of_links_are_read(listing: str, text: str) -> None:
    assert parse_page(listing + _PAGE, "a.html").text == f"{text}\n{_TEXT}"


@pytest.mark.parametrize(
    ("listing", "text"),
    [
        (
            "<dl><dt><h3><a href='#m'>Monday</a></h3><dd>9:00-17:00"
            "<dt><h3><a href='#t'>Tuesday</a></h3><dd>9-5</dl>",
            "### Monday\n9:00-17:00\n### Tuesday\n9-5",
        ),
        (
            "<ol><li><h2><a href='#k'>Be kind</a></h2><li><h2><a href='#q'>Be quick</a></h2></ol>",
            "## 1. Be kind\n## 2. Be quick",
        ),
    ],
    ids=["hours", "rules"],
)
def test_a_list_that_holds_the_headings_is_read(listing: str, text: str) -> None:
    assert parse_page(f"<h1>Mill</h1>{listing}", "a.html").text == f"# Mill\n{text}"


def test_a_frame_that_says_more_stays() -> None:
    page = f"<div class=contents><ul><li><a href='#g'>Gates</a><li><a href='#w'>Wheel</a></ul>{_PAGE}</div>"
    assert parse_page(page, "a.html").text == _TEXT


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "<p>Open at noon."), ("<p>Open</p><p>at noon</p>", ""), ("Open <b>at noon</b>", "")],
)
def test_a_frame_with_other_words_beside_its_list_stays(before: str, after: str) -> None:
    listing = "<ul><li><a href='#g'>Gates</a><li><a href='#w'>Wheel</a></ul>"
    page = f"<div id=contents>{before}{listing}{after}</div>{_PAGE}"
    text = parse_page(page, "a.html").text
    assert text.startswith("Open") and text.endswith(_TEXT)


def test_contents_take_linear_time() -> None:
    pages: dict[str, Callable[[int], str]] = {
        "nested": lambda n: "<h2>a</h2>" + "<ul><li><a href='#a'>a</a>" * (n // 8),
        "many": lambda n: "<h2>a</h2><ul>" + "<li><a href='#a'>a</a>" * n,
        "open": lambda n: "<h2>a" * 200 + "<a href='#a'>a</a>" * n,
    }

    def read(name: str, n: int) -> None:
        parse_page(pages[name](n), "a.html")

    for name in pages:
        assert_linear(partial(read, name), 500)

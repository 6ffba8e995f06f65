"""Pages that would be parsed for hours are refused in one line, and no others."""

import pytest

from openbook.errors import SourceError
from openbook.text.readers.page_depth import MOST_OPEN, require_shallow

DEEP = "a.html: more than 5,000 of its elements stand in each other, or are not closed; repair it"


def refusal(page: str) -> str:
    """What is said of a page; empty: it is taken."""
    try:
        require_shallow(page, where="a.html")
    except SourceError as error:
        return error.without_option
    return ""


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 100_000 + "hello",
        "<DIV\nclass='a'>" * 5_001,
        "<div>" * 5_001 + "</div>" * 5_001,
        "<div/>" * 5_001,
        "<ul><li>" * 5_001,
        "<table><tr><td>" * 5_001,
        "<span>" * 5_001 + "</x>" * 5_001,
        "<rt>" * 5_001,
        "<!-- a --><script>x</script><section>" * 5_001,
        "<!--><div>" * 5_001,
        "<table><tr><td><div>" * 5_001,
        "<li><dd>" * 5_001,
        "<option><b>" * 5_001,
        "<span><p></span><div></div>" * 5_001,
        "<span><button></span><div></div></button>" * 5_001,
        "<div><?</div>" * 5_001,
        "<div></ </div>" * 5_001,
        "<div><img alt='></div>'>" * 5_001,
        '<div><img alt = "></div>">' * 5_001,
        "<svg/>" + "<div/>" * 5_001,
        "<svg><p>" + "<section/>" * 5_001,
        "<svg><path></svg>" + "<section/>" * 5_001,
        "<svg><foreignObject>" + "<section/>" * 5_001,
        "<svg>" + "<path d=M0/>" * 5_001,
        "<svg><style>" + "<g>" * 5_001,
        "<svg><title>" + "<div>" * 5_001,
        "<svg>" + "<g><![CDATA[></g>]]>" * 5_001,
        "<svg><title>" * 5_001,
        "<svg><desc>" * 5_001 + "<section/>" * 5_001,
        "<template>" + "<div><p><i></div>" * 5_001 + "<div>" * 5_001,
    ],
)
def test_elements_in_each_other_beyond_measure(page: str) -> None:
    assert refusal(page) == DEEP


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * MOST_OPEN,
        "<div></div>" * 20_000,
        "<div><span>" * 2_000 + "</span></div>" * 2_000 + "<div><span>" * 2_000,
        "<p>one<br>" * 20_000,
        "<ul>" + "<li>one<img>" * 20_000,
        "<table>" + "<tr><td>1<td>2" * 20_000,
        "<a name=x>" * 20_000,
        "<ruby>a<rt>b</ruby>" * 20_000,
        "<svg>" + "<path d='M0'/>" * 20_000 + "</svg>",
        "<svg><g>" + "<a><path d=M0 /></a>" * 20_000 + "</g></svg>",
        "<svg>" + "<g><desc>a<br>b</desc><path d='M0'/></g>" * 20_000 + "</svg>",
        "<svg><![CDATA[" + "<div>" * 20_000 + "]]></svg>",
        "<?php " + "'<div' " * 20_000,
        "<img alt='" + "<div>" * 20_000 + "'>",
        "<img alt=" + "<div" * 20_000 + ">",
        "<!-- " + "<div>" * 20_000 + " -->",
        "<script>" + "'<div>'" * 20_000 + "</script>",
        "<script>" + "'<div>'" * 20_000,
        "<style>" + "<div>" * 20_000 + "</STYLE >",
        "<p><font size=2>sloppy" * 20_000,
        "<b>bold" * 20_000,
        "1 < 2 " * 20_000,
        "<" * 20_000,
        "<!--" * 20_000,
        "<div " * 20_000,
    ],
)
def test_pages_that_close_what_they_open_or_need_not(page: str) -> None:
    assert refusal(page) == ""


@pytest.mark.parametrize(
    "page",
    [
        "<table>" + "<tr><td><div>x</td></tr>" * 6_000 + "</table>",
        "<table>" + "<tr><td><label>x<input></td></tr>" * 6_000 + "</table>",
        "<ul>" + "<li><span>x</li>" * 6_000 + "</ul>",
        "<ul>" + "<li><div>x" * 6_000 + "</ul>",
        "<p><span class=a>x</p>" * 6_000,
        "<p>a<o:p/></p>" * 20_000,
    ],
)
def test_what_an_end_tag_closes_beside_its_own_element_is_not_open(page: str) -> None:
    assert refusal(page) == ""


def test_deep_elements_after_sloppy_ones_are_refused() -> None:
    sloppy = "<p><span>x</p>" * 20_000
    assert refusal(sloppy) == ""
    assert refusal(sloppy + "<div>" * 10_000) == DEEP


def test_a_page_is_not_parsed_for_ever_to_see_how_deep_it_is() -> None:
    """Each paragraph leaves two elements that may be open; eleven times 5,001 are too many."""
    assert refusal("<p><span>x</p>" * 28_000) == DEEP


def test_formatting_that_is_not_closed_is_counted_by_how_often_it_is_opened_again() -> None:
    """Paragraph n opens n - 1 fonts again, 1,456 of them 1,059,240: more than 1,058,200 for 2,910 tags."""
    sloppy = "".join(f"<p><font size={number}>x" for number in range(4_000))
    said = refusal(sloppy)
    assert (
        said.startswith("a.html: 1,4") and "of its elements for formatting, such as <font>, are not" in said
    )
    assert refusal(sloppy.replace("x", "x</font>")) == ""
    assert "\n" not in said

"""Numbers of ordered lists on web pages."""

from collections.abc import Callable
from functools import partial

import pytest

from growth import assert_linear
from openbook.text.readers.html import parse_page


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<ol><li>Open<li>Close</ol>Repeat step 2.", "1. Open\n2. Close\nRepeat step 2."),
        ("<ol start=4><li>a<li value=9>b<li>c</ol>", "4. a\n9. b\n10. c"),
        ("<ol reversed><li>a<li>b</ol><ol reversed start=7><li>c<li>d</ol>", "2. a\n1. b\n7. c\n6. d"),
        ("<ol start=x><li>a<li value='-2'>b</ol>", "1. a\n-2. b"),
        ("<ol type=a start=26><li>a<li>b</ol><ol type=I><li>c<li>d</ol>", "z. a\naa. b\nI. c\nII. d"),
        ("<ol class='loweralpha simple'><li><p>a</p><li><p>b</ol>", "a. a\nb. b"),
        ("<ol><li>a<ol><li>b</ol>c<ul><li>d</ul><li>e</ol>", "1. a\n1. b\nc\nd\n2. e"),
        ("<ol><li><ol><li>a</ol></ol>", "1. 1. a"),
        ("<ol><li>\n <p>a</p>\n <p>b</p><li></ol>z", "1. a\nb\nz"),
        ("<ol><li><ol><li></li></ol>a</ol>", "1. a"),
        ("<ol><li><h3>The mill</h3>old</ol>", "### 1. The mill\nold"),
        ("<ol><li hidden>no<li>a</ol>", "1. a"),
        ("<blockquote><ol><li>a</ol></blockquote>", "> 1. a"),
        ("<ol><li><pre>x = 1\ny</pre></ol>", "1. x = 1\ny"),
        ("<ol><li><pre>    a = 1\n    b</pre></ol>", "1.     a = 1\n    b"),
        ("<table><tr><td>x<td><ol><li>a<li>b</ol></table>", "x\t1. a 2. b"),
        ("<ul><li>a</ul>", "a"),
    ],
)
def test_items_of_ordered_lists_have_their_numbers(page: str, text: str) -> None:
    assert parse_page(page, "a.html").text == text


@pytest.mark.parametrize(
    "page",
    [
        "<ol style='margin:0; list-style: none'><li>a<li>b</ol>",
        "<ol><li style='list-style-type:none'>a<li>b</ol>",
        "<ol class=breadcrumb><li><a href=/>a</a><li>b</ol>",
        "<ol><li><article>a</article><li><article>b</article></ol>",
        "<nav><ol><li>a<li>b</ol></nav>",
        "<ol class=linenums><li>a<li>b</ol>",
        "<pre><ol><li>a</li><li>b</li></ol></pre>",
    ],
)
def test_lists_without_numbers_have_none(page: str) -> None:
    assert parse_page(page, "a.html").text == "a\nb"


def test_a_title_has_no_number() -> None:
    assert parse_page("<ol><li><h1>The mill</h1>old</ol>", "a.html").said == {"title": "The mill"}


def test_lists_take_linear_time() -> None:
    pages: dict[str, Callable[[int], str]] = {
        "nested": lambda n: "<ol><li>" * (n // 4),
        "many": lambda n: "<ol>" + "<li>" * (10 * n),
        "styles": lambda n: f"<ol style='{'list-style:a ' * (4 * n)}'><li>",
    }

    def read(name: str, n: int) -> None:
        parse_page(pages[name](n) + "x", "a.html")

    for name in pages:
        assert_linear(partial(read, name), 500)


@pytest.mark.parametrize(
    "items",
    [
        "<li><input type=checkbox disabled checked> call Ann<li><input type=checkbox disabled> call Ben",
        "<li><label><input type=checkbox disabled checked><i></i></label> call Ann"
        "<li><p><input type=checkbox disabled> call Ben",
        "<li><div class='checkbox checkbox-on'></div> <span>call Ann</span>"
        "<li><div class='checkbox checkbox-off'></div> <span>call Ben</span>",
    ],
    ids=["github", "mkdocs", "notion"],
)
def test_tasks_have_their_boxes(items: str) -> None:
    assert parse_page(f"<ul>{items}</ul>", "a.html").text == "[x] call Ann\n[ ] call Ben"


def test_tasks_of_confluence_and_numbered_ones_have_boxes() -> None:
    page = "<ul class=inline-task-list><li class=checked>Ann<li>Ben</ul>"
    assert parse_page(page, "a.html").text == "[x] Ann\n[ ] Ben"
    assert parse_page("<ol><li><input type=checkbox disabled>Ann</ol>", "a.html").text == "1. [ ] Ann"


def test_a_box_to_choose_by_is_no_task() -> None:
    assert parse_page("<ul><li><input type=checkbox>Ann</ul>", "a.html").text == "Ann"


@pytest.mark.parametrize(
    "note",
    [
        "<aside class='footnote brackets'>"
        "<span class=label><span>[</span><a href='#i'>1</a><span>]</span></span>"
        "<p>As of <em>May</em>.</p><p>Or so.</p></aside>",
        "<dl class='footnote brackets'><dt class=label><span class=brackets><a href='#i'>1</a></span></dt>"
        "<dd><p>As of <em>May</em>.</p><p>Or so.</p></dd></dl>",
    ],
    ids=["new", "old"],
)
def test_a_note_of_sphinx_has_its_number_before_it(note: str) -> None:
    assert parse_page(f"<main>{note}</main>", "a.html").text == "[1] As of May.\nOr so."

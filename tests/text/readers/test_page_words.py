"""What stands between words of web pages and around them."""

from collections.abc import Callable
from functools import partial

import pytest

from growth import assert_linear
from openbook.text.readers.html import parse_page


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<label for=a>Linux</label><label for=b>macOS</label>", "Linux macOS"),
        ("<td><span class=selected-value>mill</span><span class=selected-value>water</span>", "mill water"),
        ("<b>mill</b><span class='badge new'>Beta</span>", "mill Beta"),
        ("<p>Step <label>A</label>, B", "Step A, B"),
        ("<code>&lt;<span class=tag>div</span>&gt;</code>", "<div>"),
        ("<a href=/rye>rye</a><a href=/oats>oats</a>", "rye oats"),
        ("<li><a href=/rye>rye</a><a href=/oats>oats</a>", "rye oats"),
        ("<p>Fields: <a href=/rye>Rye</a><a href=/oats>Oats</a>", "Fields: Rye Oats"),
        (
            "<p><a href=/m>Micro</a><a href=/s>soft</a> wiki<a href=/p>pe</a><a href=/d>dia</a>",
            "Microsoft wikipedia",
        ),
        ("<a href=/a>東京</a><a href=/b>大学</a>", "東京大学"),
        ("w<a name=x></a><a name=y></a>ord", "word"),
        ("<pre><span class=tag>a</span><span class=tag>b</span></pre>", "ab"),
        ("<pre><code>const a</code><code>import a</code></pre>", "const a\nimport a"),
    ],
)
def test_words_that_a_style_sets_apart_are_two(page: str, text: str) -> None:
    assert parse_page(page, "a.html").text == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("He said <q>yes, <b>open</b></q>.", 'He said "yes, open".'),
        (
            "It is <s>open</s> closed, <del>five</del><ins>four</ins> gates.",
            "It is ~~open~~ closed, ~~five~~four gates.",
        ),
        ("<del><p>one<p>two</del>", "one\ntwo"),
        ("a<del> </del>b", "a b"),
        ("<pre><del>-old line</del></pre>", "-old line"),
        ("<code>a<s>b</s></code>", "ab"),
        ("<pre>x <q>y</q></pre>", "x y"),
        ("Keep it “<q>open</q>”.", "Keep it “open”."),
    ],
)
def test_quoted_and_struck_out_words_have_marks(page: str, text: str) -> None:
    assert parse_page(page, "a.html").text == text


@pytest.mark.parametrize(
    "code",
    [
        "<div style='color: red; white-space: pre;'><div>def f():</div><div>    return 1</div></div>",
        "<div class=fragment><div class=line>def f():</div><div class=line>    return 1</div></div>",
    ],
    ids=["pasted", "doxygen"],
)
def test_code_outside_of_pre_keeps_its_spaces(code: str) -> None:
    assert parse_page(f"{code}<p>a  b", "a.html").text == "def f():\n    return 1\na b"


def test_a_style_that_wraps_or_ends_lines_keeps_no_spaces() -> None:
    assert parse_page(
        "<p style='white-space:pre-line'>a  b</p><p style='white-space:nowrap'>a  b", "a.html"
    ).text == ("a b\na b")


def test_struck_out_words_take_linear_time() -> None:
    pages: dict[str, Callable[[int], str]] = {
        "nested": lambda n: "<s>" * (n // 8) + "a",
        "long": lambda n: "<del>" + "<b>a</b>" * n,
    }

    def read(name: str, n: int) -> None:
        parse_page(pages[name](n), "a.html")

    for name in pages:
        assert_linear(partial(read, name), 500)

"""Titles without Markdown's marks."""

import pytest

from openbook.text.inline_markup import plain_title, without_embedded_images


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Head **bold** [link](http://x) `code`", "Head bold link code"),
        ("***Both*** and __Note well__ and _it_ and ~~old~~", "Both and Note well and it and old"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("snake_case_name and __init__", "snake_case_name and __init__"),
        ("`**x**` and ``a`b``", "**x** and a`b"),
        (r"C\* x \* and \[y\](z)", "C* x * and [y](z)"),
        ("[The mill][m] [^1] <https://x.org>", "The mill https://x.org"),
        ("[Wheel](http://x/a_(b)) [ ] todo", "Wheel [ ] todo"),
        ("Otter [![CI](badge.svg)](http://ci)", "Otter"),
        ("![Otter](logo.png)", "Otter"),
        ('<a href="x"><img src="logo.svg" alt="Otter &amp; Co"></a>', "Otter & Co"),
        ("<img alt=Otter src=x><img src=y data-alt='no'>", "Otter"),
        ("<img src=x alt=''>", ""),
        ("Otter <img src='ci.svg' alt='CI'>", "Otter"),
        ('<a name="q"></a>Vec<T> &lt;b&gt; a < b', "Vec<T> <b> a < b"),
        ("One<br/>two <sup>3</sup>", "One two 3"),
        ("Install {#install}", "Install"),
        ("**", "**"),
        ("", ""),
    ],
)
def test_marks_go_and_words_stay(written: str, title: str) -> None:
    assert plain_title(written) == title


@pytest.mark.parametrize("part", ["[", "[](", "*a", "**a", "__A ", "`", "`a", "<!--", "![a", "<a ", "&"])
def test_a_hostile_heading_is_read(part: str) -> None:
    assert isinstance(plain_title(part * 10_000), str)
    assert isinstance(plain_title(part * (1000 // len(part))), str)


@pytest.mark.parametrize("part", ["[", "![", "[a]: ", " ", "[a]:\n", "![a][", "]["])
def test_hostile_text_with_a_picture_is_read(part: str) -> None:
    text = f"[a]: data:x\n{part * 10_000}"
    assert "data:x" not in without_embedded_images(text)

"""Raised and lowered letters of web pages: exponents, indices, notes."""

from collections.abc import Callable
from functools import partial

import pytest

from growth import assert_linear
from openbook.text.readers.html import parse_page


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("10<sup>6</sup> and 10<sup>-3</sup> m", "10^6 and 10^-3 m"),
        ("<i>x</i><sup>2</sup>y", "x^2y"),
        ("x<sup>n + 1</sup>", "x^(n + 1)"),
        ("SO<sub>4</sub><sup>2-</sup>", "SO4^2-"),
        ("10<sub>2</sub>, x<sub>i</sub>, V<sub>max</sub>", "10_2, x_i, V_max"),
        ("H<sub>2</sub>O, C<sub>6</sub>H<sub>12</sub>", "H2O, C6H12"),
        ("1<sup>st</sup>, M<sup>me</sup>, XIX<sup>e</sup>, D<sup>r</sup>", "1st, Mme, XIXe, Dr"),
        ("Na<sup>+</sup> x<sup>*</sup> Acme<sup>®</sup>", "Na+ x* Acme®"),
        ("10 <sup>6</sup>", "10 6"),
        ("10<sup hidden>6</sup>", "10"),
        ("10<sup style='visibility:hidden'>6</sup>", "10"),
        ("a<p style='visibility:hidden'>10<sup>6</sup>", "a"),
        ("10<sup><span style='display:none'>6</span></sup>", "10"),
        ("10<sup><style>a {}</style></sup>", "10"),
        ("10<sup><style>a {}</style>6</sup>", "10^6"),
        ("Price<sup><button>1</button></sup>", "Price"),
        ("Foo<sup><a hidden href='#n'>1</a></sup>", "Foo"),
        ("10<sup><a hidden href='#n'>a</a>6</sup>", "10^6"),
        ("<h2>m<sup>2</sup></h2>", "## m^2"),
        ("<ul><li>10<li><sup>6</sup>", "10\n6"),
    ],
)
def test_exponents_and_indices_are_no_part_of_the_word(page: str, text: str) -> None:
    assert parse_page(page, "a.html").text == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("costs 100<sup><a href='#n1'>1</a></sup>.", "costs 100[1]."),
        ("costs 100<a href='#n1'><sup>1</sup></a>.", "costs 100[1]."),
        ("It grinds.<sup><a href='#n1'>1</a></sup>", "It grinds.[1]"),
        ("costs 100<sup class=reference><a href='#n1'>[1]</a></sup>", "costs 100[1]"),
        ("costs 100<sup><a href='#n1'>*</a></sup>", "costs 100*"),
        ("<p><sup><a href='#r1'>1</a></sup> A note.", "1 A note."),
        ("<a href='/e'>E=mc<sup>2</sup></a>", "E=mc^2"),
    ],
)
def test_numbers_of_notes_have_brackets(page: str, text: str) -> None:
    assert parse_page(page, "a.html", of_site=False).text == text


def test_raised_letters_take_linear_time() -> None:
    pages: dict[str, Callable[[int], str]] = {
        "nested": lambda n: "x<sup>" * n,
        "many": lambda n: "x<sup>2</sup>" * (10 * n),
        "deep": lambda n: ("<span>" * (n // 10) + "x" + "</span>" * (n // 10) + "<sup>2</sup>") * 10,
    }

    def read(name: str, n: int) -> None:
        parse_page(pages[name](n), "a.html")

    for name in pages:
        assert_linear(partial(read, name), 500)

"""Formulas of web pages: MathML, and the TeX in it."""

from collections.abc import Callable
from functools import partial

import pytest

from growth import assert_linear
from openbook.text.readers.html import parse_page

_SQUARE = "<msup><mi>c</mi><mn>2</mn></msup>"
_ENERGY = f"<mi>E</mi><mo>=</mo><mi>m</mi><mo>&#x2062;</mo>{_SQUARE}"
_TEX = "<annotation encoding='application/x-tex'>{}</annotation>"
_STYLED = _TEX.format(r"{\displaystyle E=mc^{2}}")


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<mfrac><mn>1</mn><mn>2</mn></mfrac>", "1/2"),
        (_ENERGY, "E=mc^2"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mrow><mi>b</mi></mrow></mfrac>", "(a+1)/b"),
        (
            "<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><msub><mi>x</mi><mi>i</mi></msub>",
            "∑_i^nx_i",
        ),
        ("<msqrt><mi>x</mi></msqrt><mroot><mi>y</mi><mn>3</mn></mroot>", "√(x)y^(1/3)"),
        ("<mtable><mtr><mtd>1<mtd>2</mtd></mtr></mtable>", "12"),
        ("<mtable><mtr><mtd>1</mtd><mtd>2</mtd></mtr><mtr><mtd>3</mtd></mtr></mtable>", "1, 2; 3"),
        ("<mi>x</mi><mtext>&nbsp;if </mtext><mphantom>no</mphantom><mi hidden>no</mi><mi>y</mi>", "x if y"),
        (f"<semantics><mrow>{_ENERGY}</mrow>{_TEX.format('E=mc^2')}</semantics>", "E=mc^2"),
        (f"<semantics>{_ENERGY}{_STYLED}</semantics>", "E=mc^{2}"),
        (f"<semantics>{_SQUARE}<annotation encoding=a/b>no</annotation></semantics>", "c^2"),
    ],
)
def test_a_formula_is_one_line(formula: str, text: str) -> None:
    page = f"<p>Half is <math>\n {formula}\n</math>, he said."
    assert parse_page(page, "a.html").text == f"Half is {text}, he said."


def test_katex_says_it_once() -> None:
    mathml = f"<math><semantics>{_ENERGY}{_TEX.format('E=mc^2')}</semantics></math>"
    page = f"<span class=katex-mathml>{mathml}</span><span class=katex-html aria-hidden=true>E=mc2</span>"
    assert parse_page(page, "a.html").text == "E=mc^2"


def test_a_heading_has_its_formula_and_a_hidden_one_none() -> None:
    page = f"<h2>Of <math>{_SQUARE}</math></h2>a<p style='visibility:hidden'><math>{_SQUARE}</math>"
    assert parse_page(page, "a.html").text == "## Of c^2\na"


def test_formulas_take_linear_time() -> None:
    pages: dict[str, Callable[[int], str]] = {
        "nested": lambda n: "<math>" + "<msup><mrow><mi>x</mi></mrow>" * n,
        "in headings": lambda n: "<h1><div>" * 200 + "<math>" + "<mi>x</mi>" * (10 * n),
        "spaces": lambda n: "<math>" + _TEX.format(r"{\displaystyle" + " " * (20 * n) + "x"),
    }

    def read(name: str, n: int) -> None:
        parse_page(pages[name](n), "a.html")

    for name in pages:
        assert_linear(partial(read, name), 250)


@pytest.mark.parametrize(
    "picture",
    [
        "<span style='display: none'><math><semantics><mi>E</mi><annotation encoding=application/x-tex>"
        "{\\displaystyle E=mc^{2}}</annotation></semantics></math></span><img aria-hidden=true "
        "class='mwe-math-fallback-image-inline mw-invert' alt='{\\displaystyle E=mc^{2}}'>",
        "<img class=latex alt='E=mc^{2}'>",
        "<img class=formulaInl alt='$E=mc^{2}$'>",
        "<img class=formulaDsp alt='\\[ E=mc^{2} \\]'>",
    ],
    ids=["wikipedia", "wordpress", "doxygen", "display"],
)
def test_the_picture_of_a_formula_says_its_tex(picture: str) -> None:
    assert parse_page(f"As{picture}says", "a.html").text == "As E=mc^{2} says"


def test_other_pictures_say_nothing() -> None:
    page = "a<img alt=mill><img class=tex alt='x^2' style='display:none'>b"
    assert parse_page(page, "a.html").text == "a b"

"""Paragraphs and equations of Office's drawings."""

from xml.etree.ElementTree import fromstring

import pytest

from openbook.text.readers.drawing_text import written

_NAMES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)


def _r(text: str) -> str:
    return f"<m:r><m:rPr><m:sty/></m:rPr><m:t>{text}</m:t></m:r>"


def _e(text: str, name: str = "e") -> str:
    return f"<m:{name}>{_r(text)}</m:{name}>"


@pytest.mark.parametrize(
    ("equation", "line"),
    [
        (f"<m:sSup>{_e('x+y')}{_e('2', 'sup')}</m:sSup>", "(x+y)^2"),
        (f"<m:sSub>{_e('x')}{_e('i+1', 'sub')}</m:sSub>", "x_(i+1)"),
        (f"<m:sSubSup>{_e('x')}{_e('1', 'sub')}{_e('2', 'sup')}</m:sSubSup>", "x_1^2"),
        (f"<m:f>{_e('a+b', 'num')}{_e('2', 'den')}</m:f>", "(a+b)/2"),
        (f"<m:rad><m:deg/>{_e('x')}</m:rad>", "√x"),
        (f"<m:rad>{_e('3', 'deg')}{_e('x')}</m:rad>", "x^(1/3)"),
        (f"<m:nary>{_e('0', 'sub')}{_e('1', 'sup')}{_e('x dx')}</m:nary>", "∫_0^1 x dx"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr>{_e("i", "sub")}<m:sup/>{_e("x")}</m:nary>',
            "∑_i x",
        ),
        (f"<m:d>{_e('a')}{_e('b')}</m:d>", "(a|b)"),
        (f'<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr>{_e("a")}</m:d>', "[a]"),
        (f"<m:func>{_e('sin', 'fName')}{_e('x')}</m:func>", "sin x"),
        (f"<m:m><m:mr>{_e('1')}{_e('0')}</m:mr><m:mr>{_e('0')}{_e('1')}</m:mr></m:m>", "1, 0; 0, 1"),
        (f"<m:unknown>{_e('a')}{_e('b')}</m:unknown>", "ab"),
    ],
)
def test_equations_are_one_line(equation: str, line: str) -> None:
    paragraph = f"<a:p><a:r><a:t>So </a:t></a:r><a:x><m:oMath>{equation}</m:oMath></a:x></a:p>"
    assert written(fromstring(f"<a:txBody {_NAMES}>{paragraph}</a:txBody>")) == f"So {line}"


def test_raised_and_lowered_text_has_signs() -> None:
    def run(text: str, baseline: str = "0") -> str:
        return f'<a:r><a:rPr baseline="{baseline}"/><a:t>{text}</a:t></a:r>'

    power = run("10") + run("-", "30000") + run("3", "30000")
    line = power + run(", x") + run("max", "-25000") + run(", CO") + run("2", "-25000")
    line += (
        run(", x") + run("n", "30000") + run("+1 ", "30000") + run("Acme") + run("®", "30000") + run(", 1")
    )
    paragraph = f"<a:p><!-- a note -->{line}{run('st', '30%')}</a:p>"
    assert (
        written(fromstring(f"<a:txBody {_NAMES}>{paragraph}</a:txBody>"))
        == "10^-3, x_max, CO2, x^(n+1) Acme®, 1st"
    )

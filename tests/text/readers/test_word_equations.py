"""Equations in Word files."""

from pathlib import Path
from typing import Any

import pytest

from word_file import docx

pytest.importorskip("markitdown")

_MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def letters(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def equation(content: str) -> str:
    return f"<m:oMath {_MATH}>{content}</m:oMath>"


_PLAIN = equation(letters("y=2"))
_FRACTION = f"<m:f><m:num>{letters('a')}</m:num><m:den>{letters('b+1')}</m:den></m:f>"


def read(tmp_path: Path, read_all: Any, content: str) -> str:
    """The text of a file whose paragraph has this content between two words."""
    words = "One </w:t></w:r>{}<w:r><w:t xml:space='preserve'> two."
    (tmp_path / "a.docx").write_bytes(docx(words.format(content)))
    (document,), errors = read_all(tmp_path / "a.docx")
    assert errors == []
    return " ".join(str(document.text).split())


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (_FRACTION, "a/(b+1)"),
        (f"<m:limLow><m:e>{letters('argmin')}</m:e><m:lim>{letters('x')}</m:lim></m:limLow>", "argmin_x"),
        (f"<m:borderBox><m:e>{letters('q')}</m:e></m:borderBox>", "q"),
        ("<m:r><w:rPr><w:ins xmlns:w16du='u' w16du:dateUtc='1'/></w:rPr><m:t>E=mc</m:t></m:r>", "E=mc"),
    ],
    ids=["without properties", "limit", "frame", "tracked"],
)
def test_what_the_converter_cannot_write_is_read_with_all_others(
    tmp_path: Path, read_all: Any, content: str, text: str
) -> None:
    read_text = read(tmp_path, read_all, f"{equation(content)}<w:r><w:t> and </w:t></w:r>{_PLAIN}")
    assert text in read_text and "$y=2$" in read_text
    assert read_text.startswith("One") and read_text.endswith("two.")
    paragraph = f"<m:oMathPara {_MATH}>{equation(content)}</m:oMathPara>"
    assert text in read(tmp_path, read_all, paragraph)


def test_what_the_converter_can_write_is_tex(tmp_path: Path, read_all: Any) -> None:
    bar = "<m:fPr><m:type m:val='bar'/></m:fPr>"
    content = equation(_FRACTION.replace("<m:f>", f"<m:f>{bar}") + letters("\u03b1"))
    for each in (content, f"<m:oMathPara {_MATH}>{content}</m:oMathPara>"):
        assert read(tmp_path, read_all, each).count("\\frac{a}{b+1}") == 1

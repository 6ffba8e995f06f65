"""Text in elements of Word files that the converter does not know."""

from pathlib import Path
from typing import Any

import pytest

from word_file import docx

pytest.importorskip("markitdown")

_SPACES = (
    "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006' "
    "xmlns:v='urn:schemas-microsoft-com:vml' "
    "xmlns:wps='http://schemas.microsoft.com/office/word/2010/wordprocessingShape'"
)


def run(text: str) -> str:
    return f"<w:r><w:t xml:space='preserve'>{text}</w:t></w:r>"


def box(text: str) -> str:
    return f"<w:txbxContent><w:p>{run(text)}</w:p></w:txbxContent>"


_NEW_FORM = (
    f"<w:r><mc:AlternateContent {_SPACES}><mc:Choice Requires='wps'><w:drawing><wps:txbx>"
    f"{box('In a box.')}</wps:txbx></w:drawing></mc:Choice>"
)


def read(tmp_path: Path, read_all: Any, content: str) -> str:
    """The text of a file with this content in its paragraph, between two words."""
    path = tmp_path / "a.docx"
    path.write_bytes(docx(f"One </w:t></w:r>{content}{run(' two.')}<w:r><w:t>"))
    (document,), errors = read_all(path)
    assert errors == []
    return str(document.text)


@pytest.mark.parametrize(
    "content",
    [
        f"<w:moveFrom w:id='1'>{run('not here')}</w:moveFrom><w:moveTo w:id='2'>{run('moved')}</w:moveTo>",
        f"<w:del w:id='1'><w:r><w:delText>old</w:delText></w:r></w:del>"
        f"<w:ins w:id='2'>{run('moved')}</w:ins>",
        f"<w:fldSimple w:instr=' SEQ Figure '>{run('moved')}</w:fldSimple>",
        f"<w:customXml w:element='x'>{run('moved')}</w:customXml>",
        f"<w:bdo w:val='ltr'><w:dir w:val='ltr'>{run('moved')}</w:dir></w:bdo>",
        f"<w:r><w:ruby><w:rt>{run('reading')}</w:rt><w:rubyBase>{run('moved')}</w:rubyBase></w:ruby></w:r>",
    ],
    ids=["moved", "inserted", "field", "custom", "direction", "ruby"],
)
def test_words_in_other_elements_are_read(tmp_path: Path, read_all: Any, content: str) -> None:
    assert read(tmp_path, read_all, content).split() == ["One", "moved", "two."]


@pytest.mark.parametrize("sign", ["cr", "ptab"])
def test_words_that_a_sign_divides_stay_apart(tmp_path: Path, read_all: Any, sign: str) -> None:
    content = f"{run('left')}<w:r><w:{sign}/></w:r>{run('right')}"
    assert read(tmp_path, read_all, content).split() == ["One", "left", "right", "two."]


@pytest.mark.parametrize(
    "content",
    [
        f"<w:r><w:pict {_SPACES}><v:oval><v:textbox>{box('In a box.')}</v:textbox></v:oval></w:pict></w:r>",
        f"{_NEW_FORM}</mc:AlternateContent></w:r>",
        f"{_NEW_FORM}<mc:Fallback><w:pict/></mc:Fallback></mc:AlternateContent></w:r>",
        f"{_NEW_FORM}<mc:Fallback><w:pict><v:rect><v:textbox>{box('In a box.')}"
        "</v:textbox></v:rect></w:pict></mc:Fallback></mc:AlternateContent></w:r>",
    ],
    ids=["oval", "new form alone", "picture for older programs", "both forms"],
)
def test_boxes_are_read_once(tmp_path: Path, read_all: Any, content: str) -> None:
    assert read(tmp_path, read_all, content).count("In a box.") == 1

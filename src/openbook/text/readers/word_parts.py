"""The parts of a Word file that hold text, changed so that its converter says of them what is seen.

What Word hides is left out, raised and lowered text has a sign (10^6), and number signs that somebody wrote
are kept apart from those that the converter makes of headings:

    Heading 1: The pump             # The pump
    # yum install acme_pump          # yum install acme_pump
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from openbook.text.readers.page_headings import no_heading
from openbook.text.readers.raised_text import LOWERED, RAISED, marks_around, with_end
from openbook.text.readers.word_equations import MARK, write_equations
from openbook.text.readers.word_wrappers import MARKS, open_wrappers

if TYPE_CHECKING:
    from xml.dom.minidom import Document, Element, Node, Text

_WITH_TEXT = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_CHANGED = (b"vanish", b"vertAlign", b"#", MARK, *MARKS)
"""One of these is in a part that is changed."""
_OFF = ("0", "false", "off", "none")
_FRAME = ("rPr", "fldChar", "instrText")
"""What stays of a hidden run: its formats, and the marks of fields, which must be whole."""
_SIGNS = {"superscript": RAISED, "subscript": LOWERED}
_NUMBER_SIGN = "\ufdd0"
"""Stands for one while the converter works; Unicode keeps it for such uses."""


def prepared_word(raw: bytes) -> bytes:
    """A Word file for the converter, see `with_number_signs`; what cannot be read as one stays as it is."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        parts = {name: archive.read(name) for name in archive.namelist()}
        changed = {
            name: _prepared(part)
            for name, part in parts.items()
            if name.lower() in _WITH_TEXT and any(word in part for word in _CHANGED)
        }
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the converter says
        return raw
    if not changed:
        return raw
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as output:
        for name, part in (parts | changed).items():
            output.writestr(name, part)
    return written.getvalue()


def with_number_signs(markdown: str) -> str:
    """What the converter made, with the number signs that were kept apart; no line of theirs is a heading.

    >>> with_number_signs("# C\\ufdd0\\n\\n\\ufdd0 ls")
    '# C#\\n\\n # ls'
    """
    lines = (
        no_heading(line.replace(_NUMBER_SIGN, "#")) if line.startswith(_NUMBER_SIGN) else line
        for line in markdown.split("\n")
    )
    return "\n".join(lines).replace(_NUMBER_SIGN, "#")


def _prepared(part: bytes) -> bytes:
    from xml.dom import minidom

    document = minidom.parseString(part)
    open_wrappers(document)
    write_equations(document)
    runs = document.getElementsByTagNameNS("*", "r")
    for run in runs:
        if any(_is_on(mark) for mark in _formats(run, "vanish")):
            for child in list(run.childNodes):
                if child.localName not in _FRAME:
                    run.removeChild(child)
    _mark_raised(runs)  # of what is left: the last piece has the closing mark
    for text in _texts(document):
        text.data = text.data.replace("#", _NUMBER_SIGN)
    return document.toxml(encoding="utf-8")


def _mark_raised(runs: "Iterable[Element]") -> None:
    """Put signs before raised and lowered text, once where several runs are so."""
    before, paragraph_before = "", None
    for (paragraph, sign), together in groupby(runs, key=lambda run: (_paragraph_of(run), _sign_of(run))):
        texts = [text for run in together for text in _texts(run)]
        said = "".join(text.data for text in texts)
        start, end = marks_around(before if paragraph is paragraph_before else "", said, sign)
        if texts:
            texts[0].data = start + texts[0].data
            texts[-1].data = with_end(texts[-1].data, end)
        before, paragraph_before = said, paragraph


def _sign_of(run: "Element") -> str:
    said = (mark.getAttributeNS(mark.namespaceURI, "val") for mark in _formats(run, "vertAlign"))
    return _SIGNS.get(next(said, ""), "")


def _paragraph_of(run: "Node") -> "Node | None":
    parent = run.parentNode
    while parent is not None and getattr(parent, "localName", "") != "p":
        parent = parent.parentNode
    return parent


def _texts(element: "Document | Element") -> "Iterator[Text]":
    """What is written in an element, piece by piece."""
    for text in element.getElementsByTagNameNS("*", "t"):
        children: list[Any] = text.childNodes
        yield from (child for child in children if child.nodeName == "#text")


def _formats(run: "Element", name: str) -> "Iterator[Element]":
    return (mark for format_ in _children(run, "rPr") for mark in _children(format_, name))


def _children(parent: "Element", name: str) -> "Iterator[Element]":
    return (child for child in parent.childNodes if child.localName == name)


def _is_on(mark: "Element") -> bool:
    return mark.getAttributeNS(mark.namespaceURI, "val").lower() not in _OFF

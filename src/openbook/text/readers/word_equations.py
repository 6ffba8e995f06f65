"""Equations of a Word file that its converter cannot write: one of these, and it loses all of the part.

    a fraction without properties, as some programs write it        a/b
    argmin with x below, and what has a frame around it             argmin_x

They are written in one line, as those of slides are; the converter makes TeX of the others.
"""

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from openbook.text.readers.drawing_text import equation

if TYPE_CHECKING:
    from xml.dom.minidom import Document, Element

MARK = b"oMath"
"""Stands in a part that has equations."""
_KNOWN_NAMES = frozenset((
    "wpc", "mc", "o", "r", "m", "v", "wp14", "wp", "w10", "w", "w14", "wpg", "wpi", "wne", "wps",
))  # fmt: skip
"""The prefixes of what the converter can read in an equation."""


def write_equations(document: "Document") -> None:
    """Write those equations as text that the converter would lose."""
    groups = [*document.getElementsByTagNameNS("*", "oMathPara")]
    inside = {id(each) for group in groups for each in _equations(group)}
    groups += [each for each in _equations(document) if id(each) not in inside]
    for group in groups:
        equations = _equations(group) or [group]
        parsed = [_parsed(each) for each in equations]
        if not all(map(_is_written, equations, parsed)):
            texts = (_said(*each) for each in zip(equations, parsed, strict=True))
            _replace(group, " ".join(texts), document)


def _equations(element: "Document | Element") -> "list[Element]":
    return [*element.getElementsByTagNameNS("*", "oMath")]


def _parsed(element: "Element") -> ElementTree.Element | None:
    """An equation as a tree that the converter can read; None: it cannot be parsed by itself."""
    said = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _spaces(element).items())
    with suppress(ElementTree.ParseError):
        return ElementTree.fromstring(f"<x {said}>{element.toxml()}</x>")[0]
    return None


def _spaces(element: "Element") -> dict[str, str]:
    """The prefixes in an element, with what they stand for."""
    elements = [element, *element.getElementsByTagName("*")]
    nodes = [*elements, *(node for each in elements for node in each.attributes.values())]
    said = {node.prefix: node.namespaceURI for node in nodes if node.prefix and node.namespaceURI}
    return {prefix: uri for prefix, uri in said.items() if prefix not in ("xml", "xmlns")}


def _is_written(element: "Element", parsed: ElementTree.Element | None) -> bool:
    """Whether the converter makes TeX of an equation in which no letter is missing."""
    if parsed is None or not _KNOWN_NAMES.issuperset(_spaces(element)):
        return False
    try:
        from markitdown.converter_utils.docx.math import omml
    except ImportError:  # it stands elsewhere: then the converter may know more, too
        return True
    try:
        converter: Any = omml.oMath2Latex
        tex = str(converter(parsed).latex)
    except Exception:  # noqa: BLE001 - whatever it stumbles over
        return False
    return not _counted(_letters(element)) - _counted(tex)


def _counted(text: str) -> Counter[str]:
    """Letters and digits; of those beyond ASCII TeX says the names."""
    return Counter(letter for letter in text if letter.isascii() and letter.isalnum())


def _said(element: "Element", parsed: ElementTree.Element | None) -> str:
    return _letters(element) if parsed is None else equation(parsed)


def _letters(element: "Element") -> str:
    texts = element.getElementsByTagNameNS("*", "t")
    return "".join(
        child.data for text in texts for child in text.childNodes if child.nodeType == child.TEXT_NODE
    )


def _replace(element: "Element", text: str, document: "Document") -> None:
    root, parent = document.documentElement, element.parentNode
    if root is None or parent is None:
        return
    run = document.createElementNS(root.namespaceURI, "w:r")
    words = document.createElementNS(root.namespaceURI, "w:t")
    words.appendChild(document.createTextNode(text))
    run.appendChild(words)
    parent.replaceChild(run, element)

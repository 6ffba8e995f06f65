"""Elements of a Word file around text that its converter does not know, and would lose with all in them.

<w:moveTo><w:r>moved here</w:r></w:moveTo>                   changes that are tracked
<w:fldSimple w:instr="SEQ Figure">1</w:fldSimple>            numbers of figures, references
<w:ruby><w:rt>ふりがな</w:rt><w:rubyBase>漢字</w:rubyBase>     words with a reading above: the words
<mc:AlternateContent><mc:Choice>…a box with text…            boxes that no older form stands beside
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.dom.minidom import Document, Element

MARKS = (
    b"moveTo", b"fldSimple", b"customXml", b"<w:dir", b"<w:bdo", b"ruby", b"<w:cr", b"ptab",
    b"AlternateContent", b"<v:oval", b"<v:polyline", b"<v:line",
)  # fmt: skip
"""One of these is in a part that has such elements."""
_READ_THROUGH = (
    "moveTo",
    "fldSimple",
    "customXml",
    "dir",
    "bdo",
    "ruby",
    "rubyBase",
    "oval",
    "polyline",
    "line",
)
_KNOWN = "w:smartTag"
"""Whose content the converter reads."""
_PREFIXES = ("w", "v")
_RENAMED = {"cr": "w:br", "ptab": "w:tab"}
_READING = "rt"
_CHOICES, _FALLBACK, _BOX, _TEXT = "AlternateContent", "mc:Fallback", "txbxContent", "t"


def open_wrappers(document: "Document") -> None:
    """Change such elements into ones that the converter knows."""
    for choices in _all(document, _CHOICES):
        _keep_boxes(document, choices)
    for reading in _all(document, _READING):
        if reading.parentNode is not None and reading.parentNode.localName == "ruby":
            reading.parentNode.removeChild(reading)
    for name, known in (dict.fromkeys(_READ_THROUGH, _KNOWN) | _RENAMED).items():
        for element in _all(document, name):
            if element.prefix in _PREFIXES:
                element.tagName = element.nodeName = known


def _keep_boxes(document: "Document", choices: "Element") -> None:
    """Put boxes with text where the converter looks, unless the form for older programs has text, too."""
    fallbacks = [child for child in choices.childNodes if child.localName == "Fallback"]
    if any(_all(fallback, _TEXT) for fallback in fallbacks):
        return
    boxes = _all(choices, _BOX)
    if boxes and not fallbacks:
        fallbacks = [document.createElementNS(choices.namespaceURI, _FALLBACK)]
        choices.appendChild(fallbacks[0])
    for box in boxes:
        fallbacks[0].appendChild(box)


def _all(element: "Document | Element", name: str) -> "list[Element]":
    return list(element.getElementsByTagNameNS("*", name))

"""Texts and slides of LibreOffice and OpenOffice: .odt and .odp files, what is seen of them, as Markdown.

content.xml    the text, with the styles that only it uses
styles.xml     the styles that have names
meta.xml       its title

<text:h text:outline-level="2">The wheel</text:h>            ## The wheel
<text:p>It<text:note>…iron…</text:note> turns.</text:p>      It[1] turns.

                                                             [1] Of iron.

<draw:page>                                                  # The mill
  <draw:frame presentation:class="title">The mill…
  <draw:frame>It turns.…                                     It turns.
  <presentation:notes>…Wait here.…                           Notes: Wait here.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from openbook.text.documents import source_error
from openbook.text.headings import marked_headings
from openbook.text.readers.markdown_table import markdown_table
from openbook.text.readers.office import ENCRYPTED, require_moderate
from openbook.text.readers.office_properties import office_title, useful_title
from openbook.text.readers.page_headings import no_heading
from openbook.text.readers.raised_text import LOWERED, RAISED, with_signs
from openbook.text.readers.source_file import Item, Keys, ParsedFile, SourceFile, read_whole
from openbook.text.readers.text_files import title_of_headings
from openbook.text.readers.xml_parts import require_no_entities

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}%s"
_MANIFEST, _CONTENT, _STYLES = "META-INF/manifest.xml", "content.xml", "styles.xml"
_ENCRYPTED = b"encryption-data"
"""Stands in the manifest of a file with a password."""
_LEFT_OUT = (
    "text:tracked-changes", "office:annotation", "office:forms", "office:event-listeners", "office:scripts",
    "text:script", "text:ruby-text", "text:table-of-content", "text:alphabetical-index", "text:table-index",
    "text:illustration-index", "text:object-index", "text:user-index", "svg-compatible:title",
    "svg-compatible:desc", "presentation:notes",
)  # fmt: skip
"""Deleted text, comments and lists of what stands elsewhere: nobody reads them, or reads them here."""
_SPACES = {"text:s": " ", "text:tab": " ", "text:line-break": "\v"}
_HIDDEN = ("text:hidden-paragraph", "text:hidden-text")
_NOTES = "presentation:notes"
_LENGTH = re.compile(r"-?\d+(?:\.\d+)?")
_MOST_COLUMNS = 1000


def read_opendocument(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a text document; its title is that of its headings, else the one that the file says it has."""
    return read_whole(file, lambda raw: _parse_text(raw, file.path))


def read_opendocument_slides(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read slides; the title is the file's own, else that of the first slide that has one."""
    return read_whole(file, lambda raw: _parse_slides(raw, file.path))


def _parse_text(raw: bytes, where: str) -> ParsedFile:
    text = "\n\n".join(filter(None, _blocks(raw, where, "text")))
    return ParsedFile(
        text=text, said={"title": title_of_headings(text, marked_headings(text)) or office_title(raw)}
    )


def _parse_slides(raw: bytes, where: str) -> ParsedFile:
    text = "\n\n".join(filter(None, _blocks(raw, where, "presentation")))
    first = next((heading.title for heading in marked_headings(text)), "")
    return ParsedFile(text=text, said={"title": office_title(raw) or first})


def _blocks(raw: bytes, where: str, kind: str) -> list[str]:
    """What is seen, one by one; some may be empty.

    Args:
        raw: the file.
        where: its path.
        kind: of what it holds: `text` or `presentation`.
    """
    require_moderate(raw, where)
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        names = set(archive.namelist())
        is_encrypted = _MANIFEST in names and _ENCRYPTED in archive.read(_MANIFEST)
        blocks = [] if is_encrypted else _written(archive, names, kind)
    except Exception as error:  # whatever is wrong with the archive or what stands in it
        suffix = {"text": "odt", "presentation": "odp"}[kind]
        problem = f"not readable as {suffix}: {str(error) or type(error).__name__}; save it again"
        raise source_error(where, problem) from error
    if is_encrypted:
        raise source_error(where, ENCRYPTED)
    return blocks


def _written(archive: zipfile.ZipFile, names: set[str], kind: str) -> list[str]:
    from xml.etree import ElementTree

    roots = []
    for name in (_STYLES, _CONTENT):
        if name in names:
            part = archive.read(name)
            require_no_entities(part)
            roots.append(ElementTree.fromstring(part))
        elif name == _CONTENT:
            raise ValueError(f"{name} is missing in it")
    body = roots[-1].find(f".//{_NAMES % ('office', kind)}")
    if body is None:
        raise ValueError(f"it holds no {kind}")
    writer = _Writer(roots)
    return list(writer.blocks(body) if kind == "text" else writer.slides(body))


class _Writer:
    """What stands in elements, with the styles of a document.

    Args:
        roots: of the parts that hold styles.
    """

    def __init__(self, roots: "list[Element]") -> None:
        self._parents: dict[str, str] = {}
        self._shows: dict[str, str] = {}
        self._signs: dict[str, str] = {}
        self._numbered: set[tuple[str, int]] = set()
        self._counts: dict[str, int] = {}
        self._hidden_slides: set[str] = set()
        for element in (element for root in roots for element in root.iter()):
            name = _said(element, "style", "name")
            if _name(element) == "style:style":
                self._parents[name] = _said(element, "style", "parent-style-name")
                for properties in element.iter(_NAMES % ("style", "text-properties")):
                    self._shows[name] = _said(properties, "text", "display")
                    self._signs[name] = _sign(_said(properties, "style", "text-position"))
                for properties in element.iter(_NAMES % ("style", "drawing-page-properties")):
                    if _said(properties, "presentation", "visibility") == "hidden":
                        self._hidden_slides.add(name)
            elif _name(element) == "text:list-style":
                for level in element.iter(_NAMES % ("text", "list-level-style-number")):
                    if _said(level, "style", "num-format"):
                        self._numbered.add((name, _number(level, "text", "level")))

    def blocks(self, elements: "Iterable[Element]") -> Iterator[str]:
        """Paragraphs, headings, lists and tables, one by one; some may be empty."""
        for child in elements:
            name = _name(child)
            if name in _LEFT_OUT or self._is_hidden(child):
                continue
            if name in ("text:p", "text:h"):
                yield from self._paragraph(child)
            elif name == "text:list" and child.find(f".//{_NAMES % ('text', 'h')}") is None:
                yield "\n".join(self._items(child, _said(child, "text", "style-name"), 1))
            elif name == "table:table":
                yield markdown_table([list(self._cells(row)) for row in _rows(child)])
            else:
                if name == "drawing:frame":
                    described = child.find(_NAMES % ("svg-compatible", "desc"))
                    yield useful_title((described.text or "") if described is not None else "")
                yield from self.blocks(child)

    def slides(self, body: "Element") -> Iterator[str]:
        """Of each slide that is seen its title, what stands on it from the top, and the notes."""
        for page in body.iterfind(_NAMES % ("drawing", "page")):
            if _said(page, "drawing", "style-name") in self._hidden_slides:
                continue
            titles = [frame for frame in page if _said(frame, "presentation", "class") == "title"]
            words = " ".join(" ".join(self.blocks(titles)).split())
            yield f"# {words}" if words else ""
            others = (item for item in page if item not in titles and _name(item) != _NOTES)
            yield from self.blocks(sorted(others, key=_place))
            for notes in page.iterfind(_NAMES % ("presentation", "notes")):
                frames = [frame for frame in notes if _said(frame, "presentation", "class") in ("", "notes")]
                said = "\n\n".join(filter(None, self.blocks(frames)))
                yield f"Notes: {said}" if said else ""

    def _paragraph(self, element: "Element") -> Iterator[str]:
        """One with its mark, then its notes and what floats beside it."""
        beside: list[str] = []
        lines = self._inline(element, beside).split("\v")
        text = "\n".join(" ".join(line.split()) for line in lines).strip()
        level = 0
        if _name(element) == "text:h":
            level = min(max(_number(element, "text", "outline-level"), 1), 6)
        elif "Title" in self._styles(element):
            level = 1
        yield f"{'#' * level} {' '.join(text.split())}" if level and text else no_heading(text)
        yield from beside

    def _inline(self, element: "Element", beside: list[str]) -> str:
        if any(self._is_hidden(mark) for mark in element if _name(mark) == "text:hidden-paragraph"):
            return ""
        parts = [("", element.text or "")]
        for child in element:
            name = _name(child)
            if name in _SPACES:
                parts.append(("", _SPACES[name]))
            elif name == "text:note":
                parts.append(("", self._note(child, beside)))
            elif name.startswith("drawing:"):
                beside += self.blocks([child])
            elif name not in _LEFT_OUT and not self._is_hidden(child):
                parts.append((self._sign_of(child), self._inline(child, beside)))
            parts.append(("", child.tail or ""))
        return with_signs(parts)

    def _sign_of(self, element: "Element") -> str:
        """The sign of raised or lowered text."""
        return next(filter(None, (self._signs.get(style) for style in self._styles(element))), "")

    def _note(self, note: "Element", beside: list[str]) -> str:
        mark = " ".join("".join(note.findtext(_NAMES % ("text", "note-citation"), "")).split())
        body = note.find(_NAMES % ("text", "note-body"))
        words = " ".join(" ".join(self.blocks(body)).split()) if body is not None else ""
        beside.append(f"[{mark}] {words}" if words else "")
        return f"[{mark}]"

    def _items(self, items: "Element", style: str, level: int) -> Iterator[str]:
        """The lines of a list; what is in it is indented below."""
        goes_on = _said(items, "text", "continue-numbering") == "true" or _said(
            items, "text", "continue-list"
        )
        number = self._counts.get(style, 0) if goes_on and level == 1 else 0
        for item in items:
            number += 1
            mark = f"{number}." if (style, level) in self._numbered else "-"
            lines: list[str] = []
            for child in item:
                if _name(child) == "text:list":
                    below = _said(child, "text", "style-name") or style
                    lines += [f"  {line}" for line in self._items(child, below, level + 1)]
                else:
                    said = " ".join(" ".join(self.blocks([child])).split())
                    lines += [f"{'  ' if lines else f'{mark} '}{said}"] if said else []
            yield from lines
        self._counts[style] = number

    def _cells(self, row: "Element") -> Iterator[str]:
        left = _MOST_COLUMNS
        for cell in row:
            text = " ".join(self.blocks(cell)) if _name(cell) == "table:table-cell" else ""
            count = min(max(_number(cell, "table", "number-columns-repeated"), 1), left)
            left -= count
            yield from [text] * count

    def _is_hidden(self, element: "Element") -> bool:
        name = _name(element)
        is_so = _said(element, "text", "is-hidden") == "true"
        if name in _HIDDEN:
            return is_so
        shows = _said(element, "text", "display")
        if name == "text:section" and (shows == "none" or (shows == "condition" and is_so)):
            return True
        return any(self._shows.get(style) == "none" for style in self._styles(element))

    def _styles(self, element: "Element") -> list[str]:
        """The style of an element and those that it is made from, up to the first that says what it shows."""
        found: list[str] = []
        style = _said(element, "text", "style-name")
        while style and style not in found:
            found.append(style)
            style = "" if self._shows.get(style) else self._parents.get(style, "")
        return found


def _place(shape: "Element") -> tuple[float, float]:
    """How far from the top and from the left a shape begins; of a group, where the highest in it does."""
    shapes = (item for item in shape.iter() if _said(item, "svg-compatible", "y"))
    places = ((_length(item, "y"), _length(item, "x")) for item in shapes)
    return min(places, default=(0.0, 0.0))


def _length(shape: "Element", name: str) -> float:
    """The number of a length, as `2.5` of `2.5cm`; all of a file have one unit."""
    number = _LENGTH.match(_said(shape, "svg-compatible", name))
    return float(number[0]) if number else 0.0


def _rows(table: "Element") -> "Iterator[Element]":
    for child in table:
        if _name(child) == "table:table-row":
            yield child
        elif _name(child) in ("table:table-header-rows", "table:table-rows", "table:table-row-group"):
            yield from _rows(child)


def _name(element: "Element") -> str:
    """With the last word of its name space: `text:p`."""
    return _short(element.tag) if isinstance(element.tag, str) else ""


@lru_cache(maxsize=1000)
def _short(tag: str) -> str:
    space, _, name = tag[1:].partition("}")
    return f"{space.split(':')[-2] if space.count(':') > 1 else space}:{name}"


def _said(element: "Element", space: str, name: str) -> str:
    return element.get(_NAMES % (space, name), "")


def _sign(position: str) -> str:
    """Of raised or lowered text, by what its style says: `super 58%`, `-33% 58%`."""
    place = position.partition(" ")[0]
    if place == "super" or place.rstrip("%").isdecimal():
        return RAISED if place.strip("0%") else ""
    return LOWERED if place.startswith(("sub", "-")) else ""


def _number(element: "Element", space: str, name: str) -> int:
    said = _said(element, space, name)
    return int(said) if said.isdecimal() else 0

"""PowerPoint files, through python-pptx (the extra `documents`): slide by slide what is seen, and the notes.

# The title of a slide

Its words, box by box from the top.

| Its | tables |
| --- | --- |

Notes: what the speaker is to say.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from openbook.errors import MissingExtraError, SourceError
from openbook.text.documents import source_error
from openbook.text.readers.markdown_table import markdown_table
from openbook.text.readers.office import as_ranges, require_moderate
from openbook.text.readers.office_properties import useful_title
from openbook.text.readers.source_file import Item, Keys, ParsedFile, SourceFile, read_whole

if TYPE_CHECKING:
    from pptx.shapes.base import BaseShape
    from pptx.slide import Slide

_HIDDEN_SLIDE = ("0", "false", "off")
"""Of `show`."""
_HIDDEN_SHAPE = ("1", "true", "on")
"""Of `hidden`."""
_ON_EACH_SLIDE = ("DATE", "FOOTER", "SLIDE_NUMBER")
"""Kinds of placeholders that say the same everywhere."""
_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def read_slides(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read slides as Markdown; the title is the file's own, else that of the first slide that has one.

    Hidden slides and shapes are left out.

    Raises:
        MissingExtraError: python-pptx is not installed.
    """
    try:
        import pptx
    except ImportError as error:
        message = f"{file.path}: .pptx files are read with python-pptx; pip install 'openbook[documents]'"
        raise MissingExtraError(message) from error

    def parse(raw: bytes) -> ParsedFile:
        require_moderate(raw, file.path)
        try:
            return _parsed(pptx.Presentation(io.BytesIO(raw)), file.path)
        except SourceError:
            raise
        except Exception as error:  # whatever the library stumbles over
            problem = f"not readable as pptx: {str(error) or type(error).__name__}"
            raise source_error(file.path, problem) from error

    return read_whole(file, parse)


def _parsed(presentation: Any, where: str) -> ParsedFile:
    texts, title, pictures, count = [], "", [], 0
    for count, slide in enumerate(presentation.slides, start=1):
        if slide.element.get("show", "").lower() in _HIDDEN_SLIDE:
            continue
        title = title or _title(slide)
        text = "\n\n".join(filter(None, _blocks(slide)))
        texts.append(text)
        if not text and any(_is_picture(shape) for shape in _shapes(slide.shapes)):
            pictures.append(count)
    omission = ""
    if pictures:
        omission = (
            f"{len(pictures)} of {count} slides show pictures, but hold no text ({as_ranges(pictures)})"
        )
        omission = f"{omission}: what they show is not read"
    if omission and not any(texts):
        raise source_error(where, omission)
    said = useful_title(presentation.core_properties.title or "") or title
    return ParsedFile(text="\n\n".join(filter(None, texts)), said={"title": said}, omission=omission)


def _title(slide: "Slide") -> str:
    shape = slide.shapes.title
    return "" if shape is None or _is_hidden(shape) else " ".join(shape.text_frame.text.split())


def _blocks(slide: "Slide") -> Iterator[str]:
    """What a slide says: its title, then box by box, then the notes."""
    if title := _title(slide):
        yield f"# {title}"
    heading = slide.shapes.title
    for shape in _shapes(slide.shapes):
        if heading is None or shape.element is not heading.element:
            yield _text(shape, slide)
    frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if frame is not None and (notes := _lines(frame.text)):
        yield f"Notes: {notes}"


def _shapes(shapes: "Iterable[BaseShape]") -> "Iterator[BaseShape]":
    """Those that are seen, from the top, row by row; of groups what is in them."""
    for shape in sorted(shapes, key=_place):
        if _is_hidden(shape) or _is_on_each_slide(shape):
            continue
        if _kind(shape) == "grpSp":
            yield from _shapes(shape.shapes)  # type: ignore[attr-defined]
        else:
            yield shape


def _place(shape: "BaseShape") -> tuple[int, int]:
    with suppress(Exception):  # it is where its layout says, which may be damaged
        return int(shape.top or 0), int(shape.left or 0)
    return 0, 0


def _text(shape: Any, slide: "Slide") -> str:
    if _is_picture(shape):
        return useful_title(_about(shape).get("descr", ""))
    if _kind(shape) == "graphicFrame":
        if shape.has_table:
            return markdown_table([[_cell(cell) for cell in row.cells] for row in shape.table.rows])
        return _chart(shape.chart) if shape.has_chart else _diagram(shape, slide)
    return _lines(shape.text_frame.text) if shape.has_text_frame else ""


def _cell(cell: Any) -> str:
    return "" if cell.is_spanned else str(cell.text)


def _chart(chart: Any) -> str:
    """The title and the numbers of a chart; what they are is known of most kinds."""
    rows: list[list[str]] = []
    with suppress(Exception):  # its picture is not read either
        series = [(each.name, list(each.values)) for each in chart.series]
        rows = [["", *(name for name, _ in series)]]
        for number, category in enumerate(chart.plots[0].categories):
            values = (values[number] if number < len(values) else None for _, values in series)
            rows.append([str(category.label), *("" if value is None else f"{value:g}" for value in values)])
    title = ""
    with suppress(Exception):
        title = _lines(chart.chart_title.text_frame.text) if chart.has_title else ""
    return "\n\n".join(filter(None, (title, markdown_table(rows))))


def _diagram(shape: Any, slide: "Slide") -> str:
    """The words of SmartArt, which stand in a part of their own."""
    from pptx.oxml import parse_xml

    texts = []
    for reference in shape.element.iter(f"{{{_DIAGRAM}}}relIds"):
        part = slide.part.related_part(reference.get(f"{{{_RELATIONS}}}dm"))
        for paragraph in parse_xml(part.blob).iter(f"{{{_DRAWING}}}p"):
            texts.append("".join(text.text or "" for text in paragraph.iter(f"{{{_DRAWING}}}t")).strip())
    return "\n".join(filter(None, texts))


def _lines(text: str) -> str:
    """The lines of a text, of which PowerPoint ends some by a vertical tab."""
    return text.replace("\v", "\n").replace("\0", "").strip()


def _kind(shape: Any) -> str:
    return str(shape.element.tag).rpartition("}")[2]


def _is_picture(shape: Any) -> bool:
    return _kind(shape) == "pic"


def _about(shape: Any) -> Any:
    """The element that names a shape."""
    return next(element for element in shape.element.iter() if str(element.tag).endswith("}cNvPr"))


def _is_hidden(shape: Any) -> bool:
    return _about(shape).get("hidden", "").lower() in _HIDDEN_SHAPE


def _is_on_each_slide(shape: Any) -> bool:
    return shape.is_placeholder and shape.placeholder_format.type.name in _ON_EACH_SLIDE

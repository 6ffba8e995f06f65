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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openbook.errors import MissingExtraError, SourceError
from openbook.phrases import agreeing, part_of
from openbook.text.documents import source_error
from openbook.text.readers.drawing_text import choose_forms, local_name, written
from openbook.text.readers.office import require_moderate, require_open
from openbook.text.readers.office_properties import useful_title
from openbook.text.readers.page_headings import no_heading
from openbook.text.readers.pdf import as_ranges
from openbook.text.readers.slide_frames import FRAMED, frame_text
from openbook.text.readers.source_file import Item, Keys, ParsedFile, SourceFile, read_whole

if TYPE_CHECKING:
    from pptx.shapes.base import BaseShape
    from pptx.slide import Slide

_HIDDEN_SLIDE = ("0", "false", "off")
"""Of `show`."""
_HIDDEN_SHAPE = ("1", "true", "on")
"""Of `hidden`."""
_ON_EACH_SLIDE = ("dt", "ftr", "sldNum")
"""Kinds of placeholders that say the same everywhere: date, footer, number."""
_SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
_INK = f"{{{_SLIDE}}}contentPart"


@dataclass(frozen=True, slots=True, kw_only=True)
class _SlideText:
    """What a slide says, and whether it shows more than that."""

    text: str
    has_pictures: bool
    is_whole: bool
    """False: it shows something else that cannot be read."""


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
        require_open(raw, file.path)
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
    seen: dict[int, _SlideText] = {}
    title, count = "", 0
    for count, slide in enumerate(presentation.slides, start=1):
        if slide.element.get("show", "").lower() not in _HIDDEN_SLIDE:
            seen[count] = _read(slide)
            title = title or _title(slide)
    omission = "; ".join(_omissions(seen, count))
    text = "\n\n".join(slide.text for slide in seen.values() if slide.text)
    if omission and not text:
        raise source_error(where, omission)
    said = useful_title(presentation.core_properties.title or "") or title
    return ParsedFile(text=text, said={"title": said}, omission=omission)


def _omissions(seen: dict[int, _SlideText], count: int) -> Iterator[str]:
    """What is to be said of slides by their numbers."""
    pictures = [number for number, slide in seen.items() if slide.has_pictures and not slide.text]
    if pictures:
        shown = f"{part_of(len(pictures), count, 'slide', 'show')} pictures"
        held = f"{shown}, but {agreeing(len(pictures), 'hold')} no text ({as_ranges(pictures)})"
        yield f"{held}: what they show is not read"
    if parts := [number for number, slide in seen.items() if not slide.is_whole]:
        shown = part_of(len(parts), count, "slide", "show")
        held = f"{shown} ink, or a chart or another object, that cannot be read"
        yield f"{held} ({as_ranges(parts)})"


def _read(slide: "Slide") -> _SlideText:
    """A slide: its title, then box by box, then the notes."""
    choose_forms(slide.element, wanted=FRAMED | {_INK})
    inks = list(slide.element.iter(_INK))
    for ink in inks:  # no shape to the library, which stumbles over it
        ink.getparent().remove(ink)
    blocks = [f"# {title}"] if (title := _title(slide)) else []
    has_pictures, is_whole = False, not inks
    heading = slide.shapes.title
    for shape in _shapes(slide.shapes):
        if heading is not None and shape.element is heading.element:
            continue
        said = _text(shape, slide)
        blocks.append(no_heading(_description(shape) if said is None else said))
        has_pictures = has_pictures or _kind(shape) == "pic"
        is_whole = is_whole and (said is not None or _kind(shape) == "pic")
    if notes := _notes(slide):
        blocks.append(no_heading(f"Notes: {notes}"))
    text = "\n\n".join(filter(None, blocks))
    return _SlideText(text=text, has_pictures=has_pictures, is_whole=is_whole)


def _title(slide: "Slide") -> str:
    shape = slide.shapes.title
    return "" if shape is None or _is_hidden(shape) else " ".join(written(shape.element).split())


def _notes(slide: "Slide") -> str:
    if not slide.has_notes_slide:
        return ""
    choose_forms(slide.notes_slide.element, wanted=frozenset())
    box = slide.notes_slide.notes_placeholder
    return "" if box is None else written(box.element)


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


def _text(shape: Any, slide: "Slide") -> str | None:
    """What a shape says; None: it cannot be read."""
    if _kind(shape) == "pic":
        return None
    with suppress(Exception):  # whatever is damaged: the other shapes are read
        is_frame = _kind(shape) == "graphicFrame"
        return frame_text(shape.element, slide.part) if is_frame else written(shape.element)
    return None


def _description(shape: Any) -> str:
    """What somebody wrote of a shape for those who do not see it."""
    return useful_title(_about(shape).get("descr", ""))


def _kind(shape: Any) -> str:
    return local_name(shape.element)


def _about(shape: Any) -> Any:
    """The attributes of a shape that name it."""
    names = (each.attrib for each in shape.element.iter() if local_name(each) == "cNvPr")
    return next(names, {})


def _is_hidden(shape: Any) -> bool:
    return _about(shape).get("hidden", "").lower() in _HIDDEN_SHAPE


def _is_on_each_slide(shape: Any) -> bool:
    holds_shapes = _kind(shape) == "grpSp"
    kinds = (each.get("type", "") for each in shape.element.iter(f"{{{_SLIDE}}}ph"))
    return not holds_shapes and next(kinds, "") in _ON_EACH_SLIDE

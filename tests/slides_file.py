"""PowerPoint files, made here part by part."""

import io
import zipfile

_FORMATS = "http://schemas.openxmlformats.org"
_PACKAGE = f"{_FORMATS}/package/2006"
_OFFICE = f"{_FORMATS}/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.presentationml"
NAMES = (
    f'xmlns:p="{_FORMATS}/presentationml/2006/main" xmlns:a="{_FORMATS}/drawingml/2006/main" '
    f'xmlns:r="{_OFFICE}"'
)


def shape(
    text: str, *, placeholder: str = "", top: int | None = None, left: int = 0, hidden: bool = False
) -> str:
    """A box of text; `\\v` breaks a line, `\\n` a paragraph.

    Args:
        text: in it.
        placeholder: its kind, such as `title`; empty: it is none.
        top: where it is; None: as its layout says.
        left: as top.
        hidden: whether it is not shown.
    """
    number = 0 if placeholder.lower().endswith("title") else 10
    mark = f'<p:ph type="{placeholder}" idx="{number}"/>' if placeholder else ""
    place = f'<a:xfrm><a:off x="{left}" y="{top}"/><a:ext cx="1" cy="1"/></a:xfrm>' if top is not None else ""
    lines = (line.replace("\v", "</a:t></a:r><a:br/><a:r><a:t>") for line in text.split("\n"))
    paragraphs = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in lines)
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="7" name="x" hidden="{int(hidden)}"/><p:cNvSpPr/>'
        f"<p:nvPr>{mark}</p:nvPr></p:nvSpPr><p:spPr>{place}</p:spPr><p:txBody><a:bodyPr/>{paragraphs}</p:txBody></p:sp>"
    )


def picture(description: str) -> str:
    """A picture with this description."""
    return (
        f'<p:pic><p:nvPicPr><p:cNvPr id="8" name="Picture 8" descr="{description}"/><p:cNvPicPr/><p:nvPr/>'
        "</p:nvPicPr><p:blipFill/><p:spPr/></p:pic>"
    )


def table(*rows: list[str]) -> str:
    """A table of cells."""
    cells = "".join(
        "<a:tr h='1'>"
        + "".join(
            f"<a:tc><a:txBody><a:bodyPr/><a:p><a:r><a:t>{cell}</a:t></a:r></a:p></a:txBody></a:tc>"
            for cell in row
        )
        + "</a:tr>"
        for row in rows
    )
    return (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="9" name="t"/><p:cNvGraphicFramePr/><p:nvPr/>'
        '</p:nvGraphicFramePr><p:xfrm><a:off x="0" y="900"/><a:ext cx="1" cy="1"/></p:xfrm><a:graphic>'
        f'<a:graphicData uri="{_FORMATS}/drawingml/2006/table"><a:tbl><a:tblPr/><a:tblGrid/>{cells}</a:tbl>'
        "</a:graphicData></a:graphic></p:graphicFrame>"
    )


def frame(kind: str, content: str, *, description: str = "") -> str:
    """A frame of this kind (the end of its address, such as `drawingml/2006/diagram`)."""
    uri = kind if kind.startswith("http") else f"{_FORMATS}/{kind}"
    return (
        f'<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="9" name="f" descr="{description}"/>'
        '<p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm><a:off x="0" y="900"/>'
        f'<a:ext cx="1" cy="1"/></p:xfrm><a:graphic><a:graphicData uri="{uri}">{content}</a:graphicData>'
        "</a:graphic></p:graphicFrame>"
    )


def diagram(part: str, *, description: str = "") -> str:
    """A frame that refers to the words of a diagram (SmartArt) by this name."""
    kind = "drawingml/2006/diagram"
    return frame(kind, f'<dgm:relIds xmlns:dgm="{_FORMATS}/{kind}" r:dm="{part}"/>', description=description)


def two_forms(newer: str, older: str) -> str:
    """Shapes for programs that know a newer way, and for those that do not; empty: there are none."""
    names = (
        f'xmlns:mc="{_FORMATS}/markup-compatibility/2006" '
        'xmlns:new="http://schemas.microsoft.com/office/drawing/2010/main"'
    )
    old = f"<mc:Fallback>{older}</mc:Fallback>" if older else ""
    return (
        f'<mc:AlternateContent {names}><mc:Choice Requires="new">{newer}</mc:Choice>{old}'
        "</mc:AlternateContent>"
    )


def relations(**parts: str) -> str:
    """What a slide refers to, by names; of what kind is not looked at."""
    return _relations(*((name, "part", target) for name, target in parts.items()))


def group(*shapes: str, tag: str = "p:grpSp") -> str:
    """A group of shapes."""
    head = '<p:nvGrpSpPr><p:cNvPr id="6" name="g"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    return f"<{tag}>{head}{''.join(shapes)}</{tag}>"


def slide(*shapes: str, notes: str = "", show: str = "1") -> tuple[str, str]:
    """A slide and its notes, each as XML; without notes the second is empty."""
    tree = group(*shapes, tag="p:spTree")
    note = group(shape(notes, placeholder="body"), tag="p:spTree")
    return (
        f'<p:sld {NAMES} show="{show}"><p:cSld>{tree}</p:cSld></p:sld>',
        f"<p:notes {NAMES}><p:cSld>{note}</p:cSld></p:notes>" if notes else "",
    )


def _relations(*each: tuple[str, str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for name, kind, target in each
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def pptx(*slides: tuple[str, str], title: str = "", **more: str | bytes) -> bytes:
    """A PowerPoint file of these slides, with this title of its own.

    Args:
        slides: as `slide` makes them; their parts are added in reverse, for their order is not that of names.
        title: among its properties.
        more: other parts by name.
    """
    numbers = range(1, len(slides) + 1)
    names = {number: f"slides/slide{len(slides) - number + 1}.xml" for number in numbers}
    types = f'<Override PartName="/ppt/presentation.xml" ContentType="{_KIND}.presentation.main+xml"/>'
    parts: dict[str, str | bytes] = {
        "_rels/.rels": _relations(("r1", "officeDocument", "ppt/presentation.xml")).replace(
            "</Rel",
            f'<Relationship Id="r2" Type="{_PACKAGE}/relationships/metadata/core-properties" '
            'Target="docProps/core.xml"/></Rel',
        ),
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></cp:coreProperties>',
        "ppt/presentation.xml": f"<p:presentation {NAMES}><p:sldIdLst>"
        + "".join(f'<p:sldId id="{255 + number}" r:id="s{number}"/>' for number in numbers)
        + "</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": _relations(*((f"s{n}", "slide", names[n]) for n in numbers)),
    }
    for number, (content, notes) in zip(numbers, slides, strict=True):
        types += f'<Override PartName="/ppt/{names[number]}" ContentType="{_KIND}.slide+xml"/>'
        parts[f"ppt/{names[number]}"] = content
        if notes:
            types += f'<Override PartName="/ppt/notes{number}.xml" ContentType="{_KIND}.notesSlide+xml"/>'
            parts[f"ppt/notes{number}.xml"] = notes
            relations = _relations(("n1", "notesSlide", f"../notes{number}.xml"))
            parts[f"ppt/slides/_rels/{names[number].rpartition('/')[2]}.rels"] = relations
    core = "application/vnd.openxmlformats-package.core-properties+xml"
    parts["[Content_Types].xml"] = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.'
        'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/docProps/core.xml" ContentType="{core}"/>{types}</Types>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (parts | more).items():
            archive.writestr(name, content)
    return buffer.getvalue()

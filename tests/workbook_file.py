"""Workbooks, made here part by part: .xlsx as Excel writes them, .ods as LibreOffice does, and .xls."""

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence

_FORMATS = "http://schemas.openxmlformats.org"
_RELATIONS = f"{_FORMATS}/officeDocument/2006/relationships"
_MAIN = f"{_FORMATS}/spreadsheetml/2006/main"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="170" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="171" formatCode="[h]:mm"/></numFmts><cellXfs count="4"><xf numFmtId="0"/>'
    '<xf numFmtId="170"/><xf numFmtId="171"/><xf numFmtId="20"/></cellXfs></styleSheet>'
)
_COLUMNS = "ABCDEFGHIJ"
DATE, DURATION, TIME = 1, 2, 3
"""Styles of numbers."""

Value = str | float | bool | None | tuple[float, int]
"""A text, a number, a truth, nothing, or a number with its style; a text that begins with `<` is a cell."""


def sheet(*rows: Sequence[Value], merged: Iterable[str] = (), first: int = 1, column: int = 0) -> str:
    """A sheet of .xlsx.

    Args:
        rows: from the top; an empty one stays empty.
        merged: ranges such as `A1:B2`.
        first: number of the first row.
        column: where they begin.
    """
    lines = []
    for number, row in enumerate(rows, start=first):
        cells = (_cell(f"{_COLUMNS[at]}{number}", value) for at, value in enumerate(row, start=column))
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    ranges = "".join(f'<mergeCell ref="{each}"/>' for each in merged)
    merges = f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData>{merges}</worksheet>'


def _cell(name: str, value: Value) -> str:
    if value is None:
        return f'<c r="{name}" s="1"/>'
    if isinstance(value, str):
        if value.startswith("<"):
            return f'<c r="{name}"{value[1:]}'
        return f'<c r="{name}" t="inlineStr"><is><t>{value}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{name}" t="b"><v>{int(value)}</v></c>'
    number, style = value if isinstance(value, tuple) else (value, 0)
    return f'<c r="{name}" s="{style}"><v>{number}</v></c>'


def xlsx(
    sheets: dict[str, str], *, hidden: dict[str, str] | None = None, title: str = "", **more: str | bytes
) -> bytes:
    """A workbook.

    Args:
        sheets: by their names; one that is not a worksheet is a chart.
        hidden: those that are, by their names: `hidden` or `veryHidden`.
        title: that it says it has.
        more: parts by their names.
    """
    states = {name: f' state="{state}"' for name, state in (hidden or {}).items()}
    entries = relations = ""
    parts: dict[str, str | bytes] = {}
    for number, (name, content) in enumerate(sheets.items(), start=1):
        kind = "worksheet" if "<worksheet" in content else "chartsheet"
        entries += f'<sheet name="{name}" sheetId="{number}"{states.get(name, "")} r:id="rId{number}"/>'
        relations += (
            f'<Relationship Id="rId{number}" Type="{_RELATIONS}/{kind}" Target="{kind}s/sheet{number}.xml"/>'
        )
        parts[f"xl/{kind}s/sheet{number}.xml"] = content
    package = f"{_FORMATS}/package/2006"
    top = f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
    return _zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
            'ContentType="application/xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships">{top}</Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{entries}</sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{relations}'
            f'<Relationship Id="rId99" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
            "xl/styles.xml": _STYLES,
            "docProps/core.xml": f'<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></c>',
            **parts,
            **more,
        }
    )


def ods(*tables: str, title: str = "", **more: str) -> bytes:
    """A workbook of LibreOffice; the style `hidden` hides a table."""
    names = " ".join(
        f'xmlns:{name}="{_OASIS}:{name}:1.0"' for name in ("office", "table", "text", "style", "meta")
    )
    style = '<style:style style:name="hidden" style:family="table">'
    style += '<style:table-properties table:display="false"/>'
    content = (
        f"<office:document-content {names}><office:automatic-styles>{style}</style:style>"
        f"</office:automatic-styles><office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet>"
        "</office:body></office:document-content>"
    )
    return _zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "meta.xml": f'<office:document-meta {names} xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<office:meta><dc:title>{title}</dc:title></office:meta></office:document-meta>",
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{_OASIS}:manifest:1.0"/>',
            **more,
        }
    )


def xls(rows: Sequence[Sequence[str | float]], *, name: str = "Old", is_locked: bool = False) -> bytes:
    """A workbook of Excel 97: one sheet, in the stream of a compound file; a locked one has a password."""
    cells = b""
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            place = struct.pack("<HHH", number, column, 0)
            if isinstance(value, str):
                cells += _record(0x204, place + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
            else:
                cells += _record(0x203, place + struct.pack("<d", value))
    book, table = (_record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0)) for kind in (5, 16))
    book += _record(0x2F, bytes([1, *bytes(53)])) if is_locked else b""
    label, end = struct.pack("<BB", len(name), 0) + name.encode("latin-1"), _record(0x0A, b"")
    place = len(book) + 4 + 6 + len(label) + len(end)
    book += _record(0x85, struct.pack("<IBB", place, 0, 0) + label) + end
    return compound("Workbook", book + table + cells + end)


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def compound(name: str, stream: bytes) -> bytes:
    """A compound file of Microsoft with one stream: header, table of sectors, folder, stream."""
    stream = stream.ljust(4096, b"\0")
    count = -(-len(stream) // 512)
    free, end = 0xFFFFFFFF, 0xFFFFFFFE
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHHHIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    table = [0xFFFFFFFD, end, *range(3, 2 + count), end]
    table += [free] * (128 - len(table))
    entries = _entry("Root Entry", kind=5, child=1, start=end, size=0)
    entries += _entry(name, kind=2, child=free, start=2, size=len(stream))
    return (
        header + struct.pack("<128I", *table) + entries.ljust(512, b"\0") + stream.ljust(512 * count, b"\0")
    )


def _entry(name: str, *, kind: int, child: int, start: int, size: int) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    ids = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
    head = written.ljust(64, b"\0") + struct.pack("<HBB", len(written), kind, 1) + ids
    return head + bytes(36) + struct.pack("<IQ", start, size)


def _zipped(parts: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()

"""What stands in frames on slides: tables, charts and diagrams (SmartArt).

Charts and diagrams are parts of their own, which the slide refers to. Elements are those of lxml, parts those
of python-pptx.
"""

from collections import defaultdict
from typing import Any

from openbook.text.readers.chart_tables import CHART, NEWER_CHART, chart_tables, chart_title
from openbook.text.readers.drawing_text import written
from openbook.text.readers.markdown_table import markdown_table

_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CHARTS = (f"{{{CHART}}}chart", f"{{{NEWER_CHART}}}chart")
_DIAGRAMS = f"{{{_DIAGRAM}}}relIds"
FRAMED = frozenset((*_CHARTS, _DIAGRAMS))
"""Elements of a frame that refer to what is read."""
_TRUE = ("1", "true", "on")


def frame_text(frame: Any, part: Any) -> str | None:
    """What a frame says, as Markdown; None: nothing that is known.

    Args:
        frame: its element.
        part: of the slide that it stands on.

    Raises:
        Exception: what it refers to is missing or damaged.
    """
    for table in frame.iter(f"{{{_DRAWING}}}tbl"):
        return markdown_table([_cells(row) for row in table.iter(f"{{{_DRAWING}}}tr")])
    for chart in frame.iter(*_CHARTS):
        space = _related(part, chart.get(f"{{{_RELATIONS}}}id"))
        tables = chart_tables(space)
        parts = (chart_title(space), *map(markdown_table, tables))
        return "\n\n".join(filter(None, parts)) if tables else None
    for diagram in frame.iter(_DIAGRAMS):
        return _diagram(_related(part, diagram.get(f"{{{_RELATIONS}}}dm"))) or None
    return None


def _related(part: Any, name: str) -> Any:
    """The content of the part that a slide refers to by this name."""
    from pptx.oxml import parse_xml

    return parse_xml(part.related_part(name).blob)


def _cells(row: Any) -> list[str]:
    """The cells of a row; empty are those that another covers."""
    cells = row.iter(f"{{{_DRAWING}}}tc")
    return ["" if {cell.get("hMerge"), cell.get("vMerge")} & set(_TRUE) else written(cell) for cell in cells]


def _diagram(data: Any) -> str:
    """The words of a diagram, in the order in which its parts follow from each other."""
    points = {point.get("modelId"): point for point in data.iter(f"{{{_DIAGRAM}}}pt")}
    below: dict[str | None, list[tuple[int, str | None]]] = defaultdict(list)
    for link in data.iter(f"{{{_DIAGRAM}}}cxn"):
        if link.get("type", "parOf") == "parOf":
            below[link.get("srcId")].append((int(link.get("srcOrd", "0")), link.get("destId")))
    tops = [name for name, point in points.items() if point.get("type") == "doc"]
    waiting = [*reversed(points), *reversed(tops)]  # those that nothing leads to come last
    lines: dict[str | None, str] = {}
    while waiting:
        name = waiting.pop()
        if name in points and name not in lines:
            lines[name] = written(points[name])
            waiting += [child for _, child in sorted(below[name], key=lambda each: each[0], reverse=True)]
    return "\n".join(filter(None, lines.values()))

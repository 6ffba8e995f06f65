"""Text in Office's drawings (DrawingML): paragraphs, the equations in them, and what stands in two forms.

Elements are those of lxml. Nothing here knows slides, or opens a file.
"""

from typing import Any

from openbook.text.readers.raised_text import LOWERED, RAISED, with_signs

_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_EITHER = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_BETWEEN = {
    "f": ("num", "/", "den"),
    "sSup": ("e", "^", "sup"),
    "sSub": ("e", "_", "sub"),
    "limLow": ("e", "_", "lim"),
    "limUpp": ("e", "^", "lim"),
    "func": ("fName", " ", "e"),
}
"""Of equations: kinds that are two parts with a sign between them."""


def written(element: Any) -> str:
    """The paragraphs in an element, a line each, with their equations in one line: `E=mc^2`.

    >>> from xml.etree.ElementTree import fromstring
    >>> line = "<a:p><a:r><a:t>One</a:t></a:r><a:br/><a:fld><a:t>two</a:t></a:fld></a:p>"
    >>> written(fromstring(f'<a:txBody xmlns:a="{_DRAWING}">{line}</a:txBody>'))
    'One\\ntwo'
    """
    lines = map(_line, element.iter(f"{{{_DRAWING}}}p"))
    # PowerPoint ends some lines by a vertical tab.
    return "\n".join(lines).replace("\v", "\n").replace("\0", "").strip()


def _line(paragraph: Any) -> str:
    """What a paragraph says; raised and lowered text with a sign, once where several runs are so."""
    return with_signs((_sign(part), _said(part)) for part in paragraph)


def _sign(part: Any) -> str:
    """Of raised or lowered text; a paragraph's other parts have none."""
    about = part.find(f"{{{_DRAWING}}}rPr")
    raised = "" if about is None else about.get("baseline", "0")
    if not raised.strip("-0%"):
        return ""
    return LOWERED if raised.startswith("-") else RAISED


def _said(part: Any) -> str:
    """A part of a paragraph: a run, a field, an end of a line, an equation."""
    if part.tag == f"{{{_DRAWING}}}br":
        return "\n"
    found = part.iter(f"{{{_MATH}}}oMath")
    return (part.findtext(f"{{{_DRAWING}}}t") or "") + " ".join(map(equation, found))


def equation(element: Any) -> str:
    """An equation in one line; of kinds that are not known here what stands in it, part by part."""
    kind = local_name(element)
    if kind == "t":
        return element.text or ""
    if kind in _BETWEEN:
        first, sign, second = _BETWEEN[kind]
        return f"{_part(element, first)}{sign}{_part(element, second)}"
    if kind == "rad":
        degree = _part(element, "deg")
        return f"{_part(element, 'e')}^(1/{degree})" if degree else f"√{_part(element, 'e')}"
    if kind in ("nary", "sSubSup"):
        return _bounded(element, kind)
    return _row(element, kind)


def _row(element: Any, kind: str) -> str:
    """What stands side by side in an equation."""
    if kind == "m":  # a matrix
        rows = (map(equation, _children(row, "e")) for row in _children(element, "mr"))
        return "; ".join(map(", ".join, rows))
    if kind == "d":  # in parentheses, or others
        parts = _property(element, "sepChr", "|").join(map(equation, _children(element, "e")))
        return f"{_property(element, 'begChr', '(')}{parts}{_property(element, 'endChr', ')')}"
    return "".join(map(equation, element))


def _bounded(element: Any, kind: str) -> str:
    """What has something below and above it: a name, or the sign of a sum or an integral."""
    bounds = (("_", _part(element, "sub")), ("^", _part(element, "sup")))
    said = "".join(mark + bound for mark, bound in bounds if bound)
    if kind == "nary":
        return f"{_property(element, 'chr', '∫')}{said} {_within(element, 'e')}"
    return _part(element, "e") + said


def _property(element: Any, name: str, usual: str) -> str:
    """A sign that an equation's part says it has, such as that of a sum."""
    said = element.find(f"{element.tag}Pr/{{{_MATH}}}{name}")
    return usual if said is None else str(said.get(f"{{{_MATH}}}val", ""))


def _children(element: Any, name: str) -> list[Any]:
    return list(element.findall(f"{{{_MATH}}}{name}"))


def _within(element: Any, name: str) -> str:
    return "".join(map(equation, _children(element, name)))


def _part(element: Any, name: str) -> str:
    """A part of an equation, in parentheses if it is more than a number or a name."""
    text = _within(element, name)
    return text if not text or text.isalnum() else f"({text})"


def choose_forms(element: Any, *, wanted: frozenset[str]) -> None:
    """Put what can be read in the place of each element that says something in a newer and an older form.

    It is the first of the newer forms that holds text, or an element that is wanted; else the older form,
    which often is a picture; without one, the newer.

    Args:
        element: is changed.
        wanted: tags.
    """
    for either in list(element.iter(f"{{{_EITHER}}}AlternateContent")):
        parent = either.getparent()
        if parent is None:
            continue
        newer = either.findall(f"{{{_EITHER}}}Choice")
        older = [each for each in either.findall(f"{{{_EITHER}}}Fallback") if len(each)]
        chosen = [each for each in newer if _says_something(each, wanted)] or older or newer
        place = parent.index(either)
        parent[place : place + 1] = list(chosen[0]) if chosen else []


def _says_something(element: Any, wanted: frozenset[str]) -> bool:
    texts = (f"{{{_DRAWING}}}t", f"{{{_MATH}}}t")
    return any(
        each.tag in wanted or (each.tag in texts and (each.text or "").strip()) for each in element.iter()
    )


def local_name(element: Any) -> str:
    """What an element is called, whatever its namespace; empty for comments."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""

"""Jupyter notebooks: their Markdown, their code between fences, and no outputs.

Notebooks are JSON. Since format 4 the cells stand in one list; before, in lists of `worksheets`, with other
names for what they hold.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from openbook.text.documents import source_error
from openbook.text.encodings import decode
from openbook.text.inline_markup import without_embedded_images
from openbook.text.readers.source_file import LEAVE_OUT, Item, Keys, ParsedFile, SourceFile, read_whole
from openbook.text.readers.text_files import markdown_title

_FENCES = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)
_SHORTEST_FENCE = 3
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
_EDITORS = (
    ("vscode", "languageId"),
    ("polyglot_notebook", "kernelName"),
    ("dotnet_interactive", "language"),
)
"""Where editors say the language of a cell, among what else they say of it."""
_HIGHEST, _LOWEST = 1, 6
"""Levels of headings."""


def read_notebook(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a notebook as Markdown; its title is that of its cells but the raw ones, see `markdown_title`."""
    return read_whole(file, lambda raw: _parse(raw, file.path))


def _parse(raw: bytes, where: str) -> ParsedFile:
    text = decode(raw)
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = f"not a notebook: not JSON: {error}; save it again"
        raise source_error(where, problem, option=LEAVE_OUT) from error
    language = _language(notebook)
    texts: list[str] = []
    titled: list[str] = []
    for number, cell in enumerate(_cells(notebook, where), start=1):
        kind, text = _cell(cell, f"{where}: cell {number}")
        if kind not in ("code", "raw"):
            text = without_embedded_images(text).strip("\r\n")
        if kind == "code" and text.strip():
            text = _fenced(text, _language_of_cell(cell) or language)
        if text.strip():
            texts.append(text)
            titled += [text] * (kind != "raw")
    return ParsedFile(text="\n\n".join(texts), said={"title": markdown_title("\n\n".join(titled))})


def _cells(notebook: Any, where: str) -> Iterator[Any]:
    """All cells in order.

    Raises:
        SourceError: there is no list of them.
    """
    holders: Any = [notebook]
    if isinstance(notebook, dict) and "cells" not in notebook:
        holders = notebook.get("worksheets")
    if not isinstance(holders, list):
        raise source_error(where, "not a notebook: it holds no cells; save it again", option=LEAVE_OUT)
    for holder in holders:
        cells = holder.get("cells") if isinstance(holder, dict) else None
        if not isinstance(cells, list):
            raise source_error(
                where, "not a notebook: it holds no list of cells; save it again", option=LEAVE_OUT
            )
        yield from cells


def _cell(cell: Any, where: str) -> tuple[str, str]:
    """The kind of a cell and what its author wrote."""
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    # Code was `input` before format 4.
    source = cell.get("source", cell.get("input", "")) if isinstance(cell, dict) else None
    lines: list[Any] = source if isinstance(source, list) else [source]
    if not isinstance(kind, str) or not all(isinstance(line, str) for line in lines):
        problem = "is damaged: it has no kind, or no text; save the notebook again"
        raise source_error(where, problem, option=LEAVE_OUT)
    text = "".join(lines).strip("\r\n")
    if kind == "heading":
        level = cell.get("level")
        level = min(max(level, _HIGHEST), _LOWEST) if isinstance(level, int) else _HIGHEST
        text = f"{'#' * level} {' '.join(text.split())}" if text.strip() else ""
    return kind, text


def _language(notebook: Any) -> str:
    """What the code is written in; empty if it is not said."""
    about = notebook.get("metadata") if isinstance(notebook, dict) else None
    if not isinstance(about, dict):
        return ""
    for name, key in (("language_info", "name"), ("kernelspec", "language")):
        said = about.get(name)
        if isinstance(said, dict) and (word := _word(said.get(key))):
            return word
    return ""


def _language_of_cell(cell: dict[str, Any]) -> str:
    """What a cell's code is written in, if it says so itself; empty if it does not."""
    about = cell.get("metadata")
    said = [cell.get("language")]  # before format 4
    for name, key in _EDITORS:
        of_editor = about.get(name) if isinstance(about, dict) else None
        said.append(of_editor.get(key) if isinstance(of_editor, dict) else None)
    return next(filter(None, map(_word, said)), "")


def _word(said: Any) -> str:
    return said if isinstance(said, str) and _LANGUAGE.fullmatch(said) else ""


def _fenced(code: str, language: str) -> str:
    """Code between fences that are longer than any in it."""
    longest = max((len(fence) for fence in _FENCES.findall(code)), default=0)
    fence = "`" * max(_SHORTEST_FENCE, longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"

"""Jupyter notebooks of all formats."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from damaged_files import damaged
from openbook.text import Document

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

_PYTHON = {"language_info": {"name": "python"}, "kernelspec": {"language": "not looked at"}}


def notebook(*cells: Any, metadata: Any = None, **more: Any) -> str:
    """A notebook of format 4."""
    held = {"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(held | more)


def cell(kind: str, source: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}, **more}


def test_a_notebook_is_its_markdown_and_its_code_without_outputs(
    write: Write, read_all: ReadAll, tmp_path: Path
) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": ["printed by the run\n"]}
    content = notebook(
        cell("markdown", ["# The **mill**\n", "\n", "It grinds rye."]),
        cell("code", ["# not a heading\n", "grind('rye')\n"], outputs=[output], execution_count=3),
        cell("raw", ".. note:: as it is"),
        cell("markdown", ["   \n"]),
        cell("markdown", "## Its wheel"),
        metadata=_PYTHON,
    )
    path = write("mill.ipynb", content)
    text = (
        "# The **mill**\n\nIt grinds rye.\n\n```python\n# not a heading\ngrind('rye')\n```\n\n"
        ".. note:: as it is\n\n## Its wheel"
    )
    expected = Document(text=text, id="mill.ipynb", title="The mill", source=str(path))
    assert read_all(path) == ([expected], [])


def test_a_notebook_of_format_3_is_read(write: Write, read_all: ReadAll) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["The mill"]},
        {"cell_type": "code", "language": "julia", "input": ["grind()"], "outputs": [{"text": "ground"}]},
    ]
    more = [{"cell_type": "markdown", "source": "It grinds."}]
    worksheets = [{"cells": cells, "metadata": {}}, {"cells": more}]
    path = write("a.ipynb", json.dumps({"metadata": {"name": ""}, "nbformat": 3, "worksheets": worksheets}))
    (document,), errors = read_all(path)
    assert document.text == "## The mill\n\n```julia\ngrind()\n```\n\nIt grinds."
    assert (document.title, errors) == ("The mill", [])


@pytest.mark.parametrize(
    ("metadata", "fence"),
    [
        ({}, "```"),
        ({"kernelspec": {"language": "R"}}, "```R"),
        ({"language_info": {"name": "C++"}}, "```C++"),
        ({"language_info": {"name": "a b\n"}}, "```"),
        ({"language_info": 7, "kernelspec": {"language": None}}, "```"),
        ([], "```"),
    ],
)
def test_the_language_of_code_is_the_one_that_is_said(
    write: Write, read_all: ReadAll, metadata: Any, fence: str
) -> None:
    (document,), _ = read_all(write("a.ipynb", notebook(cell("code", "x"), metadata=metadata)))
    assert document.text == f"{fence}\nx\n```"


@pytest.mark.parametrize(
    ("about", "fence"),
    [
        ({"vscode": {"languageId": "sql"}}, "```sql"),
        ({"polyglot_notebook": {"kernelName": "fsharp"}}, "```fsharp"),
        ({"dotnet_interactive": {"language": "csharp"}}, "```csharp"),
        ({"vscode": {"languageId": "a b"}}, "```python"),
        ({"vscode": "sql"}, "```python"),
        ([], "```python"),
    ],
)
def test_a_cell_may_say_another_language(write: Write, read_all: ReadAll, about: Any, fence: str) -> None:
    content = notebook(cell("code", "x") | {"metadata": about}, metadata=_PYTHON)
    (document,), _ = read_all(write("a.ipynb", content))
    assert document.text == f"{fence}\nx\n```"


def test_without_a_heading_its_title_is_its_name(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("tides 2.ipynb", notebook(cell("code", "# a comment"))))
    assert document.title == "tides 2"


def test_a_heading_below_words_or_code_is_a_section(write: Write, read_all: ReadAll) -> None:
    section, title = cell("markdown", "## Load"), cell("markdown", "# Tides")
    for first in (cell("code", "import csv"), cell("markdown", "Twice a day.")):
        (document,), _ = read_all(write("a.ipynb", notebook(first, section)))
        assert document.title == "a"
        (document,), _ = read_all(write("a.ipynb", notebook(first, section, title)))
        assert document.title == "Tides"
    (document,), _ = read_all(write("a.ipynb", notebook(cell("raw", "format: html"), section)))
    assert document.title == "Load"


def test_fences_are_longer_than_those_in_the_code(write: Write, read_all: ReadAll) -> None:
    code = '"""\n  ````\n  mill\n  ````\n"""'
    (document,), _ = read_all(write("a.ipynb", notebook(cell("code", code))))
    assert document.text == f"`````\n{code}\n`````"


def test_data_of_pictures_are_left_out(write: Write, read_all: ReadAll) -> None:
    source = (
        "A ![wheel](data:image/png;base64,iVBORw0KGgo=) turns.\n"
        '<img width=3 src="data:image/png;base64,iVBORw0KGgo=">\n![hen](hen.png) <img src="data.png">'
    )
    (document,), _ = read_all(write("a.ipynb", notebook(cell("markdown", source))))
    assert document.text == 'A wheel turns.\n\n![hen](hen.png) <img src="data.png">'


def test_data_that_stand_at_the_end_are_left_out_too(write: Write, read_all: ReadAll) -> None:
    """As Google Docs and Colab write them."""
    source = (
        "A ![wheel][Image1] turns ![][i 2], see [it][i  2].\n![hen][hen] [image1]\n\n"
        "[image1]: data:image/png;base64,iVBORw0KGgo=\n  [i 2]:\n <data:image/png;base64,AAAA>\n"
        "[hen]: hen.png\n"
    )
    cells = (
        cell("markdown", source),
        cell("markdown", "[i3]: data:image/png;base64,AAAA"),
        cell("raw", "End."),
    )
    (document,), _ = read_all(write("a.ipynb", notebook(*cells)))
    assert document.text == ("A wheel turns , see it.\n![hen][hen] [image1]\n\n[hen]: hen.png\n\nEnd.")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "not a notebook: not JSON: Expecting value: line 1 column 1 (char 0); save it again"),
        ("[" * 100_000, "not a notebook: not JSON: "),
        ("<html>", "not a notebook: not JSON: "),
        ("7", "not a notebook: it holds no list of cells"),
        ("[]", "not a notebook: it holds no list of cells"),
        ("{}", "not a notebook: it holds no cells; save it again, or leave it out"),
        ('{"cells": {}}', "not a notebook: it holds no list of cells"),
        ('{"worksheets": [7]}', "not a notebook: it holds no list of cells"),
        (notebook("x"), "cell 1: is damaged: it has no kind, or no text; save the notebook again"),
        (notebook(cell("raw", "x"), cell("markdown", ["a", 7])), "cell 2: is damaged"),
        (notebook({"cell_type": ["code"], "source": "x"}), "cell 1: is damaged"),
        (notebook(), "the text is empty"),
        (notebook(cell("code", " \n")), "the text is empty"),
        (notebook(cell("raw", "\ud800")), "the text holds a lone surrogate"),
        (b'{"cells": "\xff"}', "not UTF-8 at byte 11"),
    ],
)
def test_what_is_no_notebook_says_so(
    write: Write, read_all: ReadAll, content: str | bytes, problem: str
) -> None:
    path = write("a.ipynb", content)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}: {problem}")


def test_changed_bytes_are_documents_or_source_errors(write: Write, read_all: ReadAll) -> None:
    content = notebook(cell("markdown", "# Mill"), cell("code", ["grind()"]), metadata=_PYTHON).encode()
    for changed in damaged(content, count=200):
        documents, errors = read_all(write("a.ipynb", changed))
        assert len(documents) + len(errors) == 1

"""What is printed of what a text was read from."""

import pytest

from openbook.cli.text_output import print_sources
from openbook.generation.citations import Citation, CitedNeighbor


def hardly_read(chunk: int, title: str, *, influence: float | None = None) -> CitedNeighbor:
    return CitedNeighbor(
        document_id=f"doc{title}",
        chunk_id=chunk,
        title=title,
        source="notes.md",
        text="Words.",
        continuation="",
        score=1.0,
        attention=0.01,
        influence=influence,
        is_used=False,
    )


def test_of_what_was_hardly_read_each_title_stands_once(capsys: pytest.CaptureFixture[str]) -> None:
    others = [
        hardly_read(1, "Manual of the loom"),
        hardly_read(2, "The bridge, notes of a walker"),
        hardly_read(3, "Manual of the loom"),
    ]
    print_sources("Words", [Citation(0, 5, others)])
    said = "[1] hardly read: Manual of the loom (2); The bridge, notes of a walker\n"
    assert capsys.readouterr().out == said


def test_where_it_was_measured_each_has_its_influence(capsys: pytest.CaptureFixture[str]) -> None:
    others = [hardly_read(chunk, "Manual", influence=chunk / 10) for chunk in (1, 2)]
    print_sources("Words", [Citation(0, 5, others)])
    assert capsys.readouterr().out == "[1] hardly read: Manual (2), influence +0.1, influence +0.2\n"

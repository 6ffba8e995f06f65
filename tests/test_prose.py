"""The prose of README, CONTRIBUTING and docs/: no line is longer than a diff or an editor shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from written_commands import PAGES, ROOT

WIDTH = 120
_MEASUREMENTS = "results.md"
"""Measurements in the order in which they were made; its lines are as long as they are."""


def prose_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a page with their numbers, but for blocks of code, tables and pictures."""
    is_code = False
    for number, line in enumerate(text.splitlines(), start=1):
        begins = line.lstrip()
        if begins.startswith("```"):
            is_code = not is_code
        elif not is_code and not begins.startswith(("|", "![", "<img")):
            yield number, line


@pytest.mark.parametrize(
    "page",
    [ROOT / "CONTRIBUTING.md", *(page for page in PAGES if page.name != _MEASUREMENTS)],
    ids=lambda page: str(page.name),
)
def test_prose_is_wrapped(page: Path) -> None:
    lines = prose_lines(page.read_text("utf-8"))
    assert [(number, len(line)) for number, line in lines if len(line) > WIDTH] == []


def test_code_tables_and_pictures_are_no_prose() -> None:
    page = "Of the mill.\n\n| a | table |\n```\n| code\n```\n![a picture](x.png)\n- An item."
    assert [line for _, line in prose_lines(page)] == ["Of the mill.", "", "- An item."]

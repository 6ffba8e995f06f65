"""Plain text that was meant for terminals."""

from collections.abc import Callable
from pathlib import Path

import pytest

from growth import assert_linear
from openbook.text import Document

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[1;31mERROR\x1b[0m gate 4", "ERROR gate 4"),
        ("\x1b[38;5;10mok\x1b[K\x1b[2J", "ok"),
        ("\x1b]8;;https://example.org\x1b\\gate\x1b]8;;\x1b\\ \x1b]0;title\x07x", "gate x"),
        ("N\bNA\bAM\bME\bE", "NAME"),
        ("_\bf_\bi_\bl_\be", "file"),
        ("b\bb\bb", "b"),
        ("abc\b\b\bxyz", "xyz"),
        ("gat\b\b\bgatf\b \be", "gate"),
        ("\b\bx \x1b", "x \x1b"),
        ("a\n\bb", "a\nb"),
    ],
)
def test_words_are_those_that_a_terminal_shows(
    write: Write, read_all: ReadAll, written: str, shown: str
) -> None:
    (document,), errors = read_all(write("a.txt", f"{written} end"))
    assert (document.text, errors) == (f"{shown} end", [])


def test_runs_of_backspaces_are_read_in_linear_time(write: Write, read_all: ReadAll) -> None:
    assert_linear(lambda n: read_all(write("a.txt", "a" * n + "\b" * n + "end")), 20_000)

"""The verb `generate`: what it refuses. What it writes is in test_whole_path.py."""

from pathlib import Path
from typing import Any

import pytest

from command_line import OpenBook


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("",), "the prompt is empty"),
        (("a", "--top-p", "2"), "top-p 2"),
        (("a", "--temperature", "-1"), "temperature -1"),
        (("a", "-k", "0"), "k = 0"),
        (("a", "--max-new-tokens", "0"), "max new tokens 0"),
    ],
)
def test_wrong_ways_to_generate(
    openbook: OpenBook, trained_folder: Path, book: Any, options: tuple[str, ...], message: str
) -> None:
    result = openbook("generate", trained_folder, book.path, *options)
    assert result.code == 2
    assert message in result.error
    assert result.out == ""

"""The examples in docstrings say what really comes out."""

import doctest
import importlib
from pathlib import Path

import pytest

import openbook

SOURCE = Path(openbook.__file__).parent
WITH_EXAMPLES = sorted(path for path in SOURCE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_examples(path: Path) -> None:
    module = importlib.import_module(".".join(("openbook", *path.relative_to(SOURCE).with_suffix("").parts)))
    found = doctest.testmod(module)
    assert found.attempted and not found.failed

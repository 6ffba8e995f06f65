"""docs/trust.md names its tests: each of them is there."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "trust.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| kind |")]
FUNCTIONS = {
    name
    for path in TESTS.rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40])
def test_each_row_names_tests_that_are_there(row: str) -> None:
    kind, happens, tests = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert kind and happens
    named = re.findall(r"tests/[\w/.]*\w|\btest_\w+\.py|\btest_\w+", tests)
    assert named, "no test is named"
    for name in named:
        if name.startswith("tests/"):
            assert (TESTS.parent / name).exists(), name
        elif name.endswith(".py"):
            assert list(TESTS.rglob(name)), name
        else:
            assert name in FUNCTIONS, name

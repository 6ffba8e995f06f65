"""`openbook eval perplexity --shares … --report …` as a user types it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command_line import OpenBook


@pytest.fixture
def command(train_tiny: Callable[..., Path], database: Path) -> tuple[Any, ...]:
    """Evaluates a model that has hardly trained."""
    return ("eval", "perplexity", train_tiny("model"), database)


def test_a_report_is_written(openbook: OpenBook, command: tuple[Any, ...], tmp_path: Path) -> None:
    folder = tmp_path / "report"
    result = openbook(*command, "--report", folder, "--json")
    assert f"report: {folder / 'report.md'}" in result.err
    results = json.loads((folder / "results.json").read_text())
    about = results.pop("about")
    assert results == result.json
    assert [row["share"] for row in results["growing"]] == [0, 1, 10, 30, 100]
    assert results["growing"][0]["bits_per_byte"] == results["modes"]["off"]["bits_per_byte"]
    assert results["growing"][-1]["bits_per_byte"] == results["modes"]["on"]["bits_per_byte"]
    assert results["recall"] == []
    assert about["arguments"]["report"] == str(folder)
    assert about["arguments"]["modes"] == "on,off,random,shuffled"
    assert {path.name for path in folder.iterdir()} == {
        "results.json", "report.md", "modes.png", "leakage.png", "growing.png", "positions.png",
    }  # fmt: skip


def test_shares_alone_are_printed(openbook: OpenBook, command: tuple[Any, ...]) -> None:
    lines = openbook(*command, "--shares", "0, 50,100").out.splitlines()
    header = next(place for place, line in enumerate(lines) if line.startswith("share "))
    assert [line.split()[0] for line in lines[header + 1 :]] == ["0", "50", "100"]
    without = openbook(*command, "--json").json
    assert (without["growing"], without["recall"]) == ([], None)
    assert "about" not in without


def test_a_report_without_retrieval_measures_no_shares(
    openbook: OpenBook, command: tuple[Any, ...], tmp_path: Path
) -> None:
    result = openbook(*command, "--modes", "off", "--report", tmp_path / "report", "--json").json
    assert (result["growing"], result["recall"], list(result["modes"])) == ([], None, ["off"])


@pytest.mark.parametrize(
    ("shares", "message"),
    [("1,many", "--shares 1,many: give numbers by commas"), ("0,120", "share 120: must be from 0 to 100")],
)
def test_wrong_shares_are_refused_at_once(openbook: OpenBook, shares: str, message: str) -> None:
    result = openbook("eval", "perplexity", "nowhere", "nothing", "--shares", shares)
    assert result.code == 2
    assert message in result.error


def test_a_report_that_cannot_be_written_is_refused_at_once(openbook: OpenBook, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = openbook("eval", "perplexity", "nowhere", "nothing", "--report", tmp_path / "file")
    assert result.code == 2
    assert "file: cannot be read or written" in result.error

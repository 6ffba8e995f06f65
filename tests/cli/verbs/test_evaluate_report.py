"""`openbook eval perplexity --shares … --report …` as a user types it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command_line import Contents, OpenBook


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


def test_a_report_that_is_there_is_not_replaced_unless_asked(
    openbook: OpenBook, command: tuple[Any, ...], tmp_path: Path, contents: Contents
) -> None:
    folder = tmp_path / "report"
    off = (*command, "--modes", "off", "--max-sequences", "1", "--report", folder)
    assert openbook(*off).code == 0
    (folder / "mine.txt").write_text("mine")
    before = contents(folder)
    refused = openbook("eval", "perplexity", "nowhere", "nothing", "--report", folder)
    assert refused.code == 2
    assert str(folder) in refused.error and "--overwrite" in refused.error
    assert contents(folder) == before
    assert openbook(*off, "--seed", "7", "--overwrite").code == 0
    assert json.loads((folder / "results.json").read_text())["about"]["arguments"]["seed"] == 7
    assert (folder / "mine.txt").read_text() == "mine"


def test_what_no_report_can_replace_is_refused_at_once(openbook: OpenBook, database: Path) -> None:
    alone = openbook("eval", "perplexity", "nowhere", "nothing", "--overwrite")
    assert (alone.code, "--overwrite: needs --report" in alone.error) == (2, True)
    into = openbook("eval", "perplexity", "nowhere", "nothing", "--report", database, "--overwrite")
    assert (into.code, f"{database}: is a database; choose another" in into.error) == (2, True)


def test_without_matplotlib_there_is_a_page_that_says_how_to_get_plots(
    openbook: OpenBook, command: tuple[Any, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    folder = tmp_path / "report"
    result = openbook(*command, "--modes", "off", "--max-sequences", "1", "--report", folder)
    assert result.code == 0
    assert result.err.count("pip install 'openbook[plots]'") == 1
    assert {path.name for path in folder.iterdir()} == {"results.json", "report.md"}
    page = (folder / "report.md").read_text()
    assert "pip install 'openbook[plots]'" in page
    assert "![" not in page


def test_tables_of_the_terminal_fit_and_count_no_words(openbook: OpenBook, command: tuple[Any, ...]) -> None:
    out = openbook(*command, "--shares", "0,100").out
    assert "per word" not in out
    assert max(map(len, out.splitlines())) <= 100

"""The folder of a report: what its files hold, what is left alone, what is refused."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openbook.errors import OutputError
from openbook.evaluate.report import Evaluation, prepare_report, write_report

ARGUMENTS = {"model": "mymodel", "k": 2, "stride": None, "seed": 0, "text": [], "knn_lm": False}
PLOTS = {"modes.png", "leakage.png", "growing.png", "positions.png", "recall.png"}


@pytest.fixture
def contents_of() -> Callable[[Path], dict[str, bytes]]:
    """The files of a folder."""
    return lambda folder: {path.name: path.read_bytes() for path in folder.iterdir()}


def test_results_hold_all_that_was_measured(evaluation: Evaluation, folder: Path) -> None:
    results = json.loads((folder / "results.json").read_text())
    assert results == json.loads(json.dumps(evaluation.to_json()))
    report = evaluation.perplexity
    for mode, result in report.modes.items():
        assert results["modes"][mode]["bits_per_byte"] == result.bits_per_byte
    assert results["differences"]["off"]["low"] == report.differences["off"].low
    assert [row["share"] for row in results["growing"]] == [0, 10, 100]
    assert [row["recall_at_10"] for row in results["recall"]] == [0.5, 0.96, 1.0]
    assert results["leakage"][-1]["on"] == report.modes["on"].bits_per_byte
    about = results["about"]
    assert about["arguments"] == ARGUMENTS
    assert about["database"]["version"] >= 1
    assert about["database"]["documents"] == 40
    assert about["versions"].keys() > {"openbook", "torch", "python"}
    assert about["model"]["parameters"] > 10_000


def test_an_earlier_report_is_replaced_and_other_files_stay(
    evaluation: Evaluation, folder: Path, tmp_path: Path
) -> None:
    earlier = shutil.copytree(folder, tmp_path / "report")
    (earlier / "mine.txt").write_text("mine")
    (earlier / "other.png").write_bytes(b"mine")
    written = write_report(earlier, replace(evaluation, growing=[], recall=[]), overwrite=True)
    names = {path.name for path in earlier.iterdir()}
    assert names == {path.name for path in written} | {"mine.txt", "other.png"}
    assert names & PLOTS == {"modes.png", "leakage.png", "positions.png"}
    assert json.loads((earlier / "results.json").read_text())["growing"] == []
    assert "The search is exact: it misses nothing (recall 1)" in (earlier / "report.md").read_text()
    assert ((earlier / "mine.txt").read_text(), (earlier / "other.png").read_bytes()) == ("mine", b"mine")


def test_a_fault_while_drawing_leaves_the_earlier_report(
    evaluation: Evaluation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("openbook.evaluate.report.plots.to_png", fail)
    with pytest.raises(RuntimeError):
        write_report(folder, replace(evaluation, growing=[]), overwrite=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_refuses_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file: cannot be read or written"):
        prepare_report(tmp_path / "file")
    with pytest.raises(OutputError, match=r"below: cannot be read or written"):
        prepare_report(tmp_path / "file" / "below")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights do not bind here")
def test_refuses_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        prepare_report(tmp_path)


def test_an_earlier_report_stays_unless_it_is_to_be_replaced(
    evaluation: Evaluation, folder: Path, contents_of: Callable[[Path], dict[str, bytes]]
) -> None:
    before = contents_of(folder)
    for work in (lambda: prepare_report(folder), lambda: write_report(folder, evaluation)):
        with pytest.raises(OutputError, match=rf"{folder}: holds a report already .*--overwrite"):
            work()
    assert contents_of(folder) == before


@pytest.mark.parametrize("name", ["results.json", "report.md", "recall.png"])
@pytest.mark.parametrize("content", ["mine", "{}", "[]", '{"modes": {}}'])
def test_what_is_no_report_is_never_replaced(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    for overwrite in (False, True):
        with pytest.raises(OutputError, match=f"holds {name}, which is no report's; choose another"):
            prepare_report(tmp_path, overwrite=overwrite)
    assert (tmp_path / name).read_text() == content


def test_trying_the_folder_touches_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "results.json.new").write_text("mine")
    prepare_report(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"results.json.new": "mine"}


def test_without_matplotlib_earlier_plots_go_and_the_page_says_why(
    evaluation: Evaluation, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = shutil.copytree(folder, tmp_path / "report")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    written = write_report(earlier, evaluation, overwrite=True)
    assert {path.name for path in earlier.iterdir()} == {path.name for path in written}
    assert {path.name for path in written} == {"results.json", "report.md"}
    page = (earlier / "report.md").read_text()
    assert "pip install 'openbook[plots]'" in page
    assert ".png" not in page


def test_a_folder_whose_name_is_not_text_is_recorded(evaluation: Evaluation, tmp_path: Path) -> None:
    about = evaluation.about | {"arguments": {"model": "m\udcff"}}
    write_report(tmp_path / "report", replace(evaluation, about=about))
    results = json.loads((tmp_path / "report" / "results.json").read_bytes())
    assert results["about"]["arguments"] == {"model": "m\udcff"}
    assert "m\\udcff" in (tmp_path / "report" / "report.md").read_text().replace("&#92;", "\\")

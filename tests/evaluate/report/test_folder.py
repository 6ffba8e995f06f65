"""The folder of a report: what its files hold, what is left alone, what is refused."""

import json
import math
import os
import re
import shutil
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluations import evaluator_of, perplexity_of
from openbook.database import Database, NeighborTable
from openbook.errors import DatabaseError, MissingExtraError
from openbook.evaluate import EffortRow, evaluate_growing_book, evaluate_perplexity
from openbook.evaluate.report import Evaluation, describe, prepare_report, write_report
from openbook.evaluate.report.markdown import page as page_of
from openbook.model import RetroForCausalLM

PNG = b"\x89PNG\r\n\x1a\n"
ARGUMENTS = {"model": "mymodel", "k": 2, "stride": None, "seed": 0, "text": [], "knn_lm": False}
PLOTS = {"modes.png", "leakage.png", "growing.png", "positions.png", "recall.png"}


@pytest.fixture(scope="module")
def evaluation(trained_folder: Path, book: Database, table: NeighborTable) -> Evaluation:
    """Everything there is to report."""
    model = RetroForCausalLM.from_pretrained(trained_folder).eval()
    evaluator = evaluator_of(model, book, table, sequence_length=64)
    report = evaluate_perplexity(evaluator)
    growing = evaluate_growing_book(evaluator, [0, 10, 100])
    recall = [
        EffortRow(1, 0.5, 2.25, 30.5),
        EffortRow(16, 0.96, 2.125, 28.5),
        EffortRow(None, 1.0, 2.0, 27.0),
    ]
    about = describe(evaluator, arguments=ARGUMENTS)
    return Evaluation(report, growing, recall, about)


@pytest.fixture(scope="module")
def folder(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report; only for reading."""
    folder = tmp_path_factory.mktemp("written") / "new" / "report"
    write_report(folder, evaluation)
    return folder


def size_of(png: Path) -> tuple[int, int]:
    content = png.read_bytes()
    assert content[:8] == PNG
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_every_plot_can_be_opened_and_shows_something(folder: Path) -> None:
    from matplotlib.image import imread

    for name in PLOTS:
        path = folder / name
        width, height = size_of(path)
        assert (width, 400 < height < 1000) == (1080, True)
        pixels = imread(path)
        assert pixels.shape[:2] == (height, width)
        assert 0.005 < (pixels[..., :3].min(axis=-1) < 0.9).mean() < 0.5


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


def tables_of(page: str) -> dict[str, list[list[str]]]:
    """The cells of the table in each section, by its heading."""
    found = {}
    for section in page.split("\n## ")[1:]:
        rows = [line for line in section.splitlines() if line.startswith("|")]
        cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
        assert len({len(row) for row in cells}) <= 1, "as many cells in every row"
        found[section.splitlines()[0]] = cells[2:]
    return found


def test_the_page_has_every_table_and_picture(evaluation: Evaluation, folder: Path) -> None:
    page = (folder / "report.md").read_text()
    assert set(re.findall(r"!\[.+\]\((.+)\)", page)) == PLOTS
    tables, report = tables_of(page), evaluation.perplexity
    modes = tables["Modes"]
    assert [row[0] for row in modes] == list(report.modes)
    assert [row[1] for row in modes] == [f"{x.bits_per_byte:.4f}" for x in report.modes.values()]
    off = report.differences["off"]
    interval = f"{off.bits_per_byte:+.4f} ({off.low:+.4f} to {off.high:+.4f})"
    assert page.split("\n## ")[1].count(f": {interval}, {off.documents} documents") == 1
    little = report.leakage[0].differences["shuffled"]
    assert page.split("\n## ")[2].count(f": {little}, {little.documents} documents") == 1
    leakage = tables["Overlap with what was retrieved"]
    assert [row[0] for row in leakage] == ["12.5%", "25.0%", "50.0%", "100.0%"]
    assert [row[1] for row in leakage] == [str(row.chunks) for row in report.leakage]
    growing = tables["Growing the book"]
    assert [row[0] for row in growing] == ["0 %", "10 %", "100 %"]
    assert growing[2][3] == modes[0][1]
    assert growing[0][3] == modes[1][1]
    positions = tables["Position in the chunk"]
    mean = math.fsum(report.by_position["on"][:4]) / 4
    assert positions[0][:2] == ["on", f"{mean:.4f}"]
    assert tables["Recall of the index"][2] == ["all vectors", "1.000", "2.0000", "27.00"]
    assert tables["How this was made"] == [["`model`", "`mymodel`"], ["`k`", "`2`"], ["`seed`", "`0`"]]


def test_the_page_warns_of_near_copies(evaluation: Evaluation) -> None:
    near = evaluation.perplexity.near_copies
    assert near is not None
    assert near.documents, "of a book whose documents share sentences"
    warning = f"**Warning:** {near.documents} of {near.evaluated} evaluated documents"
    assert warning in page_of(evaluation, ())
    harmless = replace(evaluation.perplexity, near_copies=replace(near, documents=0, worst={}))
    assert "Warning" not in page_of(replace(evaluation, perplexity=harmless), ())


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.1, 0.3, "\n- on is better than off"),
        (-0.3, -0.1, "- **on is worse than off**"),
        (-0.1, 0.1, "- **no difference between on and off is shown**"),
        (None, None, "- **nothing is shown of off**"),
    ],
)
def test_the_page_says_what_the_interval_says(
    low: float | None, high: float | None, words: str, evaluation: Evaluation
) -> None:
    report = evaluation.perplexity
    off = replace(report.differences["off"], bits_per_byte=0.05, low=low, high=high)
    changed = replace(report, differences=report.differences | {"off": off})
    assert words in page_of(replace(evaluation, perplexity=changed), ())


def test_what_was_not_measured_is_said_and_has_no_plot(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, tmp_path: Path
) -> None:
    report = perplexity_of(trained, book, table, modes=["off"], sequence_length=64)
    write_report(tmp_path, Evaluation(report))
    page = (tmp_path / "report.md").read_text()
    assert page.count("Not measured") == 3
    assert set(re.findall(r"!\[.+\]\((.+)\)", page)) == {"modes.png", "positions.png"}
    assert {path.name for path in tmp_path.glob("*.png")} == {"modes.png", "positions.png"}
    assert json.loads((tmp_path / "results.json").read_text())["recall"] is None


def test_an_earlier_report_is_replaced_and_other_files_stay(
    evaluation: Evaluation, folder: Path, tmp_path: Path
) -> None:
    earlier = shutil.copytree(folder, tmp_path / "report")
    (earlier / "mine.txt").write_text("mine")
    (earlier / "other.png").write_bytes(b"mine")
    written = write_report(earlier, replace(evaluation, growing=[], recall=[]))
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
        write_report(folder, replace(evaluation, growing=[]))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_refuses_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match=r"file: cannot be read or written"):
        prepare_report(tmp_path / "file")
    with pytest.raises(DatabaseError, match=r"below: cannot be read or written"):
        prepare_report(tmp_path / "file" / "below")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights do not bind here")
def test_refuses_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DatabaseError, match="Permission denied"):
        prepare_report(tmp_path)


def test_names_the_extra_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'openbook\[eval\]'"):
        prepare_report(tmp_path / "report")
    assert not (tmp_path / "report").exists()

"""The page: every table, and words that are as sure as the intervals."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings

from evaluations import perplexity_of
from hostile_text import EVIL, MARKUP, assert_harmless, hostile
from openbook.database import Database, NeighborTable
from openbook.evaluate.measures import Difference, Share
from openbook.evaluate.perplexity import MemoryGain, RankerGain
from openbook.evaluate.report import Evaluation, write_report
from openbook.evaluate.report.markdown import page as page_of
from openbook.model import RetroForCausalLM

markdown_it = pytest.importorskip("markdown_it", reason="comes with rich")

PLOTS = {"modes.png", "leakage.png", "growing.png", "positions.png", "recall.png"}


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
    assert page.split("\n## ")[4].count(f": {little}, {little.documents} documents") == 1
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


def test_a_memory_and_a_ranker_are_told(evaluation: Evaluation) -> None:
    off = Difference(0.06, 0.05, 0.07, 8)
    memory = MemoryGain(without_book=off, beside_book=replace(off, low=-0.01), chunks_found=0.9)
    kept = Share(0.95, 0.89, 0.99)
    ranker = RankerGain(read=4.96, found=10.0, kept=kept, kept_by_first=Share(0.9, None, None))
    changed = replace(evaluation.perplexity, memory=memory, ranker=ranker)
    page = page_of(replace(evaluation, perplexity=changed), ())
    assert "90% of the chunks found something in their past." in page
    assert f"- memory is better than off: {off}, 8 documents" in page
    assert "**no difference between on + memory and on is shown**" in page
    assert "- read: 4.96 of 10.00 neighbors of a chunk" in page
    assert "- kept of their gain: 95% (89% to 99%)" in page
    assert "- kept by as many, the search's first: 90%" in page


def test_what_was_not_measured_is_said_and_has_no_plot(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, tmp_path: Path
) -> None:
    report = perplexity_of(trained, book, table, modes=["off"], sequence_length=64)
    write_report(tmp_path, Evaluation(report))
    page = (tmp_path / "report.md").read_text()
    assert page.count("Not measured") == 5
    assert set(re.findall(r"!\[.+\]\((.+)\)", page)) == {"modes.png", "positions.png"}
    assert {path.name for path in tmp_path.glob("*.png")} == {"modes.png", "positions.png"}
    assert json.loads((tmp_path / "results.json").read_text())["recall"] is None


@given(name=hostile)
@example(name=EVIL)
@example(name=MARKUP)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_documents_and_folders_are_called_is_no_markup(evaluation: Evaluation, name: str) -> None:
    """The page has the same structure whatever they are called."""
    reader = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

    def structure(name: str) -> list[str]:
        described = evaluation.about["database"] | {"path": name}
        arguments = {"model": name, "text": [name]}
        about = evaluation.about | {"arguments": arguments, "database": described, "book": described}
        near = replace(evaluation.perplexity.near_copies, documents=2, worst={name: 0.5, f"{name}2": 0.25})
        report = replace(evaluation.perplexity, near_copies=near)
        tokens = reader.parse(page_of(replace(evaluation, perplexity=report, about=about), ()))
        parts = [part for token in tokens for part in (token, *(token.children or ()))]
        said = [part.content for part in parts if part.type in ("text", "code_inline")]
        for line in said:
            assert_harmless(line)
        return [part.type for part in parts if part.type not in ("text", "code_inline")]

    assert structure(name or "x") == structure("a harmless name")

"""Tables: the same cells for a page and for a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from openbook.evaluate.harness import HarnessReport, TaskResult
from openbook.evaluate.report import (
    Evaluation,
    Table,
    growing_table,
    harness_table,
    modes_table,
    overlap_table,
)


def test_a_terminal_gets_aligned_columns() -> None:
    table = Table(
        ("mode", "bits per byte", "tokens"), [("on", "2.1", "12"), ("a_long_name", "10.25", "1,234")]
    )
    assert list(table.as_text()) == [
        "mode           bits per byte      tokens",
        "on                       2.1          12",
        "a_long_name            10.25       1,234",
    ]


def test_a_page_gets_markdown_that_no_cell_breaks() -> None:
    table = Table(("mode", "bits"), [("a|b", "2.1")])
    assert list(table.as_markdown()) == ["| mode | bits |", "| --- | ---: |", "| a&#124;b | 2.1 |"]


def test_every_row_has_as_many_cells_as_the_head(evaluation: Evaluation) -> None:
    report = evaluation.perplexity
    tables = [modes_table(report, words=True), growing_table(evaluation.growing)]
    tables += [overlap_table(report, intervals=intervals) for intervals in (True, False)]
    for table in tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.head)}
    assert tables[2].head[:-1] == tables[3].head


def test_words_are_counted_for_the_page_alone(evaluation: Evaluation) -> None:
    report = evaluation.perplexity
    assert "per word" in modes_table(report, words=True).head
    without = modes_table(report, words=False)
    assert "per word" not in without.head
    assert {len(row) for row in without.rows} == {len(without.head)}


@given(
    st.lists(st.text("abc_", min_size=1, max_size=120), min_size=1, max_size=4),
    st.lists(st.integers(1, 13), min_size=1, max_size=6),
)
def test_a_terminal_gets_at_most_100_columns(names: list[str], widths: list[int]) -> None:
    head = ("what", *("n" * width for width in widths))
    rows = [(name, *("1" * width for width in widths)) for name in names]
    lines = list(Table(head, rows).as_text())
    assert [line for line in lines if len(line) > 100 and line not in names] == []
    numbers = [line.split()[-len(widths) :] for line in lines if line not in names]
    assert numbers == [list(row[1:]) for row in (head, *rows)], "nothing is cut"
    for name in names:
        assert [line for line in lines if line.startswith(name)]


def test_all_that_can_be_compared_fits(evaluation: Evaluation) -> None:
    names = ("on", "off", "random", "shuffled", "baseline", "in_context", "knn_lm")
    head = ("overlap up to", "chunks", *names)
    table = Table(head, [("100.0%", "123,456,789", *("12.3456" for _ in names))])
    assert max(map(len, table.as_text())) <= 100


def test_a_long_task_has_a_line_of_its_own() -> None:
    name = "leaderboard_mmlu_high_school_government_and_politics_continuation"
    result = TaskResult({"acc,none": 0.25, "perplexity,none": 12.5}, {"acc,none": 0.0123}, 1234, None)
    table = harness_table(HarnessReport({name: result}, retrieval=True, chunks_searched=0, samples={}))
    lines = list(table.as_text())
    assert lines[1] == name == lines[3]
    assert lines[2].split() == ["acc,none", "0.2500", "0.0123", "1,234", "-"]
    assert lines[4].split() == ["perplexity,none", "12.5000", "-", "1,234", "-"]
    assert max(map(len, lines)) <= 100

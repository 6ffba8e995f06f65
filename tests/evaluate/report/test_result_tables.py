"""Tables: the same cells for a page and for a terminal."""

from openbook.evaluate.report import Evaluation, Table, growing_table, modes_table, overlap_table


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
    tables = [modes_table(report), growing_table(evaluation.growing)]
    tables += [overlap_table(report, intervals=intervals) for intervals in (True, False)]
    for table in tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.head)}
    assert tables[2].head[:-1] == tables[3].head

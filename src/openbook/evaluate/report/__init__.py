"""What an evaluation found, for people: tables, and a folder of results.json, a page in Markdown, and plots.

Nothing is measured here.
"""

from openbook.evaluate.report.folder import prepare_report, write_report
from openbook.evaluate.report.plots import drawing_advice
from openbook.evaluate.report.result_tables import (
    Table,
    growing_table,
    harness_table,
    modes_table,
    overlap_table,
)
from openbook.evaluate.report.results import Evaluation, describe

__all__ = [
    "Evaluation",
    "Table",
    "describe",
    "drawing_advice",
    "growing_table",
    "harness_table",
    "modes_table",
    "overlap_table",
    "prepare_report",
    "write_report",
]

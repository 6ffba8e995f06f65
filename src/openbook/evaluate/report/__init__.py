"""A folder that tells what an evaluation found: results.json, a page in Markdown, and plots.

It measures nothing itself.
"""

from openbook.evaluate.report.folder import prepare_report, write_report
from openbook.evaluate.report.results import Evaluation, describe

__all__ = ["Evaluation", "describe", "prepare_report", "write_report"]

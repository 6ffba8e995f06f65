"""A folder that tells what an evaluation found: results.json, a page in Markdown, and plots.

It measures nothing itself.
"""

from openbook.evaluate.report.evaluation import Evaluation, describe
from openbook.evaluate.report.writing import prepare_report, write_report

__all__ = ["Evaluation", "describe", "prepare_report", "write_report"]

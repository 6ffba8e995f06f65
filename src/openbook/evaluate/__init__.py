"""Honest evaluation: the same tokens with retrieval on, off, random and shuffled; and their overlap.

And of a database alone: recall and speed of its search.
"""

from openbook.evaluate.intervals import Difference, paired_difference
from openbook.evaluate.leakage import LeakageRow, longest_common_runs
from openbook.evaluate.perplexity import MODES, ModeResult, PerplexityReport, evaluate_perplexity
from openbook.evaluate.retrieval import Latency, RetrievalReport, evaluate_retrieval

__all__ = [
    "MODES",
    "Difference",
    "Latency",
    "LeakageRow",
    "ModeResult",
    "PerplexityReport",
    "RetrievalReport",
    "evaluate_perplexity",
    "evaluate_retrieval",
    "longest_common_runs",
    "paired_difference",
]

"""Honest evaluation: the same tokens with retrieval on, off, random and shuffled; and their overlap."""

from openbook.evaluate.leakage import LeakageRow, longest_common_runs
from openbook.evaluate.perplexity import MODES, ModeResult, PerplexityReport, evaluate_perplexity

__all__ = [
    "MODES",
    "LeakageRow",
    "ModeResult",
    "PerplexityReport",
    "evaluate_perplexity",
    "longest_common_runs",
]

"""Honest evaluation: the same tokens with retrieval on, off, random and shuffled; and their overlap.

And of a database alone: recall and speed of its search.
"""

from openbook.evaluate.evaluator import EvaluationOptions, Evaluator
from openbook.evaluate.growing_book import SHARES, GrowingRow, evaluate_growing_book
from openbook.evaluate.measures import Difference, ModeResult, TokenLosses, paired_difference
from openbook.evaluate.neighbor_modes import MODES
from openbook.evaluate.overlap import EvaluatedCopies, LeakageRow, OverlapStep, longest_common_runs
from openbook.evaluate.perplexity import PerplexityReport, evaluate_perplexity
from openbook.evaluate.scorers import ModelScorer, Scorer
from openbook.evaluate.search_effort import EffortRow, evaluate_search_effort
from openbook.evaluate.search_quality import Latency, RetrievalReport, evaluate_retrieval
from openbook.evaluate.windows import Windows

__all__ = [
    "MODES",
    "SHARES",
    "Difference",
    "EffortRow",
    "EvaluatedCopies",
    "EvaluationOptions",
    "Evaluator",
    "GrowingRow",
    "Latency",
    "LeakageRow",
    "ModeResult",
    "ModelScorer",
    "OverlapStep",
    "PerplexityReport",
    "RetrievalReport",
    "Scorer",
    "TokenLosses",
    "Windows",
    "evaluate_growing_book",
    "evaluate_perplexity",
    "evaluate_retrieval",
    "evaluate_search_effort",
    "longest_common_runs",
    "paired_difference",
]

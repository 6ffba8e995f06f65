"""Evaluators in one line, for tests of what they measure."""

from collections.abc import Mapping, Sequence
from typing import Any

from openbook.database import Database, NeighborTable, Version
from openbook.database.neighbors.neighbor_ranker import NeighborRanker
from openbook.evaluate import (
    MODES,
    EvaluationOptions,
    Evaluator,
    PerplexityReport,
    Scorer,
    evaluate_perplexity,
)
from openbook.model import RetroForCausalLM


def evaluator_of(
    model: RetroForCausalLM,
    database: Database | Version,
    table: NeighborTable | None,
    *,
    corpus: Database | Version | None = None,
    **options: Any,
) -> Evaluator:
    """An evaluator with these options."""
    return Evaluator(model, database, table, corpus=corpus, options=EvaluationOptions(**options))


def perplexity_of(
    model: RetroForCausalLM,
    database: Database | Version,
    table: NeighborTable | None,
    *,
    modes: Sequence[str] = MODES,
    others: Mapping[str, Scorer] | None = None,
    corpus: Database | Version | None = None,
    remember: bool = False,
    ranker: NeighborRanker | None = None,
    **options: Any,
) -> PerplexityReport:
    """The report of an evaluator of its own."""
    evaluator = evaluator_of(model, database, table, corpus=corpus, **options)
    return evaluate_perplexity(evaluator, modes, others=others, remember=remember, ranker=ranker)

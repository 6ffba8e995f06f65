"""A report of everything that can be measured, and its folder."""

from pathlib import Path

import pytest

from evaluations import evaluator_of
from openbook.database import Database, NeighborTable
from openbook.evaluate import EffortRow, evaluate_growing_book, evaluate_perplexity
from openbook.evaluate.report import Evaluation, describe, write_report
from openbook.model import RetroForCausalLM

ARGUMENTS = {"model": "mymodel", "k": 2, "stride": None, "seed": 0, "text": [], "knn_lm": False}


@pytest.fixture(scope="module")
def evaluation(trained_folder: Path, book: Database, table: NeighborTable) -> Evaluation:
    """Everything there is to report."""
    model = RetroForCausalLM.from_pretrained(trained_folder).eval()
    evaluator = evaluator_of(model, book, table, sequence_length=64)
    report = evaluate_perplexity(evaluator)
    growing = evaluate_growing_book(evaluator, [0, 10, 100])
    recall = [
        EffortRow(1, 0.5, 2.25, 30.5),
        EffortRow(16, 0.96, 2.125, 28.5),
        EffortRow(None, 1.0, 2.0, 27.0),
    ]
    about = describe(evaluator, arguments=ARGUMENTS)
    return Evaluation(report, growing, recall, about)


@pytest.fixture(scope="module")
def folder(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report; only for reading."""
    folder = tmp_path_factory.mktemp("written") / "new" / "report"
    write_report(folder, evaluation)
    return folder

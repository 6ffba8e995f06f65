"""Intervals cover what they should, and are of documents, not of tokens."""

import numpy as np
import pytest

from evaluations import perplexity_of
from openbook.database import Database, NeighborTable
from openbook.evaluate import paired_difference
from openbook.model import RetroForCausalLM


def test_the_difference_is_that_of_the_sums() -> None:
    on, other, size = np.array([10.0, 30.0] * 3), np.array([12.0, 33.0] * 3), np.array([5.0, 20.0] * 3)
    found = paired_difference(on, other, size, seed=0)
    assert found.bits_per_byte == pytest.approx(5 / 25)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.bits_per_byte <= found.high
    assert found.documents == 6


def test_equal_gains_leave_no_doubt() -> None:
    size = np.array([4.0, 8.0, 16.0, 1.0, 2.0, 3.0])
    found = paired_difference(size * 0, size * 0.25, size, seed=1)
    assert (found.low, found.high) == pytest.approx((0.25, 0.25))


@pytest.mark.parametrize("documents", [1, 2, 5])
def test_a_few_documents_show_nothing(documents: int) -> None:
    """All may lie on one side by chance: an interval of their draws would leave 0 out too often."""
    found = paired_difference(np.zeros(documents), np.ones(documents), np.full(documents, 10.0), seed=1)
    assert found.bits_per_byte == pytest.approx(0.1)
    assert (found.low, found.high, found.documents) == (None, None, documents)
    assert str(found) == "+0.1000 (too few documents for an interval)"


def test_the_seed_decides_the_draws() -> None:
    rng = np.random.default_rng(0)
    on, other, size = rng.random(20), rng.random(20), np.ones(20)
    assert paired_difference(on, other, size, seed=3) == paired_difference(on, other, size, seed=3)
    assert paired_difference(on, other, size, seed=3) != paired_difference(on, other, size, seed=4)


def test_the_true_difference_lies_within_nineteen_times_of_twenty() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(200):
        size = rng.integers(50, 500, 60).astype(float)
        gain = size * rng.normal(0.1, 0.3, 60)
        found = paired_difference(np.zeros(60), gain, size, seed=seed)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.1 <= found.high
    assert 175 <= covered <= 199


def test_tokens_of_one_document_are_one_witness() -> None:
    """The same losses in few documents are less sure than in many."""
    rng = np.random.default_rng(0)
    gains = rng.normal(0.1, 1.0, 400)
    many = paired_difference(np.zeros(400), gains, np.ones(400), seed=0)
    together = np.sort(gains).reshape(20, 20).sum(axis=1)
    few = paired_difference(np.zeros(20), together, np.full(20, 20.0), seed=0)
    assert few.low is not None and few.high is not None and many.low is not None and many.high is not None
    assert few.bits_per_byte == pytest.approx(many.bits_per_byte)
    assert few.high - few.low > 2 * (many.high - many.low)


def test_a_report_has_the_difference_of_each_mode_from_on(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    report = perplexity_of(trained, book, table, sequence_length=64)
    assert set(report.differences) == {"off", "random", "shuffled"}
    on = report.modes["on"].bits_per_byte
    for mode, difference in report.differences.items():
        assert difference.bits_per_byte == pytest.approx(report.modes[mode].bits_per_byte - on, abs=1e-5)
        assert difference.low is not None
        assert difference.high is not None
        assert difference.low <= difference.bits_per_byte <= difference.high
        assert difference.documents == book.info().holdout_documents
    assert perplexity_of(trained, book, table, modes=["off"], sequence_length=64).differences == {}

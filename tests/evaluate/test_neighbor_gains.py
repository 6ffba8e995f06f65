"""What each neighbor alone is worth: the difference of two evaluations; learned, chosen, measured."""

from pathlib import Path

import numpy as np
import pytest

from evaluations import evaluator_of, perplexity_of
from openbook.database import Database, NeighborTable
from openbook.errors import SettingsError
from openbook.evaluate.measures import TokenLosses, kept_share
from openbook.evaluate.neighbor_gains import find_neighbors, learn_ranker, measure_gains
from openbook.evaluate.neighbor_modes import ChunkNeighbors
from openbook.evaluate.scorers import ModelScorer
from openbook.model import RetroForCausalLM

M = 16


def test_a_gain_is_what_the_next_chunk_costs_less(trained: RetroForCausalLM, book: Database) -> None:
    evaluator = evaluator_of(trained, book, None, k=3, sequence_length=4 * M)
    found = find_neighbors(evaluator)
    gains, exists = measure_gains(evaluator, found)
    windows = evaluator.windows
    place = 1
    alone = ChunkNeighbors(found.chunks, found.ids[:, place : place + 1])
    scorers = {
        "off": ModelScorer(trained, windows.samples()),
        "alone": ModelScorer(trained, windows.samples(alone)),
    }
    nats = evaluator.losses(scorers).nats
    layout, seen = windows.corpus.layout, 0
    for row, chunks in enumerate(windows.chunk_ids):
        for c in range(3):
            where = np.flatnonzero(found.chunks == chunks[c])
            follows = (
                chunks[c + 1] >= 0 and layout.document_of[chunks[c]] == layout.document_of[chunks[c + 1]]
            )
            if chunks[c] < 0 or not follows:
                continue
            span = slice((c + 1) * M, (c + 2) * M)
            expected = float((nats["off"][row, span] - nats["alone"][row, span]).sum())
            assert gains[where[0], place] == pytest.approx(expected, abs=1e-4)
            assert exists[where[0], place] == (found.ids[where[0], place] >= 0)
            seen += 1
    assert seen > 5
    assert exists.any(axis=1).sum() <= seen


def test_neighbors_that_a_window_hides_are_not_counted(trained: RetroForCausalLM, book: Database) -> None:
    """Those of other documents of the window: with and without them the model reads the same."""
    evaluator = evaluator_of(trained, book, None, k=3, sequence_length=4 * M, split="train", max_sequences=12)
    found = find_neighbors(evaluator)
    _, exists = measure_gains(evaluator, found)
    windows, documents = evaluator.windows, book.opened.layout.document_of
    hidden = 0
    for chunks in windows.chunk_ids:
        own = set(documents[chunks[chunks >= 0]].tolist())
        for row in np.searchsorted(found.chunks, chunks[chunks >= 0]):
            is_own = np.isin(documents[found.ids[row]], list(own)) & (found.ids[row] >= 0)
            assert not (exists[row] & is_own).any()
            hidden += int(is_own.sum())
    assert hidden and exists.any()


def test_a_ranker_is_learned_and_measured(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, tmp_path: Path
) -> None:
    learning = evaluator_of(trained, book, None, k=4, sequence_length=2 * M, split="train")
    assert learning.windows.dataset.split == "train"
    ranker, count = learn_ranker(learning, keep=0.5)
    assert ranker.about["neighbors"] == count > 100
    report = perplexity_of(
        trained, book, table, modes=["on", "off"], k=4, sequence_length=2 * M, ranker=ranker
    )
    assert set(report.modes) == {"on", "off", "ranked", "first"}
    assert report.ranker is not None
    assert 0 < report.ranker.read < report.ranker.found <= 4
    of = {name: result.bits_per_byte for name, result in report.modes.items()}
    share = (of["off"] - of["ranked"]) / (of["off"] - of["on"])
    assert report.ranker.kept.value == pytest.approx(share, rel=1e-3)
    with pytest.raises(SettingsError, match="on,off"):
        perplexity_of(trained, book, table, modes=["on"], k=4, sequence_length=2 * M, ranker=ranker)


def test_all_neighbors_keep_all_of_the_gain(trained: RetroForCausalLM, book: Database) -> None:
    evaluator = evaluator_of(trained, book, None, k=2, sequence_length=2 * M)
    windows, own = evaluator.windows, evaluator.neighbors().first(2)
    on, off = ModelScorer(trained, windows.samples(own)), ModelScorer(trained, windows.samples())
    losses = evaluator.losses({"on": on, "off": off})
    share = kept_share(TokenLosses(windows, losses.nats | {"same": losses.nats["on"]}, 0), of="same")
    assert (share.value, share.low, share.high) == (1, 1, 1)
    assert kept_share(TokenLosses(windows, losses.nats, 0), of="off").value == 0


def test_too_little_text_is_refused(trained: RetroForCausalLM, book: Database) -> None:
    evaluator = evaluator_of(trained, book, None, k=1, sequence_length=2 * M, max_sequences=2)
    with pytest.raises(SettingsError, match="too few"):
        learn_ranker(evaluator)

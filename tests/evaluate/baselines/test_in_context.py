"""In-context retrieval: the losses of prompts put together one by one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from openbook.database import Database, NeighborTable
from openbook.errors import SettingsError
from openbook.evaluate import ModelScorer, Windows
from openbook.evaluate.baselines import InContextScorer, in_context
from openbook.model import RetroForCausalLM

M = 16
ROOM = 64
"""Half of 128 tokens: two neighbors of 32."""


def nats_of(model: RetroForCausalLM, ids: list[int]) -> list[float]:
    """Of all tokens but the first, from the logits."""
    with torch.no_grad():
        log_probs = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    return [-log_probs[place, token].item() for place, token in enumerate(ids[1:])]


def neighbors_by_hand(
    book: Database, chunks: list[int], own: list[int], *, best_last: bool
) -> list[list[int]]:
    """The neighbors of one chunk that a prompt has, as lists of tokens."""
    documents = book.layout.document_of
    parts: list[list[int]] = []
    for chunk in chunks:
        if chunk < 0 or documents[chunk] in own:
            continue
        ids, mask = book.opened.retrieved_tokens(np.array([chunk]))
        tokens = ids[0][mask[0]].tolist()
        if sum(map(len, parts)) + len(tokens) > ROOM:
            break
        parts.append(tokens)
    return parts[::-1] if best_last else parts


@pytest.mark.parametrize("best_last", [True, False])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_losses_equal_those_of_prompts_made_by_hand(
    plain: RetroForCausalLM, windows: Windows, book: Database, table: NeighborTable, k: int, best_last: bool
) -> None:
    rows = windows.rows[::-1]
    scorer = InContextScorer(plain, windows.samples(table.first(k)), best_last=best_last)
    nats = scorer(rows)
    documents, prompted = book.layout.document_of, 0
    for row, losses in zip(rows, nats, strict=True):
        sample, chunks = windows.dataset[row], windows.dataset.chunk_ids[row]
        ids, expected = sample["input_ids"].tolist(), np.zeros(len(losses))
        own = [documents[chunk] for chunk in chunks if chunk >= 0]
        for number, chunk in enumerate(chunks):
            start = number * M
            parts: list[list[int]] = []
            if number and chunk >= 0 and documents[chunk] == documents[chunks[number - 1]]:
                neighbors = table.ids[chunks[number - 1 : number]][0, :k].tolist()
                parts = neighbors_by_hand(book, neighbors, own, best_last=best_last)
            prefix = [token for tokens in parts for token in tokens]
            context = ids[:start][-(128 - len(prefix) - M) :] if parts else ids[:start]
            prompt = prefix + context + ids[start : start + M]
            prompted += bool(parts)
            expected[start : start + M] = ([0.0, *nats_of(plain, prompt)])[-M:]
        expected[sample["labels"] < 0] = 0
        np.testing.assert_allclose(losses, expected, atol=2e-5)
    assert prompted > 10


def test_what_has_no_neighbors_is_read_plainly(
    plain: RetroForCausalLM, windows: Windows, table: NeighborTable
) -> None:
    rows = windows.rows[::-1]
    expected = ModelScorer(plain, windows.samples())(rows)
    none = np.full((len(table.ids), 2), -1)
    np.testing.assert_array_equal(InContextScorer(plain, windows.samples(none))(rows), expected)
    own = np.arange(len(table.ids))[:, None]  # each chunk's neighbor is itself: of the same document
    np.testing.assert_array_equal(InContextScorer(plain, windows.samples(own))(rows), expected)
    found = InContextScorer(plain, windows.samples(table.first(2)))(rows)
    np.testing.assert_array_equal(found[:, :M], expected[:, :M])
    assert (found[:, M:] != expected[:, M:]).mean() > 0.3


def test_earlier_losses_know_nothing_of_later_tokens(
    plain: RetroForCausalLM, windows: Windows, table: NeighborTable, change_last_chunk: Any
) -> None:
    scorer = InContextScorer(plain, windows.samples(table.first(2)))
    before = scorer(windows.rows)
    change_last_chunk()
    after = scorer(windows.rows)
    np.testing.assert_allclose(after[:, :-M], before[:, :-M], atol=1e-5)
    assert (after[:, -M:] != before[:, -M:]).mean() > 0.9


def test_batches_do_not_matter(plain: RetroForCausalLM, windows: Windows, table: NeighborTable) -> None:
    scorer = InContextScorer(plain, windows.samples(table.first(2)))
    together = scorer(windows.rows)
    scorer = replace(scorer, tokens_at_once=1)
    alone = np.concatenate([scorer(windows.rows[row : row + 1]) for row in range(len(windows))])
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_prompts_are_no_longer_than_what_was_trained_and_the_best_is_cut_to_fit(
    plain: RetroForCausalLM, windows: Windows, table: NeighborTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[NDArray[np.int64]] = []
    hidden_states = in_context.hidden_states

    def spy(model: RetroForCausalLM, ids: NDArray[np.int64]) -> Any:
        read.append(ids)
        return hidden_states(model, ids)

    monkeypatch.setattr(in_context, "hidden_states", spy)
    InContextScorer(plain, windows.samples(table.first(10)), share=0.2)(windows.rows)
    prompts = read[1:]
    assert {ids.shape[1] for ids in read} == {128}
    sample = windows.dataset[0]
    first = table.ids[windows.dataset.chunk_ids[0]][0, :1]
    tokens = windows.dataset.database.retrieved_tokens(first)[0][0]
    assert prompts[0][0, :25].tolist() == tokens[:25].tolist()
    np.testing.assert_array_equal(prompts[0][0, 25 : 25 + 2 * M], sample["input_ids"][: 2 * M])


@pytest.mark.parametrize("share", [0.0, 1.0, -1, 0.9])
def test_shares_that_leave_no_room_are_refused(
    plain: RetroForCausalLM, windows: Windows, share: float
) -> None:
    with pytest.raises(SettingsError, match="share"):
        InContextScorer(plain, windows.samples(), share=share)

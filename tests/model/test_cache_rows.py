"""Rows of several caches in one go on as each does alone."""

from typing import Any

import pytest
import torch
from torch import Tensor

from openbook.model import RetroCache, RetroForCausalLM
from openbook.model.cache_rows import drop_padding, join_rows

from .tiny import M, draw_inputs, tiny_model

KINDS: dict[str, dict[str, Any]] = {
    "rotary": {},
    "relative": {"positions": "relative", "copy_head": True},
    "unconditioned": {"encoder_conditioned": False},
}


def begin(model: RetroForCausalLM, tokens: int, neighbors: int, seed: int) -> RetroCache:
    """The cache of a text of whole chunks; with `neighbors` 0 it read none."""
    inputs = draw_inputs(batch=1, tokens=tokens, neighbors=neighbors, seed=seed, ragged=neighbors > 0)
    cache: RetroCache = model(**inputs.asdict(), use_cache=True).past_key_values
    return cache


def go_on(model: RetroForCausalLM, cache: RetroCache, new: list[int], padding: list[int]) -> Tensor:
    """Logits [B, V] of the same token in every row, again and again: those after the last."""
    for token in new:
        length = cache.get_seq_length() + 1
        exists = (torch.arange(length) >= torch.tensor(padding)[:, None]).long()
        ids = torch.full((len(padding), 1), token)
        out = model(ids, attention_mask=exists, past_key_values=cache, use_cache=True)
    return out.logits[:, -1]


@pytest.mark.parametrize("name", list(KINDS))
def test_joined_rows_go_on_as_alone_and_after_padding_is_dropped(name: str) -> None:
    model = tiny_model(**KINDS[name])
    texts = [(3 * M, 2), (M, 3), (2 * M, 0)]
    with torch.no_grad():
        alone = [begin(model, *text, seed=seed) for seed, text in enumerate(texts)]
        joined = join_rows([begin(model, *text, seed=seed) for seed, text in enumerate(texts)], chunk_size=M)
        assert joined.get_seq_length() == 3 * M
        padding = [3 * M - tokens for tokens, _ in texts]
        found = go_on(model, joined, [5, 6], padding)
        expected = torch.cat([go_on(model, cache, [5, 6], [0]) for cache in alone])
        torch.testing.assert_close(found, expected, atol=1e-10, rtol=1e-10)
        # The longest leaves, and the padding that the others share goes.
        joined.batch_select_indices(torch.tensor([1, 2]))
        drop_padding(joined, M, chunk_size=M)
        assert joined.get_seq_length() == 2 * M + 2
        found = go_on(model, joined, [7], [M, 0])
        expected = torch.cat([go_on(model, cache, [7], [0]) for cache in alone[1:]])
        torch.testing.assert_close(found, expected, atol=1e-10, rtol=1e-10)


def test_rows_that_nobody_moved_have_no_shift() -> None:
    model = tiny_model()
    with torch.no_grad():
        joined = join_rows([begin(model, M, 1, 0), begin(model, M, 2, 1)], chunk_size=M)
    assert joined.shift is None
    assert joined.last is not None
    assert joined.last.ids.shape[:3] == (2, 1, 2)


def test_rows_join_at_a_border_alone() -> None:
    model = tiny_model()
    with torch.no_grad(), pytest.raises(AssertionError, match="border"):
        join_rows([begin(model, M + 1, 1, 0)], chunk_size=M)

"""Decoding in steps computes what the whole sequence at once computes."""

from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import DynamicCache

from openbook.errors import SettingsError
from openbook.model import RetroCache, RetroForCausalLM

from .tiny import Inputs, M, draw_inputs, tiny_model

T = 15

STEPS: dict[str, list[int]] = {
    "one token at a time": [1] * T,
    "uneven": [3, 2, 1, 5, 1, 3],
    "whole chunks": [M, M, M, 3],
    "from border to border": [3, M, M, M],
    "several chunks at once, then tokens": [9, 1, 1, 1, 1, 1, 1],
    "tokens, then several chunks": [1, 1, 12, 1],
    "twice": [2, 13],
}

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "copy head": {"copy_head": True},
    "P from the first layer": {"cca_layers": [1, 3]},
    "unconditioned, no positions": {"encoder_conditioned": False, "cca_positions": "none"},
    "shared embeddings": {
        "share_embeddings": True,
        "encoder_hidden_size": 8,
        "encoder_num_attention_heads": 2,
        "copy_head": True,
    },
    "relative positions": {"positions": "relative"},
    "DeepNorm": {"normalization": "deepnorm"},
    "DeepNorm, relative positions, copy head": {
        "normalization": "deepnorm",
        "positions": "relative",
        "copy_head": True,
    },
}


def in_steps(model: RetroForCausalLM, inputs: Inputs, steps: list[int]) -> tuple[Tensor, Tensor]:
    """Logits and neighbor shares of a sequence read in steps, each given the chunks that it completes."""
    logits, shares = [], []
    cache, past = None, 0
    ids, mask = inputs.neighbor_ids, inputs.neighbor_mask
    for step in steps:
        end = past + step
        new = slice(past // M, end // M)
        with torch.no_grad():
            out = model(
                inputs.input_ids[:, past:end],
                neighbor_ids=None if ids is None else ids[:, new],
                neighbor_mask=None if mask is None else mask[:, new],
                attention_mask=None if inputs.attention_mask is None else inputs.attention_mask[:, :end],
                past_key_values=cache,
                use_cache=True,
                output_shares=True,
            )
        cache, past = out.past_key_values, end
        logits.append(out.logits)
        K = 1 if ids is None else ids.shape[2]
        none = torch.zeros(*out.logits.shape[:2], K, dtype=out.logits.dtype)
        shares.append(none if out.neighbor_shares is None else out.neighbor_shares)
    assert past == inputs.input_ids.shape[1]
    return torch.cat(logits, 1), torch.cat(shares, 1)


def assert_steps_equal_the_whole(model: RetroForCausalLM, inputs: Inputs, steps: list[int]) -> None:
    with torch.no_grad():
        whole = model(**inputs.asdict(), output_shares=True)
    logits, shares = in_steps(model, inputs, steps)
    torch.testing.assert_close(logits, whole.logits, atol=1e-5, rtol=1e-5)
    if whole.neighbor_shares is not None:
        torch.testing.assert_close(shares, whole.neighbor_shares, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_steps_equal_the_whole_sequence(options: dict[str, Any], steps: list[int]) -> None:
    inputs = draw_inputs(batch=3, tokens=T, neighbors=3, ragged=True, padding=(0, 2, 6))
    assert_steps_equal_the_whole(tiny_model(**options), inputs, steps)


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("neighbors", [0, 1, 4])
def test_steps_equal_the_whole_sequence_without_padding(neighbors: int, steps: list[int]) -> None:
    inputs = draw_inputs(tokens=T, neighbors=neighbors)
    assert_steps_equal_the_whole(tiny_model(copy_head=True), inputs, steps)


def test_steps_equal_the_whole_sequence_in_single_precision() -> None:
    inputs = draw_inputs(tokens=T, ragged=True, padding=(0, 5))
    model = tiny_model(copy_head=True).float()
    with torch.no_grad():
        whole = model(**inputs.asdict()).logits
    logits, _ = in_steps(model, inputs, [1] * T)
    torch.testing.assert_close(logits, whole, atol=1e-4, rtol=1e-4)


def test_steps_equal_the_whole_sequence_in_a_model_without_retrieval() -> None:
    inputs = draw_inputs(tokens=T, neighbors=0, padding=(0, 5))
    assert_steps_equal_the_whole(tiny_model(cca_layers=[]), inputs, STEPS["uneven"])


@pytest.mark.parametrize("copy_head", [False, True])
@pytest.mark.parametrize("with_neighbors", [{0}, {1}, {2}, {0, 2}, {0, 1}, {1, 2}, set()])
@pytest.mark.parametrize("steps", [[1] * T, [3, 2, 1, 5, 1, 3], [6, 9]])
def test_steps_without_neighbors_equal_chunks_whose_neighbors_are_masked(
    copy_head: bool, with_neighbors: set[int], steps: list[int]
) -> None:
    """A step that completes only chunks without neighbors is given none at all."""
    model, inputs = tiny_model(copy_head=copy_head), draw_inputs(tokens=T)
    ids = inputs.neighbor_ids
    assert ids is not None
    mask = torch.zeros_like(ids, dtype=torch.bool)
    for c in with_neighbors:
        mask[:, c] = True
    with torch.no_grad():
        whole = model(**inputs.but(neighbor_mask=mask).asdict()).logits
    cache, past, logits = None, 0, []
    for step in steps:
        chunks = range(past // M, (past + step) // M)
        given = any(c in with_neighbors for c in chunks)
        with torch.no_grad():
            out = model(
                inputs.input_ids[:, past : past + step],
                neighbor_ids=ids[:, chunks.start : chunks.stop] if given else None,
                neighbor_mask=mask[:, chunks.start : chunks.stop] if given else None,
                past_key_values=cache,
                use_cache=True,
            )
        cache, past = out.past_key_values, past + step
        logits.append(out.logits)
    torch.testing.assert_close(torch.cat(logits, 1), whole, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_a_first_pass_takes_one_chunk_of_neighbors_less_or_more(chunks: int) -> None:
    """One less: the last chunk has none, in later passes too."""
    model, inputs = tiny_model(copy_head=True), draw_inputs(tokens=T, chunks=3)
    ids = inputs.neighbor_ids
    assert ids is not None
    mask = torch.zeros_like(ids, dtype=torch.bool)
    mask[:, : min(chunks, 2)] = True
    with torch.no_grad():
        whole = model(inputs.input_ids[:, :11], ids[:, :2], mask[:, :2]).logits
        first = model(inputs.input_ids[:, :9], ids[:, :chunks], use_cache=True)
        second = model(inputs.input_ids[:, 9:11], past_key_values=first.past_key_values)
    logits = torch.cat([first.logits, second.logits], 1)
    torch.testing.assert_close(logits, whole, atol=1e-5, rtol=1e-5)


def test_neighbors_of_an_incomplete_chunk_are_ignored_in_a_step() -> None:
    model, inputs = tiny_model(), draw_inputs(tokens=6)
    assert inputs.neighbor_ids is not None
    with torch.no_grad():
        caches = [model(inputs.input_ids[:, :5], use_cache=True).past_key_values for _ in range(2)]
        plain = model(inputs.input_ids[:, 5:], past_key_values=caches[0]).logits
        given = model(inputs.input_ids[:, 5:], inputs.neighbor_ids, past_key_values=caches[1]).logits
    assert torch.equal(plain, given)


def test_a_step_refuses_another_number_of_neighbors_than_the_last_chunk_had() -> None:
    model, inputs = tiny_model(), draw_inputs(tokens=8, neighbors=3)
    assert inputs.neighbor_ids is not None
    with torch.no_grad():
        first = model(inputs.input_ids[:, :4], inputs.neighbor_ids[:, :1], use_cache=True)
        with pytest.raises(SettingsError, match=r"neighbor_ids \[2, 1, 2, 8\].*\[2, 1, 3, 8\]"):
            model(
                inputs.input_ids[:, 4:],
                inputs.neighbor_ids[:, 1:, :2],
                past_key_values=first.past_key_values,
            )


def test_after_a_chunk_without_neighbors_another_number_of_them_is_accepted() -> None:
    model, inputs = tiny_model(copy_head=True), draw_inputs(tokens=14, neighbors=3)
    ids = inputs.neighbor_ids
    assert ids is not None
    mask = torch.ones_like(ids, dtype=torch.bool)
    mask[:, 1] = mask[:, 2, 2] = False
    with torch.no_grad():
        whole = model(**inputs.but(neighbor_mask=mask).asdict()).logits
        steps = [model(inputs.input_ids[:, :4], ids[:, :1], use_cache=True)]
        cache = steps[0].past_key_values
        steps.append(model(inputs.input_ids[:, 4:8], past_key_values=cache))
        steps.append(model(inputs.input_ids[:, 8:], ids[:, 2:, :2], past_key_values=cache))
    torch.testing.assert_close(torch.cat([s.logits for s in steps], 1), whole, atol=1e-5, rtol=1e-5)


def test_a_cache_is_returned_only_when_asked_for() -> None:
    model, inputs = tiny_model(), draw_inputs()
    with torch.no_grad():
        assert model(**inputs.asdict()).past_key_values is None
        assert model(**inputs.asdict(), use_cache=False).past_key_values is None
        assert isinstance(model(**inputs.asdict(), use_cache=True).past_key_values, RetroCache)


def test_an_empty_cache_of_another_kind_is_replaced() -> None:
    model, inputs = tiny_model(), draw_inputs()
    with torch.no_grad():
        cache = model(**inputs.asdict(), past_key_values=DynamicCache()).past_key_values
    assert isinstance(cache, RetroCache)
    assert cache.get_seq_length() == inputs.input_ids.shape[1]


def test_a_cache_of_another_kind_with_content_is_refused() -> None:
    cache = DynamicCache()
    cache.update(torch.zeros(2, 2, 5, 6), torch.zeros(2, 2, 5, 6), 0)
    with pytest.raises(SettingsError, match="DynamicCache"):
        tiny_model()(draw_inputs().input_ids, past_key_values=cache)


def test_the_cache_keeps_only_the_last_chunks_neighbors() -> None:
    model, inputs = tiny_model(copy_head=True), draw_inputs(tokens=T)
    with torch.no_grad():
        cache = model(**inputs.asdict(), use_cache=True).past_key_values
    assert cache.last.ids.shape == (2, 1, 2, 2 * M)
    assert all(kept.shape[1] == 1 for kept in cache.projected.values())
    assert cache.partial.shape == (2, T % M, 8)
    for kept in (
        cache.partial,
        cache.last.ids,
        cache.last.mask,
        cache.last.encoded,
        *cache.projected.values(),
    ):
        assert kept.untyped_storage().nbytes() == kept.numel() * kept.element_size()  # no view of more


@pytest.mark.parametrize("past", [6, 8])
@pytest.mark.parametrize("which", ["chosen", "repeated"])
def test_rows_of_a_cache_are_chosen_and_repeated(which: str, past: int) -> None:
    model, inputs = tiny_model(copy_head=True), draw_inputs(batch=3, tokens=12, ragged=True)
    ids, mask = inputs.neighbor_ids, inputs.neighbor_mask
    assert ids is not None and mask is not None
    first = past // M
    rows = torch.tensor([2, 1]) if which == "chosen" else torch.tensor([0, 0, 1, 1, 2, 2])
    with torch.no_grad():
        cache = model(inputs.input_ids[:, :past], ids[:, :first], mask[:, :first], use_cache=True)
        cache = cache.past_key_values
        if which == "chosen":
            cache.batch_select_indices(rows)
        else:
            cache.batch_repeat_interleave(2)
        step = model(
            inputs.input_ids[rows, past:], ids[rows, first:], mask[rows, first:], past_key_values=cache
        ).logits
        whole = model(inputs.input_ids[rows], ids[rows], mask[rows]).logits
    torch.testing.assert_close(step, whole[:, past:], atol=1e-5, rtol=1e-5)


def test_a_cache_that_was_reset_is_like_a_new_one() -> None:
    model, inputs = tiny_model(copy_head=True), draw_inputs(tokens=14)
    with torch.no_grad():
        cache = model(**inputs.asdict(), use_cache=True).past_key_values
        cache.reset()
        again = model(**inputs.asdict(), past_key_values=cache).logits
        torch.testing.assert_close(again, model(**inputs.asdict()).logits)


@pytest.mark.parametrize("past", [6, 8])
def test_a_reordered_cache_continues_the_other_rows(past: int) -> None:
    model, inputs = tiny_model(copy_head=True), draw_inputs(batch=3, tokens=12, ragged=True)
    ids, mask = inputs.neighbor_ids, inputs.neighbor_mask
    assert ids is not None and mask is not None
    beams = torch.tensor([2, 0, 0])
    first, new = past // M, 12 // M
    with torch.no_grad():
        cache = model(inputs.input_ids[:, :past], ids[:, :first], mask[:, :first], use_cache=True)
        cache = cache.past_key_values
        cache.reorder_cache(beams)
        step = model(
            inputs.input_ids[beams, past:],
            ids[beams, first:new],
            mask[beams, first:new],
            past_key_values=cache,
        ).logits
        whole = model(inputs.input_ids[beams], ids[beams], mask[beams]).logits
    torch.testing.assert_close(step, whole[:, past:], atol=1e-5, rtol=1e-5)

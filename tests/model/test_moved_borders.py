"""Chunk borders that move: windows of M tokens are looked up more often than once a chunk.

What a cache computes token by token equals the formulas over the whole text.
"""

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from openbook.model import RetroCache, RetroForCausalLM
from reference.retro_reference import retro_reference

from .tiny import Inputs, M, V, draw_inputs, tiny_model

T = 15
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "copy head": {"copy_head": True},
    "P from the first layer": {"cca_layers": [1, 3]},
    "unconditioned, no positions": {"encoder_conditioned": False, "cca_positions": "none"},
    "relative positions, DeepNorm": {"positions": "relative", "normalization": "deepnorm"},
}


def in_windows(model: RetroForCausalLM, inputs: Inputs, ends: list[int]) -> tuple[Tensor, Tensor]:
    """Logits and shares of a text whose windows end after so many tokens; each begins a pass."""
    cache = RetroCache()
    cache.num_recent = M
    assert inputs.neighbor_ids is not None
    logits, shares = [], []
    borders = [0, *(end - 1 for end in ends if end > M), T]
    for number, (begin, stop) in enumerate(pairwise(borders)):
        if number:
            cache.end_chunk_after(1, chunk_size=M)
        mask, existing = inputs.neighbor_mask, inputs.attention_mask
        window = slice(number, number + 1)
        with torch.no_grad():
            out = model(
                inputs.input_ids[:, begin:stop],
                inputs.neighbor_ids[:, window],
                None if mask is None else mask[:, window],
                attention_mask=None if existing is None else existing[:, :stop],
                past_key_values=cache,
                use_cache=True,
                output_shares=True,
            )
        logits.append(out.logits)
        shares.append(out.neighbor_shares)
    return torch.cat(logits, 1), torch.cat(shares, 1)


def windows(stride: int) -> list[int]:
    """Ends of windows: the first chunk, then every so many tokens, and at each border."""
    return [end for end in range(M, T + 1) if (end % M) % stride == 0]


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_equal_to_the_formulas_over_the_whole_text(options: dict[str, Any], stride: int) -> None:
    ends = windows(stride)
    model = tiny_model(**options)
    inputs = draw_inputs(tokens=T, chunks=len(ends), ragged=True, padding=(0, 2), seed=stride)
    logits, shares = in_windows(model, inputs, ends)
    expected = retro_reference(model.config, model.state_dict(), **inputs.asdict(), ends=ends)
    exists = torch.ones(2, T, dtype=torch.bool)
    exists[1, :2] = False
    torch.testing.assert_close(logits[exists], expected.logits[exists], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(shares[exists], expected.shares[exists].double(), atol=1e-5, rtol=1e-5)


def test_the_reference_reads_other_neighbors_in_windows() -> None:
    model, inputs = tiny_model(), draw_inputs(batch=1, tokens=8, chunks=2)
    assert inputs.neighbor_ids is not None
    weights = model.state_dict()
    chunks = retro_reference(model.config, weights, **inputs.asdict()).logits
    moved = retro_reference(model.config, weights, **inputs.asdict(), ends=[4, 6]).logits
    assert torch.equal(chunks[:, :5], moved[:, :5])
    assert (chunks[:, 5:] - moved[:, 5:]).abs().amax(-1).min() > 1e-3


@given(st.data())
def test_tokens_of_the_incomplete_chunk_are_taken_back_as_if_never_read(data: st.DataObject) -> None:
    """Whatever was read in between, and moved borders count."""
    model = tiny_model(copy_head=True)
    length = data.draw(st.integers(M, 2 * M - 1), label="tokens")
    wrong = data.draw(st.integers(0, M - 1), label="taken back")
    moves = data.draw(st.booleans(), label="moves")
    incomplete = (length - M if not moves else 0) % M
    wrong = min(wrong, M - 1 - incomplete)
    inputs = draw_inputs(batch=1, tokens=3 * M, chunks=3, seed=length)
    assert inputs.neighbor_ids is not None

    def read(tokens: Tensor, cache: RetroCache, first: int, count: int) -> Tensor:
        with torch.no_grad():
            neighbors = inputs.neighbor_ids[:, first : first + count]  # type: ignore[index]
            out = model(tokens, neighbors, past_key_values=cache, use_cache=True)
        logits: Tensor = out.logits
        return logits

    def begin() -> RetroCache:
        cache = RetroCache()
        cache.num_recent = 2 * M
        text = inputs.input_ids
        if moves:
            read(text[:, : length - 1], cache, 0, 1)
            cache.end_chunk_after(1, chunk_size=M)
            read(text[:, length - 1 : length], cache, 1, 1)
        else:
            read(text[:, :length], cache, 0, 1)
        return cache

    plain, tried = begin(), begin()
    if wrong:
        read(torch.randint(V, (1, wrong)), tried, 0, 0)
        tried.take_back(wrong, chunk_size=M)
    rest = inputs.input_ids[:, length : length + M]
    assert torch.equal(read(rest, plain, 2, 1), read(rest, tried, 2, 1))
    plain.end_chunk_after(2, chunk_size=M)
    tried.end_chunk_after(2, chunk_size=M)
    assert torch.equal(read(rest[:, :2], plain, 1, 1), read(rest[:, :2], tried, 1, 1))


def test_tokens_before_the_border_are_not_taken_back() -> None:
    model, inputs = tiny_model(), draw_inputs(batch=1, tokens=M + 2)
    cache = RetroCache()
    with torch.no_grad():
        model(**inputs.asdict(), past_key_values=cache, use_cache=True)
    with pytest.raises(AssertionError, match="2"):
        cache.take_back(3, chunk_size=M)


def test_a_window_without_its_activations_is_refused() -> None:
    """Nobody asked to keep them: a conditioned encoder cannot read the window."""
    model, inputs = tiny_model(), draw_inputs(batch=1, tokens=M + 2)
    cache = RetroCache()
    with torch.no_grad():
        model(**inputs.asdict(), past_key_values=cache, use_cache=True)
    with pytest.raises(AssertionError, match="num_recent"):
        cache.end_chunk_after(1, chunk_size=M)

"""Chunk borders that move in a retrofit: a window is read as it were if padding made it a chunk."""

from typing import Any

import pytest
import torch

from openbook.model import RetroCache
from openbook.model.retrofitting import RetrofitForCausalLM

from .tiny import M, draw_inputs, learned, tiny_base, tiny_own, tiny_retrofit

T = 11
MODELS: dict[str, dict[str, Any]] = {
    "own": {"reader": "own"},
    "own, beside the chunk, with a prefix, copying": {
        "reader": "own",
        "neighbors_before": "chunk",
        "prefix_ids": [3, 5],
        "copy_head": True,
    },
    "encoder": {"reader": "encoder"},
    "encoder, copying": {"reader": "encoder", "copy_head": True},
}


def model_of(options: dict[str, Any]) -> RetrofitForCausalLM:
    base = tiny_base("llama", dtype=torch.float64)
    make = tiny_own if options["reader"] == "own" else tiny_retrofit
    return learned(make(base, **options).double())


@pytest.mark.parametrize("before", range(M, 2 * M))
@pytest.mark.parametrize("options", MODELS.values(), ids=MODELS)
def test_a_window_is_read_like_a_chunk(options: dict[str, Any], before: int) -> None:
    """Nothing is read before; the window ends with the token after `before` ones."""
    model = model_of(options)
    inputs = draw_inputs(batch=2, tokens=T, chunks=1)
    assert inputs.neighbor_ids is not None
    cache = RetroCache()
    cache.num_recent = M
    with torch.no_grad():
        model(inputs.input_ids[:, :before], past_key_values=cache, use_cache=True)
        cache.end_chunk_after(1, chunk_size=M)
        rest = inputs.input_ids[:, before : before + M]
        out = model(
            rest[:, :2], inputs.neighbor_ids, past_key_values=cache, use_cache=True, output_shares=True
        )
        later = model(rest[:, 2:], None, past_key_values=cache, use_cache=True, output_shares=True)
        padding = -(before + 1) % M
        text = torch.cat([inputs.input_ids.new_zeros(2, padding), inputs.input_ids[:, : before + M]], 1)
        exists = torch.ones_like(text)
        exists[:, :padding] = 0
        chunks = (padding + before + 1) // M
        neighbors = inputs.neighbor_ids.new_zeros(2, chunks, *inputs.neighbor_ids.shape[2:])
        neighbors[:, -1:] = inputs.neighbor_ids
        mask = torch.zeros_like(neighbors, dtype=torch.bool)
        mask[:, -1] = True
        whole = model(
            text,
            neighbors,
            mask,
            attention_mask=exists,
            position_ids=(exists.cumsum(1) - 1).clamp_min(0),
            output_shares=True,
        )
    stop = padding + before + M - 1
    # The last of the tokens completes the next chunk, of which nothing was given.
    for name in ("logits", "neighbor_shares"):
        found = torch.cat([getattr(out, name), getattr(later, name)], 1)[:, : M - 1]
        expected = getattr(whole, name)[:, padding + before : stop]
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)

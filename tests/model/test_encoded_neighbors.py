"""Encoded neighbors that are kept are what encoding them again would give."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor

from openbook.errors import SettingsError
from openbook.model import EncodedNeighbors, RetroCache, RetroForCausalLM

from .tiny import Inputs, M, draw_inputs, tiny_model


def run(model: RetroForCausalLM, inputs: Inputs, store: EncodedNeighbors | None) -> Tensor:
    """Logits of a sequence read in two passes."""
    cache = RetroCache()
    cache.encoded_neighbors = store
    assert inputs.neighbor_ids is not None
    border = 2 * M
    parts = []
    with torch.no_grad():
        for tokens, chunks in ((slice(0, border), slice(0, 2)), (slice(border, None), slice(2, None))):
            out = model(
                inputs.input_ids[:, tokens],
                inputs.neighbor_ids[:, chunks],
                None if inputs.neighbor_mask is None else inputs.neighbor_mask[:, chunks],
                past_key_values=cache,
            )
            parts.append(out.logits)
    return torch.cat(parts, dim=1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"copy_head": True},
        {"positions": "relative"},
        {"normalization": "deepnorm"},
        {"share_embeddings": True},
    ],
    ids=str,
)
def test_kept_neighbors_give_the_same_logits(options: dict[str, Any]) -> None:
    if "share_embeddings" in options:
        options = options | {"encoder_hidden_size": 8, "encoder_num_attention_heads": 2}
    model = tiny_model(encoder_conditioned=False, **options)
    inputs = draw_inputs(batch=3, tokens=14, neighbors=2, ragged=True)
    store = EncodedNeighbors()
    expected = run(model, inputs, None)
    torch.testing.assert_close(run(model, inputs, store), expected)
    encoded = store.misses
    torch.testing.assert_close(run(model, inputs, store), expected)
    assert store.misses == encoded
    assert store.hits >= 3 * 3 * 2


def test_a_neighbor_asked_for_twice_at_once_is_encoded_once() -> None:
    model, inputs = tiny_model(encoder_conditioned=False), draw_inputs(tokens=14)
    assert inputs.neighbor_ids is not None
    same = inputs.but(neighbor_ids=inputs.neighbor_ids[:1, :1, :1].expand_as(inputs.neighbor_ids))
    store = EncodedNeighbors()
    torch.testing.assert_close(run(model, same, store), run(model, same, None))
    assert (store.misses, len(store)) == (1, 1)


def test_what_is_masked_makes_no_difference_but_the_mask_does() -> None:
    model, inputs = tiny_model(encoder_conditioned=False), draw_inputs(batch=1, tokens=12, neighbors=1)
    assert inputs.neighbor_ids is not None
    mask = torch.ones_like(inputs.neighbor_ids, dtype=torch.bool)
    shorter = mask.clone()
    shorter[..., -3:] = False
    store = EncodedNeighbors()
    for each in (mask, shorter):
        masked = inputs.but(neighbor_mask=each)
        torch.testing.assert_close(run(model, masked, store), run(model, masked, None))
    misses = store.misses
    other = inputs.neighbor_ids.clone()
    other[..., -3:] = 1
    run(model, inputs.but(neighbor_ids=other, neighbor_mask=shorter), store)
    assert store.misses == misses


def test_changed_weights_are_noticed() -> None:
    model, inputs, store = tiny_model(encoder_conditioned=False), draw_inputs(tokens=14), EncodedNeighbors()
    before = run(model, inputs, store)
    assert model.model.encoder is not None
    with torch.no_grad():
        model.model.encoder.layers[0].feed_forward.input.weight.mul_(1.5)
    after = run(model, inputs, store)
    assert not torch.allclose(before, after)
    torch.testing.assert_close(after, run(model, inputs, None))


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_weights_in_another_precision_are_noticed(kind: torch.dtype) -> None:
    model, inputs, store = tiny_model(encoder_conditioned=False), draw_inputs(tokens=14), EncodedNeighbors()
    run(model, inputs, store)
    model.to(kind)
    torch.testing.assert_close(run(model, inputs, store), run(model, inputs, None))


def test_weights_that_were_replaced_are_noticed() -> None:
    model, inputs, store = tiny_model(encoder_conditioned=False), draw_inputs(tokens=14), EncodedNeighbors()
    run(model, inputs, store)
    assert model.model.encoder is not None
    weight = model.model.encoder.layers[0].feed_forward.input.weight
    weight.data = 1.5 * weight.data
    torch.testing.assert_close(run(model, inputs, store), run(model, inputs, None))


def test_what_dropout_or_autocast_changed_is_not_kept_for_after() -> None:
    model, inputs = tiny_model(encoder_conditioned=False, dropout=0.5).float(), draw_inputs(tokens=14)
    store = EncodedNeighbors()
    run(model.train(), inputs, store)
    torch.testing.assert_close(run(model.eval(), inputs, store), run(model, inputs, None))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        run(model, inputs, store)
    torch.testing.assert_close(run(model, inputs, store), run(model, inputs, None))


def test_another_model_gets_its_own_also_where_the_first_is_gone() -> None:
    inputs, store = draw_inputs(tokens=14), EncodedNeighbors()
    for seed in range(3):
        model = tiny_model(encoder_conditioned=False, seed=seed)
        torch.testing.assert_close(run(model, inputs, store), run(model, inputs, None))
        del model


def test_a_model_made_in_inference_mode_keeps_its_own() -> None:
    with torch.inference_mode():
        model, inputs, store = tiny_model(encoder_conditioned=False), draw_inputs(), EncodedNeighbors()
        torch.testing.assert_close(run(model, inputs, store), run(model, inputs, None))
        assert store.misses


def test_a_copied_cache_shares_the_store() -> None:
    cache = RetroCache()
    cache.encoded_neighbors = EncodedNeighbors()
    assert deepcopy(cache).encoded_neighbors is cache.encoded_neighbors


def test_no_more_are_kept_than_asked_for() -> None:
    model, inputs, store = tiny_model(encoder_conditioned=False), draw_inputs(tokens=14), EncodedNeighbors(3)
    torch.testing.assert_close(run(model, inputs, store), run(model, inputs, None))
    assert len(store) == 3
    with pytest.raises(SettingsError, match="capacity 0"):
        EncodedNeighbors(0)


def test_a_conditioned_encoder_is_refused() -> None:
    with pytest.raises(SettingsError, match="encoder_conditioned"):
        run(tiny_model(), draw_inputs(tokens=14), EncodedNeighbors())

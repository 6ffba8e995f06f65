"""What each prediction depends on: exactly what it may see, and nothing of what it may not.

An input is changed, and the positions whose prediction changes with it are compared with those that should.
"""

from typing import Any

import pytest
import torch
from torch import Tensor

from openbook.model import RetroForCausalLM

from .tiny import Inputs, M, R, V, draw_inputs, tiny_model

LAST_LAYER = {"cca_layers": [3]}
"""After it no self-attention carries what neighbors say to later positions."""

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "unconditioned": {"encoder_conditioned": False},
    "no positions": {"cca_positions": "none"},
    "copy head": {"copy_head": True},
    "relative positions": {"positions": "relative"},
    "DeepNorm": {"normalization": "deepnorm"},
    "DeepNorm, relative positions, copy head": {
        "normalization": "deepnorm",
        "positions": "relative",
        "copy_head": True,
    },
}


def logits_of(model: RetroForCausalLM, inputs: Inputs) -> Tensor:
    with torch.no_grad():
        return model(**inputs.asdict()).logits


def changed(before: Tensor, after: Tensor) -> Tensor:
    """Positions [B, T] whose prediction changed by more than rounding."""
    return (before - after).abs().amax(-1) > 1e-9


def other(tokens: Tensor) -> Tensor:
    """Each token replaced by the next of the vocabulary."""
    return (tokens + 1) % V


def token_dependence(model: RetroForCausalLM, inputs: Inputs) -> Tensor:
    """[T, T] of a batch of one: whether prediction t depends on token s."""
    T = inputs.input_ids.shape[1]
    rows = []
    for s in range(T):
        ids = inputs.input_ids.clone()
        ids[:, s] = other(ids[:, s])
        rows.append(changed(logits_of(model, inputs), logits_of(model, inputs.but(input_ids=ids)))[0])
    return torch.stack(rows, dim=1)


def neighbor_dependence(model: RetroForCausalLM, inputs: Inputs) -> Tensor:
    """[T, C, K, R] of a batch of one: whether prediction t depends on this retrieved token."""
    neighbors = inputs.neighbor_ids
    assert neighbors is not None
    before = logits_of(model, inputs)
    found = torch.zeros(before.shape[1], *neighbors.shape[1:], dtype=torch.bool)
    for c, k, r in torch.cartesian_prod(*(torch.arange(n) for n in neighbors.shape[1:])).tolist():
        ids = neighbors.clone()
        ids[0, c, k, r] = other(ids[0, c, k, r])
        found[:, c, k, r] = changed(before, logits_of(model, inputs.but(neighbor_ids=ids)))[0]
    return found


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS.keys())
@pytest.mark.parametrize("neighbors", [0, 2])
def test_a_prediction_depends_on_its_own_and_all_earlier_tokens_and_on_no_later_one(
    options: dict[str, Any], neighbors: int
) -> None:
    inputs = draw_inputs(batch=1, tokens=14, neighbors=neighbors)
    depends = token_dependence(tiny_model(**options), inputs)
    assert torch.equal(depends, torch.ones(14, 14, dtype=torch.bool).tril())


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS.keys())
@pytest.mark.parametrize("tokens", [8, 11, 14])
def test_neighbors_inform_the_last_token_of_their_chunk_and_all_but_the_last_of_the_next(
    options: dict[str, Any], tokens: int
) -> None:
    depends = neighbor_dependence(tiny_model(**(LAST_LAYER | options)), draw_inputs(batch=1, tokens=tokens))
    for t in range(tokens):
        for c in range(tokens // M):
            # Counted from 0: chunk c holds the tokens c·M … (c + 1)·M - 1.
            last_of_chunk, last_of_next = (c + 1) * M - 1, (c + 2) * M - 1
            assert (depends[t, c] == (last_of_chunk <= t < last_of_next)).all()


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS.keys())
def test_later_self_attention_carries_neighbors_forward_and_never_back(options: dict[str, Any]) -> None:
    depends = neighbor_dependence(tiny_model(**options), draw_inputs(batch=1, tokens=11))
    for t in range(11):
        for c in range(2):
            assert (depends[t, c] == (t >= (c + 1) * M - 1)).all()


def test_the_first_positions_depend_on_no_neighbor_at_all() -> None:
    depends = neighbor_dependence(tiny_model(), draw_inputs(batch=1, tokens=9))
    assert not depends[: M - 1].any()
    assert depends[M - 1].any()


def test_an_unconditioned_encoder_lets_neighbors_be_encoded_without_the_text() -> None:
    encoder = tiny_model(encoder_conditioned=False).model.encoder
    assert encoder is not None
    ids = draw_inputs().neighbor_ids
    assert ids is not None
    mask = torch.ones_like(ids, dtype=torch.bool)
    texts = torch.randn(2, 2, 2, M, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    encoded = [encoder(ids, mask, text, None) for text in (*texts, None)]
    assert torch.equal(encoded[0], encoded[1])
    assert torch.equal(encoded[0], encoded[2])


def test_a_conditioned_encoder_depends_on_every_token_of_its_own_chunk_alone() -> None:
    model = tiny_model()
    encoder = model.model.encoder
    inputs = draw_inputs(batch=1, tokens=8)
    assert encoder is not None and inputs.neighbor_ids is not None
    mask = torch.ones_like(inputs.neighbor_ids, dtype=torch.bool)
    text = torch.randn(1, 2, M, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before = encoder(inputs.neighbor_ids, mask, text, None)
    for c in range(2):
        for m in range(M):
            other_text = text.clone()
            other_text[0, c, m] += 1
            moved = changed(before, encoder(inputs.neighbor_ids, mask, other_text, None))
            assert moved[0, c].all()
            assert not moved[0, 1 - c].any()


@pytest.mark.parametrize("copy_head", [False, True])
def test_batch_rows_are_independent(copy_head: bool) -> None:
    model = tiny_model(copy_head=copy_head)
    inputs = draw_inputs(batch=3, ragged=True, padding=(0, 2, 5))
    together = logits_of(model, inputs)
    for b in range(3):
        row = Inputs(**{name: x[b : b + 1] for name, x in inputs.asdict().items() if x is not None})
        torch.testing.assert_close(logits_of(model, row)[0], together[b], atol=1e-9, rtol=0)


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS.keys())
def test_masked_neighbor_tokens_have_no_influence_whatever_their_ids(options: dict[str, Any]) -> None:
    model, inputs = tiny_model(**options), draw_inputs(ragged=True, tokens=13)
    ids, mask = inputs.neighbor_ids, inputs.neighbor_mask
    assert ids is not None and mask is not None
    before = logits_of(model, inputs)
    for filler in (other(ids), torch.full_like(ids, -1), torch.full_like(ids, V)):
        filled = inputs.but(neighbor_ids=torch.where(mask, ids, filler))
        assert not changed(before, logits_of(model, filled)).any()


def test_unmasked_neighbor_tokens_all_have_influence() -> None:
    inputs = draw_inputs(batch=1, ragged=True, tokens=13)
    depends = neighbor_dependence(tiny_model(), inputs)
    assert inputs.neighbor_mask is not None
    assert torch.equal(depends.any(0), inputs.neighbor_mask[0])


@pytest.mark.parametrize("copy_head", [False, True])
def test_without_a_mask_negative_ids_are_tokens_that_do_not_exist(copy_head: bool) -> None:
    model, inputs = tiny_model(copy_head=copy_head), draw_inputs(ragged=True, tokens=13)
    assert inputs.neighbor_ids is not None and inputs.neighbor_mask is not None
    marked = inputs.but(
        neighbor_ids=inputs.neighbor_ids.masked_fill(~inputs.neighbor_mask, -1), neighbor_mask=None
    )
    assert not changed(logits_of(model, inputs), logits_of(model, marked)).any()


@pytest.mark.parametrize("copy_head", [False, True])
def test_padding_has_no_influence(copy_head: bool) -> None:
    model, inputs = tiny_model(copy_head=copy_head), draw_inputs(ragged=True, padding=(3, 6), tokens=13)
    assert inputs.attention_mask is not None
    exists = inputs.attention_mask.bool()
    ids = torch.where(exists, inputs.input_ids, other(inputs.input_ids))
    moved = changed(logits_of(model, inputs), logits_of(model, inputs.but(input_ids=ids)))
    assert not moved[exists].any()


def test_padding_by_whole_chunks_moves_the_predictions_along() -> None:
    model, inputs = tiny_model(), draw_inputs(ragged=True, tokens=10)
    assert inputs.neighbor_ids is not None and inputs.neighbor_mask is not None
    B, _, K, _ = inputs.neighbor_ids.shape
    padded = Inputs(
        torch.cat([torch.zeros(B, M, dtype=torch.long), inputs.input_ids], dim=1),
        torch.cat([torch.zeros(B, 1, K, R, dtype=torch.long), inputs.neighbor_ids], dim=1),
        torch.cat([torch.zeros(B, 1, K, R, dtype=torch.bool), inputs.neighbor_mask], dim=1),
        torch.cat([torch.zeros(B, M), torch.ones(B, 10)], dim=1),
    )
    torch.testing.assert_close(
        logits_of(model, padded)[:, M:], logits_of(model, inputs), atol=1e-5, rtol=1e-5
    )


def test_padding_by_any_length_moves_the_predictions_along_when_retrieval_is_off() -> None:
    model, inputs = tiny_model(), draw_inputs(neighbors=0, tokens=7)
    padded = Inputs(
        torch.cat([torch.zeros(2, 3, dtype=torch.long), inputs.input_ids], dim=1),
        attention_mask=torch.cat([torch.zeros(2, 3), torch.ones(2, 7)], dim=1),
    )
    torch.testing.assert_close(
        logits_of(model, padded)[:, 3:], logits_of(model, inputs), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("kind", [torch.long, torch.bool, torch.float32])
def test_a_mask_without_padding_changes_nothing(kind: torch.dtype) -> None:
    model, inputs = tiny_model(), draw_inputs()
    whole = inputs.but(attention_mask=torch.ones(inputs.input_ids.shape, dtype=kind))
    assert not changed(logits_of(model, inputs), logits_of(model, whole)).any()


@pytest.mark.parametrize("copy_head", [False, True])
@pytest.mark.parametrize("normalization", ["pre", "deepnorm"])
def test_a_chunk_without_neighbors_passes_through_unchanged(copy_head: bool, normalization: str) -> None:
    model = tiny_model(**LAST_LAYER, copy_head=copy_head, normalization=normalization)
    inputs = draw_inputs(tokens=15)
    assert inputs.neighbor_ids is not None
    mask = torch.ones_like(inputs.neighbor_ids, dtype=torch.bool)
    mask[0, 1] = mask[1, 2] = False
    off = logits_of(model, Inputs(inputs.input_ids))
    same = ~changed(logits_of(model, inputs.but(neighbor_mask=mask)), off)
    expected = torch.zeros(2, 15, dtype=torch.bool)
    expected[:, : M - 1] = True
    expected[0, 2 * M - 1 : 3 * M - 1] = True
    expected[1, 3 * M - 1 :] = True
    assert torch.equal(same, expected)


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS.keys())
def test_neighbors_that_are_all_masked_are_retrieval_switched_off(options: dict[str, Any]) -> None:
    model, inputs = tiny_model(**options), draw_inputs()
    assert inputs.neighbor_ids is not None
    masked = inputs.but(neighbor_mask=torch.zeros_like(inputs.neighbor_ids, dtype=torch.bool))
    off = logits_of(model, Inputs(inputs.input_ids))
    assert not changed(logits_of(model, masked), off).any()


def test_the_order_of_neighbors_does_not_matter() -> None:
    model, inputs = tiny_model(copy_head=True), draw_inputs(neighbors=3, ragged=True)
    assert inputs.neighbor_ids is not None and inputs.neighbor_mask is not None
    order = torch.tensor([2, 0, 1])
    shuffled = inputs.but(
        neighbor_ids=inputs.neighbor_ids[:, :, order], neighbor_mask=inputs.neighbor_mask[:, :, order]
    )
    torch.testing.assert_close(logits_of(model, inputs), logits_of(model, shuffled), atol=1e-5, rtol=1e-5)

"""No parameter's gradient is ever NaN, and each gets one when it has something to do."""

from typing import Any

import pytest
import torch
from torch import Tensor

from openbook.model import RetroForCausalLM

from .tiny import Inputs, draw_inputs, tiny_model

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "copy head": {"copy_head": True},
    "unconditioned": {"encoder_conditioned": False, "copy_head": True},
    "dropout": {"dropout": 0.5, "copy_head": True},
    "relative positions": {"positions": "relative", "dropout": 0.1},
    "DeepNorm": {"normalization": "deepnorm", "copy_head": True},
}


def masks(ids: Tensor) -> dict[str, Tensor]:
    """Ways in which neighbors can be missing."""
    some = torch.ones_like(ids, dtype=torch.bool)
    some[:, 0] = False
    one = torch.zeros_like(some)
    one[0, 1, 0, 0] = True
    row = torch.ones_like(some)
    row[1] = False
    return {"of a chunk": some, "all but a token": one, "of a row": row, "all": torch.zeros_like(some)}


def gradients(model: RetroForCausalLM, inputs: Inputs, *, of_logits: bool) -> dict[str, Tensor]:
    model.zero_grad()
    out = model(**inputs.asdict(), labels=inputs.input_ids)
    (out.logits.square().mean() if of_logits else out.loss).backward()
    return {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("of_logits", [False, True], ids=["loss", "logits"])
@pytest.mark.parametrize("missing", ["of a chunk", "all but a token", "of a row", "all"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_gradients_are_finite_when_neighbors_are_missing(
    options: dict[str, Any], missing: str, of_logits: bool
) -> None:
    torch.manual_seed(0)
    model = tiny_model(**options).train()
    inputs = draw_inputs(tokens=11, padding=(0, 5))
    assert inputs.neighbor_ids is not None
    inputs = inputs.but(neighbor_mask=masks(inputs.neighbor_ids)[missing])
    found = gradients(model, inputs, of_logits=of_logits)
    assert found
    assert all(gradient.isfinite().all() for gradient in found.values())


def naive_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
) -> Tensor:
    """Without the mercy that some kernels have with queries that may see nothing: those get NaN."""
    assert not dropout_p
    mask = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool)
    mask = mask.tril() if is_causal else mask if attn_mask is None else attn_mask
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    return scores.masked_fill(~mask, -torch.inf).softmax(-1) @ v


@pytest.mark.parametrize("missing", ["of a chunk", "all but a token", "of a row", "all"])
def test_no_attention_is_over_nothing_whatever_the_kernel_makes_of_it(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, inputs = tiny_model(copy_head=True), draw_inputs(padding=(0, 5))
    assert inputs.neighbor_ids is not None
    inputs = inputs.but(neighbor_mask=masks(inputs.neighbor_ids)[missing])
    expected = gradients(model, inputs, of_logits=True)
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", naive_attention)
    for name, gradient in gradients(model, inputs, of_logits=True).items():
        torch.testing.assert_close(gradient, expected[name], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("copy_head", [False, True])
def test_without_any_neighbor_encoder_and_cross_attention_get_no_gradient(copy_head: bool) -> None:
    model, inputs = tiny_model(copy_head=copy_head), draw_inputs()
    assert inputs.neighbor_ids is not None
    inputs = inputs.but(neighbor_mask=torch.zeros_like(inputs.neighbor_ids, dtype=torch.bool))
    for name, gradient in gradients(model, inputs, of_logits=False).items():
        reads_neighbors = "encoder" in name or ".cca" in name or "copy_head" in name
        assert bool(gradient.any()) != reads_neighbors, name


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_every_parameter_gets_a_gradient_when_there_are_neighbors(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model, inputs = tiny_model(**options).train(), draw_inputs(ragged=True, tokens=13)
    found = gradients(model, inputs, of_logits=False)
    for name, _ in model.named_parameters():
        assert found[name].any(), name


def test_gradients_are_finite_in_single_precision_when_the_copying_is_sharp() -> None:
    model = tiny_model(copy_head=True).float()
    assert model.copy_head is not None
    with torch.no_grad():
        model.copy_head.query.weight.mul_(30)
    for seed in range(4):
        inputs = draw_inputs(tokens=27, seed=seed)
        for of_logits in (False, True):
            for name, gradient in gradients(model, inputs, of_logits=of_logits).items():
                assert gradient.isfinite().all(), name


def test_gradients_of_a_checked_function_are_those_of_its_differences() -> None:
    """autograd against finite differences, through decoder, encoder and copy head."""
    model, inputs = tiny_model(copy_head=True), draw_inputs(ragged=True)
    name = "model.encoder.layers.0.cross_attention.query.weight"
    weight = model.get_parameter(name)
    gradient = gradients(model, inputs, of_logits=False)[name]
    direction = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0), dtype=weight.dtype)
    losses = []
    for step in (1e-3, -2e-3):
        with torch.no_grad():
            weight.add_(direction, alpha=step)
            losses.append(model(**inputs.asdict(), labels=inputs.input_ids).loss)
    slope = (losses[0] - losses[1]) / 2e-3
    torch.testing.assert_close(slope, (gradient * direction).sum(), rtol=1e-2, atol=1e-6, check_dtype=False)

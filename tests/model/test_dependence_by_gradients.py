"""What each prediction depends on, read off its gradients: exactly these tokens and retrieved tokens."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from openbook.model import RetroForCausalLM

from .tiny import Inputs, M, R, draw_inputs, tiny_model

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "P is the last layer": {"cca_layers": [3]},
    "P is every layer": {"cca_layers": [1, 2, 3]},
    "unconditioned": {"encoder_conditioned": False},
    "no positions in chunked cross-attention": {"cca_positions": "none"},
    "copy head": {"copy_head": True},
    "copy head, P is the last layer": {"copy_head": True, "cca_layers": [3]},
    "relative positions": {"positions": "relative"},
    "DeepNorm": {"normalization": "deepnorm", "copy_head": True},
}


def embedded(module: nn.Module, into: list[Tensor]) -> Any:
    """Keep what an embedding gives, with its gradient."""

    def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        output.retain_grad()
        into.append(output)

    return module.register_forward_hook(keep)


def dependence(model: RetroForCausalLM, inputs: Inputs) -> tuple[Tensor, Tensor]:
    """[B, T, B, T], [B, T, B, C, K, R]: whether a prediction has a gradient for a token, a retrieved one."""
    assert model.model.encoder is not None and model.model.encoder.embed_tokens is not None
    tokens: list[Tensor] = []
    retrieved: list[Tensor] = []
    hooks = [
        embedded(model.model.decoder.embed_tokens, tokens),
        embedded(model.model.encoder.embed_tokens, retrieved),
    ]
    logits = model(**inputs.asdict()).logits
    for hook in hooks:
        hook.remove()
    probes = torch.randn(logits.shape[-1], generator=torch.Generator().manual_seed(0), dtype=logits.dtype)
    by_token, by_retrieved = [], []
    for prediction in (logits @ probes).flatten():
        of_tokens, of_retrieved = torch.autograd.grad(
            prediction, [tokens[0], retrieved[0]], retain_graph=True, materialize_grads=True
        )
        by_token.append((of_tokens != 0).any(-1))
        by_retrieved.append((of_retrieved != 0).any(-1))
    shape = logits.shape[:2]
    return torch.stack(by_token).unflatten(0, shape), torch.stack(by_retrieved).unflatten(0, shape)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("tokens", [11, 12])
def test_gradients_are_where_the_formulas_have_a_path_and_nowhere_else(
    options: dict[str, Any], tokens: int
) -> None:
    model = tiny_model(**options)
    inputs = draw_inputs(batch=2, tokens=tokens, neighbors=2, ragged=True)
    assert inputs.neighbor_mask is not None
    by_token, by_retrieved = dependence(model, inputs)
    for b in range(2):
        for t in range(tokens):
            for other in range(2):
                for s in range(tokens):
                    assert by_token[b, t, other, s] == (b == other and s <= t), (b, t, other, s)
                expected = retrieved_that(model, inputs.neighbor_mask, b, t) if b == other else False
                assert torch.equal(
                    by_retrieved[b, t, other], torch.zeros_like(inputs.neighbor_mask[b]) | expected
                )


def retrieved_that(model: RetroForCausalLM, mask: Tensor, b: int, t: int) -> Tensor:
    """[C, K, R]: the retrieved tokens that prediction t of row b may and must depend on."""
    exists = mask[b]
    chunks = torch.arange(exists.shape[0])[:, None, None].expand(-1, exists.shape[1], R)
    first = (chunks + 1) * M - 1
    reads = (t >= first) & (t < first + M)
    if min(model.config.cca_layers or []) < model.config.num_hidden_layers:
        reads = t >= first  # self-attention after layer min P carries it on
    return reads & exists


def test_with_no_neighbor_at_all_a_chunk_has_no_gradient_for_the_retrieved() -> None:
    inputs = draw_inputs(tokens=12, neighbors=2)
    assert inputs.neighbor_ids is not None
    nothing = inputs.but(neighbor_mask=torch.zeros_like(inputs.neighbor_ids, dtype=torch.bool))
    _, by_retrieved = dependence(tiny_model(copy_head=True), nothing)
    assert not by_retrieved.any()


def test_a_token_missing_in_the_middle_of_a_neighbor_has_no_gradient() -> None:
    """The copy head reads the token before each; one that does not exist gives it nothing."""
    model, inputs = tiny_model(copy_head=True), draw_inputs(batch=1, tokens=12, neighbors=2)
    assert inputs.neighbor_ids is not None
    mask = torch.rand(inputs.neighbor_ids.shape, generator=torch.Generator().manual_seed(0)) < 0.6
    _, by_retrieved = dependence(model, inputs.but(neighbor_mask=mask))
    for t in range(12):
        assert torch.equal(by_retrieved[0, t, 0], retrieved_that(model, mask, 0, t))


@pytest.mark.parametrize("positions", ["rotary", "relative"])
def test_padding_has_no_gradient(positions: str) -> None:
    inputs = draw_inputs(batch=2, tokens=12, neighbors=2, padding=(0, 5))
    by_token, _ = dependence(tiny_model(positions=positions), inputs)
    assert not by_token[1, 5:, 1, :5].any()
    assert by_token[0, 11, 0, :5].all()

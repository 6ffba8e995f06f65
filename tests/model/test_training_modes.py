"""Gradient checkpointing and torch.compile change how the model is computed, not what."""

from typing import Any

import pytest
import torch
from torch import Tensor

from openbook.errors import SettingsError
from openbook.model import RetroForCausalLM

from .tiny import Inputs, V, draw_inputs, tiny_model

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "P from the first layer, copy head": {"cca_layers": [1, 2], "copy_head": True},
    "relative positions": {"positions": "relative"},
    "DeepNorm": {"normalization": "deepnorm", "copy_head": True},
    "unconditioned": {"encoder_conditioned": False},
    "without retrieval": {"cca_layers": []},
}

SHALLOW: dict[str, Any] = {"num_hidden_layers": 2, "cca_layers": [2], "encoder_num_layers": 1}
ONE_LAYER: dict[str, Any] = {"num_hidden_layers": 1, "cca_layers": [1], "encoder_num_layers": 1}
"""Compiling takes as long as there are layers; what one does to the next, one of the models tells."""


def inputs_for(options: dict[str, Any]) -> Inputs:
    retrieves = options.get("cca_layers") != []
    return draw_inputs(tokens=14, neighbors=2 if retrieves else 0, ragged=retrieves)


def gradients(model: Any, named: RetroForCausalLM, inputs: Inputs) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss and gradients; `model` is `named`, perhaps compiled."""
    named.zero_grad()
    torch.manual_seed(0)
    loss = model(**inputs.asdict(), labels=inputs.input_ids, return_logits=False).loss
    loss.backward()
    found = {name: weight.grad for name, weight in named.named_parameters() if weight.grad is not None}
    return loss.detach(), {name: gradient.clone() for name, gradient in found.items()}


def assert_same(ours: tuple[Tensor, dict[str, Tensor]], theirs: tuple[Tensor, dict[str, Tensor]]) -> None:
    torch.testing.assert_close(ours[0], theirs[0])
    assert ours[1].keys() == theirs[1].keys()
    for name, gradient in theirs[1].items():
        torch.testing.assert_close(ours[1][name], gradient, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("options", [*OPTIONS.values(), {"dropout": 0.3}], ids=[*OPTIONS.keys(), "dropout"])
def test_gradient_checkpointing_gives_the_same_gradients(options: dict[str, Any]) -> None:
    model, inputs = tiny_model(**options).train(), inputs_for(options)
    expected = gradients(model, model, inputs)
    model.activation_checkpointing_enable()
    assert model.model.decoder.layers[0].gradient_checkpointing
    assert_same(gradients(model, model, inputs), expected)


def test_gradient_checkpointing_keeps_fewer_activations() -> None:
    model, inputs = tiny_model(num_hidden_layers=6, cca_layers=[2, 4, 6]).train(), inputs_for({})

    def kept() -> int:
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(lambda x: sizes.append(x.numel()) or x, lambda x: x):
            model(**inputs.asdict(), labels=inputs.input_ids, return_logits=False)
        return sum(sizes)

    before = kept()
    model.activation_checkpointing_enable()
    assert kept() < before / 3


def test_gradient_checkpointing_refuses_a_cache() -> None:
    model = tiny_model().train()
    model.activation_checkpointing_enable()
    with pytest.raises(SettingsError, match="gradient checkpointing"):
        model(draw_inputs().input_ids, use_cache=True)
    model.eval()
    assert model(draw_inputs().input_ids, use_cache=True).past_key_values is not None


def test_gradient_checkpointing_that_would_lose_gradients_is_refused() -> None:
    model = tiny_model().train()
    with pytest.raises(SettingsError, match="use_reentrant"):
        model.activation_checkpointing_enable({"use_reentrant": True})
    model.activation_checkpointing_enable({}, every_n_layers=2)
    assert [layer.gradient_checkpointing for layer in model.model.decoder.layers] == [True, False, True]
    inputs = inputs_for({})
    found = gradients(model, model, inputs)
    model.eval()
    assert_same(found, gradients(model, model, inputs))


@pytest.mark.parametrize("options", list(OPTIONS.values()), ids=list(OPTIONS))
def test_compiled_without_graph_breaks_it_gives_the_same_gradients(options: dict[str, Any]) -> None:
    torch._dynamo.reset()
    layers = ONE_LAYER if options else SHALLOW
    if options.get("cca_layers") == []:
        layers = layers | {"cca_layers": []}
    model, inputs = tiny_model(**(options | layers)).train(), inputs_for(options)
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    assert_same(gradients(compiled, model, inputs), gradients(model, model, inputs))


def test_compiled_with_gradient_checkpointing() -> None:
    torch._dynamo.reset()
    model, inputs = tiny_model(**ONE_LAYER).train(), inputs_for({})
    expected = gradients(model, model, inputs)
    model.activation_checkpointing_enable()
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    assert_same(gradients(compiled, model, inputs), expected)


def test_compiled_for_lengths_that_vary() -> None:
    torch._dynamo.reset()
    model = tiny_model(num_hidden_layers=1, cca_layers=[])
    compiled = torch.compile(model, backend="eager", fullgraph=True, dynamic=True)
    for tokens in (14, 11):
        inputs = draw_inputs(tokens=tokens, neighbors=0)
        assert_same(gradients(compiled, model, inputs), gradients(model, model, inputs))


@pytest.mark.parametrize("which", ["input_ids", "neighbor_ids", "labels"])
@pytest.mark.parametrize("value", [V, -101])
def test_ids_outside_the_vocabulary_are_refused(which: str, value: int) -> None:
    inputs = draw_inputs(tokens=12)
    given = {**inputs.asdict(), "labels": inputs.input_ids.clone()}
    assert inputs.neighbor_ids is not None
    given["neighbor_mask"] = torch.ones_like(inputs.neighbor_ids, dtype=torch.bool)
    tensor = given[which]
    assert tensor is not None
    given[which] = tensor.clone()
    given[which].view(-1)[3] = value  # type: ignore[union-attr]
    with pytest.raises(SettingsError, match=f"{which}: {value} is outside the vocabulary of {V} tokens"):
        tiny_model()(**given)


def test_ids_that_are_masked_may_be_anything() -> None:
    inputs = draw_inputs(tokens=12)
    assert inputs.neighbor_ids is not None
    ids = inputs.neighbor_ids.clone()
    ids[0, 0, 0, 2:] = 10_000
    mask = torch.ones_like(ids, dtype=torch.bool)
    mask[0, 0, 0, 2:] = False
    assert tiny_model()(inputs.input_ids, ids, mask).logits.isfinite().all()


@pytest.mark.parametrize("which", ["input_ids", "neighbor_ids", "labels"])
@pytest.mark.parametrize("kind", [torch.uint16, torch.float32, torch.bool])
def test_ids_of_another_kind_are_refused(which: str, kind: torch.dtype) -> None:
    inputs = draw_inputs(tokens=12)
    given = {**inputs.asdict(), "labels": inputs.input_ids}
    tensor = given[which]
    assert tensor is not None
    given[which] = tensor.to(kind)
    with pytest.raises(SettingsError, match=f"{which}: {kind}.* must be torch.int64"):
        tiny_model()(**given)

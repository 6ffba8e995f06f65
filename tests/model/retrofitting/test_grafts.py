"""Hooks on a model that others use too: other retrofits, threads, copies, checkpointing."""

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel

from openbook.model.retrofitting import RetrofitForCausalLM

from ..tiny import Inputs
from .tiny import BASES, FAMILIES, draw_inputs, learned, tiny_base, tiny_retrofit

EACH = pytest.mark.parametrize("name", FAMILIES)


def loss_of(model: RetrofitForCausalLM, inputs: Inputs) -> Tensor:
    return model(**inputs.asdict(), labels=inputs.input_ids).loss


def gradients(model: RetrofitForCausalLM) -> dict[str, Tensor]:
    found = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad()
    return found


def require_close(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name], msg=name)


@pytest.mark.filterwarnings("ignore:train_base")
@pytest.mark.parametrize(
    ("name", "train_base"), [*((name, False) for name in BASES), *((name, True) for name in FAMILIES)]
)
def test_gradient_checkpointing_changes_no_gradient(name: str, train_base: bool) -> None:
    inputs = draw_inputs(ragged=True)
    model = learned(tiny_retrofit(name, copy_head=True, train_base=train_base)).double().train()
    found = []
    for _ in range(2):
        torch.manual_seed(0)  # GPT-2 has dropout
        loss_of(model, inputs).backward()
        found.append(gradients(model))
        model.activation_checkpointing_enable()
        assert all(layer.gradient_checkpointing for layer in model.model.decoder.layers)
    require_close(*found)


def test_two_passes_before_their_backward_passes() -> None:
    first, second = draw_inputs(ragged=True), draw_inputs(seed=5, tokens=11)
    for checkpointing in (False, True):
        model = learned(tiny_retrofit(copy_head=True)).double().train()
        if checkpointing:
            model.activation_checkpointing_enable()
        for inputs in (first, second):
            loss_of(model, inputs).backward()
        apart = gradients(model)
        losses = [loss_of(model, inputs) for inputs in (first, second)]
        sum(losses).backward()
        require_close(gradients(model), apart)


def other_retrofit(base: PreTrainedModel) -> RetrofitForCausalLM:
    return learned(tiny_retrofit(base, cca_layers=[1, 3, 4], copy_head=True), seed=8)


@EACH
def test_two_retrofits_of_one_base_and_the_base_itself(name: str) -> None:
    inputs = draw_inputs(ragged=True)
    base = tiny_base(name)
    plain = base(inputs.input_ids).logits
    first = learned(tiny_retrofit(base))
    alone = first(**inputs.asdict()).logits
    second = other_retrofit(base)
    expected = other_retrofit(tiny_base(name))(**inputs.asdict()).logits
    assert torch.equal(second(**inputs.asdict()).logits, expected)
    assert torch.equal(first(**inputs.asdict()).logits, alone)
    for off in (first, second, base):
        assert torch.equal(off(inputs.input_ids).logits, plain)
    loss_of(second.train(), inputs).backward()
    assert all(weight.grad is None for weight in first.parameters())


@EACH
def test_a_deep_copy_is_a_model_of_its_own(name: str) -> None:
    inputs = draw_inputs()
    model = learned(tiny_retrofit(name, copy_head=True))
    before = model(**inputs.asdict()).logits
    copied = copy.deepcopy(model)
    assert torch.equal(copied(**inputs.asdict()).logits, before)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    assert torch.equal(copied(**inputs.asdict()).logits, before)
    learned(copied, seed=9)
    assert not torch.equal(copied(**inputs.asdict()).logits, before)


def test_threads_do_not_meet() -> None:
    model = learned(tiny_retrofit("gpt_neox"))
    base = model.base
    several = [draw_inputs(seed=seed, ragged=seed > 0, tokens=39) for seed in range(3)]

    def read(inputs: Inputs) -> list[Tensor]:
        with torch.inference_mode():
            return [
                x for _ in range(4) for x in (model(**inputs.asdict()).logits, base(inputs.input_ids).logits)
            ]

    alone = [read(inputs) for inputs in several]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(read, several))
    for ours, theirs in zip(together, alone, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@EACH
def test_a_pass_that_fails_leaves_nothing_behind(name: str) -> None:
    inputs = draw_inputs()
    model = learned(tiny_retrofit(name))
    before, plain = model(**inputs.asdict()).logits, model.base(inputs.input_ids).logits

    def fail(*args: Any) -> None:
        raise RuntimeError("no memory")

    for module in (model.model.encoder, model.model.decoder.family.attention(model.model.decoder.layers[2])):
        hook = module.register_forward_hook(fail)
        with pytest.raises(RuntimeError, match="no memory"):
            model(**inputs.asdict())
        hook.remove()
        assert torch.equal(model.base(inputs.input_ids).logits, plain)
        assert torch.equal(model(**inputs.asdict()).logits, before)


def test_shares_of_attention_are_reported() -> None:
    inputs = draw_inputs(ragged=True)
    model = learned(tiny_retrofit(copy_head=True))
    shares = model(**inputs.asdict(), output_shares=True).neighbor_shares
    sums = shares.sum(-1)
    assert not sums[:, :3].any()
    torch.testing.assert_close(sums[0, 3:], torch.ones(11))
    assert not sums[1, :7].any()  # its first chunk has no neighbors
    torch.testing.assert_close(sums[1, 7:], torch.ones(7))
    assert model(inputs.input_ids, output_shares=True).neighbor_shares is None


def test_dropout_is_of_the_new_parts_alone() -> None:
    model = learned(tiny_retrofit(dropout=0.5)).train()
    inputs = draw_inputs()
    assert not torch.equal(model(**inputs.asdict()).logits, model(**inputs.asdict()).logits)
    assert torch.equal(model(inputs.input_ids).logits, model.base(inputs.input_ids).logits)

"""Retrieval off is the base bit for bit, fresh retrieval on too; and only the new weights learn."""

import copy
import warnings

import pytest
import torch

from openbook.model.retrofitting import RetrofitForCausalLM

from .tiny import (
    BASES,
    FAMILIES,
    draw_inputs,
    learned,
    new_weights,
    padded_inputs,
    tiny_base,
    tiny_retrofit,
    train_steps,
)

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
ALL = pytest.mark.parametrize("name", BASES)
EACH = pytest.mark.parametrize("name", FAMILIES)


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES.keys())
@ALL
def test_off_is_the_base_bit_for_bit(name: str, dtype: torch.dtype) -> None:
    untouched, base = tiny_base(name, dtype=dtype), tiny_base(name, dtype=dtype)
    inputs, positions = padded_inputs(neighbors=0)
    plain = untouched(inputs.input_ids).logits
    padded = untouched(inputs.input_ids, attention_mask=inputs.attention_mask, position_ids=positions).logits
    model = tiny_retrofit(base, copy_head=True)

    def require_equal() -> None:
        with torch.no_grad():
            assert torch.equal(base(inputs.input_ids).logits, plain)
            off = model(inputs.input_ids).logits
            assert torch.equal(off, plain)
            assert off.dtype == dtype
            both = model(inputs.input_ids, attention_mask=inputs.attention_mask, position_ids=positions)
            assert torch.equal(both.logits, padded)
            assert not torch.equal(padded, plain)

    require_equal()
    train_steps(model)
    require_equal()
    weights = dict(untouched.named_parameters())
    assert all(torch.equal(weight, weights[key]) for key, weight in base.named_parameters())


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, torch.float32) for name in BASES), *((name, torch.bfloat16) for name in FAMILIES)],
)
def test_on_begins_as_off(name: str, dtype: torch.dtype) -> None:
    inputs, positions = padded_inputs(ragged=True)
    model = tiny_retrofit(tiny_base(name, dtype=dtype))
    on = model(**inputs.asdict(), position_ids=positions).logits
    off = model(inputs.input_ids, attention_mask=inputs.attention_mask, position_ids=positions).logits
    assert torch.equal(on, off)
    train_steps(model, 1)
    assert not torch.equal(model(**inputs.asdict(), position_ids=positions).logits, on)


@EACH
def test_with_the_copy_head_on_begins_nearly_as_off(name: str) -> None:
    inputs = draw_inputs()
    model = tiny_retrofit(name, copy_head=True)
    on = model(**inputs.asdict()).logits
    off = model(inputs.input_ids).logits.log_softmax(-1)
    # The gate gives 0.0003 to what is copied.
    assert (on.exp() - off.exp()).abs().max() < 1e-3
    assert not torch.equal(on, off)


@EACH
def test_the_loss_is_that_of_the_logits(name: str) -> None:
    inputs = draw_inputs()
    model = learned(tiny_retrofit(name, copy_head=True))
    for given in (inputs, draw_inputs(neighbors=0)):
        out = model(**given.asdict(), labels=given.input_ids)
        picked = out.logits[:, :-1].log_softmax(-1).gather(-1, given.input_ids[:, 1:, None])[..., 0]
        torch.testing.assert_close(out.token_losses[:, 1:], -picked, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(out.loss, -picked.mean(), atol=1e-4, rtol=1e-4)


def gradients(model: RetrofitForCausalLM) -> dict[str, torch.Tensor]:
    inputs = draw_inputs(tokens=12)
    model.train()(**inputs.asdict(), labels=inputs.input_ids).loss.backward()
    return {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}


@ALL
def test_only_new_weights_take_gradients(name: str) -> None:
    model = tiny_retrofit(name, copy_head=True)
    new = set(new_weights(model))
    assert {key for key, weight in model.named_parameters() if weight.requires_grad} == new
    found = gradients(model)
    assert found.keys() == new
    # Cross-attention is the identity as yet: what stands before its output matrix waits for that to move.
    waiting = {key for key in new if ".grafts." in key and not key.endswith("cca.output.weight")}
    for key, gradient in found.items():
        assert gradient.isfinite().all(), key
        assert bool(gradient.any()) == (key not in waiting), key
    model.zero_grad()
    train_steps(model, 1)
    model.zero_grad()
    assert all(gradient.any() for gradient in gradients(model).values())


@EACH
def test_with_train_base_all_weights_learn(name: str) -> None:
    base = tiny_base(name)
    with pytest.warns(UserWarning, match="retrieval off will drift from what the base computes"):
        model = tiny_retrofit(base, train_base=True)
    before = copy.deepcopy(dict(base.named_parameters()))
    inputs = draw_inputs(neighbors=0)
    off = model(inputs.input_ids).logits
    train_steps(model)
    moved = {key for key, weight in base.named_parameters() if not torch.equal(weight, before[key])}
    # A key's bias shifts all logits of a query alike.
    still = before.keys() - moved
    assert all(key.endswith("k_proj.bias") for key in still), still
    assert not torch.equal(model(inputs.input_ids).logits, off)


def test_new_weights_are_float32_under_a_base_of_less() -> None:
    model = tiny_retrofit(tiny_base("llama", dtype=torch.bfloat16), copy_head=True)
    assert {weight.dtype for weight in new_weights(model).values()} == {torch.float32}
    assert {weight.dtype for weight in model.base.parameters()} == {torch.bfloat16}


def test_by_default_the_new_weights_follow_the_base_and_the_rule_of_the_paper() -> None:
    from openbook.model.retrofitting import retrofit

    config = retrofit(tiny_base("qwen3", num_hidden_layers=12), reader="encoder").config
    assert config.cca_layers == [6, 9, 12]
    assert (config.chunk_size, config.num_neighbors, config.copy_head) == (64, 2, True)
    assert (config.hidden_size, config.head_dim, config.encoder_hidden_size) == (16, 6, 16)
    assert (config.vocab_size, config.max_position_embeddings) == (29, 40)
    assert (config.bos_token_id, config.eos_token_id, config.pad_token_id) == (1, 2, 0)


@pytest.mark.parametrize("trains", [False, True])
def test_a_frozen_base_has_no_dropout_in_training(trains: bool) -> None:
    rates = {"resid_pdrop": 0.5, "embd_pdrop": 0.5, "attn_pdrop": 0.5}
    base = tiny_base("gpt2", **rates)
    input_ids = draw_inputs(neighbors=0).input_ids
    plain = base(input_ids).logits
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = tiny_retrofit(base, train_base=trains).train()
    assert torch.equal(model(input_ids).logits, plain) is not trains
    assert all(layer.training for layer in model.model.decoder.layers)
    model.train(False)
    assert torch.equal(model(input_ids).logits, plain)
    assert not any(module.training for module in model.modules())

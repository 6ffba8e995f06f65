"""Bases of which only the linear maps are quantized: they read, and what is new learns, like on any other."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from openbook import RetroForCausalLM
from openbook.errors import MismatchError, SettingsError
from openbook.model.retrofitting import RetrofitForCausalLM

from .quantized import quantize
from .test_cache import in_steps
from .tiny import FAMILIES, draw_inputs, learned, new_weights, tiny_base, tiny_retrofit, train_steps

INPUTS = draw_inputs(ragged=True)


def small(name: str = "llama", *, seed: int = 0, dtype: torch.dtype = torch.float32) -> RetrofitForCausalLM:
    return tiny_retrofit(quantize(tiny_base(name, seed=seed, dtype=dtype)), copy_head=True)


@pytest.mark.parametrize(
    ("name", "dtype"), [*((name, torch.float32) for name in FAMILIES), ("llama", torch.bfloat16)]
)
def test_off_is_the_base_and_new_weights_learn(name: str, dtype: torch.dtype) -> None:
    model = small(name, dtype=dtype)
    with torch.no_grad():
        plain = quantize(tiny_base(name, dtype=dtype))(INPUTS.input_ids).logits
        assert torch.equal(model(INPUTS.input_ids).logits, plain)
        before = model(**INPUTS.asdict()).logits
        assert not torch.equal(plain, tiny_base(name, dtype=dtype)(INPUTS.input_ids).logits)
    train_steps(model)
    with torch.no_grad():
        assert torch.equal(model(INPUTS.input_ids).logits, plain)
        assert not torch.equal(model(**INPUTS.asdict()).logits, before)
    assert {key for key, weight in model.named_parameters() if weight.grad is not None} == new_weights(
        model
    ).keys()


def test_decoding_with_a_cache() -> None:
    model = learned(small())
    at_once = model(**INPUTS.asdict()).logits
    found = in_steps(model, INPUTS, [6, *[1] * 8])
    torch.testing.assert_close(found.log_softmax(-1), at_once.log_softmax(-1), atol=1e-4, rtol=1e-4)


def test_saved_with_how_it_was_quantized_and_loaded_on_any_precision(tmp_path: Path) -> None:
    model = learned(small())
    model.save_pretrained(tmp_path)
    assert load_file(tmp_path / "model.safetensors").keys() == new_weights(model).keys()
    described = json.loads((tmp_path / "config.json").read_text())
    assert described["base_fingerprint"] is None
    assert described["base_loading"]["quantization_config"]["load_in_8bit"]
    again = RetroForCausalLM.from_pretrained(tmp_path, base=quantize(tiny_base("llama")))
    assert torch.equal(again(**INPUTS.asdict()).logits, model(**INPUTS.asdict()).logits)
    RetroForCausalLM.from_pretrained(tmp_path, base=tiny_base("llama"))
    with pytest.raises(
        MismatchError, match=r"weights \w{16}, loaded as float32\); the model given has weights"
    ):
        RetroForCausalLM.from_pretrained(tmp_path, base=quantize(tiny_base("llama", seed=1)))


def test_what_learned_on_the_whole_base_reads_on_a_quantized_one(tmp_path: Path) -> None:
    model = learned(tiny_retrofit("llama"))
    model.save_pretrained(tmp_path)
    again = RetroForCausalLM.from_pretrained(tmp_path, base=quantize(tiny_base("llama")))
    exact, near = (x(**INPUTS.asdict()).logits.softmax(-1) for x in (model, again))
    assert 0 < (exact - near).abs().max() < 0.3


def test_it_cannot_be_merged_but_on_the_whole_base(tmp_path: Path) -> None:
    for model in (small(), tiny_retrofit("llama")):
        model.save_pretrained(tmp_path)
        on_quantized = RetrofitForCausalLM.from_pretrained(tmp_path, base=quantize(tiny_base("llama")))
        with pytest.raises(
            SettingsError, match=r"the base is quantized and cannot be merged; .*base=\.\.\.\)"
        ):
            on_quantized.merge()
        whole = RetrofitForCausalLM.from_pretrained(tmp_path, base=tiny_base("llama"))
        whole.merge()
        whole.save_pretrained(tmp_path / "merged")
        merged = RetroForCausalLM.from_pretrained(tmp_path / "merged")
        assert torch.equal(merged(**INPUTS.asdict()).logits, whole(**INPUTS.asdict()).logits)


def test_it_cannot_train_itself() -> None:
    with pytest.raises(SettingsError, match="train_base: quantized weights cannot train"):
        tiny_retrofit(quantize(tiny_base("llama")), train_base=True)


def test_a_quantized_output_is_refused() -> None:
    base = quantize(tiny_base("llama"))
    base.lm_head.weight = torch.nn.Parameter(base.lm_head.weight.to(torch.int8), requires_grad=False)
    with pytest.raises(SettingsError, match="a linear map is needed, not quantized"):
        tiny_retrofit(base)

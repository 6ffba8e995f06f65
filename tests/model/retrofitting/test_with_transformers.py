"""What transformers' users expect of a model, and several retrofits of one base."""

import copy
import gc
import json
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import GenerationConfig, Trainer, TrainingArguments

from openbook import RetroConfig, RetroForCausalLM, retrofit
from openbook.errors import SettingsError
from openbook.model.retrofitting import RetrofitForCausalLM

from ..tiny import tiny_model
from .tiny import draw_inputs, learned, new_weights, tiny_base, tiny_own, tiny_retrofit


def test_the_bases_generation_config_is_kept(tmp_path: Path) -> None:
    base = tiny_base("llama")
    base.generation_config = GenerationConfig(eos_token_id=[2, 5], max_new_tokens=3)
    model = tiny_retrofit(base)
    assert model.generation_config.eos_token_id == [2, 5]
    model.merge()
    model.save_pretrained(tmp_path)
    merged = RetroForCausalLM.from_pretrained(tmp_path)
    assert merged.generation_config.eos_token_id == [2, 5]
    assert merged.generate(draw_inputs(neighbors=0).input_ids[:1, :5]).shape[1] <= 8


def test_a_merged_folder_names_no_other(tmp_path: Path) -> None:
    model = tiny_retrofit(tiny_base("llama"))
    model.config.base_name = str(tmp_path / "base")
    model.merge()
    model.save_pretrained(tmp_path / "merged")
    assert json.loads((tmp_path / "merged" / "config.json").read_text())["base_name"] is None


def test_a_base_is_frozen_for_all_its_retrofits_or_for_none() -> None:
    base = tiny_base("llama")
    model = tiny_retrofit(base)
    with pytest.warns(UserWarning, match="drift"), pytest.raises(SettingsError, match="keeps it as it is"):
        retrofit(base, chunk_size=4, train_base=True)
    assert not any(weight.requires_grad for weight in model.base.parameters())
    trained = tiny_base("llama")
    with pytest.warns(UserWarning, match="drift"):
        retrofit(trained, chunk_size=4, train_base=True)
    with pytest.raises(SettingsError, match="trains it"):
        retrofit(trained, chunk_size=4)


def test_a_base_in_half_precision_does_not_train() -> None:
    with pytest.raises(SettingsError, match="small steps are lost"):
        retrofit(tiny_base("llama", dtype=torch.bfloat16), chunk_size=4, train_base=True)


def test_arguments_of_the_hub_and_of_saving(tmp_path: Path) -> None:
    base = tiny_base("llama")
    model = learned(tiny_retrofit(base))
    model.save_pretrained(tmp_path, safe_serialization=True)
    for options in ({"revision": "main"}, {"token": False}, {"local_files_only": True}):
        loaded = RetroForCausalLM.from_pretrained(tmp_path, base=tiny_base("llama"), **options)
        assert isinstance(loaded, RetrofitForCausalLM)
    with pytest.raises(SettingsError, match="push_to_hub"):
        model.save_pretrained(tmp_path, push_to_hub=True)


def test_weights_may_be_given_to_be_saved(tmp_path: Path) -> None:
    """As transformers' Trainer gives them; the base's are passed over."""
    model = learned(tiny_retrofit(tiny_base("llama"), copy_head=True))
    doubled = {name: 2 * weight for name, weight in model.state_dict().items()}
    model.save_pretrained(tmp_path, state_dict=doubled)
    stored = load_file(tmp_path / "model.safetensors")
    assert stored.keys() == new_weights(model).keys()
    assert all(torch.equal(weight, doubled[name]) for name, weight in stored.items())
    model.save_pretrained(tmp_path / "other", is_main_process=False)
    assert not (tmp_path / "other").exists()
    (name, *_) = sorted(stored)
    with pytest.raises(SettingsError, match=f"state_dict: lacks {name}"):
        model.save_pretrained(tmp_path, state_dict={key: w for key, w in doubled.items() if key != name})


@pytest.mark.parametrize("make", [tiny_own, tiny_retrofit])
def test_all_that_is_new_is_where_the_base_is(make: Callable[..., RetrofitForCausalLM]) -> None:
    """PyTorch's device without memory stands for a GPU."""
    options = {"prefix_ids": [3]} if make is tiny_own else {}
    config = make(copy_head=True, **options).config
    model = RetrofitForCausalLM(config, tiny_base("llama").to("meta"))
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    assert {name for name, tensor in tensors.items() if tensor.device.type != "meta"} == set()


@pytest.mark.parametrize("name", ["llama", "phi", "stablelm"])
@pytest.mark.parametrize("make", [tiny_own, tiny_retrofit])
def test_a_base_forgets_a_retrofit_that_is_gone(name: str, make: Callable[..., RetrofitForCausalLM]) -> None:
    base = tiny_base(name)
    modules = [module for _, module in sorted(base.named_modules())]

    def hooks() -> list[int]:
        return [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in modules]

    before, stays = hooks(), learned(tiny_own(base, mlp_rank=2))
    inputs = draw_inputs()
    expected, with_one = stays(**inputs.asdict()).logits, hooks()
    gone = make(base)
    parts = [weakref.ref(part) for part in gone.model.decoder.new_parts.values()]
    assert sum(hooks()) > sum(with_one) > sum(before)
    del gone
    gc.collect()
    assert [part() for part in parts] == [None] * len(parts)
    assert hooks() == with_one
    assert torch.equal(stays(**inputs.asdict()).logits, expected)


def test_a_copy_outlives_the_retrofit_that_it_is_of() -> None:
    model = learned(tiny_own(mlp_rank=2))
    inputs = draw_inputs()
    expected = model(**inputs.asdict()).logits
    copied = copy.deepcopy(model)
    decoder = copied.model.decoder
    del model
    gc.collect()
    assert torch.equal(copied(**inputs.asdict()).logits, expected)
    del copied
    gc.collect()
    assert any(module._forward_hooks for module in decoder.base.modules()), "the decoder is still in use"


@pytest.mark.parametrize("make", [tiny_own, tiny_retrofit])
def test_transformers_trainer_saves_a_retrofit(
    tmp_path: Path, make: Callable[..., RetrofitForCausalLM]
) -> None:
    base = tiny_base("llama")
    model = learned(make(base))
    options = TrainingArguments(output_dir=str(tmp_path / "run"), report_to=[], use_cpu=True)
    Trainer(model, options).save_model(str(tmp_path / "model"))
    inputs = draw_inputs()
    loaded = RetrofitForCausalLM.from_pretrained(tmp_path / "model", base=base)
    assert torch.equal(loaded(**inputs.asdict()).logits, model.eval()(**inputs.asdict()).logits)


def test_a_native_model_is_not_a_retrofit_and_still_loads_as_it_did(tmp_path: Path) -> None:
    model = tiny_model()
    model.save_pretrained(tmp_path)
    with pytest.raises(SettingsError, match="'retro', not a retrofit"):
        RetrofitForCausalLM.from_pretrained(tmp_path)
    config = RetroConfig.from_pretrained(tmp_path)
    loaded = RetroForCausalLM.from_pretrained(None, config=config, state_dict=model.state_dict())
    assert torch.equal(loaded.lm_head.weight, model.lm_head.weight)

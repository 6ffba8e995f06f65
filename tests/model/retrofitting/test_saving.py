"""Small adapters that know their base, and merged folders that need none."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file
from transformers import PreTrainedModel

from openbook import RetroForCausalLM
from openbook.errors import MismatchError, SettingsError
from openbook.model.retrofitting import RetrofitForCausalLM, load_base

from ..tiny import Inputs
from .tiny import BASES, FAMILIES, draw_inputs, learned, new_weights, tiny_base, tiny_retrofit

INPUTS = draw_inputs(ragged=True)
OFF = draw_inputs(neighbors=0)


def logits(model: RetroForCausalLM, inputs: Inputs = INPUTS) -> torch.Tensor:
    with torch.no_grad():
        return model(**inputs.asdict()).logits


@pytest.fixture
def base_folder(tmp_path: Path) -> Path:
    tiny_base("llama").save_pretrained(tmp_path / "base")
    return tmp_path / "base"


@pytest.fixture
def adapter(tmp_path: Path, base_folder: Path) -> Path:
    """Of the model in that folder."""
    learned(tiny_retrofit(load_base(str(base_folder)), copy_head=True)).save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


@pytest.mark.parametrize("name", BASES)
def test_saved_and_merged_it_says_what_it_said(name: str, tmp_path: Path) -> None:
    base = tiny_base(name)
    base.save_pretrained(tmp_path / "base")
    model = learned(tiny_retrofit(base, copy_head=True))
    model.save_pretrained(tmp_path / "adapter")
    assert load_file(tmp_path / "adapter" / "model.safetensors").keys() == new_weights(model).keys()
    given = RetrofitForCausalLM.from_pretrained(tmp_path / "adapter", base=load_base(str(tmp_path / "base")))
    assert torch.equal(logits(given), logits(model))
    given.merge()
    given.save_pretrained(tmp_path / "merged")
    shutil.rmtree(tmp_path / "base")
    merged = RetroForCausalLM.from_pretrained(tmp_path / "merged")
    assert isinstance(merged, RetrofitForCausalLM)
    assert not merged.training
    assert torch.equal(logits(merged), logits(model))
    assert torch.equal(logits(merged, OFF), base(OFF.input_ids).logits)
    assert not any(weight.requires_grad for weight in merged.base.parameters())


@pytest.mark.parametrize("which", ["linear", "embedding"])
def test_a_base_that_changed_afterwards_is_not_lost(tmp_path: Path, which: str) -> None:
    model = learned(tiny_retrofit(tiny_base("llama"), copy_head=True))
    matrices = {name: weight for name, weight in model.base.named_parameters() if weight.dim() == 2}
    name = next(name for name in matrices if ("embed" in name) == (which == "embedding"))
    weight = matrices[name]
    weight.requires_grad_(True)  # as by hand, or merged into it by an adapter
    with torch.no_grad():
        weight.add_(0.5)
    with pytest.raises(SettingsError, match=r"weights have changed.*model\.merge\(\).*train_base=True"):
        model.save_pretrained(tmp_path / "adapter")
    assert not (tmp_path / "adapter").exists()
    model.merge()
    model.save_pretrained(tmp_path / "merged")
    merged = RetrofitForCausalLM.from_pretrained(tmp_path / "merged")
    assert torch.equal(dict(merged.base.named_parameters())[name], weight)
    assert torch.equal(logits(merged), logits(model))


def test_an_adapter_finds_its_base(adapter: Path, base_folder: Path) -> None:
    model = RetroForCausalLM.from_pretrained(adapter)
    assert isinstance(model, RetrofitForCausalLM)
    assert torch.equal(logits(model, OFF), tiny_base("llama")(OFF.input_ids).logits)
    assert model.base.name_or_path == str(base_folder)
    described = json.loads((adapter / "config.json").read_text())
    assert described["architectures"] == ["RetrofitForCausalLM"]
    assert (described["base_type"], described["base_name"]) == ("llama", str(base_folder))
    assert described["base_fingerprint"] and described["base_config"] is None


def test_a_relative_folder_is_found_from_anywhere(
    base_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(base_folder.parent)
    model = learned(tiny_retrofit(load_base("base")))
    model.save_pretrained("adapter")
    monkeypatch.chdir("/")
    assert torch.equal(logits(RetroForCausalLM.from_pretrained(tmp_path / "adapter")), logits(model))


def test_a_base_of_the_hub_is_found_by_name_and_revision(
    base_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = "a" * 40, "b" * 40
    stored = tmp_path / "cache" / "models--owner--tiny"
    shutil.copytree(base_folder, stored / "snapshots" / old)
    tiny_base("llama", seed=1).save_pretrained(stored / "snapshots" / new)
    (stored / "refs").mkdir()
    (stored / "refs" / "main").write_text(old)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    model = learned(tiny_retrofit(load_base("owner/tiny")))
    assert (model.config.base_name, model.config.base_revision) == ("owner/tiny", old)
    model.save_pretrained(tmp_path / "adapter")
    (stored / "refs" / "main").write_text(new)
    assert torch.equal(logits(RetroForCausalLM.from_pretrained(tmp_path / "adapter")), logits(model))
    with pytest.raises(
        SettingsError, match=r"base 'owner/other': cannot be loaded: .*give a folder, or a name"
    ):
        load_base("owner/other")


def test_a_base_made_in_memory_must_be_given(tmp_path: Path) -> None:
    model = learned(tiny_retrofit())
    folder = tmp_path / "adapter"
    model.save_pretrained(folder)
    with pytest.raises(
        SettingsError,
        match=r"made in memory .* base_name into config.json; .* from_pretrained\(folder, base=m",
    ) as refused:
        RetroForCausalLM.from_pretrained(folder)
    assert str(refused.value).startswith(f"{folder}: the base was made")
    model.base.save_pretrained(tmp_path / "base")
    said = json.loads((folder / "config.json").read_text()) | {"base_name": str(tmp_path / "base")}
    (folder / "config.json").write_text(json.dumps(said))
    assert torch.equal(logits(RetroForCausalLM.from_pretrained(folder)), logits(model))


def one_weight_changed() -> PreTrainedModel:
    base = tiny_base("llama")
    with torch.no_grad():
        base.model.layers[2].mlp.up_proj.weight[3, 3] *= 1.02  # bfloat16 knows 1/128
    return base


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            one_weight_changed,
            r"belongs to .*base \(weights \w{16}, loaded as float32\); the model given has weights \w{16}",
        ),
        (
            lambda: tiny_base("llama", seed=1),
            r"weights \w{16}, loaded as float32\); the model given has weights",
        ),
        (lambda: tiny_base("mistral"), r"belongs to .*base, a llama; the model given is a mistral"),
    ],
    ids=["one weight", "all weights", "type"],
)
def test_another_base_is_refused(adapter: Path, other: Any, message: str) -> None:
    with pytest.raises(MismatchError, match=message):
        RetroForCausalLM.from_pretrained(adapter, base=other())


def test_a_base_that_changed_in_its_folder_is_refused(adapter: Path, base_folder: Path) -> None:
    tiny_base("llama", seed=1).save_pretrained(base_folder)
    with pytest.raises(MismatchError, match=rf"{base_folder} has weights"):
        RetroForCausalLM.from_pretrained(adapter)


def test_the_same_base_in_bfloat16_is_the_same(adapter: Path, base_folder: Path) -> None:
    halved = load_base(str(base_folder), dtype=torch.bfloat16)
    given = RetroForCausalLM.from_pretrained(adapter, base=halved)
    for dtype in (torch.bfloat16, "bfloat16"):
        loaded = RetroForCausalLM.from_pretrained(adapter, dtype=dtype)
        assert loaded.base.dtype == torch.bfloat16
        assert torch.equal(logits(loaded), logits(given))


def test_it_is_loaded_as_it_was_for_the_training(base_folder: Path, tmp_path: Path) -> None:
    model = learned(tiny_retrofit(load_base(str(base_folder), dtype="bfloat16")))
    model.save_pretrained(tmp_path / "adapter")
    loaded = RetroForCausalLM.from_pretrained(tmp_path / "adapter")
    assert loaded.base.dtype == torch.bfloat16
    assert torch.equal(logits(loaded), logits(model))
    loaded.merge()
    loaded.save_pretrained(tmp_path / "merged")
    merged = RetroForCausalLM.from_pretrained(tmp_path / "merged")
    assert merged.base.dtype == torch.bfloat16
    assert torch.equal(logits(merged), logits(model))


@pytest.mark.parametrize("dtype", ["auto", "float32", torch.float32, "bfloat16", torch.bfloat16])
def test_a_merged_model_in_a_precision_of_choice(dtype: Any, tmp_path: Path) -> None:
    model = learned(tiny_retrofit("gpt_neox, sequential"))
    model.merge()
    model.save_pretrained(tmp_path)
    loaded = RetroForCausalLM.from_pretrained(tmp_path, dtype=dtype)
    assert loaded.base.dtype == (torch.bfloat16 if "bfloat16" in str(dtype) else torch.float32)
    assert (logits(loaded) - logits(model)).abs().max() < 1


@pytest.mark.parametrize("options", [{}, {"train_base": True}])
@pytest.mark.filterwarnings("ignore:train_base")
def test_a_model_with_its_base_goes_to_the_device_that_is_named(
    options: dict[str, Any], tmp_path: Path
) -> None:
    model = learned(tiny_retrofit(**options))
    if not options:
        model.merge()
    model.save_pretrained(tmp_path)
    for device in ("cpu", torch.device("cpu"), {"": "cpu"}, "auto", None):
        loaded = RetroForCausalLM.from_pretrained(tmp_path, device_map=device)
        if device != "auto":
            assert loaded.device.type == "cpu"
            assert torch.equal(logits(loaded), logits(model))
    away = RetroForCausalLM.from_pretrained(tmp_path, device_map="meta")
    assert {weight.device.type for weight in away.parameters()} == {"meta"}
    for several in ("balanced", {"model.layers.0": 0, "": "cpu"}):
        with pytest.raises(SettingsError, match=r"device_map .* one device; .* \.to\(device\)"):
            RetroForCausalLM.from_pretrained(tmp_path, device_map=several)


def test_a_merged_model_takes_no_other_base(tmp_path: Path) -> None:
    model = learned(tiny_retrofit())
    model.merge()
    model.save_pretrained(tmp_path)
    mine = tiny_base("llama", seed=1)
    before = mine(OFF.input_ids).logits
    with pytest.raises(SettingsError, match="holds its base; leave out base="):
        RetroForCausalLM.from_pretrained(tmp_path, base=mine)
    assert torch.equal(mine(OFF.input_ids).logits, before)


@pytest.mark.parametrize("merged", [False, True])
def test_an_unknown_option_is_refused(adapter: Path, merged: bool) -> None:
    if merged:
        model = RetrofitForCausalLM.from_pretrained(adapter)
        model.merge()
        model.save_pretrained(adapter)
    with pytest.raises(SettingsError, match="unknown name 'dtpye'; did you mean 'dtype'"):
        RetroForCausalLM.from_pretrained(adapter, dtpye="float32")


@pytest.mark.filterwarnings("ignore:train_base")
@pytest.mark.parametrize("name", FAMILIES)
def test_a_base_that_trained_goes_with_the_rest(name: str, tmp_path: Path) -> None:
    model = learned(tiny_retrofit(name, train_base=True))
    with torch.no_grad():
        for weight in model.base.parameters():
            weight.mul_(1.1)
    model.save_pretrained(tmp_path)
    loaded = RetroForCausalLM.from_pretrained(tmp_path)
    assert torch.equal(logits(loaded), logits(model))
    assert all(weight.requires_grad for weight in loaded.parameters())


def _without(name: str, adapter: Path) -> None:
    path = adapter / "model.safetensors"
    weights = load_file(path)
    from safetensors.torch import save_file

    save_file({key: weight for key, weight in weights.items() if key != name}, path)


def _described(adapter: Path, **changes: Any) -> None:
    path = adapter / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda at: (at / "model.safetensors").unlink(), r"has no model\.safetensors that can be read"),
        (lambda at: _cut(at / "model.safetensors"), r"model\.safetensors: is damaged"),
        (lambda at: (at / "model.safetensors").write_text(""), r"model\.safetensors: is damaged"),
        (
            lambda at: _without("model.encoder.norm.weight", at),
            r"model\.encoder\.norm\.weight is missing there, \[",
        ),
        (lambda at: _described(at, encoder_hidden_size=16), r"\[\d+, 12\] there, \[\d+, 16\] here"),
        (lambda at: _described(at, cca_layers=[2]), r"grafts\.3\..* there, missing here"),
        (lambda at: _described(at, train_base=True), "train_base: a base that changes must be saved"),
        (lambda at: _described(at, base_nmae="x"), "unknown name 'base_nmae'; did you mean 'base_name'"),
        (lambda at: _described(at, base_type="opt", base_name="gone"), "base 'gone': cannot be loaded"),
    ],
    ids=["missing", "cut", "empty", "a weight", "a width", "a layer", "train_base", "a name", "base"],
)
def test_damage_is_said(adapter: Path, monkeypatch: pytest.MonkeyPatch, damage: Any, message: str) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    damage(adapter)
    with pytest.raises(SettingsError, match=message):
        RetroForCausalLM.from_pretrained(adapter)


def test_a_base_that_was_moved(adapter: Path, base_folder: Path, tmp_path: Path) -> None:
    before = logits(RetroForCausalLM.from_pretrained(adapter))
    moved = base_folder.rename(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match=rf"no longer at {base_folder}; .*base_name into .*config\.json"):
        RetroForCausalLM.from_pretrained(adapter)
    _described(adapter, base_name=str(moved))
    assert torch.equal(logits(RetroForCausalLM.from_pretrained(adapter)), before)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_base_that_is_damaged(adapter: Path, base_folder: Path, file: str) -> None:
    for damage in (lambda path: path.write_bytes(b"{"), Path.unlink):
        damage(base_folder / file)
        told = rf"(base '{base_folder}': cannot be loaded|the base is no longer at {base_folder})"
        with pytest.raises(SettingsError, match=told):
            RetroForCausalLM.from_pretrained(adapter)


def test_a_base_that_lacks_a_weight(base_folder: Path) -> None:
    _without("lm_head.weight", base_folder)
    with pytest.raises(SettingsError, match=r"cannot be loaded: it has no weight lm_head\.weight"):
        load_base(str(base_folder))


def test_no_pickle_is_read(base_folder: Path) -> None:
    (base_folder / "model.safetensors").rename(base_folder / "pytorch_model.bin")
    with pytest.raises(SettingsError, match=r"cannot be loaded: .*safetensors"):
        load_base(str(base_folder))


def test_a_base_is_given_or_loaded(adapter: Path) -> None:
    with pytest.raises(SettingsError, match="dtype: is for loading the base, but base= was given"):
        RetroForCausalLM.from_pretrained(adapter, base=tiny_base("llama"), dtype="float32")

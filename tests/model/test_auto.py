"""Which class a folder holds, for us and for transformers' Auto classes."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig

from openbook import RetroConfig, RetroForCausalLM, RetroModel
from openbook.errors import SettingsError
from openbook.model import load_model
from openbook.model.retrofitting import RetrofitConfig, RetrofitForCausalLM

from .retrofitting.tiny import learned, tiny_base, tiny_retrofit
from .tiny import draw_inputs, tiny_model


@pytest.fixture
def native(tmp_path: Path) -> Path:
    tiny_model().eval().save_pretrained(tmp_path / "native")
    return tmp_path / "native"


@pytest.fixture
def retrofitted(tmp_path: Path) -> Path:
    """Without its base, which is in a folder of its own."""
    tiny_base("llama").save_pretrained(tmp_path / "base")
    base = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    learned(tiny_retrofit(base)).save_pretrained(tmp_path / "retrofit")
    return tmp_path / "retrofit"


def test_a_folder_decides_the_class(native: Path, retrofitted: Path) -> None:
    for load in (load_model, RetroForCausalLM.from_pretrained, AutoModelForCausalLM.from_pretrained):
        assert type(load(native)) is RetroForCausalLM
        assert type(load(retrofitted)) is RetrofitForCausalLM


def test_transformers_reads_our_configurations(native: Path, retrofitted: Path) -> None:
    assert type(AutoConfig.from_pretrained(native)) is RetroConfig
    assert type(AutoConfig.from_pretrained(retrofitted)) is RetrofitConfig


@pytest.mark.parametrize("which", ["native", "retrofitted"])
def test_all_ways_to_load_give_the_same_numbers(which: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(which)
    inputs = draw_inputs()
    expected = RetroForCausalLM.from_pretrained(folder)(**vars(inputs)).logits
    for model in (load_model(folder), AutoModelForCausalLM.from_pretrained(folder)):
        assert torch.equal(model(**vars(inputs)).logits, expected)


def test_arguments_reach_the_class(native: Path, retrofitted: Path) -> None:
    assert AutoModelForCausalLM.from_pretrained(native, dtype=torch.bfloat16).dtype == torch.bfloat16
    for name in ("dtype", "torch_dtype"):
        halved = AutoModelForCausalLM.from_pretrained(retrofitted, **{name: torch.bfloat16})
        assert halved.base.dtype == torch.bfloat16
    assert (
        RetrofitForCausalLM.from_pretrained(retrofitted, torch_dtype="bfloat16").base.dtype == torch.bfloat16
    )
    base = tiny_base("llama")
    assert load_model(retrofitted, base=base, local_files_only=True).base is base
    with pytest.raises(SettingsError, match="dtpye"):
        load_model(retrofitted, dtpye="float32")


def test_a_configuration_that_is_given_decides_the_class(native: Path, retrofitted: Path) -> None:
    inputs = draw_inputs()
    for folder, kind in ((native, RetroForCausalLM), (retrofitted, RetrofitForCausalLM)):
        expected = load_model(folder)
        model = RetroForCausalLM.from_pretrained(folder, config=expected.config)
        assert type(model) is kind
        assert torch.equal(model(**vars(inputs)).logits, expected(**vars(inputs)).logits)
    with pytest.raises(SettingsError, match=r"lacks .* and \d+ more"):
        RetroForCausalLM.from_pretrained(retrofitted, config=load_model(native).config)


def change_weights(folder: Path, change: Callable[[dict[str, Tensor]], None]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize("load", [load_model, RetroForCausalLM.from_pretrained])
def test_weights_that_are_missing_are_not_drawn(
    native: Path, load: Callable[[Path], RetroForCausalLM]
) -> None:
    name = "model.decoder.layers.1.cca.query.weight"

    def halve(weights: dict[str, Tensor]) -> None:
        weights[name] = weights[name][:1].contiguous()

    change_weights(native, halve)
    with pytest.raises(SettingsError, match=rf"native: .* {name} is \[1, \d+\] there, \[\d+, \d+\] here"):
        load(native)
    change_weights(native, lambda weights: weights.pop(name))
    with pytest.raises(SettingsError, match=rf"native: its file of weights lacks {name}; restore it"):
        load(native)


@pytest.mark.parametrize("tied", [False, True])
def test_a_weight_with_two_names_is_stored_once(tmp_path: Path, tied: bool) -> None:
    tiny_model(tie_word_embeddings=tied).save_pretrained(tmp_path)
    assert ("lm_head.weight" in load_file(tmp_path / "model.safetensors")) is not tied
    model, info = RetroForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"]
    assert (model.lm_head.weight is model.model.decoder.embed_tokens.weight) is tied
    assert load_model(tmp_path).config.tie_word_embeddings is tied


@pytest.mark.parametrize(
    "load",
    [
        load_model,
        RetroForCausalLM.from_pretrained,
        RetrofitForCausalLM.from_pretrained,
        RetroModel.from_pretrained,
        RetroConfig.from_pretrained,
    ],
)
def test_another_model_is_refused_with_what_to_do(tmp_path: Path, load: Callable[[Path], object]) -> None:
    tiny_base("llama").save_pretrained(tmp_path)
    with pytest.raises(
        SettingsError, match=r"'llama'.*\(retro, retrofit\).*openbook retrofit.*openbook\.retrofit\("
    ):
        load(tmp_path)
    with pytest.raises(OSError):
        load(tmp_path / "nothing")


def test_one_of_ours_is_refused_by_the_class_of_another(native: Path, retrofitted: Path) -> None:
    with pytest.raises(SettingsError, match=r"'retrofit', not a retro; load it with .*RetroForCausalLM"):
        RetroModel.from_pretrained(retrofitted)
    with pytest.raises(SettingsError, match=r"'retro', not a retrofit; load it with .*RetroForCausalLM"):
        RetrofitForCausalLM.from_pretrained(native)


def test_importing_any_part_lets_transformers_know(native: Path) -> None:
    """In a process of its own: here everything is imported already."""
    lines = (
        "import openbook.model.config",
        "from transformers import AutoConfig",
        f"AutoConfig.from_pretrained({str(native)!r})",
    )
    subprocess.run([sys.executable, "-c", "; ".join(lines)], check=True, timeout=120)


@pytest.mark.parametrize(
    "load", [load_model, RetroForCausalLM.from_pretrained, RetrofitForCausalLM.from_pretrained]
)
def test_where_the_hub_is_out_of_reach_its_cache_alone_is_asked(
    load: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The libraries would try again and again."""
    monkeypatch.setattr("openbook.pretrained.is_hub_out_of_reach", lambda: True)
    asked: list[object] = []
    configuration = PreTrainedConfig.get_config_dict

    def watched(name: str, **options: Any) -> Any:
        asked.append(options.get("local_files_only"))
        return configuration(name, **options)

    monkeypatch.setattr(PreTrainedConfig, "get_config_dict", watched)
    with pytest.raises((OSError, SettingsError)):
        load("nowhere")
    assert set(asked) == {True}

"""Bases from .gguf files: the same numbers, and nothing that says they came from there."""

from pathlib import Path

import huggingface_hub
import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from foreign_tokenizers import make_fast
from openbook import RetroForCausalLM
from openbook.errors import OpenbookWarning, SettingsError
from openbook.model.retrofitting import load_base
from openbook.pretrained import SMOLLM2
from tiny_gguf import write_gguf

from .tiny import draw_inputs, learned, tiny_base, tiny_retrofit

INPUTS = draw_inputs(ragged=True)


def original() -> PreTrainedModel:
    sizes = {"vocab_size": 420, "hidden_size": 32, "num_key_value_heads": 2, "intermediate_size": 32}
    return tiny_base("llama", **sizes)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fast = make_fast("gpt2")
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf", original(), fast)


def test_it_computes_what_the_original_does_and_can_be_saved(file: Path, tmp_path: Path) -> None:
    base = load_base(str(file))
    expected = original()(INPUTS.input_ids).logits
    assert torch.equal(base(INPUTS.input_ids).logits, expected)
    assert (base.dtype, base.name_or_path) == (torch.float32, str(file))
    base.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert torch.equal(again(INPUTS.input_ids).logits, expected)


def test_an_adapter_finds_the_file_and_merges(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    model = learned(tiny_retrofit(load_base(file.name)))
    monkeypatch.chdir("/")
    model.save_pretrained(tmp_path / "adapter")
    loaded = RetroForCausalLM.from_pretrained(tmp_path / "adapter")
    expected = model(**INPUTS.asdict()).logits
    assert torch.equal(loaded(**INPUTS.asdict()).logits, expected)
    loaded.merge()
    loaded.save_pretrained(tmp_path / "merged")
    merged = RetroForCausalLM.from_pretrained(tmp_path / "merged")
    assert torch.equal(merged(**INPUTS.asdict()).logits, expected)


def test_positions_that_are_scaled_are_said_to_be_left_out(tmp_path: Path) -> None:
    scaled = {"rope_type": "linear", "factor": 8.0, "rope_theta": 10_000.0}
    sizes = {"vocab_size": 420, "hidden_size": 32, "intermediate_size": 32}
    base = tiny_base("llama", **sizes, rope_parameters=scaled)
    path = write_gguf(tmp_path / "tiny.gguf", base, make_fast("gpt2"))
    with pytest.warns(OpenbookWarning, match=r"tiny\.gguf: its rotary positions are scaled.*; give "):
        load_base(str(path))


def test_in_half_precision(file: Path) -> None:
    assert load_base(str(file), dtype="bfloat16").dtype == torch.bfloat16


def test_a_file_that_moved_is_reported(file: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied.gguf"
    copied.write_bytes(file.read_bytes())
    tiny_retrofit(load_base(str(copied))).save_pretrained(tmp_path / "adapter")
    copied.unlink()
    with pytest.raises(SettingsError, match=r"the base is no longer at .*copied\.gguf"):
        RetroForCausalLM.from_pretrained(tmp_path / "adapter")


def test_what_cannot_be_is_reported(file: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"tiny\.gguf: a \.gguf file is loaded without quantization"):
        load_base(str(file), quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True})
    (tmp_path / "damaged.gguf").write_bytes(file.read_bytes()[:4000])
    with pytest.raises(SettingsError, match=r"base '.*damaged\.gguf': cannot be loaded: "):
        load_base(str(tmp_path / "damaged.gguf"))


@pytest.mark.usefixtures("base_at_hand")
def test_a_real_model_is_found_by_its_name_without_a_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole 135 million weights."""

    def unreachable(*_: object, **__: object) -> str:
        raise OSError("no network in tests")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    base = load_base(SMOLLM2)
    assert (base.name_or_path, base.config.num_hidden_layers, base.dtype) == (SMOLLM2, 30, torch.float32)
    # "The capital of France is": Paris
    france = torch.tensor([[504, 3575, 282, 4649, 314]])
    with torch.inference_mode():
        assert int(base(france).logits[0, -1].argmax()) == 7042

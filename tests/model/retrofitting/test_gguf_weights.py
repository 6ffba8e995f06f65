"""What is read of .gguf files fast is what transformers reads of them, to the bit."""

from pathlib import Path
from typing import Any

import pytest
import torch
from gguf import GGMLQuantizationType
from transformers import AutoModelForCausalLM, PreTrainedModel, modeling_gguf_pytorch_utils
from transformers.utils.quantization_config import GgufConfig

from foreign_tokenizers import make_fast
from openbook.errors import SettingsError
from openbook.model.retrofitting import gguf_weights, load_base
from openbook.model.retrofitting.gguf_weights import find_model
from tiny_gguf import write_gguf

from .tiny import draw_inputs, tiny_base

INPUTS = draw_inputs(ragged=True)
KINDS: dict[str, dict[str, Any]] = {
    "llama": {"num_key_value_heads": 2},
    "llama, tied": {"num_key_value_heads": 4, "tie_word_embeddings": True},
    "qwen2": {"num_key_value_heads": 2},
    "qwen3": {"num_key_value_heads": 2, "head_dim": 128},
    "gemma3_text": {
        "num_key_value_heads": 2,
        "head_dim": 8,
        "query_pre_attn_scalar": 256,
        "layer_types": None,
        "num_hidden_layers": 6,
        "tie_word_embeddings": True,
    },
}


def written(folder: Path, kind: str, blocks: str | None = None, **sizes: Any) -> Path:
    sizes = {"vocab_size": 420, "hidden_size": 32, "intermediate_size": 64} | KINDS[kind] | sizes
    model = tiny_base(kind, **sizes)
    with torch.no_grad():
        for number, weight in enumerate(model.parameters()):  # those that begin with zeros or ones, too
            weight.add_(torch.linspace(-0.5, 0.5, weight.numel()).view_as(weight).sin() / (number + 3))
    return write_gguf(
        folder / "tiny.gguf",
        model,
        make_fast("gpt2"),
        blocks=None if blocks is None else GGMLQuantizationType[blocks],
    )


def read_by_transformers(path: Path, **loading: str) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(
        str(path.parent),
        gguf_file=path.name,
        local_files_only=True,
        quantization_config=GgufConfig(dequantize=True),
        **loading,
    )


def require_equal(ours: PreTrainedModel, theirs: PreTrainedModel) -> None:
    assert ours.config.to_dict() | {"_name_or_path": ""} == theirs.config.to_dict() | {"_name_or_path": ""}
    assert ours.generation_config.to_dict() == theirs.generation_config.to_dict()
    assert type(ours) is type(theirs)
    assert ours.training is theirs.training
    weights, expected = ours.state_dict(), theirs.state_dict()
    assert list(weights) == list(expected)
    for name, weight in weights.items():
        assert weight.dtype == expected[name].dtype
        assert torch.equal(weight, expected[name]), name
    assert torch.equal(ours(INPUTS.input_ids).logits, theirs(INPUTS.input_ids).logits)


@pytest.fixture
def only_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the slow reader")

    monkeypatch.setattr(modeling_gguf_pytorch_utils, "load_gguf_checkpoint", refuse)


@pytest.mark.parametrize("blocks", [None, "Q4_1", "Q5_0", "Q8_0", "F16", "BF16"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_weights_and_settings_are_those_that_transformers_reads(
    tmp_path: Path, kind: str, blocks: str | None
) -> None:
    path = written(tmp_path, kind, blocks)
    found = find_model(path)
    assert found is not None
    require_equal(load_base(str(path)), read_by_transformers(path))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_in_other_types_of_numbers(tmp_path: Path, dtype: str) -> None:
    path = written(tmp_path, "llama", "Q8_0")
    ours = load_base(str(path), dtype=dtype)
    assert ours.dtype == getattr(torch, dtype)
    require_equal(ours, read_by_transformers(path, dtype=dtype))


@pytest.mark.usefixtures("only_fast")
def test_the_slow_reader_is_not_asked(tmp_path: Path) -> None:
    path = written(tmp_path, "llama", "Q8_0")
    base = load_base(str(path), attn_implementation="eager", dtype=torch.bfloat16)
    assert (base.config._attn_implementation, base.dtype) == ("eager", torch.bfloat16)
    assert base.name_or_path == str(path)


def test_what_the_fast_reader_does_not_know_is_read_by_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "llama", "Q5_1")
    monkeypatch.setattr(gguf_weights, "_ARCHITECTURES", {})
    assert find_model(path) is None
    require_equal(load_base(str(path)), read_by_transformers(path))


@pytest.mark.parametrize("kept", [20, 4000, 40_000])
def test_a_damaged_file_is_reported(tmp_path: Path, kept: int) -> None:
    path = written(tmp_path, "llama")
    whole = path.read_bytes()
    assert kept < len(whole)
    path.write_bytes(whole[:kept])
    with pytest.raises(SettingsError, match=r"base '.*tiny\.gguf': cannot be loaded: "):
        load_base(str(path))


def test_a_file_of_which_the_end_was_not_fetched_is_reported(tmp_path: Path) -> None:
    path = written(tmp_path, "gemma3_text")
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(SettingsError, match="it ends before its weights do; fetch the file again, or give "):
        load_base(str(path))


def test_a_file_without_a_weight_is_reported(tmp_path: Path) -> None:
    path = written(tmp_path, "llama")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"blk.1.ffn_up.weight", b"blk.1.ffn_no.weight"))
    with pytest.raises(SettingsError, match=r"has no weight model\.layers\.1\.mlp\.up_proj\.weight"):
        load_base(str(path))

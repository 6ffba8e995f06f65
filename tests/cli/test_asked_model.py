"""What `ask --model` may name: a model of openbook, a base, and the default with its adapter."""

from pathlib import Path

import pytest
import torch
from transformers import GPT2Config

from foreign_tokenizers import foreign
from openbook.cli import asked_model
from openbook.cli.asked_model import load_asked_model
from openbook.errors import MismatchError, SettingsError
from openbook.model.retrofitting import RetrofitForCausalLM, load_base, retrofit
from tiny_base import TEMPLATE, qwen, write_base


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("bases") / "llama")


@pytest.fixture
def adapter(base: Path, tmp_path: Path) -> Path:
    model = retrofit(load_base(str(base)), num_neighbors=3, prefix_ids=[1], chunk_size=16)
    with torch.no_grad():
        for weight in model.stored_weights().values():
            weight.fill_(0.25)
    model.save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


def biases(model: object) -> set[float]:
    assert isinstance(model, RetrofitForCausalLM)
    return {
        float(weight.detach().max())
        for name, weight in model.stored_weights().items()
        if name.endswith("bias")
    }


def test_a_base_reads_untrained_in_its_chat_template(base: Path) -> None:
    asked = load_asked_model(str(base), reads=True)
    assert isinstance(asked.model, RetrofitForCausalLM)
    config = asked.model.config
    assert (config.reader, config.num_neighbors) == ("own", 4)
    assert config.prefix_ids == asked.chat.prefix_ids
    assert asked.chat.prefix == "<|im_start|>user\n"
    assert config.tokenizer_fingerprint == asked.chat.tokenizer.fingerprint
    assert "not trained to read" in asked.description


def test_a_retrofit_is_loaded_with_its_bases_format(base: Path, adapter: Path) -> None:
    asked = load_asked_model(str(adapter), reads=True)
    assert biases(asked.model) == {0.25}
    assert asked.chat.tokenizer.chat_template == TEMPLATE
    assert asked.description == str(adapter)


def test_a_saved_tokenizer_without_template_gets_the_bases(base: Path, adapter: Path) -> None:
    foreign("qwen").save(adapter)
    assert load_asked_model(str(adapter), reads=True).chat.tokenizer.chat_template == TEMPLATE
    foreign("gpt2").save(adapter)
    assert load_asked_model(str(adapter), reads=True).chat.tokenizer.chat_template is None


def test_the_default_is_read_with_the_adapter_that_comes_with_openbook(
    base: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_model, "SMOLLM2", str(base))
    monkeypatch.setattr(asked_model, "shipped_adapter", lambda name: adapter)
    asked = load_asked_model(None, reads=True)
    assert biases(asked.model) == {0.25}
    assert asked.model.config.num_neighbors == 3
    assert "with the adapter that comes with openbook" in asked.description
    off = load_asked_model(None, reads=False)
    assert biases(off.model) == {0}
    monkeypatch.setattr(asked_model, "shipped_adapter", lambda name: None)
    assert "not trained to read" in load_asked_model(None, reads=True).description


def test_the_adapter_takes_the_weights_of_the_hub_and_only_its_own_of_a_package(
    base: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's are the package's in more bits."""
    like = write_base(tmp_path / "like", seed=1)
    monkeypatch.setattr(asked_model, "SMOLLM2", str(like))
    monkeypatch.setattr(asked_model, "shipped_adapter", lambda name: adapter)
    assert biases(load_asked_model(None, reads=True).model) == {0.25}
    monkeypatch.setattr(asked_model, "SMOLLM2", "owner/name")
    monkeypatch.setattr(asked_model, "at_hand", lambda name: str(like))
    monkeypatch.setattr(asked_model, "require_base", lambda name, retrofits: None)
    with pytest.raises(MismatchError, match="has weights"):
        load_asked_model(None, reads=True)
    monkeypatch.setattr(asked_model, "at_hand", lambda name: str(base))
    assert biases(load_asked_model(None, reads=True).model) == {0.25}


def test_a_base_that_cannot_read_itself_answers_from_its_prompt(tmp_path: Path) -> None:
    sizes = {"vocab_size": qwen().vocab_size, "n_embd": 32, "n_layer": 2, "n_head": 2}
    folder = write_base(tmp_path / "gpt2", GPT2Config(**sizes))
    with pytest.raises(SettingsError, match="reader='encoder'"):
        load_asked_model(str(folder), reads=True)
    assert load_asked_model(str(folder), reads=False).model.config.reader == "encoder"


def test_what_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such folder"):
        load_asked_model(str(tmp_path / "gone"), reads=True)
    with pytest.raises(SettingsError, match="there is no such file"):
        load_asked_model(str(tmp_path / "gone.gguf"), reads=True)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "config.json").write_text("[]")
    with pytest.raises(SettingsError, match="damaged"):
        load_asked_model(str(tmp_path / "damaged"), reads=True)


def test_a_wrong_model_gets_advice_for_models_alone(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "config.json").write_text('{"model_type": "llama"}')
    for name, said in (("a/b/c", "neither a folder nor to be had from the hub"), (str(bare), "no tokenizer")):
        with pytest.raises(SettingsError, match=said) as error:
            load_asked_model(name, reads=True)
        assert str(error.value).startswith(f"model {name!r}: ")
        assert "give the folder of a model, or a .gguf file" in str(error.value)
        assert "train:" not in str(error.value)

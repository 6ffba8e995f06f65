"""The tokenizer of a .gguf file splits and spells text as the model's own does."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.integrations.gguf import gguf_tokenizer_mapping

from foreign_tokenizers import SOME_TEXT, make_fast
from openbook.errors import SettingsError
from openbook.text import Tokenizer, load_tokenizer
from openbook.text.gguf_tokenizer import read_gguf_tokenizer
from tiny_gguf import write_gguf

DIGITS = pre_tokenizers.Sequence(
    [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
)


def tiny_llama(vocab_size: int) -> LlamaForCausalLM:
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    return LlamaForCausalLM(LlamaConfig(vocab_size=vocab_size, **sizes))


def written(path: Path, fast: FastTokenizer, split: str) -> Tokenizer:
    write_gguf(path, tiny_llama(fast.get_vocab_size()), fast, split=split)
    return load_tokenizer(str(path))


@pytest.mark.parametrize("split", ["gpt-2", "smollm"])
def test_tokens_are_those_of_the_tokenizer_it_was_made_of(tmp_path: Path, split: str) -> None:
    fast = make_fast("gpt2")
    if split == "smollm":
        fast.pre_tokenizer = DIGITS
    found = written(tmp_path / "model.gguf", fast, split)
    texts = [*SOME_TEXT, "In 1984,  7  cats", "a   <|endoftext|> b"]
    own = Tokenizer(fast, end_of_text="<|endoftext|>", name="own")
    assert found.encode(texts) == own.encode(texts)
    assert found.decode(found.encode(texts)) == texts
    assert (found.end_of_text, found.eos_id, found.name) == (
        "<|endoftext|>",
        own.eos_id,
        str(tmp_path / "model.gguf"),
    )


def test_how_text_is_split_matters(tmp_path: Path) -> None:
    """The test above would say nothing if digits made no difference."""
    fast = make_fast("gpt2")
    one, other = (written(tmp_path / f"{split}.gguf", fast, split) for split in ("gpt-2", "smollm"))
    assert one.encode(["before 1,234"]) != other.encode(["before 1,234"])
    assert one.fingerprint != other.fingerprint


def test_it_is_saved_as_any_other(tmp_path: Path) -> None:
    found = written(tmp_path / "model.gguf", make_fast("gpt2"), "smollm")
    found.save(tmp_path / "saved")
    again = load_tokenizer(str(tmp_path / "saved"))
    assert again.fingerprint == found.fingerprint
    assert json.loads((tmp_path / "saved" / "tokenizer_config.json").read_text())["eos_token"] == (
        "<|endoftext|>"
    )


def test_a_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    theirs = gguf_tokenizer_mapping.get_gguf_tokenizer
    monkeypatch.setattr(
        gguf_tokenizer_mapping, "get_gguf_tokenizer", lambda path: read.append(path) or theirs(path)
    )
    path = tmp_path / "model.gguf"
    first = written(path, make_fast("gpt2"), "gpt-2")
    assert load_tokenizer(str(path)).fingerprint == first.fingerprint
    assert read == [str(path)]
    read_gguf_tokenizer(path).fast.pre_tokenizer = DIGITS  # is no one else's
    assert load_tokenizer(str(path)).encode(["12 a"]) == first.encode(["12 a"])
    assert read == [str(path)] * 2
    other = written(path, make_fast("gpt2"), "smollm")
    assert other.fingerprint != first.fingerprint
    assert read == [str(path)] * 3


def test_a_file_that_is_gone_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"tokenizer '.*gone\.gguf': cannot be read: "):
        read_gguf_tokenizer(tmp_path / "gone.gguf")


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF and then nothing of use")
    with pytest.raises(SettingsError, match=r"tokenizer '.*model\.gguf': cannot be read: "):
        load_tokenizer(str(path))


def test_a_file_of_which_the_end_was_not_fetched_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    written(path, make_fast("gpt2"), "smollm")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(SettingsError, match="it ends before its vocabulary does; fetch the file again"):
        load_tokenizer(str(path))

"""Tokenizers of others are found in folders and files; what is none is refused in one line."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import decoders, models

from foreign_tokenizers import WORD_PIECES, word_piece
from openbook.errors import SettingsError
from openbook.text import load_tokenizer


def write_config(folder: Path, config: object) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def test_word_piece_is_loaded_with_sep_as_its_end(tmp_path: Path) -> None:
    word_piece().save(str(tmp_path / "tokenizer.json"))
    tokenizer = load_tokenizer(str(tmp_path))
    assert (tokenizer.end_of_text, tokenizer.eos_id, tokenizer.vocab_size) == ("[SEP]", 3, 8)
    assert tokenizer.encode(["Hello worlds hello world hello", "hello"]) == [[5, 6, 7, 5, 6, 5], [5]]
    assert tokenizer.decode([[2, 5, 6, 7, 3, 0]]) == ["hello worlds"]


def test_special_token_of_word_piece_in_a_document_is_text(tmp_path: Path) -> None:
    word_piece().save(str(tmp_path / "tokenizer.json"))
    assert load_tokenizer(str(tmp_path)).encode(["hello [SEP] world"]) == [[5, 1, 1, 1, 6]]


def test_word_piece_is_loaded_from_its_vocabulary_file(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(WORD_PIECES))
    write_config(tmp_path, {"tokenizer_class": "BertTokenizer"})
    tokenizer = load_tokenizer(str(tmp_path))
    assert (tokenizer.end_of_text, tokenizer.eos_id) == ("[SEP]", 3)
    assert tokenizer.encode(["Hello worlds"]) == [[5, 6, 7]]


def test_end_token_that_is_not_marked_special_is_left_out_too(tmp_path: Path) -> None:
    fast = FastTokenizer(models.WordPiece({"[UNK]": 0, "[SEP]": 1, "hello": 2, "##s": 3}, unk_token="[UNK]"))
    fast.decoder = decoders.WordPiece()
    fast.save(str(tmp_path / "tokenizer.json"))
    assert load_tokenizer(str(tmp_path)).decode([[2, 3, 1]]) == ["hellos"]


@pytest.mark.parametrize(
    ("config", "end"),
    [
        ({"eos_token": "[PAD]"}, "[PAD]"),
        ({"eos_token": {"content": "[MASK]", "lstrip": False}}, "[MASK]"),
        ({"eos_token": None}, "[SEP]"),
        ({}, "[SEP]"),
    ],
)
def test_config_names_the_end_token(tmp_path: Path, config: dict[str, object], end: str) -> None:
    word_piece().save(str(tmp_path / "tokenizer.json"))
    write_config(tmp_path, config)
    tokenizer = load_tokenizer(str(tmp_path))
    assert (tokenizer.end_of_text, tokenizer.eos_id) == (end, WORD_PIECES.index(end))


def test_end_token_outside_of_the_vocabulary_is_refused(tmp_path: Path) -> None:
    word_piece().save(str(tmp_path / "tokenizer.json"))
    write_config(tmp_path, {"eos_token": "</s>"})
    with pytest.raises(SettingsError, match="the end token '</s>' is not in its vocabulary"):
        load_tokenizer(str(tmp_path))


def test_tokenizer_without_end_token_is_refused(tmp_path: Path) -> None:
    fast = FastTokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    fast.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(SettingsError, match=r"has no end-of-text token; looked for <\|endoftext\|>"):
        load_tokenizer(str(tmp_path))


@pytest.mark.parametrize(
    "name", ["/no/such/folder", "no such", "", "a/b/c", "two\nlines", "\0", "x" * 300, "../.."]
)
def test_nonsense_name_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(SettingsError, match="give a path, or train one on your text") as error:
        load_tokenizer(name)
    assert len(str(error.value).splitlines()) == 1
    assert repr(name) in str(error.value)


def test_hub_that_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoTokenizer

    def unreachable(*args: object, **kwargs: object) -> None:
        raise OSError("We couldn't connect to the hub.\nCheck your connection.")

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", unreachable)
    monkeypatch.setattr("openbook.text.tokenizer_loading.is_hub_out_of_reach", lambda: False)
    with pytest.raises(
        SettingsError, match=r"'gpt2'.*We couldn't connect to the hub\.\); give a path"
    ) as error:
        load_tokenizer("gpt2")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"nope", b"{}", b"\xff\0", b'{"version": "1.0"}'])
def test_file_that_is_no_tokenizer_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    for name in (tmp_path, tmp_path / "tokenizer.json"):
        with pytest.raises(SettingsError, match=r"not a tokenizer\.json") as error:
            load_tokenizer(str(name))
        assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"nope", b"[]", b'"x"', b"\xff"])
def test_damaged_config_is_refused(tmp_path: Path, content: bytes) -> None:
    word_piece().save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_bytes(content)
    with pytest.raises(SettingsError, match=r"tokenizer_config\.json': not ") as error:
        load_tokenizer(str(tmp_path))
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    "config",
    [
        {"tokenizer_class": "ByT5Tokenizer"},
        {"tokenizer_class": 5},
        {"auto_map": {"AutoTokenizer": ["code.Tokenizer", None]}},
        [],
        {},
    ],
    ids=["python-only", "wrong-type", "custom-code", "no-object", "nothing"],
)
def test_folder_that_transformers_cannot_open_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: object
) -> None:
    """Code that comes with a tokenizer is not run, and nobody is asked whether to."""
    monkeypatch.setattr("builtins.input", lambda *args: pytest.fail("asked a question"))
    write_config(tmp_path, config)
    with pytest.raises(SettingsError, match="give a path, or train one on your text") as error:
        load_tokenizer(str(tmp_path))
    assert len(str(error.value).splitlines()) == 1

"""Megatron's tokenizer flags: accepted where they name the book's tokenizer."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from megatron_command import Run
from openbook.database import Database
from openbook.text import train_tokenizer


@pytest.fixture
def parts(book: Database, data: Path) -> dict[str, Any]:
    """The book's tokenizer as Megatron's files of GPT-2's, in vocab.json and merges.txt."""
    found: dict[str, Any] = json.loads((book.path / "tokenizer" / "tokenizer.json").read_text())["model"]
    pairs = [pair if isinstance(pair, str) else " ".join(pair) for pair in found["merges"]]
    (data / "vocab.json").write_text(json.dumps(found["vocab"]))
    (data / "merges.txt").write_text("#version: 0.2\n" + "\n".join(pairs) + "\n")
    (data / "vocab.txt").write_text("[SEP]\nba\n")
    return found


def tokenizer_error(pretrain: Run, capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    """What the command says of a tokenizer that is not the book's."""
    assert pretrain(*flags) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_a_tokenizer_that_agrees_is_accepted(pretrain: Run, parts: dict[str, Any], book: Database) -> None:
    for flags in (
        "--tokenizer-type GPT2BPETokenizer --vocab-file vocab.json --merge-file merges.txt",
        "--vocab-file vocab.json --merge-file merges.txt",
        f"--tokenizer-type HuggingFaceTokenizer --tokenizer-model {book.path / 'tokenizer'}",
    ):
        assert pretrain(*flags.split(), "--overwrite") == 0


def test_a_tokenizer_that_does_not_agree_is_named_with_the_databases(
    pretrain: Run, parts: dict[str, Any], book: Database, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fingerprint = book.settings.tokenizer_fingerprint
    other = train_tokenizer(["other words"], vocab_size=300)
    other.save(data / "other")
    error = tokenizer_error(pretrain, capsys, "--tokenizer-model", "other")
    assert other.fingerprint in error and fingerprint in error
    gpt2 = shlex.split("--vocab-file vocab.json --merge-file merges.txt")
    lines = (data / "merges.txt").read_text().splitlines()
    (data / "merges.txt").write_text("\n".join(lines[:-1]))
    assert "which merges otherwise than" in tokenizer_error(pretrain, capsys, *gpt2)
    (data / "vocab.json").write_text(json.dumps(parts["vocab"] | {"surplus": 340}))
    error = tokenizer_error(pretrain, capsys, *gpt2)
    assert "vocab.json" in error and fingerprint in error and "has other tokens" in error
    bert = shlex.split("--tokenizer-type BertWordPieceLowerCase --vocab-file vocab.txt")
    assert "a WordPiece where that is a BPE" in tokenizer_error(pretrain, capsys, *bert)
    llama = shlex.split("--tokenizer-type Llama2Tokenizer --tokenizer-model x.model")
    assert "--tokenizer-type Llama2Tokenizer: cannot be compared" in tokenizer_error(pretrain, capsys, *llama)
    assert "needs --merge-file" in tokenizer_error(pretrain, capsys, *gpt2[:2])
    assert not (data / "retro-checkpoint").exists()

"""A database for another model's tokenizer, as a user makes it: built, or derived from another."""

import json
from pathlib import Path

import pytest

from command_line import OpenBook
from fakes import use_fake_encoder
from foreign_tokenizers import FAMILIES, make_fast
from openbook.database.retokenize import new_arrays

BUILD = ("--embedder", "none", "--chunk-size", "16")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A model's folder, its weights aside."""
    folder = tmp_path / "models" / "SmolLlama"
    folder.mkdir(parents=True)
    make_fast("llama").save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "eos_token_id": 2}))
    return folder


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Documents as JSON lines."""
    text = "The quick brown fox, häufig im Café, jumps over the lazy dog; others had seen it before. "
    lines = [{"id": f"r{n}", "text": f"{n}. {text * 3}", "title": f"t{n}"} for n in range(12)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path / "rows.jsonl"


@pytest.mark.parametrize("family", FAMILIES)
def test_build_takes_the_tokenizer_of_a_model(
    openbook: OpenBook, rows: Path, tmp_path: Path, family: str
) -> None:
    folder = tmp_path / family
    folder.mkdir()
    make_fast(family).save(str(folder / "tokenizer.json"))
    (folder / "special_tokens_map.json").write_text(json.dumps({"eos_token": FAMILIES[family][1]}))
    built = openbook("build", tmp_path / "db", rows, *BUILD, "--tokenizer", folder, "--json")
    assert built.code == 0, built.err
    assert (built.json["tokenizer"], built.json["documents"]) == (str(folder), 12)
    assert openbook("build", tmp_path / "db", rows, "--tokenizer", folder).code == 0
    assert openbook("verify", tmp_path / "db").code == 0
    hit = openbook("search", tmp_path / "db", "häufig Café", "-k", "1", "--json").json[0]
    assert "im Café" in hit["text"] + hit["continuation"]  # a chunk may begin within a character


def test_a_model_without_a_tokenizer_is_one_line(openbook: OpenBook, rows: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    result = openbook("build", tmp_path / "db", rows, *BUILD, "--tokenizer", tmp_path)
    assert result.code == 2
    assert str(tmp_path) in result.error and "train:" in result.error


def test_the_derived_database_stands_beside_the_old_one(
    openbook: OpenBook, rows: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_fake_encoder(monkeypatch)
    dense = ("--embedder", "fake", "--chunk-size", "16", "--tokenizer", "train:300", "--holdout", "0.2")
    before = openbook("build", tmp_path / "book", rows, *dense, "--json").json
    result = openbook("retokenize", tmp_path / "book", "--tokenizer", base)
    assert (result.code, result.out) == (0, f"{tmp_path / 'book-SmolLlama'}\n")
    assert "chunks keep their texts and vectors" in result.err
    info = openbook("info", tmp_path / "book-SmolLlama", "--json").json
    same = ("documents", "holdout_documents", "bytes", "embedder", "chunk_size")
    assert [info[key] for key in same] == [before[key] for key in same]
    assert info["tokenizer"] == str(base) and info["version"] == before["version"] + 1
    again = openbook("build", tmp_path / "book-SmolLlama", rows, "--tokenizer", base)
    assert again.code == 0 and "12 unchanged" in again.err
    for verb in ("verify", "neighbors", "compact"):
        assert openbook(verb, tmp_path / "book-SmolLlama").code == 0, verb


def test_all_counts_are_one_json_value(openbook: OpenBook, rows: Path, base: Path, tmp_path: Path) -> None:
    openbook("build", tmp_path / "book", rows, *BUILD, "--tokenizer", "train:300")
    options = ("--output", tmp_path / "out", "--chunk-size", "64", "--json")
    result = openbook("retokenize", tmp_path / "book", "--tokenizer", base / "tokenizer.json", *options)
    chunks = openbook("info", tmp_path / "out", "--json").json["chunks"]
    expected = {"output": str(tmp_path / "out"), "documents": 12, "chunks": chunks, "kept": chunks}
    assert result.json == expected | {"encoded_again": 0, "version": 2}
    command = ("retokenize", tmp_path / "book", "--tokenizer", base / "tokenizer.json", *options)
    again = openbook(*command)
    assert (again.code, "was complete already" in again.err) == (0, True)
    assert again.json == result.json | {"kept": None, "encoded_again": None}
    openbook(
        "remove", tmp_path / "book", openbook("list", tmp_path / "book", "--json").json[0]["document_id"]
    )
    assert "is a database already" in openbook(*command).error, "it was made of another version"


def test_what_is_refused_is_one_line(openbook: OpenBook, rows: Path, base: Path, tmp_path: Path) -> None:
    book = tmp_path / "book"
    openbook("build", book, rows, *BUILD, "--tokenizer", "train:300")
    for arguments, message in (
        (("--tokenizer", book / "tokenizer"), "use it as it is"),
        (("--tokenizer", tmp_path / "none"), f"{tmp_path / 'none'}"),
        (("--tokenizer", base, "--output", book), f"{book}: "),
        (("--tokenizer", base, "--output", base), "choose another folder"),
        (("--tokenizer", base, "--chunk-size", "1"), "chunk size 1: "),
    ):
        result = openbook("retokenize", book, *arguments)
        assert result.code == 2 and result.out == ""
        assert message in result.error
    assert "openbook build" in openbook("retokenize", base, "--tokenizer", base).error
    assert sorted(path.name for path in base.iterdir()) == ["config.json", "tokenizer.json"]


def test_an_interruption_says_what_is_left(
    openbook: OpenBook, rows: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openbook("build", tmp_path / "book", rows, *BUILD, "--tokenizer", "train:300")

    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(new_arrays, "fill_rows", interrupted)
    result = openbook("retokenize", tmp_path / "book", "--tokenizer", base)
    assert result.code == 130
    assert "nothing is left" in result.err
    assert not (tmp_path / "book-SmolLlama").exists()


def test_a_tokenizer_to_be_trained_is_not_a_models(
    openbook: OpenBook, rows: Path, base: Path, tmp_path: Path
) -> None:
    assert openbook("build", tmp_path / "db", rows, *BUILD, "--tokenizer", base).code == 0
    refused = openbook("retokenize", tmp_path / "db", "--tokenizer", "train:500")
    assert refused.code == 2
    assert "train:500" in refused.error

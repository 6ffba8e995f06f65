"""What a user sees when something is wrong: one line, exit code 2, and nothing half-written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openbook.cli.app import run
from openbook.model import RetroConfig, RetroForCausalLM

LEXICAL = ("--embedder", "none", "--tokenizer", "train:300", "--chunk-size", "16")
Contents = Callable[[Path], dict[str, bytes]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.txt", None, "missing.txt: no such file or folder"),
        ("empty.txt", b"", "empty.txt: the text is empty"),
        ("empty.jsonl", b"", "empty.jsonl: holds no document"),
        ("latin.txt", "Größe".encode("latin-1"), "latin.txt: not UTF-8 at byte 2"),
        ("rows.jsonl", b'{"text": "a"}\n{"text": \n', "rows.jsonl:2: not JSON"),
        ("rows.jsonl", b'{"text": "a"}\n\n{"title": "b"}\n', "rows.jsonl:3:"),
        ("rows.jsonl", b"[1]\n", "rows.jsonl:1: a JSON list"),
        ("rows.jsonl", b'{"id": "x", "text": "a"}\n{"id": "x", "text": "b"}\n', "different text with the id"),
        ("picture.png", b"x", "unknown kind of file"),
    ],
)
def test_a_bad_source_leaves_no_database(
    openbook: Any, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = openbook("build", tmp_path / "db", tmp_path / name, *LEXICAL)
    assert result.code == 2
    assert message in result.error
    assert result.out == ""
    assert not (tmp_path / "db").exists()


def test_an_empty_folder_leaves_no_database(openbook: Any, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    result = openbook("build", tmp_path / "db", tmp_path / "nothing", *LEXICAL)
    assert (result.code, "holds no document" in result.error) == (2, True)
    assert not (tmp_path / "db").exists()


def test_skipping_everything_is_an_error(openbook: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    result = openbook("build", tmp_path / "db", tmp_path / "empty.txt", *LEXICAL, "--on-error", "skip")
    assert (result.code, "no document left" in result.error) == (2, True)
    assert not (tmp_path / "db").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--tokenizer", "train:many"), "train:VOCAB"),
        (("--tokenizer", "train:12"), "at least 257"),
        (("--chunk-size", "1"), "chunk size 1"),
        (("--chunk-size", "0"), "chunk size 0"),
        (("--holdout", "1.5"), "holdout 1.5"),
        (("--holdout", "-0.1"), "holdout -0.1"),
        (("--holdout", "nan"), "holdout nan"),
        (("--embedder", "/no/such/encoder"), "/no/such/encoder"),
    ],
)
def test_a_bad_setting_leaves_no_database(
    openbook: Any, texts: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    result = openbook("build", tmp_path / "db", texts, *LEXICAL, *options)
    assert result.code == 2
    assert message in result.error
    assert not (tmp_path / "db").exists()


@pytest.mark.parametrize(
    ("options", "values"),
    [
        (("--chunk-size", "32"), ("16", "32")),
        (("--holdout", "0.5"), ("0.1", "0.5")),
        (("--embedder", "all-MiniLM-L6-v2"), ("None", "all-MiniLM-L6-v2")),
        (("--tokenizer", "train:400"), ("train:300", "train:400")),
    ],
)
def test_a_database_with_other_settings_is_left_as_it_is(
    openbook: Any,
    database: Path,
    texts: Path,
    contents: Contents,
    options: tuple[str, str],
    values: tuple[str, str],
) -> None:
    before = contents(database)
    (texts / "new.txt").write_text("new")
    result = openbook("build", database, texts, *options)
    assert result.code == 2
    assert all(value in result.error for value in values)
    assert contents(database) == before


def test_adding_a_bad_source_changes_nothing(
    openbook: Any, database: Path, tmp_path: Path, contents: Contents
) -> None:
    before = contents(database)
    (tmp_path / "rows.jsonl").write_text('{"text": "fine"}\n{\n')
    result = openbook("add", database, tmp_path / "rows.jsonl")
    assert (result.code, "rows.jsonl:2" in result.error) == (2, True)
    assert contents(database) == before


def test_removing_an_unknown_document_removes_none(openbook: Any, database: Path) -> None:
    before = openbook("info", database, "--json").json
    result = openbook("remove", database, "row1", "nobody")
    assert (result.code, "'nobody'" in result.error) == (2, True)
    assert openbook("info", database, "--json").json == before


@pytest.mark.parametrize(
    "command",
    [
        ("info", "DB"),
        ("search", "DB", "text"),
        ("neighbors", "DB"),
        ("add", "DB", "SOURCE"),
        ("remove", "DB", "x"),
        ("compact", "DB"),
        ("verify", "DB"),
        ("verify", "DB", "--repair"),
        ("eval", "retrieval", "DB"),
        ("train", "tiny", "--database", "DB", "--output", "OUT"),
    ],
)
def test_a_folder_that_is_no_database(
    openbook: Any, texts: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    places = {"DB": tmp_path / "none", "SOURCE": texts, "OUT": tmp_path / "out"}
    result = openbook(*[places.get(word, word) for word in command])
    assert result.code == 2
    assert "no openbook database here" in result.error
    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "out").exists()


def test_building_into_a_folder_of_something_else(openbook: Any, texts: Path, contents: Contents) -> None:
    before = contents(texts)
    result = openbook("build", texts, texts, *LEXICAL)
    assert (result.code, "is no database" in result.error) == (2, True)
    assert contents(texts) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("info", "db", "--colour"), "--colour"),
        (("serach", "db", "text"), "serach"),
        (("eval", "perplexty"), "perplexty"),
        (("search", "db", "text", "-k", "many"), "-k"),
        (("search", "db", "text", "--mode", "fuzzy"), "fuzzy"),
        (("info", "db", "another"), "another"),
        (("search", "db"), "TEXT"),
        (("--colour",), "--colour"),
    ],
)
def test_a_wrong_command_line(openbook: Any, arguments: tuple[str, ...], message: str) -> None:
    result = openbook(*arguments)
    assert result.code == 2
    assert message in result.error
    assert "--help" in result.error
    assert result.out == ""
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_search(openbook: Any, database: Path, text: str) -> None:
    result = openbook("search", database, text)
    assert (result.code, result.err) == (2, "openbook: error: the text to look for is empty\n")


@pytest.mark.parametrize("k", ["0", "-1"])
def test_a_search_for_nothing(openbook: Any, database: Path, k: str) -> None:
    result = openbook("search", database, "apples", "-k", k)
    assert (result.code, f"k = {k}" in result.error) == (2, True)


def test_a_dense_search_without_vectors(openbook: Any, database: Path) -> None:
    result = openbook("search", database, "apples", "--mode", "dense")
    assert (result.code, "lexical only" in result.error) == (2, True)


@pytest.mark.parametrize("verb", [("generate",), ("eval", "perplexity")])
def test_a_folder_without_model(openbook: Any, database: Path, tmp_path: Path, verb: tuple[str, ...]) -> None:
    prompt = ("prompt",) if verb == ("generate",) else ()
    result = openbook(*verb, tmp_path / "nothing", database, *prompt)
    assert (result.code, "holds no model" in result.error) == (2, True)
    other = tmp_path / "bert"
    other.mkdir()
    (other / "config.json").write_text('{"model_type": "bert"}')
    result = openbook(*verb, other, database, *prompt)
    assert (result.code, "'bert', not a RETRO" in result.error) == (2, True)


@pytest.mark.parametrize("content", ["{", "[1]", ""])
def test_a_damaged_config(openbook: Any, database: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    result = openbook("generate", tmp_path, database, "prompt")
    assert (result.code, str(tmp_path) in result.error) == (2, True)


@pytest.mark.parametrize("weights", [None, b"", b"junk" * 100])
def test_missing_or_damaged_weights(
    openbook: Any, database: Path, untrained: Path, weights: bytes | None
) -> None:
    (untrained / "model.safetensors").unlink()
    if weights is not None:
        (untrained / "model.safetensors").write_bytes(weights)
    result = openbook("generate", untrained, database, "prompt")
    assert (result.code, str(untrained) in result.error) == (2, True)


@pytest.fixture
def untrained(tmp_path: Path) -> Path:
    """A model with some other tokenizer."""
    config = RetroConfig(
        vocab_size=300,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        chunk_size=16,
        tokenizer_fingerprint="0123456789abcdef",
    )
    RetroForCausalLM(config).save_pretrained(tmp_path / "untrained")
    return tmp_path / "untrained"


@pytest.mark.parametrize("verb", [("generate",), ("eval", "perplexity")])
def test_a_model_of_another_tokenizer(
    openbook: Any, database: Path, untrained: Path, verb: tuple[str, ...]
) -> None:
    openbook("neighbors", database)
    result = openbook(*verb, untrained, database, *(("prompt",) if verb == ("generate",) else ()))
    assert (result.code, "0123456789abcdef" in result.error) == (2, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("",), "the prompt is empty"),
        (("a", "--top-p", "2"), "top-p 2"),
        (("a", "--temperature", "-1"), "temperature -1"),
        (("a", "-k", "0"), "k = 0"),
        (("a", "--max-new-tokens", "0"), "max new tokens 0"),
    ],
)
def test_wrong_ways_to_generate(
    openbook: Any, trained_folder: Path, book: Any, options: tuple[str, ...], message: str
) -> None:
    result = openbook("generate", trained_folder, book.path, *options)
    assert result.code == 2
    assert message in result.error
    assert result.out == ""


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.max_stesp=1", "did you mean 'max_steps'"),
        ("model.hiden_size=8", "did you mean 'hidden_size'"),
        ("model.hidden_size=-8", "hidden_size"),
        ("model.hidden_size=wide", "hidden_size"),
        ("data.sequence_length=33", "multiple"),
    ],
)
def test_wrong_settings_of_training_make_no_folder(
    openbook: Any, book: Any, tmp_path: Path, setting: str, message: str
) -> None:
    result = openbook("train", "tiny", "--database", book.path, "--output", tmp_path / "m", "--set", setting)
    assert result.code == 2
    assert message in result.error
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("place", [0, 99])
def test_debug_gives_the_traceback(tmp_path: Path, place: int) -> None:
    from openbook.errors import DatabaseError

    arguments = ["info", str(tmp_path / "none")]
    arguments.insert(place, "--debug")
    with pytest.raises(DatabaseError):
        run(arguments)


def test_a_fault_of_ours_has_another_code(
    openbook: Any, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openbook.database import Database

    monkeypatch.setattr(Database, "info", lambda self: 1 / 0)
    result = openbook("info", database)
    assert result.code == 1
    assert "a fault in openbook: ZeroDivisionError" in result.error
    assert "--debug" in result.error

"""The verb `build`: begun, resumed, and refused."""

import json
import unicodedata
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from command_line import LEXICAL, Contents, OpenBook, without_done, write_copies
from openbook.database import Database
from tiny_encoder import save_tiny_encoder


@pytest.mark.parametrize("settings", [(), ("--embedder", "none", "--chunk-size", "16", "--holdout", "0.1")])
def test_building_again_changes_nothing(
    openbook: OpenBook, database: Path, texts: Path, settings: tuple[str, ...]
) -> None:
    before = openbook("info", database, "--json").json
    result = openbook("build", database, texts, *settings, "--json")
    assert without_done(result.json) == before
    assert "0 added, 0 replaced, 14 unchanged" in result.err


def test_building_again_adds_what_is_new(openbook: OpenBook, database: Path, texts: Path) -> None:
    (texts / "new.txt").write_text("Something about walruses.")
    (texts / "note3.txt").write_text("Note 3 is about otters now.")
    result = openbook("build", database, texts, "--tokenizer", "train:300")
    assert "1 added, 1 replaced, 13 unchanged" in result.err


def test_a_build_that_was_interrupted_is_resumed(
    openbook: OpenBook, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    options = ("--embedder", "none", "--tokenizer", "train:300")
    with monkeypatch.context() as patch:
        patch.setattr(Database, "add", interrupt)
        result = openbook("build", tmp_path / "db", texts, *options)
    assert result.code == 130
    assert result.error == "openbook: error: interrupted"
    assert "14 added" in openbook("build", tmp_path / "db", texts, *options).err


def test_skipping_counts_and_continues(openbook: OpenBook, texts: Path, tmp_path: Path) -> None:
    (texts / "latin.txt").write_bytes("Größe".encode("latin-1"))
    (texts / "bad.jsonl").write_text('{"text": "fine"}\n{"text": \n{"title": "no text"}\n')
    options = ("--embedder", "none", "--tokenizer", "train:300", "--on-error", "skip")
    result = openbook("build", tmp_path / "db", texts, *options, "--json")
    assert result.code == 0
    assert result.json["documents"] == 15
    assert "3 skipped" in result.err
    for where in ("latin.txt", "bad.jsonl:2", "bad.jsonl:3"):
        assert f"{where}:" in result.err


def test_other_keys_of_json_lines(openbook: OpenBook, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"body": "walrus", "name": "w1"}\n')
    keys = ("--text-key", "body", "--id-key", "name")
    options = ("--embedder", "none", "--tokenizer", "train:300")
    assert openbook("build", tmp_path / "db", tmp_path / "rows.jsonl", *options, *keys).code == 0
    (hit,) = openbook("search", tmp_path / "db", "walrus", "--json").json
    assert hit["document_id"] == "w1"


def test_a_build_with_a_file_of_ids_holds_those_out(openbook: OpenBook, texts: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("row1\n\n  texts/note3.txt  \nrow1\n", encoding="utf-8")
    result = openbook("build", tmp_path / "db", texts, *LEXICAL, "--holdout", ids, "--json")
    assert (result.code, result.json["holdout_documents"]) == (0, 2)
    assert openbook("search", tmp_path / "db", "quokka", "--json").json == []
    again = openbook("build", tmp_path / "db", texts, "--holdout", ids, "--json")
    assert without_done(again.json) == without_done(result.json)
    ids.write_text("row1\n")
    other = openbook("build", tmp_path / "db", texts, "--holdout", ids)
    assert (other.code, "holdout_ids" in other.error) == (2, True)


@pytest.mark.parametrize(("stored", "listed"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_an_id_is_held_out_in_whatever_form_its_letters_are_written(
    openbook: OpenBook, tmp_path: Path, stored: Literal["NFC", "NFD"], listed: Literal["NFC", "NFD"]
) -> None:
    rows = [{"id": name, "text": f"The quokka of {name}."} for name in ("größe", "other")]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "a.jsonl").write_text(unicodedata.normalize(stored, lines), encoding="utf-8")
    ids = tmp_path / "ids.txt"
    ids.write_text(unicodedata.normalize(listed, "größe"), encoding="utf-8")
    build = ("build", tmp_path / "db", tmp_path / "a.jsonl", *LEXICAL, "--holdout", ids, "--json")
    assert openbook(*build, "--dry-run").json["documents"]["held_out"] == [
        unicodedata.normalize(stored, "größe")
    ]
    result = openbook(*build)
    assert (result.code, result.json["holdout_documents"]) == (0, 1)
    ids.write_text(unicodedata.normalize(stored, "größe"), encoding="utf-8")
    again = openbook(*build)
    assert (again.code, without_done(again.json)) == (0, without_done(result.json)), again.error


@pytest.mark.parametrize(
    ("listed", "problem"),
    [
        ("texts/note3.txt\nROW1\n", "1 of 2 ids without a document: 'ROW1' (nearest: 'row1'"),
        ("note3.txt\n", "'note3.txt' (nearest: 'texts/note3.txt'"),
        ("row1\ntexts/note33.txt\n", "'texts/note33.txt' (nearest: 'texts/note3.txt'"),
        ("zebra\n", "1 of 1 id without a document: 'zebra'; correct them"),
        ("".join(f"zebra {n}\n" for n in range(9)), "'zebra 4', and 4 more; correct them"),
    ],
)
def test_held_out_ids_that_no_document_has_are_an_error(
    openbook: OpenBook, texts: Path, tmp_path: Path, listed: str, problem: str
) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text(listed)
    result = openbook("build", tmp_path / "db", texts, *LEXICAL, "--holdout", ids)
    assert (result.code, problem in result.error) == (2, True), result.error
    assert "--allow-unknown-holdout" in result.error
    assert not (tmp_path / "db").exists()


def test_held_out_documents_may_come_later_if_that_is_said(
    openbook: OpenBook, texts: Path, tmp_path: Path
) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("row1\nlater\n")
    build = ("build", tmp_path / "db", texts, *LEXICAL, "--holdout", ids)
    result = openbook(*build, "--allow-unknown-holdout", "--json")
    assert (result.code, result.json["holdout_documents"]) == (0, 1)
    assert "1 of 2 ids without a document: 'later'" in result.err
    assert openbook(*build).code == 2
    (tmp_path / "later.jsonl").write_text('{"id": "later", "text": "An axolotl sleeps."}\n')
    added = openbook("add", tmp_path / "db", tmp_path / "later.jsonl", "--json")
    assert added.json["holdout_documents"] == 2
    again = openbook(*build)
    assert (again.code, "without a document" in again.err) == (0, False), "the database has it"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_file_of_ids_may_be_from_any_system(
    openbook: OpenBook, texts: Path, tmp_path: Path, encoding: str
) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_bytes("row1\r\ntexts/note3.txt\r\n".encode(encoding))
    result = openbook("build", tmp_path / "db", texts, *LEXICAL, "--holdout", ids, "--json")
    assert (result.code, result.json["holdout_documents"]) == (0, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "neither a share between 0 and 1 nor a file of ids"),
        (b"", "the file holds no id"),
        (b"  \n\n", "the file holds no id"),
        ("dö".encode("latin-1"), "neither a share between 0 and 1 nor a file of ids"),
    ],
)
def test_a_bad_file_of_ids_leaves_no_database(
    openbook: OpenBook, texts: Path, tmp_path: Path, content: bytes | None, message: str
) -> None:
    ids = tmp_path / "ids.txt"
    if content is not None:
        ids.write_bytes(content)
    result = openbook("build", tmp_path / "db", texts, *LEXICAL, "--holdout", ids)
    assert (result.code, message in result.error) == (2, True)
    assert not (tmp_path / "db").exists()


@pytest.mark.parametrize(
    ("options", "excluded"),
    [((), 1), (("--no-decontaminate",), 0), (("--deduplicate",), 1), (("--no-deduplicate",), 1)],
)
def test_decontamination_and_deduplication_can_be_chosen(
    openbook: OpenBook, tmp_path: Path, options: tuple[str, ...], excluded: int
) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("a\n")
    source = write_copies(tmp_path / "rows.jsonl", ["a"])
    build = ("build", tmp_path / "db", source)
    assert openbook(*build, *LEXICAL, "--holdout", ids, *options).code == 0
    assert openbook("info", tmp_path / "db", "--json").json["excluded_documents"] == excluded
    other = openbook(
        *build, "--no-decontaminate" if "--no-decontaminate" not in options else "--decontaminate"
    )
    assert (other.code, "decontaminate is" in other.error) == (2, True)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.txt", None, "missing.txt: no such file or folder"),
        ("empty.txt", b"", "empty.txt: the text is empty"),
        ("empty.jsonl", b"", "empty.jsonl: holds no document"),
        ("latin.txt", "Größe".encode("latin-1"), "latin.txt: not UTF-8 at byte 2"),
        ("rows.jsonl", b'{"text": "a"}\n{"text": \n', "rows.jsonl:2: not JSON"),
        ("rows.jsonl", b'{"text": "a"}\n\n{"title": "b"}\n', "rows.jsonl:3:"),
        ("rows.jsonl", b"[1]\n", "rows.jsonl:1: a JSON int"),
        ("rows.jsonl", b'{"id": "x", "text": "a"}\n{"id": "x", "text": "b"}\n', "different text with the id"),
        ("picture.png", b"x", "unknown kind of file"),
    ],
)
def test_a_bad_source_leaves_no_database(
    openbook: OpenBook, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = openbook("build", tmp_path / "db", tmp_path / name, *LEXICAL)
    assert result.code == 2
    assert message in result.error
    assert result.out == ""
    assert not (tmp_path / "db").exists()


def test_an_empty_folder_leaves_no_database(openbook: OpenBook, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    result = openbook("build", tmp_path / "db", tmp_path / "nothing", *LEXICAL)
    assert (result.code, str(tmp_path / "nothing") in result.error) == (2, True)
    assert not (tmp_path / "db").exists()


def test_skipping_everything_is_an_error(openbook: OpenBook, tmp_path: Path) -> None:
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
    openbook: OpenBook, texts: Path, tmp_path: Path, options: tuple[str, ...], message: str
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
    openbook: OpenBook,
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


def test_building_into_a_folder_of_something_else(
    openbook: OpenBook, texts: Path, contents: Contents
) -> None:
    before = contents(texts)
    result = openbook("build", texts, texts, *LEXICAL)
    assert (result.code, str(texts) in result.error) == (2, True)
    assert contents(texts) == before


def test_a_book_in_its_own_folder_can_be_added_to_again_and_again(
    openbook: OpenBook, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(texts)
    assert openbook("build", "book", ".", *LEXICAL, "--json").json["documents"] == 14
    (texts / "new.md").write_text("An axolotl sleeps.")
    for verb in (("build",), ("add",), ("add", "--sync")):
        name, *options = verb
        result = openbook(name, "book", ".", *options, "--json")
        assert (result.code, result.json["documents"]) == (0, 15), result.err
        assert "is a database of openbook" in result.err
    assert "1 added" not in result.err


def test_much_excluded_text_is_a_loud_warning_with_what_it_shares(openbook: OpenBook, tmp_path: Path) -> None:
    words = " ".join(f"word{number}" for number in range(200))
    rows = [{"id": name, "text": f"{name} {words}"} for name in ("held", "one", "two")]
    rows.append({"id": "other", "text": "nothing of the kind"})
    (tmp_path / "d.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "ids.txt").write_text("held")
    build = ("build", tmp_path / "db", tmp_path / "d.jsonl", "--holdout", tmp_path / "ids.txt")
    result = openbook(*build, "--embedder", "none", "--tokenizer", "train:300")
    assert "OF THE TEXT IS EXCLUDED" in result.err and "2 of the documents excluded now have" in result.err
    assert "word" in result.err.split("excluded now have")[1]


def test_the_encoder_computes_as_the_command_says(openbook: OpenBook, texts: Path, tmp_path: Path) -> None:
    encoder = save_tiny_encoder(tmp_path / "encoder")
    settings = ("--tokenizer", "train:300", "--embedder", encoder)
    exact, rounded = (
        openbook("build", tmp_path / kind, texts, *settings, "--embedder-precision", kind)
        for kind in ("float32", "bfloat16")
    )
    assert (exact.code, rounded.code) == (0, 0)
    stored = [np.asarray(Database.open(tmp_path / kind).vectors) for kind in ("float32", "bfloat16")]
    assert not np.array_equal(*stored)
    assert np.abs(stored[0].astype(np.float32) - stored[1]).max() < 0.02
    (texts / "new.txt").write_text("Something about walruses.")
    for kind in ("float32", "bfloat16"):
        assert openbook("add", tmp_path / kind, texts, "--embedder-precision", kind).code == 0
    added = [np.asarray(Database.open(tmp_path / kind).vectors)[-1] for kind in ("float32", "bfloat16")]
    assert not np.array_equal(*added)


@pytest.mark.parametrize("verb", ["build", "add"])
def test_without_vectors_no_precision_is_asked_for(
    openbook: OpenBook, database: Path, texts: Path, verb: str
) -> None:
    words = ("--embedder", "none") if verb == "build" else ()
    result = openbook(verb, database, texts, *words, "--embedder-precision", "bfloat16")
    assert result.code == 2
    assert result.error.startswith(
        "openbook: error: --embedder-precision bfloat16: without vectors nothing is"
    )

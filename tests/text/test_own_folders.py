"""A folder of texts in which databases, models and training runs of ours lie too."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from openbook.database import Database
from openbook.database.storage.catalog import FILE_NAME, UNFINISHED_NAME
from openbook.model import RetroConfig
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.text import Document, read_documents, train_tokenizer
from openbook.text.omissions import Omissions
from openbook.text.own_folders import kind_of_own_folder

Write = Callable[[str, str | bytes], Path]
RECIPE = {"model": {}, "data": {}, "train": {}, "trained_on": {}}


@pytest.fixture
def notes(write: Write, tmp_path: Path) -> Path:
    write("notes/a.md", "# A\n\nA lighthouse.")
    return tmp_path / "notes"


def read(folder: Path, glob: str | None = None) -> tuple[list[str], Omissions]:
    omissions = Omissions()
    found = read_documents([str(folder)], glob=glob, omissions=omissions)
    return [document.id for document in found], omissions


@pytest.mark.parametrize("glob", [None, "*"])
def test_a_database_is_left_out(notes: Path, glob: str | None) -> None:
    tokenizer = train_tokenizer(["A lighthouse."], vocab_size=300)
    book = Database.create(notes / "sub" / "book", tokenizer=tokenizer, embedder=None)
    book.add([Document(text="A lighthouse.")])
    book.compact()
    ids, omissions = read(notes, glob)
    assert ids == ["notes/a.md"]
    assert omissions.own_folders == {str(notes / "sub" / "book"): "database"}
    assert not omissions.files


def test_a_database_that_is_being_made_is_left_out(notes: Path, write: Write) -> None:
    write(f"notes/book/{UNFINISHED_NAME}", b"")
    write("notes/book/tokenizer/readme.md", "not a text")
    assert read(notes)[0] == ["notes/a.md"]


@pytest.mark.parametrize("model_type", [RetroConfig.model_type, RetrofitConfig.model_type])
def test_a_model_is_left_out(notes: Path, write: Write, model_type: str) -> None:
    write("notes/model/config.json", json.dumps({"model_type": model_type}))
    write("notes/model/README.md", "not a text")
    ids, omissions = read(notes)
    assert (ids, list(omissions.own_folders.values())) == (["notes/a.md"], ["model"])


def test_a_training_run_is_left_out(notes: Path, write: Write) -> None:
    write("notes/run/recipe.json", json.dumps(RECIPE))
    write("notes/run/metrics.jsonl", '{"step": 1, "loss": 2.5}\n')
    ids, omissions = read(notes)
    assert (ids, list(omissions.own_folders.values())) == (["notes/a.md"], ["training run"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (FILE_NAME, b"somebody's photos"),
        ("config.json", b'{"model_type": "llama"}'),
        ("config.json", b"\xff\x00"),
        ("config.json", b"[" * 100_000),
        ("recipe.json", b'{"model": "of a cake", "train": {}}'),
        ("recipe.json", b"[1]"),
    ],
)
def test_what_only_looks_like_it_is_read(notes: Path, write: Write, name: str, content: bytes) -> None:
    write(f"notes/sub/{name}", content)
    write("notes/sub/b.md", "text")
    assert read(notes)[0] == ["notes/a.md", "notes/sub/b.md"]


def test_one_that_is_named_itself_is_an_error(notes: Path, write: Write) -> None:
    write(f"notes/{UNFINISHED_NAME}", b"")
    errors: list[str] = []
    assert list(read_documents(str(notes), on_error=lambda error: errors.append(str(error)))) == []
    assert errors == [f"{notes}: is a database of openbook, not text; name where its text is"]


@pytest.mark.parametrize(
    ("index", "data"),
    [(b"\xfftOc\x00\x00\x00\x02", None), (b"\xfftOc\x00\x00\x00\x02", b"12"), (b"MMIDIDX\x00\x00", None)],
    ids=["git", "foreign with a .bin", "without its .bin"],
)
def test_an_idx_that_is_not_megatrons_is_left_out(
    notes: Path, write: Write, index: bytes, data: bytes | None
) -> None:
    write("notes/objects/pack.idx", index)
    if data is not None:
        write("notes/objects/pack.bin", data)
    ids, omissions = read(notes)
    assert (ids, omissions.files[".idx"]) == (["notes/a.md"], 1)


def test_megatrons_are_still_read(notes: Path, write: Write) -> None:
    write("notes/data.bin", np.array([5, 6, 7], "<u2").tobytes())
    header = b"MMIDIDX\x00\x00" + struct.pack("<QBQQ", 1, 8, 1, 2)
    write("notes/data.idx", header + struct.pack("<iqqq", 3, 0, 0, 1))
    assert read(notes)[0] == ["notes/a.md", "notes/data:0"]


def test_no_mark_is_ours_in_an_empty_folder() -> None:
    assert kind_of_own_folder(None, "x", ["a.md", "tokenizer"]) == ""

"""Where a model looks things up: by the mode and in the book of its training, and said where that changes."""

import json
from pathlib import Path
from typing import Any

import pytest

from fakes import use_fake_encoder
from openbook.cli.lookups import lookup_of, note_learned
from openbook.database import Database, build_neighbors
from openbook.errors import SettingsError
from openbook.text import Document, train_tokenizer

TEXTS = ["river stone copper", "stone river lantern", "copper lantern river"]


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Database, Database]:
    """A corpus of words only, whose neighbors are in a book with vectors."""
    use_fake_encoder(monkeypatch)
    tokenizer = train_tokenizer(TEXTS, vocab_size=280)
    made = []
    for name, embedder in (("corpus", None), ("book", "fake")):
        database = Database.create(tmp_path / name, tokenizer=tokenizer, embedder=embedder, chunk_size=8)
        database.add(Document(id=f"{name}{number}", text=text) for number, text in enumerate(TEXTS))
        made.append(database)
    corpus, book = made
    build_neighbors(corpus, book=book, k=1, mode="dense")
    return corpus, book


def model_of(folder: Path, trained_on: dict[str, Any]) -> Path:
    """A folder that says what its training read."""
    folder.mkdir()
    (folder / "recipe.json").write_text(
        json.dumps({"model": {}, "data": {}, "train": {}, "trained_on": trained_on})
    )
    return folder


def trained_on(corpus: Database, book: Database, mode: str) -> dict[str, Any]:
    return {
        "version": corpus.version,
        "history": corpus.opened.history,
        "neighbors": mode,
        "neighbors' history": book.opened.history,
    }


def test_the_mode_is_that_of_the_training(
    pair: tuple[Database, Database], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, book = pair
    model = model_of(tmp_path / "model", trained_on(book, book, "dense"))
    kept = lookup_of(model, book.opened, None)
    assert (kept.mode, kept.book) == ("dense", book.opened)
    assert capsys.readouterr().err == ""
    assert lookup_of(model, book.opened, "bm25").mode == "bm25"
    assert "found by dense, now they are by bm25" in capsys.readouterr().err
    assert lookup_of(tmp_path / "other", book.opened, None).mode == "hybrid"
    with pytest.raises(SettingsError, match="fuzzy"):
        lookup_of(model, book.opened, "fuzzy")


def test_a_database_without_vectors_is_searched_by_words_and_that_is_said(
    pair: tuple[Database, Database], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, book = pair
    model = model_of(tmp_path / "model", trained_on(book, book, "hybrid"))
    assert lookup_of(model, corpus.opened, None).mode == "bm25"
    assert "found by hybrid, now they are by bm25" in capsys.readouterr().err


def test_the_book_is_that_of_the_training(
    pair: tuple[Database, Database], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, book = pair
    model = model_of(tmp_path / "model", trained_on(corpus, book, "dense"))
    found = lookup_of(model, corpus.opened, None)
    assert (found.book, found.mode) == (book.opened, "dense")
    assert f"looks things up in {book.path}" in capsys.readouterr().err
    assert lookup_of(model, book.opened, None).book == book.opened
    assert capsys.readouterr().err == ""


def test_what_is_served_otherwise_than_it_was_learned_is_said(
    pair: tuple[Database, Database], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, book = pair
    model = model_of(tmp_path / "model", trained_on(corpus, book, "dense"))
    note_learned(model, corpus.opened)
    said = capsys.readouterr().err
    assert str(book.path) in said
    assert "what dense finds" in said and "by bm25" in said
    note_learned(model_of(tmp_path / "alike", trained_on(book, book, "hybrid")), book.opened)
    note_learned(tmp_path / "untrained", book.opened)
    assert capsys.readouterr().err == ""

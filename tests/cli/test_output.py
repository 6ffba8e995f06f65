"""What is printed, and where: results on stdout, progress and notes on stderr."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from command_line import INFO, LEXICAL, OpenBook
from openbook.cli.output import note_near_copies
from openbook.database import Database
from openbook.evaluate.overlap import EvaluatedCopies


def test_progress_and_notes_are_on_stderr_alone(openbook: OpenBook, texts: Path, tmp_path: Path) -> None:
    options = ("--embedder", "none", "--tokenizer", "train:300")
    result = openbook("build", tmp_path / "db", texts, *options, "--json")
    assert result.json.keys() >= INFO
    for word in ("reading sources", "writing documents", "training a tokenizer", "14 added"):
        assert word in result.err
        assert word not in result.out


def test_lines_without_json(openbook: OpenBook, database: Path) -> None:
    described = openbook("info", database)
    for words in ("documents 14, of which held out 1", "chunks ", "encoder none: words only\n", "1: add, "):
        assert words in described.out
    assert described.err == ""
    found = openbook("search", database, "quokka", "-k", "1").out
    assert found.startswith("1. Quokka  (score ")
    assert "   A quokka smiles" in found
    nothing = openbook("search", database, "xylophone")
    assert (nothing.code, nothing.out) == (0, "")
    assert "nothing found" in nothing.err


def test_names_with_brackets_are_shown_as_they_are(openbook: OpenBook, tmp_path: Path, texts: Path) -> None:
    folder = tmp_path / "my[bold]book[/bold]"
    result = openbook("build", folder, texts, *LEXICAL)
    assert result.code == 0
    assert result.out.splitlines()[0] == str(folder)
    assert not [line for line in result.out.splitlines() if line != line.rstrip()]


def test_what_was_done_against_near_copies_is_not_advised(
    book: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report: Any = SimpleNamespace(near_copies=EvaluatedCopies(documents=1, evaluated=2, worst={"doc1": 0.5}))
    plain = Database.create(
        tmp_path / "plain", tokenizer=book.tokenizer, embedder=None, chunk_size=16, holdout=0
    )
    note_near_copies(report, plain.opened)
    assert "or build the database with --holdout and --decontaminate" in capsys.readouterr().err
    assert book.settings.decontaminate
    note_near_copies(report, book.opened)
    said = capsys.readouterr().err
    assert said.startswith("WARNING: 1 of 2 evaluated documents")
    assert said.rstrip().endswith("look at the rows of little overlap")

"""The command line as a user types it, and a folder of text to give to it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import LEXICAL, TINY, Contents, OpenBook, Result, sets
from openbook.cli.app import run


@pytest.fixture
def openbook(capsys: pytest.CaptureFixture[str]) -> OpenBook:
    """Run one command line in this process."""

    def run_command(*arguments: object) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder of small files."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(12):
        lines = [f"Apples of kind {number} ripen in month {number % 5}; the moon saw it.\n"] * 2
        (folder / f"note{number}.txt").write_text(f"Note {number}.\n" + "".join(lines))
    (folder / "guide.md").write_text("# The guide\n\nZebras drink water at the river every evening.\n")
    (folder / "rows.jsonl").write_text(
        json.dumps({"id": "row1", "text": "A quokka smiles at noon.", "title": "Quokka"}) + "\n"
    )
    return folder


@pytest.fixture
def database(openbook: OpenBook, texts: Path, tmp_path: Path) -> Path:
    """A database of these files; note8.txt is held out."""
    folder = tmp_path / "db"
    assert openbook("build", folder, texts, *LEXICAL, "--holdout", "0.1").code == 0
    return folder


@pytest.fixture
def with_table(openbook: OpenBook, database: Path) -> Path:
    """The same with two neighbors of each chunk."""
    assert openbook("neighbors", database, "-k", "2").code == 0
    return database


@pytest.fixture
def train_tiny(openbook: OpenBook, with_table: Path, tmp_path: Path) -> Callable[..., Path]:
    """Train a model hardly at all: name of its folder, settings beyond TINY, options."""

    def train(name: str, *settings: str, options: tuple[str, ...] = ()) -> Path:
        output = tmp_path / name
        command = ("train", "tiny", "--database", with_table, "--output", output, *options)
        result = openbook(*command, *sets(*TINY, *settings))
        assert result.code == 0, result.err
        return output

    return train


@pytest.fixture
def contents() -> Contents:
    """All files below a folder, locks aside."""
    return lambda folder: {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".lock" not in path.name and not path.name.startswith(".")
    }

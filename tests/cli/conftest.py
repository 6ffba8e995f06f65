"""The command line as a user types it, and a folder of text to give to it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from openbook.cli.app import run


@dataclass(frozen=True)
class Result:
    """What came out of one command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout, which must hold one JSON value and nothing else."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line that tells of the error."""
        lines = [line for line in self.err.splitlines() if line.startswith("openbook: error:")]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


OpenBook = Callable[..., Result]


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


BUILD = ("--embedder", "none", "--tokenizer", "train:300", "--chunk-size", "16")


@pytest.fixture
def database(openbook: OpenBook, texts: Path, tmp_path: Path) -> Path:
    """A database of these files; note8.txt is held out."""
    folder = tmp_path / "db"
    assert openbook("build", folder, texts, *BUILD, "--holdout", "0.1").code == 0
    return folder


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes]]:
    """All files below a folder, locks aside."""
    return lambda folder: {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".lock" not in path.name and not path.name.startswith(".")
    }

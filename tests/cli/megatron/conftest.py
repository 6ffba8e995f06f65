"""Megatron's command in this process, on a corpus of the book's sentences."""

import json
from pathlib import Path

import pytest

from megatron_command import SMALL, Run
from openbook.cli.megatron import command
from openbook.database import Database
from openbook.text import Document


@pytest.fixture
def data(tmp_path: Path, book_documents: list[Document], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to work in, with my_text_data: sentences of the book in another order, as JSON lines."""
    monkeypatch.chdir(tmp_path)
    rows = [
        json.dumps({"id": f"row{number}", "text": ". ".join(document.text.split(". ")[:0:-1]) + " end."})
        for number, document in enumerate(book_documents)
    ]
    (tmp_path / "my_text_data").write_text("\n".join(rows))
    return tmp_path


@pytest.fixture
def pretrain(book: Database, data: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a small training in this process, with further flags; `GPT` leaves the retriever out."""

    def run(*flags: str, retriever: bool = True) -> int:
        given = [*SMALL, "--retro-work-dir", str(book.path), "--data-path", "my_text_data", *flags]
        return command.run([*given, *(["--retro-add-retriever"] if retriever else [])])

    return run

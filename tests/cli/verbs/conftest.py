"""A database with vectors, for the verbs that need more than words."""

from pathlib import Path

import faiss
import pytest

from command_line import OpenBook, write_rows
from fakes import use_fake_encoder
from openbook.database.search import dense_store


@pytest.fixture
def dense(openbook: OpenBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with vectors and an approximate index, of rows.jsonl beside it."""
    use_fake_encoder(monkeypatch)
    monkeypatch.setattr(dense_store, "EXACT_BELOW", 20)
    faiss.omp_set_num_threads(1)
    rows = write_rows(tmp_path / "rows.jsonl", dict.fromkeys([f"d{number}" for number in range(30)], 1))
    options = ("--embedder", "fake", "--tokenizer", "train:300", "--chunk-size", "16")
    result = openbook("build", tmp_path / "dense", rows, *options)
    assert result.code == 0, result.err
    return tmp_path / "dense"

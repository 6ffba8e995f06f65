"""What an encoder makes of chunks: vectors that are not finite, and chunks that it does not read whole."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from openbook.database import Database
from openbook.database.search.embedder import Embedder
from openbook.errors import SettingsError
from openbook.text import Document, Tokenizer


class _Encoder:
    max_seq_length = 32

    def encode(self, texts: Sequence[str], **_: object) -> NDArray[np.float32]:
        vectors = np.full((len(texts), 4), 0.5, dtype=np.float32)
        vectors[["broken" in text for text in texts], 2] = np.nan
        return vectors


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Embedder:
    fake = Embedder("short", "path", "e" * 16, 4, _Encoder())
    monkeypatch.setattr("openbook.database.search.embedder.load_embedder", lambda name: fake)
    return fake


def test_vectors_that_are_not_finite_are_refused_and_nothing_is_written(
    tmp_path: Path, tokenizer: Tokenizer, encoder: Embedder
) -> None:
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder="short", chunk_size=8)
    with pytest.raises(SettingsError, match=r"short: .* not finite .*broken.*use another"):
        database.add([Document(id="a", text="river stone"), Document(id="b", text="broken")])
    assert database.catalog.live_ids() == []
    database.add([Document(id="a", text="river stone")])
    assert database.verify().ok


def test_vectors_that_are_not_finite_are_found_by_verify(
    tmp_path: Path, tokenizer: Tokenizer, encoder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder="short", chunk_size=8)
    with monkeypatch.context() as patch:  # as older versions wrote them
        patch.setattr(Embedder, "encode", lambda self, texts: self.model.encode(texts))
        database.add([Document(id="a", text="river stone"), Document(id="b", text="broken")])
    (problem,) = database.verify().problems
    assert problem.file.endswith("vectors.f16")
    assert "1 vector is not finite: of documents 'b'" in problem.problem
    database.remove(["b"])
    assert database.verify().ok


@pytest.mark.parametrize(("chunk_size", "warns"), [(30, False), (31, True), (64, True)])
def test_chunks_longer_than_the_encoder_reads_are_warned_of(
    tmp_path: Path, tokenizer: Tokenizer, encoder: Embedder, chunk_size: int, warns: bool
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Database.create(tmp_path / "db", tokenizer=tokenizer, embedder="short", chunk_size=chunk_size)
    said = [str(warning.message) for warning in caught if "chunk size" in str(warning.message)]
    assert len(said) == warns
    assert all("short reads some 30 tokens" in message and "30 or less" in message for message in said)

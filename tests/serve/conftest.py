"""What the tests of the server share: a book without held-out documents, to search and to edit."""

import shutil
from pathlib import Path

import pytest

from openbook.database import Database
from openbook.text import Document, train_tokenizer


@pytest.fixture(scope="session")
def fables(tmp_path_factory: pytest.TempPathFactory, book_documents: list[Document]) -> Path:
    """Folder of a lexical-only database of twenty documents, all of which can be found; only for reading."""
    folder = tmp_path_factory.mktemp("serve") / "fables"
    tokenizer = train_tokenizer((document.text for document in book_documents), vocab_size=340)
    Database.create(folder, tokenizer=tokenizer, embedder=None, chunk_size=16).add(book_documents[:20])
    return folder


@pytest.fixture
def edited(fables: Path, tmp_path: Path) -> Path:
    """A copy of it, to be edited."""
    return shutil.copytree(fables, tmp_path / "edited" / "fables")

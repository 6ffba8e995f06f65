"""Small databases to test with: a tokenizer trained on the spot, and a fake encoder."""

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import pytest

from fakes import SOME_WORDS, WORDS, use_fake_encoder
from openbook.database import Database, Hit
from openbook.database.search.embedder import Embedder
from openbook.text import Document, Tokenizer, train_tokenizer


def new_folder() -> tempfile.TemporaryDirectory[str]:
    """In memory where the machine has such a folder: a commit waits for the disk, and tests commit often."""
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    return tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Takes the place of pytest's own."""
    with new_folder() as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_tokenizer([SOME_WORDS] * 3, vocab_size=400)


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    """Every database of the module that wants an encoder gets this one."""
    with pytest.MonkeyPatch.context() as patch:
        yield use_fake_encoder(patch)


@pytest.fixture(scope="module")
def make(tokenizer: Tokenizer, embedder: Embedder) -> Iterator[Callable[..., Database]]:
    """Make a database of these documents, by id; each call in a folder of its own."""
    made = count()

    def make_database(
        texts: Mapping[str, str] | None = None,
        *,
        dense: bool = False,
        chunk_size: int = 8,
        holdout: float = 0.0,
    ) -> Database:
        database = Database.create(
            Path(folder) / str(next(made)),
            tokenizer=tokenizer,
            embedder="fake" if dense else None,
            chunk_size=chunk_size,
            holdout=holdout,
        )
        if texts:
            database.add(documents(texts))
        return database

    with new_folder() as folder:
        yield make_database


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Database], Database]:
    """Open a copy of a database, to change or to damage."""

    def copy_database(database: Database) -> Database:
        return Database.open(shutil.copytree(database.path, tmp_path / "copy"))

    return copy_database


def documents(texts: Mapping[str, str]) -> Iterator[Document]:
    """Documents by id, each with a title and a source."""
    for name, text in texts.items():
        yield Document(id=name, text=text, title=f"title of {name}", source=f"source of {name}")


@pytest.fixture(scope="session", name="documents")
def documents_fixture() -> Callable[[Mapping[str, str]], Iterator[Document]]:
    """Documents by id, each with a title and a source."""
    return documents


@pytest.fixture(scope="session")
def corpus() -> Callable[..., dict[str, str]]:
    """Texts of random words, by id; each also holds its own id as a word that no other text has."""

    def draw(count: int, *, longest: int = 40, seed: int = 0) -> dict[str, str]:
        source = random.Random(seed)
        return {
            f"unique{number}": " ".join(
                [*source.choices(WORDS, k=source.randint(0, longest)), f"unique{number}", *WORDS[:2]]
            )
            for number in range(count)
        }

    return draw


@pytest.fixture(scope="session")
def found() -> Callable[[Sequence[Hit]], list[str]]:
    """The ids of the documents of hits."""
    return lambda hits: [hit.document_id for hit in hits]

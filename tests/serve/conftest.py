"""What the tests of the server share: a book without held-out documents, and servers that read it.

The servers are real, on a free port; their model is tiny, and their engine is what a test gives.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openbook.database import Database
from openbook.database.shards.book_creation import create_book
from openbook.model import RetroForCausalLM
from openbook.serve.app import make_app
from openbook.serve.books import Books
from openbook.serve.server_settings import ServerSettings
from openbook.serve.server_state import ServerState, TextEngine
from openbook.text import ChatFormat, Document, train_tokenizer
from serve_events import MakeState, Running, Serve


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


@pytest.fixture
def sharded(fables: Path, tmp_path: Path) -> Path:
    """A book of six documents in two shards."""
    book, one = tmp_path / "sharded", Database.open(fables)
    texts = [Document(id=f"d{n}", text=f"the fox and the crane {n}") for n in range(6)]
    for place in range(2):
        folder = book / f"shard-{place}"
        shard = Database.create(folder, tokenizer=one.tokenizer, embedder=None, chunk_size=16)
        shard.add(texts[place::2])
    create_book(book, ["shard-0", "shard-1"])
    return book


@pytest.fixture
def make_state(trained: RetroForCausalLM, fables: Path) -> MakeState:
    """The state of a server on the book; its engine is what a test gives."""

    def make(engine: TextEngine, *, books: Books | None = None, **settings: Any) -> ServerState:
        books = books or Books(fables)
        return ServerState(
            model=trained,
            model_name="tiny",
            chat=ChatFormat.of(books.default.newest().tokenizer),
            engine=engine,
            books=books,
            settings=ServerSettings(**settings),
        )

    return make


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve an application on a free port until the test ends."""
    running: list[Running] = []

    def start(state: ServerState, *, app: Any = None) -> Running:
        running.append(Running(state, app or make_app(state)))
        return running[-1]

    yield start
    for server in running:
        server.stop()

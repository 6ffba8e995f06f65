"""Sharded books to test with, and one database of the same documents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import pytest

from openbook.database import Database
from openbook.database.search.embedder import Embedder
from openbook.database.shards.book_creation import create_book
from openbook.database.storage.database_folder import open_folder
from openbook.database.write.database_writer import DatabaseWriter
from openbook.text import Document, Tokenizer

Documents = Callable[[Mapping[str, str]], Iterator[Document]]


@pytest.fixture
def make_book(
    tmp_path: Path, tokenizer: Tokenizer, embedder: Embedder, documents: Documents
) -> Callable[..., Database]:
    """Make a book of shards with these texts, by id; each call in a folder of its own."""
    made = count()

    def make(
        shards: Sequence[Mapping[str, str]], *, dense: bool = True, chunk_size: int = 8, **settings: object
    ) -> Database:
        book = tmp_path / f"book-{next(made)}"
        names = [f"shard-{place:05}" for place in range(len(shards))]
        for name, texts in zip(names, shards, strict=True):
            shard = Database.create(
                book / name,
                tokenizer=tokenizer,
                embedder="fake" if dense else None,
                chunk_size=chunk_size,
                **settings,  # type: ignore[arg-type]
            )
            with DatabaseWriter(open_folder(shard.path), lambda: embedder, of_book=True) as writer:
                writer.add(documents(texts))
        create_book(book, names)
        opened = Database.open(book)
        opened.catch_up()
        return opened

    return make


@pytest.fixture
def make_one(
    tmp_path: Path, tokenizer: Tokenizer, embedder: Embedder, documents: Documents
) -> Callable[..., Database]:
    """Make one database of texts, by id; each call in a folder of its own."""
    made = count()

    def make(
        texts: Mapping[str, str], *, dense: bool = True, chunk_size: int = 8, **settings: object
    ) -> Database:
        one = Database.create(
            tmp_path / f"one-{next(made)}",
            tokenizer=tokenizer,
            embedder="fake" if dense else None,
            chunk_size=chunk_size,
            **settings,  # type: ignore[arg-type]
        )
        one.add(documents(texts))
        return one

    return make

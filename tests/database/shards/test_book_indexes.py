"""When the vectors of a book's shards are one index, and when each shard has its own."""

from collections.abc import Callable

import numpy as np
import pytest

from openbook.database import Database
from openbook.database.search import dense_store
from openbook.database.search.dense import ExactIndex
from openbook.database.shards.sharded_dense import ShardedDense

Make = Callable[..., Database]
Corpus = Callable[..., dict[str, str]]


@pytest.fixture
def book(make_book: Make, corpus: Corpus) -> Database:
    """Of two shards."""
    texts = list(corpus(12).items())
    return make_book([dict(texts[:5]), dict(texts[5:])])


def test_few_chunks_are_searched_as_one_database_searches_them(book: Database) -> None:
    book.remove(["unique3"])
    index = book.opened.searcher.indexes.dense
    assert isinstance(index, ExactIndex)
    assert index.chunk_ids.tolist() == np.flatnonzero(book.layout.retrievable).tolist()
    assert book.info().dense_index == index.name == "exact"


def test_many_have_an_index_of_each_shard(book: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense_store, "EXACT_BELOW", len(book.layout.indexed))
    index = Database.open(book.path).opened.searcher.indexes.dense
    assert isinstance(index, ShardedDense)
    assert list(index.parts) == [0, 1]

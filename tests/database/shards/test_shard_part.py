"""A part of a batch is in its shard once, whatever the process before has done of it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from openbook.database import Database
from openbook.database.search.embedder import Embedder
from openbook.database.shards.shard_part import ShardPart, write_part
from openbook.database.storage.catalog import Catalog
from openbook.text import Document

Documents = Callable[[Mapping[str, str]], Iterator[Document]]


@pytest.fixture
def shard(make_one: Callable[..., Database]) -> Path:
    return make_one({"a": "river stone", "b": "copper orchard"}).path


@pytest.fixture
def part(documents: Documents) -> ShardPart:
    return ShardPart(tuple(documents({"b": "copper lantern", "c": "stone stone river"})), frozenset({"b"}))


def test_what_is_committed_is_not_written_again(shard: Path, part: ShardPart, embedder: Embedder) -> None:
    version = Catalog(shard).head().version
    first = write_part(shard, part, version=version, embedder=lambda: embedder)
    head = Catalog(shard).head()
    assert (head.version, head.totals.documents) == (version + 1, 3)

    def no_encoder() -> Embedder:
        raise AssertionError("encodes again")

    again = write_part(shard, part, version=version, embedder=no_encoder)
    assert Catalog(shard).head() == head
    assert again == first and first.of > 0


def test_half_of_a_part_is_cut_off(
    shard: Path, part: ShardPart, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = Catalog(shard).head().version

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Catalog, "commit", killed)
        write_part(shard, part, version=version, embedder=lambda: embedder)
    assert Catalog(shard).head().version == version
    write_part(shard, part, version=version, embedder=lambda: embedder)
    database = Database.open(shard)
    assert {one.document_id: one.chunks for one in database.documents()}.keys() == {"a", "b", "c"}
    assert database.verify().ok

"""A sharded book over actors on two nodes: the same results as in one process, also when actors are lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fakes import SOME_WORDS, WORDS, use_fake_encoder
from openbook.cluster.actor_book import ActorIndexes, open_over_actors
from openbook.cluster.ray_session import RaySession
from openbook.database import Database, DocumentFilter, Hit, Version
from openbook.database.shards.book_creation import create_book
from openbook.errors import DatabaseError, SettingsError
from openbook.text import Document, train_tokenizer

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

MODES = ("dense", "bm25", "hybrid")
QUERIES = ["river stone own3", "copper orchard lantern winter", "own17"]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Three shards of unequal sizes, the texts of unequal lengths."""
    folder = tmp_path_factory.mktemp("actors") / "book"
    source = np.random.default_rng(0)
    texts = [
        " ".join([*source.choice(WORDS, size=source.integers(1, 8 + number)), f"own{number}"])
        for number in range(36)
    ]
    documents = [Document(id=f"d{number}", text=text) for number, text in enumerate(texts)]
    tokenizer = train_tokenizer([SOME_WORDS] * 3, vocab_size=400)
    with pytest.MonkeyPatch.context() as patch:
        use_fake_encoder(patch)
        for place, part in enumerate((documents[:4], documents[4:12], documents[12:])):
            shard = Database.create(
                folder / f"shard-{place}", tokenizer=tokenizer, embedder="fake", chunk_size=8
            )
            shard.add(part)
        create_book(folder, [f"shard-{place}" for place in range(3)])
        yield folder


@pytest.fixture(scope="module")
def session(ray_cluster: "Cluster") -> RaySession:
    import ray

    return RaySession(ray, ray_cluster.address)


def require_same(ours: list[list[Hit]], theirs: list[list[Hit]]) -> None:
    for some, others in zip(ours, theirs, strict=True):
        assert [(hit.chunk_id, hit.text) for hit in some] == [(hit.chunk_id, hit.text) for hit in others]
        assert [hit.score for hit in some] == pytest.approx([hit.score for hit in others], rel=1e-5)


def test_results_are_those_of_one_process(book: Path, session: RaySession) -> None:
    ours, theirs = open_over_actors(book, session, replicas=2), Version.open(book)
    chunks = np.arange(0, theirs.layout.num_chunks, 3)
    own = theirs.layout.document_of[chunks]
    some = DocumentFilter(ids=["d1*", "d30"])
    for mode in MODES:
        for documents in (None, some):
            found = (each.search(QUERIES, k=9, mode=mode, documents=documents) for each in (ours, theirs))
            require_same(*found)
        ids, scores = zip(
            *(
                each.search_chunks(each.chunk_queries(chunks), k=4, mode=mode, exclude=own)
                for each in (ours, theirs)
            ),
            strict=True,
        )
        assert np.allclose(scores[0], scores[1], rtol=1e-5)
        assert (ids[0] == ids[1]).mean() > 0.98, "but for chunks with equal scores"
    assert ours.searcher.indexes.dense.name == "exact"
    assert ours.searcher.indexes.dense.recall_at_10 == 1.0


def test_a_shard_without_words(tmp_path: Path, session: RaySession) -> None:
    tokenizer = train_tokenizer([SOME_WORDS] * 3, vocab_size=400)
    texts = [("a", "river stone river"), ("b", "copper river"), ("c", "--- !!! ...")]
    for place, (name, text) in enumerate(texts):
        shard = Database.create(tmp_path / f"shard-{place}", tokenizer=tokenizer, embedder=None)
        shard.add([Document(id=name, text=text)])
    create_book(tmp_path, [f"shard-{place}" for place in range(3)])
    found = open_over_actors(tmp_path, session).search(QUERIES, mode="bm25")
    require_same(found, Version.open(tmp_path).search(QUERIES, mode="bm25"))
    assert [[hit.document_id for hit in hits] for hits in found] == [["a", "b"], ["b"], []]


@pytest.mark.parametrize("replicas", [1, 2])
def test_lost_actors_are_begun_again(book: Path, session: RaySession, replicas: int) -> None:
    ours, theirs = open_over_actors(book, session, replicas=replicas), Version.open(book)
    wanted = theirs.search(QUERIES, k=5, mode="hybrid")
    indexes = ours.searcher.indexes
    assert isinstance(indexes, ActorIndexes)
    require_same(ours.search(QUERIES, k=5, mode="hybrid"), wanted)
    session.ray.kill(indexes.shards.actors(2)[0], no_restart=False)
    for _ in range(replicas):
        require_same(ours.search(QUERIES, k=5, mode="hybrid"), wanted)
    assert indexes.shards.lost >= 1


def test_what_is_wrong_with_a_shard_is_told(book: Path, session: RaySession) -> None:
    with pytest.raises(SettingsError, match="replicas 0"):
        open_over_actors(book, session, replicas=0)
    with pytest.raises(DatabaseError, match="no sharded book here"):
        open_over_actors(book / "shard-0", session)
    ours = open_over_actors(book, session)
    vectors = book / "shard-1" / "vectors.f16"
    kept = vectors.read_bytes()
    try:
        vectors.write_bytes(bytes(len(kept)))
        with pytest.raises(DatabaseError, match=r"shard-1/vectors\.f16: row 0 does not match its checksum"):
            ours.search("river", mode="dense")
    finally:
        vectors.write_bytes(kept)

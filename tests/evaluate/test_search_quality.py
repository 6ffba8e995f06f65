"""Recall and speed of a database's search, as `openbook eval retrieval` reports them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from breaking import documents_of
from fakes import use_fake_encoder
from openbook.database import Database
from openbook.database.search import dense_store
from openbook.database.search.dense import ApproximateIndex
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate import evaluate_retrieval
from openbook.text import Tokenizer, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer((document.text for document in documents_of({"d": 1, "e": 1})), vocab_size=300)


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> Iterator[Database]:
    """A database of some hundred chunks with an approximate index; removed and held-out chunks among them."""
    with pytest.MonkeyPatch.context() as patch:
        use_fake_encoder(patch)
        patch.setattr(dense_store, "EXACT_BELOW", 100)
        faiss.omp_set_num_threads(1)
        folder = tmp_path_factory.mktemp("evaluated") / "db"
        database = Database.create(
            folder, tokenizer=tokenizer, embedder="fake", chunk_size=8, holdout=0.1, decontaminate=False
        )
        database.add(documents_of(dict.fromkeys([f"d{number}" for number in range(40)], 1)))
        database.remove(["d3", "d4"])
        yield database


@pytest.fixture(scope="module")
def lexical(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> Database:
    """Words only, of a few documents."""
    folder = tmp_path_factory.mktemp("evaluated") / "db"
    database = Database.create(folder, tokenizer=tokenizer, embedder=None, chunk_size=8)
    database.add(documents_of(dict.fromkeys([f"d{number}" for number in range(5)], 1)))
    return database


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid", None])
def test_all_figures_are_there_and_in_order(dense: Database, mode: str | None) -> None:
    calls: list[tuple[int, int | None]] = []
    report = evaluate_retrieval(
        dense, mode=mode, queries=50, progress=lambda done, total: calls.append((done, total))
    )
    assert report.mode == (mode or "dense")
    assert report.queries == 50
    assert report.recall_at_10 > (0.95 if mode != "hybrid" else 0.8)
    assert report.queries_per_second > 1
    assert 0 < report.latency_ms.p50 <= report.latency_ms.p99 < 60_000
    assert report.index == ("bm25" if mode == "bm25" else dense.info().dense_index)
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_more_queries_than_chunks_are_all_chunks_that_can_be_found(
    dense: Database, lexical: Database
) -> None:
    report = evaluate_retrieval(dense, queries=10**6)
    assert report.queries == int(dense.layout.retrievable.sum()) < dense.layout.num_chunks
    assert evaluate_retrieval(lexical).queries == lexical.layout.num_chunks


def test_an_exact_index_has_a_recall_of_one(dense: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense_store, "stored_index", lambda folder: None)
    monkeypatch.setattr(dense_store, "EXACT_BELOW", 10**9)
    database = Database.open(dense.path)
    for mode in ("dense", "hybrid"):
        report = evaluate_retrieval(database, mode=mode)
        assert (report.recall_at_10, report.index) == (1.0, "exact")


def plain_recall(database: Database) -> float:
    """Of each retrievable chunk, the share of its ten nearest others that a search for 11 finds."""
    assert database.vectors is not None
    retrievable = np.flatnonzero(database.layout.retrievable)
    vectors = database.vectors[:].astype(np.float32)
    found, scores = database.search_chunks(database.opened.chunk_queries(retrievable), k=11, mode="dense")
    shares = []
    for chunk, row, score in zip(retrievable, found, scores, strict=True):
        products = np.sort((vectors[retrievable] @ vectors[chunk])[retrievable != chunk])[::-1]
        ours = score[(row >= 0) & (row != chunk)][:10]
        shares.append((ours >= products[9] - 1e-3).sum() / 10)
    return float(np.mean(shares))


def test_recall_is_that_of_a_plain_count(dense: Database) -> None:
    assert evaluate_retrieval(dense, queries=10**6).recall_at_10 == pytest.approx(plain_recall(dense))


def test_an_index_that_looks_into_few_lists_is_found_out(
    dense: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored says what was measured once; this measures what is."""
    original = ApproximateIndex._search_lists

    def lazy(
        self: ApproximateIndex, queries: NDArray[np.float32], k: int, avoid: Sequence[range]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        ids, scores = original(self, queries, k, avoid)
        ids[:, 4:] = -1
        return ids, scores

    monkeypatch.setattr(ApproximateIndex, "_search_lists", lazy)
    database = Database.open(dense.path)
    assert database.info().recall_at_10 == dense.info().recall_at_10
    recall = evaluate_retrieval(database, queries=10**6).recall_at_10
    assert recall < 0.5
    assert recall == pytest.approx(plain_recall(database))


def test_the_seed_chooses_the_queries(dense: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[list[int]] = []
    version = type(dense.opened)
    original = version.chunk_queries

    def noting(self: object, chunks: NDArray[np.int64]) -> object:
        searched.append(chunks.tolist())
        return original(self, chunks)  # type: ignore[arg-type]

    monkeypatch.setattr(version, "chunk_queries", noting)
    sets = []
    for seed in (0, 0, 1):
        searched.clear()
        evaluate_retrieval(dense, queries=20, seed=seed)
        sets.append(max(searched, key=len))
    assert sets[0] == sets[1] != sets[2]
    assert dense.layout.retrievable[np.array(sets)].all()


def test_one_chunk_is_enough(tmp_path: Path, tokenizer: Tokenizer) -> None:
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=64)
    database.add(documents_of({"d": 1}))
    report = evaluate_retrieval(database)
    assert (report.queries, report.recall_at_10) == (1, 1.0)


def test_what_cannot_be_measured_is_refused(tmp_path: Path, lexical: Database, tokenizer: Tokenizer) -> None:
    with pytest.raises(SettingsError, match="0 queries"):
        evaluate_retrieval(lexical, queries=0)
    with pytest.raises(SettingsError, match="lexical only"):
        evaluate_retrieval(lexical, mode="dense")
    with pytest.raises(SettingsError, match="choose one of"):
        evaluate_retrieval(lexical, mode="magic")
    database = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=8, holdout=["d"]
    )
    with pytest.raises(DatabaseError, match="nothing that can be found"):
        evaluate_retrieval(database)
    database.add(documents_of({"d": 1}))
    with pytest.raises(DatabaseError, match="nothing that can be found"):
        evaluate_retrieval(database)

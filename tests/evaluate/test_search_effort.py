"""Recall of the index against loss, on a book whose index is approximate."""

import random
from collections.abc import Iterator
from dataclasses import replace

import faiss
import numpy as np
import pytest

from evaluations import evaluator_of, perplexity_of
from fakes import WORDS, use_fake_encoder
from openbook.database import Database, NeighborTable, build_neighbors
from openbook.database.search import dense_store
from openbook.database.search.dense import ApproximateIndex
from openbook.errors import SettingsError
from openbook.evaluate import evaluate_perplexity, evaluate_search_effort
from openbook.model import RetroForCausalLM
from openbook.text import Document

LENGTH = 64


@pytest.fixture(scope="module")
def large(book: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Some two thousand chunks, large enough that few visited lists do not hold all that is near."""
    source = random.Random(0)
    with pytest.MonkeyPatch.context() as patch:
        use_fake_encoder(patch)
        patch.setattr(dense_store, "EXACT_BELOW", 500)
        faiss.omp_set_num_threads(1)
        database = Database.create(
            tmp_path_factory.mktemp("large") / "db",
            tokenizer=book.tokenizer,
            embedder="fake",
            chunk_size=16,
            holdout=0.05,
            decontaminate=False,
        )
        database.add(
            # No two chunks are equal: how equals are ordered is open, and their continuations differ.
            Document(
                id=f"{number}",
                text=" ".join(f"{source.choice(WORDS)}{source.random():.6f}" for _ in range(26)),
            )
            for number in range(120)
        )
        build_neighbors(database, k=10, mode="dense")
        yield database


@pytest.fixture(scope="module")
def exact(large: Database) -> NeighborTable:
    """The ten nearest of each chunk, by a product of matrices."""
    assert large.vectors is not None
    vectors = large.vectors[:].astype(np.float32)
    scores = vectors @ vectors.T
    scores[:, ~large.layout.retrievable] = -np.inf
    scores[large.layout.document_of[:, None] == large.layout.document_of] = -np.inf
    return replace(NeighborTable.load(large), ids=np.argsort(-scores, axis=1, kind="stable")[:, :10])


def test_more_effort_finds_more_and_the_last_row_is_exact_search(
    trained: RetroForCausalLM, large: Database, exact: NeighborTable
) -> None:
    index = large.opened.searcher.indexes.dense
    assert isinstance(index, ApproximateIndex)
    lists = faiss.extract_index_ivf(index.index).nlist
    evaluator = evaluator_of(trained, large, None, sequence_length=LENGTH, search_mode="dense")
    rows = evaluate_search_effort(evaluator, [lists, 1])
    few, all_of_them, exactly = rows
    assert [row.lists for row in rows] == [1, lists, None]
    assert few.recall_at_10 < all_of_them.recall_at_10 <= exactly.recall_at_10 == 1
    assert all_of_them.recall_at_10 > 0.9
    expected = perplexity_of(trained, large, exact, modes=["on"], sequence_length=LENGTH).modes["on"]
    assert exactly.bits_per_byte == pytest.approx(expected.bits_per_byte, rel=1e-4)
    assert exactly.perplexity == pytest.approx(expected.perplexity, rel=1e-3)
    assert few.bits_per_byte != pytest.approx(exactly.bits_per_byte, rel=1e-4)


def test_the_effort_of_the_index_itself_is_mode_on(trained: RetroForCausalLM, large: Database) -> None:
    index = large.opened.searcher.indexes.dense
    assert isinstance(index, ApproximateIndex)
    evaluator = evaluator_of(trained, large, None, sequence_length=LENGTH, max_sequences=4)
    rows = evaluate_search_effort(evaluator)
    assert [row.lists for row in rows][:2] == [1, 4]
    assert [row.lists for row in rows][-2:] == [index.nprobe, None]
    on = evaluate_perplexity(evaluator, ["on"]).modes["on"]
    assert rows[-2].bits_per_byte == on.bits_per_byte


def test_exact_search_has_no_rows(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, large: Database
) -> None:
    by_words = evaluator_of(trained, large, None, search_mode="bm25", sequence_length=LENGTH)
    for evaluator in (evaluator_of(trained, book, table, sequence_length=LENGTH), by_words):
        assert evaluate_search_effort(evaluator) == []


def test_refuses_to_visit_no_list(trained: RetroForCausalLM, large: Database) -> None:
    with pytest.raises(SettingsError, match="effort 0: at least 1"):
        evaluate_search_effort(evaluator_of(trained, large, None, sequence_length=LENGTH), [0])

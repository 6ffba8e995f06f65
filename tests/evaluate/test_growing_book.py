"""Growing the book: each share against a database that was really built of its documents."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from breaking import documents_of, text_of
from evaluations import evaluator_of, perplexity_of
from fakes import use_fake_encoder
from openbook.database import Database, NeighborTable, SearchMode
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate import evaluate_growing_book, evaluate_perplexity
from openbook.evaluate.growing_book import document_shares, searcher_of_documents
from openbook.model import RetroForCausalLM
from openbook.text import Document

LENGTH = 64


def test_the_ends_are_off_and_on(trained: RetroForCausalLM, book: Database, table: NeighborTable) -> None:
    evaluator = evaluator_of(trained, book, table, sequence_length=LENGTH, seed=2)
    report = evaluate_perplexity(evaluator)
    nothing, everything = evaluate_growing_book(evaluator, [100, 0])
    off, on = report.modes["off"], report.modes["on"]
    assert (nothing.share, nothing.documents, nothing.chunks) == (0, 0, 0)
    assert (nothing.bits_per_byte, nothing.perplexity) == (off.bits_per_byte, off.perplexity)
    assert nothing.gain.low == nothing.gain.bits_per_byte == nothing.gain.high == 0
    assert (everything.share, everything.chunks) == (100, book.layout.retrievable.sum())
    assert (everything.bits_per_byte, everything.perplexity) == (on.bits_per_byte, on.perplexity)
    assert everything.gain == report.differences["off"]


def test_a_share_equals_a_database_of_its_documents(
    trained: RetroForCausalLM,
    book: Database,
    table: NeighborTable,
    book_documents: list[Document],
    tmp_path: Path,
) -> None:
    shares = document_shares(book.layout, [10, 40], seed=5)
    evaluator = evaluator_of(trained, book, table, seed=5, sequence_length=LENGTH)
    rows = evaluate_growing_book(evaluator, list(shares))
    nearest = rows[0].bits_per_byte
    for row, drawn in zip(rows, shares.values(), strict=True):
        wanted = {d.id for d in book.catalog.describe(book.layout.number[drawn].tolist())}
        held_out = {
            d.id for d in book.catalog.describe(book.layout.number[book.layout.holdout.nonzero()[0]].tolist())
        }
        small = Database.create(
            tmp_path / f"{row.share}", tokenizer=book.tokenizer, embedder=None, chunk_size=16, holdout=0.2
        )
        small.add(document for document in book_documents if document.id in wanted | held_out)
        expected = perplexity_of(trained, small, None, modes=["on"], sequence_length=LENGTH).modes["on"]
        assert row.bits_per_byte == pytest.approx(expected.bits_per_byte, rel=1e-5)
        assert (row.documents, row.chunks) == (len(wanted), small.layout.retrievable.sum())
    assert rows[1].bits_per_byte != nearest


def test_a_text_of_its_own_and_without_a_table(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, tmp_path: Path
) -> None:
    corpus = Database.create(tmp_path / "corpus", tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    texts = book.chunk_texts(range(6))
    corpus.add([Document(id="new", text=" ".join(reversed(" ".join(texts).split())))])
    options: dict[str, Any] = {"corpus": corpus, "sequence_length": LENGTH}
    with_table, without = (evaluator_of(trained, book, found, **options) for found in (table, None))
    rows = evaluate_growing_book(with_table, [20, 100])
    modes = evaluate_perplexity(with_table, ["on"]).modes
    assert rows[1].bits_per_byte == modes["on"].bits_per_byte != rows[0].bits_per_byte
    assert evaluate_growing_book(without, [20, 100]) == rows


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ([], "no shares of the database"),
        ([10, 101], "share 101: must be from 0 to 100"),
        ([-1], "share -1"),
    ],
)
def test_refuses_wrong_shares(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, shares: list[float], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        evaluate_growing_book(evaluator_of(trained, book, table, sequence_length=LENGTH), shares)


def test_refuses_a_book_that_holds_everything_out(
    trained: RetroForCausalLM, book: Database, tmp_path: Path
) -> None:
    database = Database.create(
        tmp_path / "db", tokenizer=book.tokenizer, embedder=None, chunk_size=16, holdout=0.999
    )
    database.add(Document(id=f"{number}", text=f"some text number {number}") for number in range(4))
    with pytest.raises(DatabaseError, match="every document is held out"):
        evaluate_growing_book(evaluator_of(trained, database, None, sequence_length=32))


Make = Callable[..., Database]


@pytest.fixture(scope="module")
def make(book: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Make a database with vectors of the documents of these names."""

    def make_database(folder: str, names: Iterable[str], **options: Any) -> Database:
        path = tmp_path_factory.mktemp("shares") / folder
        database = Database.create(path, tokenizer=book.tokenizer, embedder="fake", chunk_size=8, **options)
        database.add(documents_of(dict.fromkeys(names, 1)))
        return database

    with pytest.MonkeyPatch.context() as patch:
        use_fake_encoder(patch)
        yield make_database


@pytest.fixture(scope="module")
def whole(make: Make) -> Database:
    """Sixty documents, some held out, some removed."""
    database = make("whole", [f"d{number}" for number in range(60)], holdout=0.2, decontaminate=False)
    database.remove([f"d{number}" for number in range(0, 60, 9)])
    return database


@pytest.mark.parametrize("seed", [0, 1])
def test_each_share_holds_the_smaller_ones(whole: Database, seed: int) -> None:
    shares = document_shares(whole.layout, [0, 1, 10, 30, 50.5, 100], seed=seed)
    found = [set(documents.tolist()) for documents in shares.values()]
    for smaller, larger in pairwise(found):
        assert smaller < larger
    layout = whole.layout
    assert found[-1] == set(np.flatnonzero(layout.live & ~layout.holdout).tolist())
    assert [len(documents) for documents in found] == [
        -(-round(share * len(found[-1])) // 100) for share in shares
    ]


def test_the_seed_decides(whole: Database) -> None:
    one, again, other = (document_shares(whole.layout, [30], seed=seed)[30].tolist() for seed in (0, 0, 1))
    assert one == again != other


@pytest.mark.parametrize("share", [-1, 100.5, float("nan")])
def test_refuses_what_is_no_share(whole: Database, share: float) -> None:
    with pytest.raises(SettingsError, match=rf"share {share:g}: must be from 0 to 100 percent"):
        document_shares(whole.layout, [10, share])


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_a_share_is_searched_as_a_database_of_its_documents(
    mode: SearchMode, whole: Database, make: Make, tmp_path: Path
) -> None:
    drawn = document_shares(whole.layout, [30])[30]
    names = [d.id for d in whole.catalog.describe(whole.layout.number[drawn].tolist())]
    small = make("small", names)
    part = searcher_of_documents(whole.opened, drawn, mode=mode, folder=tmp_path / "part")
    queries = [text_of(f"query{number}") for number in range(20)]
    ids, scores = part.search(whole.text_queries(queries), k=8, mode=mode)
    expected = small.search(queries, k=8, mode=mode)
    for row, row_scores, hits in zip(ids, scores, expected, strict=True):
        ours = [hit.text for hit in whole.hits(row, row_scores)]
        np.testing.assert_allclose(row_scores[row >= 0], [hit.score for hit in hits], rtol=1e-3, atol=1e-4)
        assert sorted(ours) == sorted(hit.text for hit in hits)
    assert whole.layout.retrievable[ids[ids >= 0]].all()


def test_what_may_not_be_retrieved_stays_so(whole: Database, tmp_path: Path) -> None:
    everything = np.arange(len(whole.layout.number))
    part = searcher_of_documents(whole.opened, everything, mode="bm25", folder=tmp_path / "part")
    np.testing.assert_array_equal(part.layout.retrievable, whole.layout.retrievable)
    np.testing.assert_array_equal(part.indexes.lexical.chunks(), np.flatnonzero(whole.layout.retrievable))


def test_an_empty_share_finds_nothing(whole: Database, tmp_path: Path) -> None:
    nothing = np.arange(0)
    part = searcher_of_documents(whole.opened, nothing, mode="hybrid", folder=tmp_path / "part")
    ids, _ = part.search(whole.text_queries(["river stone"]), k=3, mode="hybrid")
    assert (ids == -1).all()

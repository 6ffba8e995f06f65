"""Growing the book: each share against a database that was really built of its documents."""

from pathlib import Path
from typing import Any

import pytest

from openbook.database import Database, NeighborTable
from openbook.database.shares import document_shares
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate import evaluate_growing, evaluate_perplexity
from openbook.model import RetroForCausalLM
from openbook.text import Document

LENGTH = 64


def test_the_ends_are_off_and_on(trained: RetroForCausalLM, book: Database, table: NeighborTable) -> None:
    report = evaluate_perplexity(trained, book, table, sequence_length=LENGTH, seed=2)
    nothing, everything = evaluate_growing(
        trained, book, table, shares=[100, 0], sequence_length=LENGTH, seed=2
    )
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
    rows = evaluate_growing(trained, book, table, shares=list(shares), seed=5, sequence_length=LENGTH)
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
        expected = evaluate_perplexity(trained, small, None, modes=["on"], sequence_length=LENGTH).modes["on"]
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
    rows = evaluate_growing(trained, book, table, shares=[20, 100], **options)
    modes = evaluate_perplexity(trained, book, table, modes=["on"], **options).modes
    assert rows[1].bits_per_byte == modes["on"].bits_per_byte != rows[0].bits_per_byte
    assert evaluate_growing(trained, book, None, shares=[20, 100], **options) == rows


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
        evaluate_growing(trained, book, table, shares=shares, sequence_length=LENGTH)


def test_refuses_a_book_that_holds_everything_out(
    trained: RetroForCausalLM, book: Database, tmp_path: Path
) -> None:
    database = Database.create(
        tmp_path / "db", tokenizer=book.tokenizer, embedder=None, chunk_size=16, holdout=0.999
    )
    database.add(Document(id=f"{number}", text=f"some text number {number}") for number in range(4))
    with pytest.raises(DatabaseError, match="every document is held out"):
        evaluate_growing(trained, database, None, sequence_length=32)

"""What a plan says of a book's size, against books that were built."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import FakeEncoder, use_fake_encoder
from openbook.cluster.book_size import BookShape, expected_recall, index_of, lists_visited, num_lists, size_of
from openbook.database import Database, build_neighbors
from openbook.errors import SettingsError
from openbook.text import Document


def shape_of(database: Database, *, vector_size: int | None, k: int) -> BookShape:
    info = database.info()
    return BookShape(
        tokens=info.tokens,
        tokens_per_document=info.tokens / info.documents,
        chunk_size=info.chunk_size,
        vocabulary=info.vocabulary,
        vector_size=vector_size,
        num_neighbors=k,
    )


def test_arrays_are_of_exactly_so_many_bytes_for_each_chunk(
    book: Database, book_documents: list[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_fake_encoder(monkeypatch)
    built = Database.create(tmp_path / "db", tokenizer=book.opened.tokenizer, embedder="fake", chunk_size=16)
    built.add(book_documents)
    build_neighbors(built, k=3)
    shape = shape_of(built, vector_size=FakeEncoder.size, k=3)
    files = built.opened.files
    planned = size_of(shape).disk
    chunks = built.info().chunks
    for kind, names in {
        "tokens": ("tokens.bin", "tokens.sum"),
        "vectors": ("vectors.f16", "vectors.sum"),
    }.items():
        found = sum((built.path / name).stat().st_size for name in names)
        assert planned[kind] / shape.chunks == found / chunks
    table = sum(
        path.stat().st_size for path in files.neighbors.iterdir() if path.suffix in (".i64", ".f32", ".sum")
    )
    assert planned["neighbors"] / shape.chunks == pytest.approx(table / chunks)


def test_documents_end_in_half_a_chunk_of_padding_on_average(book: Database) -> None:
    shape = shape_of(book, vector_size=None, k=10)
    assert shape.documents == book.info().documents
    assert shape.chunks == pytest.approx(book.info().chunks, rel=0.1)


@given(st.integers(1, 10**13), st.integers(1, 10**5), st.sampled_from([None, 128, 384, 768]))
def test_more_tokens_are_never_smaller(tokens: int, more: int, vector_size: int | None) -> None:
    few = BookShape(tokens=tokens, vector_size=vector_size)
    many = BookShape(tokens=tokens + more, vector_size=vector_size)
    small, large = size_of(few), size_of(many)
    assert small.disk["tokens"] <= large.disk["tokens"]
    assert small.total == sum(small.disk.values())
    assert num_lists(few) <= num_lists(many)
    assert 0 <= lists_visited(few) <= max(1, num_lists(few))
    recall = expected_recall(few)
    assert (recall is None) == (vector_size is None)
    assert recall is None or 0.93 <= recall <= 1


def test_the_index_is_that_which_a_database_of_this_size_makes() -> None:
    assert index_of(BookShape(tokens=1_000_000)) == "exact"
    assert index_of(BookShape(tokens=1_000_000, vector_size=None)) is None
    assert index_of(BookShape(tokens=400_000 * 64, tokens_per_document=1e9)) == (
        "IVF1024,PQ192x4fs,Refine(SQfp16)"
    )
    assert "HNSW" in str(index_of(BookShape(tokens=10**12)))


def test_a_wide_vocabulary_takes_twice_the_bytes_of_tokens() -> None:
    narrow, wide = (size_of(BookShape(tokens=10**6, vocabulary=size)) for size in (65_536, 65_537))
    assert wide.disk["tokens"] > 1.9 * narrow.disk["tokens"]


@pytest.mark.parametrize("value", [0, 10**16, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["tokens", "tokens_per_document", "chunk_size", "vocabulary", "vector_size"])
def test_numbers_that_no_book_has_are_refused(name: str, value: float) -> None:
    numbers = {"tokens": 10} | {name: value}
    with pytest.raises(SettingsError, match="at least 1"):
        BookShape(**numbers)  # type: ignore[arg-type]

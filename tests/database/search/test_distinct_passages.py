"""Hits of which none repeats what a better one shows."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.database import Database
from openbook.database.search.distinct_passages import distinct_passages
from openbook.database.storage.layout import ChunkLayout
from openbook.text import Document, Tokenizer


@pytest.fixture(scope="module")
def layout(book: Database) -> ChunkLayout:
    """Of a small book, nothing held out."""
    layout = book.layout
    return replace(layout, holdout=np.zeros_like(layout.holdout))


def chosen(layout: ChunkLayout, hits: list[int], k: int, text: Callable[[int], str] = str) -> list[int]:
    """Of these hits, best first; where no text is given, no two have the same."""
    scores = np.linspace(1, 0, len(hits), dtype=np.float32)[None]
    found = np.array([hits]), scores
    ids, _ = distinct_passages(found, layout, lambda chunks: list(map(text, chunks)), k=k)
    passages: list[int] = ids[0].tolist()
    return passages


def shown(layout: ChunkLayout, passages: list[int]) -> list[int]:
    """The chunks that are read, as often as they are."""
    return [*passages, *(chunk + 1 for chunk in passages if layout.has_continuation[chunk])]


def long_document(layout: ChunkLayout) -> int:
    """The first chunk of a document of six chunks, not the first of the book."""
    return int(layout.first_chunk[np.flatnonzero(layout.document_chunks == 6)[1]])


def test_of_a_hit_that_is_read_already_the_rest_is_read(layout: ChunkLayout) -> None:
    first = long_document(layout)
    assert chosen(layout, [first, first + 1], 2) == [first, first + 2]
    assert chosen(layout, [first, first + 1, first + 2], 3) == [first, first + 2, -1]
    last = first + 5
    assert chosen(layout, [last - 1, last, first], 2) == [last - 1, first], "nothing stands after it"


def test_a_hit_before_a_chosen_one_is_read_with_what_stands_before_it(layout: ChunkLayout) -> None:
    first = long_document(layout)
    assert chosen(layout, [first + 2, first + 1], 2) == [first + 2, first]
    assert chosen(layout, [first + 3, first + 1], 2) == [first + 3, first + 1]


def test_a_hit_before_a_chosen_one_takes_its_place_where_nothing_before_is_free(layout: ChunkLayout) -> None:
    first = long_document(layout)
    assert chosen(layout, [first + 1, first, 3], 2) == [first, 3]
    assert chosen(layout, [first, first + 3, first + 2], 3)[:2] == [first, first + 2]
    assert chosen(layout, [first + 1, first + 2, first], 3)[:2] == [first, first + 2], "the next moves too"
    assert chosen(layout, [first + 1, first + 2, first + 4, first], 4) == [first, first + 2, first + 4, -1]


def test_what_a_moved_passage_showed_is_read_last_if_there_is_room(layout: ChunkLayout) -> None:
    first = long_document(layout)
    assert chosen(layout, [first + 1, first], 3) == [first, first + 2, -1]
    assert chosen(layout, [first + 1, first, 3], 3) == [first, 3, first + 2]


def test_what_stands_between_two_passages_is_not_read_twice(layout: ChunkLayout) -> None:
    first = long_document(layout)
    assert chosen(layout, [first, first + 3, first + 1], 3) == [first, first + 3, -1]


def test_chunks_of_different_documents_are_no_continuations(layout: ChunkLayout) -> None:
    first = long_document(layout)
    assert chosen(layout, [first - 1, first], 2) == [first - 1, first]
    assert chosen(layout, [first, first - 1], 2) == [first, first - 1]


def test_missing_hits(layout: ChunkLayout) -> None:
    assert chosen(layout, [3, -1, -1], 2) == [3, -1]
    assert chosen(layout, [-1], 2) == [-1, -1]


@given(st.lists(st.integers(0, 60), unique=True, min_size=1, max_size=20), st.integers(1, 6))
def test_every_hit_is_shown_as_far_as_there_is_room(layout: ChunkLayout, hits: list[int], k: int) -> None:
    passages = [chunk for chunk in chosen(layout, hits, k) if chunk >= 0]
    assert hits[0] in shown(layout, passages[:1])
    assert len(passages) == k or set(hits) <= set(shown(layout, passages))
    for chunk in passages:
        assert {chunk - 1, chunk, chunk + 1} & set(hits)


@given(
    st.lists(st.integers(0, 60), unique=True, min_size=1, max_size=40),
    st.integers(1, 12),
    st.integers(2, 70),
)
def test_no_chunk_and_no_text_is_read_twice(
    layout: ChunkLayout, hits: list[int], k: int, period: int
) -> None:
    def text(chunk: int) -> str:
        return f" {chunk % period}," if chunk >= 0 else ""

    passages = [chunk for chunk in chosen(layout, hits, k, text) if chunk >= 0]
    read = shown(layout, passages)
    assert len(set(read)) == len(read)
    texts = [text(chunk) + text(chunk + 1) * bool(layout.has_continuation[chunk]) for chunk in passages]
    assert len(set(texts)) == len(texts)
    assert layout.retrievable[passages].all()


def test_of_equal_texts_the_best_is_read(layout: ChunkLayout) -> None:
    texts = {0: "the  mill ", 7: " the\nmill", 9: "another"}
    alone = replace(layout, document_chunks=np.ones(20, np.int64), first_chunk=np.arange(20), num_chunks=20)
    assert chosen(alone, [7, 0, 9], 3, lambda chunk: texts.get(chunk, "")) == [7, 9, -1]


def test_more_is_fetched_where_hits_repeat_each_other(tmp_path: Path, tokenizer: Tokenizer) -> None:
    made = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=16)
    copies = [Document(id=f"copy{number}", text="the port of flux is 84") for number in range(60)]
    news = Document(id="news", text="since june the flux listens on another")
    made.add([*copies, news, Document(id="more", text="flux")])
    book = made.opened
    ids, _ = book.search_passages(["what is the port of flux", "listens"], k=3, by="chunk")
    assert [[hit.document_id for hit in book.hits(row, np.zeros(3, np.float32))] for row in ids] == [
        ["copy0", "news", "more"],
        ["news"],
    ]


def test_a_database_finds_passages(book: Database) -> None:
    ids, scores = book.opened.search_passages(["kemo ra seti", "zu"], k=3, by="chunk")
    assert ids.shape == scores.shape == (2, 3)
    plain = book.search_chunks(book.text_queries(["kemo ra seti", "zu"]), k=1)[0]
    assert ids[:, 0].tolist() == plain[:, 0].tolist()
    assert book.layout.retrievable[ids[ids >= 0]].all()

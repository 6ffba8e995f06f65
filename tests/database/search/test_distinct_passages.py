"""Hits of which none repeats what a better one shows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.database import Database
from openbook.database.search.distinct_passages import distinct_passages
from openbook.database.storage.layout import ChunkLayout


@pytest.fixture(scope="module")
def layout(book: Database) -> ChunkLayout:
    """Of a small book, nothing held out."""
    layout = book.layout
    return replace(layout, holdout=np.zeros_like(layout.holdout))


def chosen(layout: ChunkLayout, hits: list[int], k: int) -> list[int]:
    """Of these hits, best first."""
    scores = np.linspace(1, 0, len(hits), dtype=np.float32)[None]
    return distinct_passages((np.array([hits]), scores), layout, k=k)[0][0].tolist()


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
    assert chosen(layout, [first + 1, first], 2) == [first + 1, first], "nothing stands before it"


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
    shown = {*passages, *(chunk + 1 for chunk in passages if layout.has_continuation[chunk])}
    assert len(set(passages)) == len(passages)
    assert passages[0] == hits[0]
    assert len(passages) == k or set(hits) <= shown
    for chunk in passages:
        assert {chunk - 1, chunk, chunk + 1} & set(hits)


def test_a_database_finds_passages(book: Database) -> None:
    ids, scores = book.opened.search_passages(["kemo ra seti", "zu"], k=3, by="chunk")
    assert ids.shape == scores.shape == (2, 3)
    plain = book.search_chunks(book.text_queries(["kemo ra seti", "zu"]), k=1)[0]
    assert ids[:, 0].tolist() == plain[:, 0].tolist()
    assert book.layout.retrievable[ids[ids >= 0]].all()

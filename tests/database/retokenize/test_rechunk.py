"""Where chunks begin in the text of a document, against a slow reference; and how rows are filled."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreign_tokenizers import FAMILIES, SOME_TEXT, foreign
from openbook.database.retokenize.rechunk import ChunkedText, chunked_text, fill_rows, tokens_of_chunks
from openbook.text import Tokenizer

TEXTS = [
    "".join(SOME_TEXT)[-900:],
    "ไทย日本😀🏽" * 30,
    "caf\ufffd au \ufffd\ufffdlait" * 20,
    "a b  c   d    " * 20,
]


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Tokenizer:
    return foreign(request.param)


def cut(ids: list[int], size: int) -> list[list[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def slow_start(tokenizer: Tokenizer, ids: list[int], end: int, text: str) -> int:
    """The characters of the longest run of tokens up to `end` that is whole characters."""
    while not text.startswith(before := tokenizer.decode([ids[:end]])[0]):
        end -= 1
    return len(before)


@pytest.mark.parametrize("text", TEXTS, ids=["mixed", "bytes", "signs", "spaces"])
@pytest.mark.parametrize("size", [2, 7, 64])
def test_chunks_begin_where_their_tokens_do(family: Tokenizer, text: str, size: int) -> None:
    (ids,) = family.encode([text])
    (kept,) = family.decode([ids])
    found = chunked_text(family, cut(ids, size))
    assert found.text == kept
    expected = [slow_start(family, ids, start, kept) for start in range(0, len(ids), size)]
    if size == 2 and "\ufffd" in text:  # shorter than the sign's own bytes, which look like parts of others
        assert found.starts == sorted(found.starts)
    else:
        assert found.starts == expected


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), size=st.integers(2, 9))
def test_whatever_the_tokens_are_borders_lie_in_order_in_the_text(
    family: Tokenizer, seed: int, size: int
) -> None:
    """Documents that came as tokens need not be text."""
    ids = random.Random(seed).choices(range(family.vocab_size), k=60)
    found = chunked_text(family, cut(ids, size))
    assert found.text == family.decode([ids])[0]
    assert found.starts[0] == 0 and found.starts == sorted(found.starts)
    assert found.starts[-1] <= len(found.text)


def test_tokens_belong_to_the_chunk_that_they_begin_in() -> None:
    chunked = ChunkedText("abcdefgh", [0, 3, 3, 6])
    assert tokens_of_chunks(chunked, [0, 2, 3, 5, 5]).tolist() == [2, 0, 3, 0]
    assert tokens_of_chunks(chunked, [0, 7, 99]).tolist() == [1, 0, 0, 2]
    assert tokens_of_chunks(chunked, []).tolist() == [0, 0, 0, 0]
    assert tokens_of_chunks(ChunkedText("", [0]), []).tolist() == [0]


@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 30), min_size=1, max_size=20), M=st.integers(2, 9))
def test_rows_hold_all_tokens_in_order(counts: list[int], M: int) -> None:
    tokens = np.arange(1, sum(counts) + 1)
    rows, lengths = fill_rows(tokens, np.array(counts), chunk_size=M, padding=0)
    assert rows[rows > 0].tolist() == tokens.tolist()
    assert ((rows > 0) == (np.arange(M) < lengths[:, None])).all()
    parts = [-(-count // M) for count in counts]
    ends = np.cumsum(parts)
    for count, end, size in zip(counts, ends, parts, strict=True):
        of_chunk = lengths[end - size : end]
        assert of_chunk.sum() == count
        assert size == 0 or of_chunk.max() - of_chunk.min() <= 1


def test_no_chunk_gives_no_row() -> None:
    none = np.empty(0, dtype=np.int64)
    rows, lengths = fill_rows(none, np.zeros(3, dtype=np.int64), chunk_size=4, padding=9)
    assert rows.shape == (0, 4) and lengths.shape == (0,)

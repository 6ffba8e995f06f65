import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.text import cut_chunks

tokens = st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=300)
sizes = st.integers(1, 70)
dtypes = st.sampled_from([np.uint16, np.uint32])


@given(tokens=tokens, size=sizes, padding=st.integers(0, 2**16 - 1), dtype=dtypes)
def test_rows_are_the_tokens_then_padding(
    tokens: list[int], size: int, padding: int, dtype: type[np.uint16] | type[np.uint32]
) -> None:
    chunks = cut_chunks(tokens, chunk_size=size, padding=padding, dtype=dtype)
    flat = chunks.reshape(-1).tolist()
    assert flat[: len(tokens)] == tokens
    assert flat[len(tokens) :] == [padding] * (len(flat) - len(tokens))


@given(tokens=tokens, size=sizes, dtype=dtypes)
def test_there_are_just_as_many_rows_as_needed(
    tokens: list[int], size: int, dtype: type[np.uint16] | type[np.uint32]
) -> None:
    chunks = cut_chunks(tokens, chunk_size=size, padding=0, dtype=dtype)
    rows, columns = chunks.shape
    assert columns == size
    assert (rows - 1) * size < len(tokens) <= rows * size
    assert chunks.dtype == dtype


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([1], [[1, 0, 0]]),
        ([1, 2, 3], [[1, 2, 3]]),
        ([1, 2, 3, 4], [[1, 2, 3], [4, 0, 0]]),
        ([0, 0, 0, 0, 0, 0], [[0, 0, 0], [0, 0, 0]]),
    ],
)
def test_last_row_is_padded(tokens: list[int], expected: list[list[int]]) -> None:
    assert cut_chunks(tokens, chunk_size=3, padding=0, dtype=np.uint16).tolist() == expected


def test_numpy_tokens_are_cut_too() -> None:
    chunks = cut_chunks(np.arange(5, dtype=np.int64), chunk_size=2, padding=9, dtype=np.uint16)
    assert chunks.tolist() == [[0, 1], [2, 3], [4, 9]]


def test_chunks_are_a_copy_that_may_be_changed() -> None:
    tokens = np.arange(4, dtype=np.uint16)
    chunks = cut_chunks(tokens, chunk_size=2, padding=0, dtype=np.uint16)
    chunks[0, 0] = 7
    assert tokens.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("token", [2**16, -1])
def test_token_that_does_not_fit_is_not_wrapped_around(token: int) -> None:
    with pytest.raises(OverflowError):
        cut_chunks([token], chunk_size=2, padding=0, dtype=np.uint16)


def test_document_without_any_token_is_a_fault() -> None:
    with pytest.raises(AssertionError, match="end-of-text"):
        cut_chunks([], chunk_size=2, padding=0, dtype=np.uint16)

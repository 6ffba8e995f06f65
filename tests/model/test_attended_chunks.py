"""The grid of chunked cross-attention against a loop over positions."""

from dataclasses import dataclass

import torch
from hypothesis import given
from hypothesis import strategies as st

from openbook.model.attended_chunks import ChunkGrid


@dataclass(frozen=True)
class Case:
    """Arguments of `ChunkGrid.of`."""

    past: int
    num_tokens: int
    chunk_size: int
    first_chunk: int
    num_chunks: int

    def grid(self) -> ChunkGrid:
        """The grid under test."""
        return ChunkGrid.of(**vars(self))

    def chunk_of(self, token: int) -> int | None:
        """Which given chunk, counted from the first given, the token attends to; by the paper's words.

        Counted from 1, positions u·m … u·m + m - 1 attend to the neighbors of chunk u.
        """
        position, m = self.past + token + 1, self.chunk_size
        for c in range(self.num_chunks):
            u = self.first_chunk + c + 1
            if u * m <= position <= u * m + m - 1:
                return c
        return None

    def place_of(self, token: int) -> int:
        """i' of 0 … M - 1, where the last token of a chunk has 0."""
        return (self.past + token + 1) % self.chunk_size


cases = st.builds(
    Case,
    past=st.integers(0, 30),
    num_tokens=st.integers(1, 30),
    chunk_size=st.integers(1, 9),
    first_chunk=st.integers(0, 8),
    num_chunks=st.integers(1, 8),
)


@given(cases)
def test_rows_hold_each_attending_token_once_beside_the_chunk_it_attends_to(case: Case) -> None:
    grid = case.grid()
    tokens = torch.arange(1, case.num_tokens + 1)[None, :, None]  # 0 is what rows are padded with
    rows = grid.to_rows(tokens)
    assert rows.shape == (1, grid.rows, grid.row_length, 1)
    chunks = grid.chunks(torch.arange(case.num_chunks)[None])[0].tolist()
    assert len(chunks) == grid.rows
    found = {}
    for chunk, row in zip(chunks, rows[0, :, :, 0].tolist(), strict=True):
        for place, token in enumerate(row):
            if token:
                assert token - 1 not in found
                found[token - 1] = (chunk, place + grid.first_place)
    expected = {
        token: (case.chunk_of(token), case.place_of(token))
        for token in range(case.num_tokens)
        if case.chunk_of(token) is not None
    }
    assert found == expected


@given(cases, st.sampled_from([(), (2,), (2, 3)]))
def test_back_in_tokens_what_attends_is_as_it_was_and_the_rest_is_zero(
    case: Case, shape: tuple[int, ...]
) -> None:
    grid = case.grid()
    x = torch.rand(2, case.num_tokens, *shape) + 1
    attends = torch.tensor([case.chunk_of(token) is not None for token in range(case.num_tokens)])
    expected = torch.where(attends.view(1, -1, *(1 for _ in shape)), x, torch.zeros(()))
    assert torch.equal(grid.to_tokens(grid.to_rows(x)), expected)


@given(cases)
def test_no_row_is_without_a_token(case: Case) -> None:
    """Else chunked cross-attention would work in vain."""
    rows = case.grid().to_rows(torch.ones(1, case.num_tokens, 1))
    assert rows.sum((2, 3)).gt(0).all()


def test_a_sequence_of_its_own_chunks() -> None:
    grid = ChunkGrid.of(past=0, num_tokens=10, chunk_size=4, first_chunk=0, num_chunks=2)
    positions = torch.arange(10)[None, :, None]
    assert grid.to_rows(positions)[0, :, :, 0].tolist() == [[3, 4, 5, 6], [7, 8, 9, 0]]

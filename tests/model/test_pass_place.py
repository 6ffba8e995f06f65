"""Where a pass lies among the chunks: the drawing of `PassPlace`, and a count token by token."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from openbook.model import RetroCache
from openbook.model.pass_place import PassPlace

DRAWN = PassPlace(offset=2, past=6, num_tokens=7, chunk_size=4)
"""The one that is drawn in its docstring."""


def cache_of(tokens: int, *, grid_offset: int = 0) -> RetroCache:
    """With keys and values of so many tokens."""
    cache = RetroCache()
    if tokens:
        cache.update(torch.zeros(1, 1, tokens, 1), torch.zeros(1, 1, tokens, 1), 0)
    cache.grid_offset = grid_offset
    return cache


def test_the_drawn_pass_is_that_after_eight_tokens_with_a_border_after_two() -> None:
    assert PassPlace.of(cache_of(8, grid_offset=2), num_tokens=7, chunk_size=4) == DRAWN


def test_the_drawn_pass_completes_two_chunks_the_first_of_which_began_before_it() -> None:
    assert (DRAWN.first_new, DRAWN.num_new, DRAWN.end_chunk, DRAWN.length) == (1, 2, 3, 15)
    text = torch.arange(15)[None]
    assert DRAWN.new_chunks_of(text, 2).tolist() == [[[6, 7, 8, 9], [10, 11, 12, 13]]]


def test_the_drawn_pass_reads_the_chunk_before_it_up_to_the_last_token_of_the_first_new_one() -> None:
    grid = DRAWN.grid(first_chunk=0, num_chunks=3)
    rows = torch.arange(grid.rows)[None, :, None].expand(-1, -1, grid.row_length)
    assert grid.chunks(torch.arange(3)[None]).tolist() == [[0, 1, 2]]
    assert grid.to_tokens(rows).tolist() == [[0, 1, 1, 1, 1, 2, 2]]


def test_without_a_cache_nothing_is_before() -> None:
    assert PassPlace.of(None, num_tokens=7, chunk_size=4) == PassPlace(0, 0, 7, 4)


@given(st.integers(0, 8), st.integers(0, 20), st.integers(1, 20), st.integers(1, 6))
def test_new_chunks_are_those_whose_last_token_is_in_the_pass(
    offset: int, past: int, num_tokens: int, chunk_size: int
) -> None:
    place = PassPlace(offset, past, num_tokens, chunk_size)
    ends = [i for i in range(past, past + num_tokens) if i % chunk_size == chunk_size - 1]
    assert place.num_new == len(ends)
    if ends:
        assert place.first_new == ends[0] // chunk_size
        text = torch.arange(place.length)[None]
        lasts = place.new_chunks_of(text, len(ends))[0, :, -1].tolist()
        assert lasts == [offset + end for end in ends]

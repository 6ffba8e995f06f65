"""Where the tokens of a block stand and what they see, against loops that are easy to read."""

import pytest
import torch

from openbook.model.attended_chunks import ChunkGrid
from openbook.model.retrofitting.own.blocks import BlockLayout, Span, spans_of

IDS = torch.arange(1, 9).view(1, 1, 2, 4)
MASK = torch.tensor([[[[1, 1, 1, 0], [1, 1, 0, 0]]]]).bool()


def test_a_block_ends_where_the_text_begins() -> None:
    layout = BlockLayout.of(IDS, MASK, torch.tensor([20, 21]))
    assert layout.ids.tolist() == [[[20, 21, 1, 2, 3, 4, 5, 6, 7, 8]]]
    assert layout.exists.long().tolist() == [[[1, 1, 1, 1, 1, 0, 1, 1, 0, 0]]]
    there = layout.positions[layout.exists].tolist()
    assert there == [-5, -4, -3, -2, -1, 0, 1]
    assert layout.reads().tolist() == [[True]]
    assert BlockLayout.of(IDS, MASK & False, torch.tensor([20])).reads().tolist() == [[False]]


def test_sequences_and_where_their_tokens_stand() -> None:
    layout = BlockLayout.of(IDS, MASK, torch.tensor([20, 21]))
    ids, exists = layout.sequences(joint=True)
    assert torch.equal(ids, layout.ids[0])
    assert torch.equal(exists, layout.exists[0])
    assert layout.positions_as_read(joint=True)[layout.exists].tolist() == [0, 1, 2, 3, 4, 5, 6]
    ids, exists = layout.sequences(joint=False)
    assert ids.tolist() == [[20, 21, 1, 2, 3, 4], [20, 21, 5, 6, 7, 8]]
    assert exists.long().tolist() == [[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0]]
    assert layout.positions_as_read(joint=False)[layout.exists].tolist() == [0, 1, 2, 3, 4, 2, 3]


def test_what_was_read_apart_is_joined() -> None:
    """The prefix is that of a neighbor that exists."""
    mask = MASK.clone()
    mask[..., 0, :] = False
    layout = BlockLayout.of(IDS, mask, torch.tensor([20, 21]))
    read = torch.arange(2 * 6.0).view(2, 1, 1, 6, 1).expand(2, 2, 3, 6, 5)
    (joined,) = layout.join(read, joint=False)
    assert joined.shape == (2, 3, 10, 5)
    assert joined[0, 0, :, 0].tolist() == [6, 7, 2, 3, 4, 5, 8, 9, 10, 11]
    assert layout.join(read, joint=True) is read


@pytest.mark.parametrize(
    ("past", "tokens", "first", "chunks"), [(0, 14, 0, 3), (5, 1, 0, 1), (3, 9, 0, 3), (0, 3, 0, 1)]
)
@pytest.mark.parametrize("offset", [0, 2])
def test_spans_are_the_rows_of_the_grid(past: int, tokens: int, first: int, chunks: int, offset: int) -> None:
    M = 4
    grid = ChunkGrid.of(past=past, num_tokens=tokens, chunk_size=M, first_chunk=first, num_chunks=chunks)
    found: list[int | None] = []
    for span in spans_of(grid, offset):
        assert span.start == len(found)
        found += [span.chunk] * (span.stop - span.start)
    expected = []
    for i in range(past, past + tokens):
        chunk = (i + 1) // M - 1 - first
        expected.append(chunk if 0 <= chunk < chunks else None)
    assert found == [None] * offset + expected


def test_a_prompt_is_one_span() -> None:
    grid = ChunkGrid(num_tokens=5, skip=0, take=5, lead=0, rows=1, row_length=5, first=0)
    assert spans_of(grid, 2) == [Span(0, 2, None), Span(2, 7, 0)]

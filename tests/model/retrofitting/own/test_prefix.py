"""A prefix goes between the padding and the text."""

import torch

from openbook.model.retrofitting.own.prefix import add_prefix

PREFIX = torch.tensor([8, 9])
IDS = torch.tensor([[0, 0, 1, 2], [3, 4, 5, 6]])
MASK = torch.tensor([[0, 0, 1, 1], [1, 1, 1, 1]])


def test_before_a_text() -> None:
    found = add_prefix(PREFIX, IDS, MASK, (MASK.cumsum(1) - 1).clamp_min(0))
    assert found.input_ids.tolist() == [[0, 0, 8, 9, 1, 2], [8, 9, 3, 4, 5, 6]]
    assert found.mask.tolist() == [[0, 0, 1, 1, 1, 1], [1] * 6]
    assert found.positions[MASK.new_tensor([[0, 0, 1, 1, 1, 1], [1] * 6]).bool()].tolist() == [
        *(0, 1, 2, 3),
        *(0, 1, 2, 3, 4, 5),
    ]
    assert (found.num_added, found.prefix_begins.tolist()) == (2, [2, 0])
    bare = add_prefix(PREFIX, IDS, None, None)
    assert bare.input_ids.tolist() == [[8, 9, 0, 0, 1, 2], [8, 9, 3, 4, 5, 6]]
    assert bare.mask is bare.positions is None


def test_later_passes_only_count_it() -> None:
    new = torch.tensor([[7], [7]])
    mask = torch.cat([MASK, torch.ones(2, 1, dtype=torch.long)], 1)
    found = add_prefix(PREFIX, new, mask, torch.tensor([[2], [4]]), begins=torch.tensor([2, 0]))
    assert found.input_ids.tolist() == [[7], [7]]
    assert found.mask.tolist() == [[0, 0, 1, 1, 1, 1, 1], [1] * 7]
    assert found.positions.tolist() == [[4], [6]]
    assert found.num_added == 0


def test_without_a_prefix_nothing_changes() -> None:
    found = add_prefix(PREFIX[:0], IDS, MASK, None)
    assert torch.equal(found.input_ids, IDS)
    assert torch.equal(found.mask, MASK)


def test_where_positions_are_not_given_they_begin_after_the_padding() -> None:
    found = add_prefix(PREFIX, IDS, MASK, None)
    assert found.positions.tolist() == [[2, 2, 0, 1, 2, 3], [0, 1, 2, 3, 4, 5]]
    # What does not exist inside of a text counts.
    mask = torch.tensor([[0, 1, 1, 0, 1], [1, 0, 0, 1, 1]])
    later = add_prefix(PREFIX, IDS[:, :2], mask, None, begins=torch.tensor([1, 0]))
    assert later.positions.tolist() == [[2 + 2, 3 + 2], [3 + 2, 4 + 2]]
    assert add_prefix(PREFIX[:0], IDS, None, None).positions is None

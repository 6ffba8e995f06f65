"""What short neighbors leave empty is not read, and changes nothing."""

from typing import Any
from unittest import mock

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from openbook.model.retrofitting.own import neighbor_pass
from openbook.model.retrofitting.own.neighbor_pass import Packing

from ...tiny import draw_inputs
from ..tiny import M, learned, tiny_base, tiny_own


@given(st.lists(st.lists(st.booleans(), min_size=7, max_size=7), min_size=1, max_size=4))
def test_what_exists_comes_back_in_its_place(rows: list[list[bool]]) -> None:
    exists = torch.tensor(rows)
    packing = Packing.of(exists)
    if packing is None:
        assert exists.all(-1).any()
        return
    tokens = torch.arange(1, exists.numel() + 1).view(exists.shape)
    packed = packing.pack(tokens)
    assert packed.shape[1] == max(exists.sum(-1).max(), 1)
    for row, own, kept in zip(exists, tokens, packed, strict=True):
        assert kept[: int(row.sum())].tolist() == own[row].tolist()
    values = packing.unpack(packed[:, None, :, None].expand(-1, 2, -1, 3))
    assert values.shape == (len(rows), 2, 7, 3)
    assert torch.equal(values[:, 1, :, 2][exists], tokens[exists])


@pytest.mark.parametrize("options", [{}, {"reading": "independent"}, {"copy_head": True}], ids=str)
@pytest.mark.parametrize("name", ["llama", "gemma3_text"])
def test_the_same_logits_and_gradients_with_fewer_tokens_read(name: str, options: dict[str, Any]) -> None:
    model = learned(tiny_own(tiny_base(name).double(), prefix_ids=[3, 5], **options))
    inputs = draw_inputs(neighbors=0)
    neighbors = torch.randint(23, (inputs.input_ids.shape[0], 1, 3, 2 * M))
    exists = torch.arange(2 * M) < torch.tensor([M, 1, M - 1])[:, None]
    given_ = {"neighbor_mask": exists.expand(neighbors.shape), "is_prompt": True}
    lengths: list[int] = []
    reading = neighbor_pass.NeighborPass

    def recording(exists: torch.Tensor, *rest: Any, **more: Any) -> neighbor_pass.NeighborPass:
        lengths.append(exists.shape[1])
        return reading(exists, *rest, **more)

    def learn() -> tuple[torch.Tensor, list[torch.Tensor]]:
        model.zero_grad()
        logits = model(inputs.input_ids, neighbors, **given_).logits
        logits.square().sum().backward()
        learned_from = (weight.grad for weight in model.parameters() if weight.requires_grad)
        return logits.detach(), [grad for grad in learned_from if grad is not None]

    with mock.patch.object(neighbor_pass, "NeighborPass", recording):
        with mock.patch.object(Packing, "of", return_value=None):
            whole = learn()
        packed = learn()
        with torch.no_grad():
            read = model(inputs.input_ids, neighbors, **given_).logits
    torch.testing.assert_close(packed, whole)
    torch.testing.assert_close(read, whole[0])
    assert packed[1] and all(length < lengths[0] for length in lengths[1:])

"""Passages that several questions share are read once, and learned from as if each had read them."""

from typing import Any
from unittest import mock

import pytest
import torch

from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.model.retrofitting.own import own_decoder

from ..tiny import M, learned, tiny_base, tiny_own


def batch() -> dict[str, Any]:
    """Four questions: the first, third and fourth read the same, of which the fourth has one token less."""
    torch.manual_seed(0)
    neighbors = torch.randint(23, (2, 1, 2, 2 * M))[[0, 1, 0, 0]]
    exists = torch.ones(4, 1, 2, 2 * M, dtype=torch.bool)
    exists[:, :, 0, M + 1 :] = False
    exists[3, :, 1, -1] = False
    ids = torch.randint(23, (4, M))
    given = {"neighbor_ids": neighbors, "neighbor_mask": exists, "is_prompt": True, "return_logits": False}
    return given | {"input_ids": ids, "labels": ids, "num_items_in_batch": torch.tensor(4 * (M - 1))}


def learn(model: RetrofitForCausalLM, given: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The gradients after each of these rows, all at once or one by one."""
    model(**given).loss.backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("options", [{}, {"reading": "independent"}, {"copy_head": True}], ids=str)
def test_gradients_are_those_of_each_question_alone(options: dict[str, Any]) -> None:
    model = learned(tiny_own(tiny_base("llama").double(), prefix_ids=[3, 5], mlp_rank=2, **options))
    given = batch()
    rows: list[int] = []
    read = own_decoder.read_neighbors

    def recording(backbone: Any, ids: torch.Tensor, *rest: Any, **more: Any) -> Any:
        rows.append(len(ids))
        return read(backbone, ids, *rest, **more)

    with mock.patch.object(own_decoder, "read_neighbors", recording):
        together = learn(model, given)
    model.zero_grad()
    for row in range(4):
        of_row = {
            name: value[row : row + 1] if isinstance(value, torch.Tensor) and value.dim() else value
            for name, value in given.items()
        }
        alone = learn(model, of_row)
    torch.testing.assert_close(together, alone)
    # Read alone, the first neighbor of all but the second is the same.
    assert rows == [5 if options.get("reading") == "independent" else 3]

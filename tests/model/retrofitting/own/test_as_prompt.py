"""A trained reader can read as its base reads its prompt, for a moment."""

import pytest
import torch

from openbook.errors import SettingsError

from ...tiny import draw_inputs
from ..tiny import M, learned, tiny_base, tiny_own, tiny_retrofit


@pytest.mark.parametrize("reading", ["joint", "independent"])
@torch.no_grad()
def test_it_is_what_an_untrained_joint_reader_says(reading: str) -> None:
    base = tiny_base("llama").double()
    options = {"prefix_ids": [3, 5], "adapt_neighbors": True}
    untrained = tiny_own(base, **options)
    inputs = draw_inputs(neighbors=0)
    neighbors = torch.randint(23, (inputs.input_ids.shape[0], 1, 3, 2 * M))
    expected = untrained(inputs.input_ids, neighbors, is_prompt=True).logits
    model = learned(tiny_own(tiny_base("llama").double(), reading=reading, copy_head=True, **options))
    model.keep_neighbors(10**7)
    before = model(inputs.input_ids, neighbors, is_prompt=True).logits
    with model.as_prompt():
        found = model(inputs.input_ids, neighbors, is_prompt=True).logits
    torch.testing.assert_close(found, expected)
    assert torch.equal(model(inputs.input_ids, neighbors, is_prompt=True).logits, before)
    assert (before - found).abs().max() > 0.1


def test_an_encoder_cannot() -> None:
    with pytest.raises(SettingsError, match="encoder"), tiny_retrofit().as_prompt():
        pass

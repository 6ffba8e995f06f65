"""Neighbors read by rounded products: near what exact ones give, and nothing else changes."""

from pathlib import Path

import pytest
import torch

from openbook.errors import SettingsError

from ...tiny import draw_inputs
from ..tiny import learned, tiny_base, tiny_own, tiny_retrofit

INPUTS = draw_inputs(tokens=14, ragged=True)
PLAIN = INPUTS.but(neighbor_ids=None, neighbor_mask=None)


@pytest.mark.parametrize("reading", ["joint", "independent"])
@torch.no_grad()
def test_rounded_products_give_nearly_the_same(reading: str) -> None:
    model = learned(tiny_own(reading=reading, copy_head=True))
    exact, without = model(**INPUTS.asdict()).logits, model(**PLAIN.asdict()).logits
    model.read_neighbors_in("bfloat16")
    rounded = model(**INPUTS.asdict()).logits
    assert rounded.dtype is exact.dtype
    assert not torch.equal(rounded, exact)
    assert (rounded - exact).abs().max() < 0.1 * (without - exact).abs().max()
    assert torch.equal(model(**PLAIN.asdict()).logits, without)
    model.read_neighbors_in("float32")
    assert torch.equal(model(**INPUTS.asdict()).logits, exact)


def test_what_learns_is_exact() -> None:
    model = learned(tiny_own())
    expected = model(**INPUTS.asdict()).logits
    model.read_neighbors_in("bfloat16")
    torch.testing.assert_close(model(**INPUTS.asdict()).logits, expected, rtol=0, atol=0)


@torch.no_grad()
def test_a_base_in_bfloat16_stays_in_it() -> None:
    model = learned(tiny_own(tiny_base("llama").bfloat16()))
    model.read_neighbors_in("bfloat16")
    assert model(**INPUTS.asdict()).logits.dtype is torch.bfloat16


@torch.no_grad()
def test_what_was_read_in_another_precision_is_not_taken(tmp_path: Path) -> None:
    model = learned(tiny_own())
    model.keep_neighbors()
    exact = model(**INPUTS.asdict()).logits
    model.read_neighbors_in("bfloat16")
    rounded = model(**INPUTS.asdict()).logits
    assert not torch.equal(rounded, exact)

    model.keep_neighbors(folder=tmp_path)
    assert torch.equal(model(**INPUTS.asdict()).logits, rounded)
    model.read_neighbors_in("float32")
    kept = model.keep_neighbors(folder=tmp_path)
    assert torch.equal(model(**INPUTS.asdict()).logits, exact)
    assert kept.misses > 0


def test_what_is_refused() -> None:
    with pytest.raises(SettingsError, match="'float64': choose from float32, bfloat16"):
        tiny_own().read_neighbors_in("float64")
    with pytest.raises(SettingsError, match="reader 'own'"):
        tiny_retrofit().read_neighbors_in("bfloat16")

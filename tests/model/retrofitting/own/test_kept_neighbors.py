"""What is kept is read as if it were read again; what it depends on is noticed."""

import copy

import pytest
import torch

from openbook.errors import SettingsError
from openbook.model import RetroCache

from ...tiny import Inputs, draw_inputs
from ..test_cache import in_steps
from ..tiny import OWN_READERS, learned, tiny_base, tiny_own, tiny_retrofit

INPUTS = draw_inputs(tokens=14, ragged=True)
WAYS = pytest.mark.parametrize("reading", ["joint", "independent"])


@WAYS
@pytest.mark.parametrize("name", OWN_READERS)
@torch.no_grad()
def test_kept_or_read_again(name: str, reading: str) -> None:
    model = learned(tiny_own(tiny_base(name).double(), reading=reading, prefix_ids=[3, 5])).double()
    expected = model(**INPUTS.asdict()).logits
    kept = model.keep_neighbors()
    for _ in range(2):
        torch.testing.assert_close(model(**INPUTS.asdict()).logits, expected)
        torch.testing.assert_close(in_steps(model, INPUTS, [6, *[1] * 8]), expected, atol=1e-6, rtol=1e-6)
    assert kept.misses == len(kept) > 0
    assert kept.hits == 3 * kept.misses


@torch.no_grad()
def test_a_neighbor_read_by_itself_is_kept_by_itself() -> None:
    assert INPUTS.neighbor_ids is not None
    turned = INPUTS.but(neighbor_ids=INPUTS.neighbor_ids.flip(2), neighbor_mask=None)
    plain = INPUTS.but(neighbor_mask=None)
    for reading, more in (("joint", 6), ("independent", 0)):
        model = learned(tiny_own(reading=reading))
        expected = model(**turned.asdict()).logits
        kept = model.keep_neighbors()
        model(**plain.asdict())
        before = kept.misses
        torch.testing.assert_close(model(**turned.asdict()).logits, expected, atol=1e-4, rtol=1e-4)
        assert kept.misses - before == more


@torch.no_grad()
def test_it_moves_with_the_chunk_that_reads_it() -> None:
    """The same neighbors in another chunk, and before a prompt."""
    assert INPUTS.neighbor_ids is not None
    model = learned(tiny_own(tiny_base("llama").double(), reading="independent")).double()
    ids = INPUTS.neighbor_ids[:, :1].expand(-1, 3, -1, -1)
    given = Inputs(INPUTS.input_ids, ids)
    expected = model(**given.asdict()).logits, model(INPUTS.input_ids, ids, is_prompt=True).logits
    kept = model.keep_neighbors()
    for _ in range(2):
        torch.testing.assert_close(model(**given.asdict()).logits, expected[0])
        torch.testing.assert_close(model(INPUTS.input_ids, ids, is_prompt=True).logits, expected[1])
    assert kept.misses == 4


@torch.no_grad()
def test_other_weights_forget_it() -> None:
    for adapts in (False, True):
        model = learned(tiny_own(adapt_neighbors=adapts))
        kept = model.keep_neighbors()
        model(**INPUTS.asdict())
        misses = kept.misses
        for reader in model.model.decoder.readers.values():
            reader.query.up.mul_(2)
        found = model(**INPUTS.asdict()).logits
        assert (kept.misses > misses) == adapts
        misses = kept.misses
        model.base.get_input_embeddings().weight.mul_(1.1)
        found = model(**INPUTS.asdict()).logits
        assert kept.misses > misses
        model.model.decoder.kept = None
        torch.testing.assert_close(found, model(**INPUTS.asdict()).logits, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_it_is_bounded_and_the_oldest_goes_first() -> None:
    model = tiny_own(reading="independent")
    one = model.keep_neighbors()
    first, second = (draw_inputs(batch=1, tokens=4, neighbors=1, seed=seed) for seed in (1, 2))
    model(**first.asdict())
    size = one.size
    # Keys and values of 4 layers, 4 heads of 4, for 8 tokens, in float32.
    assert size == 4 * 2 * 4 * 4 * 8 * 4
    kept = model.keep_neighbors(size)
    for inputs, misses in ((first, 1), (first, 1), (second, 2), (second, 2), (first, 3)):
        model(**inputs.asdict())
        assert (kept.misses, len(kept), kept.size) == (misses, 1, size)


def test_training_reads_again() -> None:
    model = tiny_own()
    kept = model.keep_neighbors()
    with torch.inference_mode():
        model(**INPUTS.asdict())
    misses = kept.misses
    model(**INPUTS.asdict(), labels=INPUTS.input_ids).loss.backward()
    assert (kept.misses, kept.hits) == (misses, 0)


@torch.no_grad()
def test_a_copy_of_the_model_keeps_its_own() -> None:
    model = tiny_own()
    kept = model.keep_neighbors()
    model(**INPUTS.asdict())
    copied = copy.deepcopy(model)
    assert len(copied.model.decoder.kept) == 0
    copied(**INPUTS.asdict(), past_key_values=RetroCache())
    assert kept.hits == 0


def test_what_cannot_be_kept_is_told() -> None:
    with pytest.raises(SettingsError, match="capacity 0: must be at least 1 byte"):
        tiny_own().keep_neighbors(0)
    with pytest.raises(SettingsError, match="EncodedNeighbors"):
        tiny_retrofit().keep_neighbors()

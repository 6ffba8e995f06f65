"""Untrained, it is the base with the neighbors in its prompt: to rounding, for every family and any k."""

from typing import Any

import pytest
import torch
from torch import Tensor

from openbook.errors import SettingsError
from openbook.model import RetroCache
from openbook.model.retrofitting import RetrofitForCausalLM

from ...tiny import Inputs, draw_inputs
from ..tiny import OWN_READERS, M, learned, tiny_base, tiny_own

R = 2 * M
ALL = pytest.mark.parametrize("name", OWN_READERS)
PREFIX = [3, 5, 7]
TOLERANCE = {"atol": 1e-4, "rtol": 1e-4}
"""Models are in float64, but transformers rotates by angles in float32."""


def neighbors_of(inputs: Inputs, k: int, *, seed: int = 7) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(23, (inputs.input_ids.shape[0], 1, k, R), generator=generator)


def in_the_prompt(
    model: RetrofitForCausalLM, neighbors: Tensor, text: Tensor, prefix: list[int], mask: Tensor | None = None
) -> Tensor:
    """Logits of the text, by the base, a row at a time: prefix, the neighbors one after another, the text."""
    found = []
    for row in range(len(text)):
        there = neighbors[row].flatten()
        if mask is not None:
            there = there[mask[row].flatten()]
        whole = torch.cat([torch.tensor(prefix, dtype=torch.long), there, text[row]])
        found.append(model.base(whole[None]).logits[0, -text.shape[1] :])
    return torch.stack(found)


@pytest.mark.parametrize("prefix", [[], PREFIX], ids=["", "prefix"])
@pytest.mark.parametrize(("reading", "k"), [("joint", 1), ("joint", 3), ("independent", 1)])
@ALL
@torch.no_grad()
def test_it_is_the_base_with_neighbors_in_its_prompt(
    name: str, reading: str, k: int, prefix: list[int]
) -> None:
    base = tiny_base(name, max_position_embeddings=64).double()
    model = tiny_own(base, reading=reading, prefix_ids=prefix)
    inputs = draw_inputs(neighbors=0)
    neighbors = neighbors_of(inputs, k)
    found = model(inputs.input_ids, neighbors, is_prompt=True).logits
    torch.testing.assert_close(found, in_the_prompt(model, neighbors, inputs.input_ids, prefix), **TOLERANCE)
    assert (found - model(inputs.input_ids).logits).abs().max() > 0.1


@pytest.mark.parametrize("tokens", [1, 3, 4, 9])
@torch.no_grad()
def test_neighbors_of_any_length_and_texts_of_any(tokens: int) -> None:
    """Rows whose neighbors are short, or missing altogether."""
    model = tiny_own(tiny_base("llama").double(), prefix_ids=PREFIX)
    inputs = draw_inputs(batch=3, tokens=tokens, neighbors=0)
    neighbors = neighbors_of(inputs, 2)
    mask = torch.arange(R) < torch.tensor([[[[8], [3]]], [[[1], [0]]], [[[0], [0]]]])
    found = model(inputs.input_ids, neighbors, mask, is_prompt=True).logits
    torch.testing.assert_close(
        found, in_the_prompt(model, neighbors, inputs.input_ids, PREFIX, mask), **TOLERANCE
    )
    torch.testing.assert_close(found[2], model(inputs.input_ids).logits[2])


@torch.no_grad()
def test_several_neighbors_read_apart_do_not_see_each_other() -> None:
    inputs = draw_inputs(neighbors=0)
    neighbors = neighbors_of(inputs, 2)
    other = neighbors.clone()
    other[:, :, 0] = (other[:, :, 0] + 1) % 23
    for reading in ("joint", "independent"):
        model = tiny_own(tiny_base("llama").double(), reading=reading, prefix_ids=PREFIX)
        kept: list[dict[int, tuple[Tensor, Tensor]]] = []
        decoder, read = model.model.decoder, model.model.decoder._read

        def noted(*given: Any, into: Any = kept, read: Any = read) -> Any:
            layout, blocks, encoded = read(*given)
            into.append(blocks)
            return layout, blocks, encoded

        decoder._read = noted
        model(inputs.input_ids, neighbors, is_prompt=True)
        model(inputs.input_ids, other, is_prompt=True)
        second = slice(len(PREFIX) + R, None)
        equal = [
            torch.equal(one[..., second, :], two[..., second, :])
            for layer in (1, 3)
            for one, two in zip(kept[0][layer], kept[1][layer], strict=True)
        ]
        assert equal == [reading == "independent"] * 4


@torch.no_grad()
def test_a_prompt_and_what_follows_it() -> None:
    """With a cache: first the whole prompt, then token by token; a border brings neighbors of its own."""
    model = tiny_own(tiny_base("llama", max_position_embeddings=64).double(), prefix_ids=PREFIX)
    inputs = draw_inputs(batch=1, tokens=2 * M, neighbors=0)
    neighbors = neighbors_of(inputs, 2)
    written = draw_inputs(batch=1, tokens=M - 1, neighbors=0, seed=3).input_ids
    whole = torch.cat([inputs.input_ids, written], 1)
    expected = in_the_prompt(model, neighbors, whole, PREFIX)
    cache = RetroCache()
    found = [model(inputs.input_ids, neighbors, is_prompt=True, past_key_values=cache).logits]
    found += [model(token[:, None], past_key_values=cache).logits for token in written.unbind(1)]
    torch.testing.assert_close(torch.cat(found, 1), expected, **TOLERANCE)
    assert cache.get_seq_length() == whole.shape[1]
    last = torch.tensor([[4]])
    with_others = model(last, neighbors_of(inputs, 2, seed=9), past_key_values=cache).logits
    as_before = in_the_prompt(model, neighbors, torch.cat([whole, last], 1), PREFIX)[:, -1:]
    assert (with_others - as_before).abs().max() > 0.1


@pytest.mark.parametrize("place", ["text", "chunk"])
@pytest.mark.parametrize("is_prompt", [False, True])
@torch.no_grad()
def test_padding_is_not_counted_where_positions_are_not_given(place: str, is_prompt: bool) -> None:
    model = learned(tiny_own(neighbors_before=place, prefix_ids=[3])).double()
    inputs = draw_inputs(tokens=10)
    ids, read = inputs.input_ids, inputs.neighbor_ids
    assert read is not None
    expected = model(ids, read, is_prompt=is_prompt).logits
    padding = torch.zeros(2, M, dtype=torch.long)
    mask = torch.cat([padding, torch.ones_like(ids)], 1)
    given = torch.cat([torch.full_like(read[:, :1], -1), read], 1)
    padded = torch.cat([padding, ids], 1)
    found = model(padded, given, attention_mask=mask, is_prompt=is_prompt).logits[:, M:]
    torch.testing.assert_close(found, expected)
    first = model(padded[:, : M + 2], attention_mask=mask[:, : M + 2], use_cache=True)
    rest = given[:, 1:] if is_prompt else read
    later = model(
        padded[:, M + 2 :],
        rest,
        attention_mask=mask,
        past_key_values=first.past_key_values,
        is_prompt=is_prompt,
    )
    plain = model(ids[:, :2], use_cache=True)
    alone = model(ids[:, 2:], read, past_key_values=plain.past_key_values, is_prompt=is_prompt)
    torch.testing.assert_close(later.logits, alone.logits)


def test_a_prompt_that_is_read_is_kept_while_it_is_continued() -> None:
    """Read again with all that was written since, it would be another prompt."""
    model, inputs = tiny_own(), draw_inputs(tokens=6, neighbors=1)
    given = {"neighbor_ids": inputs.neighbor_ids, "is_prompt": True, "max_new_tokens": 1, "pad_token_id": 0}
    model.generate(inputs.input_ids, **given)
    with pytest.raises(SettingsError, match=r"is_prompt with use_cache=False: .* leave use_cache=False out"):
        model.generate(inputs.input_ids, use_cache=False, **given)


def test_wrong_shapes_are_told() -> None:
    model = tiny_own()
    inputs = draw_inputs(neighbors=0)
    for shape in ((2, 1, 2, R - 1), (1, 1, 2, R), (2, 0, 2, R), (2, 2, R)):
        with pytest.raises(SettingsError, match=r"neighbor_ids .*: must be \[B, C, K, R\] = \[2, C, K, 8\]"):
            model(inputs.input_ids, torch.zeros(shape, dtype=torch.long), is_prompt=True)

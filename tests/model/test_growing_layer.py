"""Keys and values with room at their end: always what transformers' own layer has, without copying it."""

import copy

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from transformers.cache_utils import DynamicLayer

from openbook.model.growing_layer import GrowingLayer

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5)),
        st.tuples(st.just("append"), st.integers(60, 90)),
        st.tuples(st.just("crop"), st.integers(0, 4)),
        st.tuples(st.just("select"), st.integers(0, 2)),
        st.tuples(st.just("repeat"), st.integers(1, 2)),
        st.tuples(st.just("copy"), st.just(0)),
        st.tuples(st.just("learn"), st.integers(1, 2)),
        st.tuples(st.just("inference"), st.integers(1, 2)),
    ),
    max_size=14,
)


def drawn(rows: int, tokens: int, number: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(number)
    keys, values = torch.randn(2, rows, 2, tokens, 3, generator=generator)
    return keys, values


@given(STEPS)
def test_it_holds_what_the_plain_layer_holds(steps: list[tuple[str, int]]) -> None:
    layers: list[DynamicLayer] = [DynamicLayer(), GrowingLayer()]
    rows = 2
    before: list[tuple[Tensor, Tensor]] = []  # what was given away must not change later
    for number, (step, amount) in enumerate([("append", 3), *steps]):
        held = 0 if not layers[0].is_initialized else layers[0].keys.shape[-2]
        if step in ("append", "learn", "inference"):
            new = drawn(rows, amount, number)
            for layer in layers:
                context = {
                    "append": torch.no_grad(),
                    "learn": torch.enable_grad(),
                    "inference": torch.inference_mode(),
                }
                with context[step]:
                    found = layer.update(*new)
            before += [(part, part.clone()) for part in found]
        elif step == "crop" and amount < held:
            for layer in layers:
                layer.crop(-amount)
            before = []  # the places of what was taken away are written to again
        elif step == "select" and rows > 1:
            rows = 1
            for layer in layers:
                layer.batch_select_indices(torch.tensor([amount % 2]))
        elif step == "repeat" and rows * amount < 8:
            rows *= amount
            for layer in layers:
                layer.batch_repeat_interleave(amount)
        elif step == "copy":
            # The one that is left alone must not notice what its copy goes on with.
            layers = [copy.deepcopy(layer) for layer in layers]
        torch.testing.assert_close(layers[1].keys, layers[0].keys, rtol=0, atol=0)
        torch.testing.assert_close(layers[1].values, layers[0].values, rtol=0, atol=0)
        assert layers[1].get_seq_length() == layers[0].get_seq_length()
        assert all(torch.equal(part, as_given) for part, as_given in before)


@torch.no_grad()
def test_nothing_is_copied_while_there_is_room() -> None:
    layer = GrowingLayer()
    layer.update(*drawn(1, 10, 0))
    places = layer.keys.data_ptr(), layer.values.data_ptr()
    for number in range(60):
        layer.update(*drawn(1, 1, number))
    layer.crop(-20)
    layer.update(*drawn(1, 20, 1))
    assert (layer.keys.data_ptr(), layer.values.data_ptr()) == places
    layer.update(*drawn(1, 100, 2))
    assert layer.keys.data_ptr() != places[0]
    assert layer.keys.shape[-2] == 170


@torch.no_grad()
def test_two_layers_that_begin_with_the_same_tensors_do_not_write_into_each_other() -> None:
    first, second = GrowingLayer(), GrowingLayer()
    first.update(*drawn(1, 4, 0))
    second.update(*drawn(1, 1, 0))
    second.keys, second.values = first.keys, first.values
    first.update(*drawn(1, 1, 1))
    second.update(*drawn(1, 1, 2))
    torch.testing.assert_close(first.keys[..., 4:, :], drawn(1, 1, 1)[0], rtol=0, atol=0)
    torch.testing.assert_close(second.keys[..., 4:, :], drawn(1, 1, 2)[0], rtol=0, atol=0)

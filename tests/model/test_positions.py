"""Positions enter attention by distance alone."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from openbook.model.attention import SelfAttention
from openbook.model.positions import (
    DistanceTable,
    PositionKind,
    RelativePositions,
    make_positions,
    position_ids,
    shift_rows,
)

from .tiny import draw_inputs, tiny_model


def logits(kind: PositionKind, first: int, num_queries: int, num_keys: int, *, seed: int = 0) -> torch.Tensor:
    """[2 heads, Lq, Lk] of equal queries and equal keys, so that only distances make a difference."""
    torch.manual_seed(seed)
    positions = make_positions(kind, width=12, num_heads=2, head_dim=8, base=100.0)
    if isinstance(positions, RelativePositions):
        torch.nn.init.normal_(positions.content_bias)
        torch.nn.init.normal_(positions.position_bias)
    q = torch.randn(2, 1, 8).expand(2, num_queries, 8)
    k = torch.randn(2, 1, 8).expand(2, num_keys, 8)
    q, bias = positions.queries(q, first, num_keys)
    scores = q @ positions.keys(k).transpose(-1, -2) * 8**-0.5
    return (scores if bias is None else scores + bias).detach()


@pytest.mark.parametrize("kind", ["rotary", "relative"])
@pytest.mark.parametrize(
    ("first", "queries", "keys"), [(0, 5, 5), (7, 1, 8), (3, 4, 9), (0, 6, 2), (0, 1, 1)]
)
def test_logits_depend_on_the_distance_alone(kind: PositionKind, first: int, queries: int, keys: int) -> None:
    found = logits(kind, first, queries, keys)
    by_distance: dict[int, torch.Tensor] = {}
    for i in range(queries):
        for j in range(keys):
            expected = by_distance.setdefault(first + i - j, found[:, i, j])
            torch.testing.assert_close(found[:, i, j], expected)
    values = torch.stack(list(by_distance.values()))
    assert len(values) == 1 or values.std(0).min() > 0.01


@pytest.mark.parametrize("kind", ["rotary", "relative"])
def test_before_and_after_are_reported_apart(kind: PositionKind) -> None:
    found = logits(kind, 0, 3, 3)
    assert not torch.allclose(found[:, 2, 0], found[:, 0, 2])


def test_without_positions_all_is_alike() -> None:
    found = logits("none", 0, 4, 5)
    torch.testing.assert_close(found, found[:, :1, :1].expand_as(found))


def test_shifted_rows_begin_one_column_earlier_each() -> None:
    x = torch.arange(3 * 7).view(3, 7)
    assert torch.equal(shift_rows(x, 4), torch.stack([x[0, 2:6], x[1, 1:5], x[2, 0:4]]))


def read_queries_at_once(model: torch.nn.Module, count: int) -> None:
    for module in model.modules():
        if isinstance(module, SelfAttention):
            module.queries_at_once = count


@pytest.mark.parametrize("padding", [None, (0, 3)])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_queries_some_at_a_time_give_what_all_at_once_give(
    padding: tuple[int, ...] | None, dropout: float
) -> None:
    model = tiny_model(positions="relative", dropout=dropout)
    inputs = draw_inputs(tokens=14, padding=padding)
    expected = model(**inputs.asdict()).logits
    weights = [weight for name, weight in model.named_parameters() if "self_attention" in name]
    gradients = torch.autograd.grad(expected.square().sum(), weights)
    read_queries_at_once(model, 3)
    found = model(**inputs.asdict()).logits
    torch.testing.assert_close(found, expected)
    for ours, theirs in zip(torch.autograd.grad(found.square().sum(), weights), gradients, strict=True):
        torch.testing.assert_close(ours, theirs)
    loss = model.train()(**inputs.asdict(), labels=inputs.input_ids).loss
    loss.backward()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in model.parameters())


def test_queries_some_at_a_time_decode_alike() -> None:
    model, inputs = tiny_model(positions="relative"), draw_inputs(tokens=12, neighbors=0)
    read_queries_at_once(model, 3)
    with torch.no_grad():
        whole = model(inputs.input_ids).logits
        first = model(inputs.input_ids[:, :5], use_cache=True)
        rest = model(inputs.input_ids[:, 5:], past_key_values=first.past_key_values).logits
    torch.testing.assert_close(torch.cat([first.logits, rest], dim=1), whole)


def test_position_ids_count_from_the_first_token_that_is_not_padding() -> None:
    mask = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]])
    expected = [[0, 0, 0, 1, 2], [0, 1, 2, 3, 4], [0, 0, 0, 0, 0]]
    assert position_ids(mask).tolist() == position_ids(mask.bool()).tolist() == expected


CPU = torch.device("cpu")


@given(st.lists(st.tuples(st.integers(-150, 300), st.integers(1, 200)), min_size=1, max_size=8))
def test_any_ranges_in_any_order(ranges: list[tuple[int, int]]) -> None:
    table = DistanceTable()
    for low, count in ranges:
        found = table.rising(low, low + count, lambda distances: distances.view(1, 1, -1), CPU)
        assert found.flatten().tolist() == list(range(low, low + count))


def test_a_text_that_grows_computes_each_distance_once() -> None:
    computed: list[int] = []

    def project(distances: Tensor) -> Tensor:
        computed.extend(distances.tolist())
        return distances.view(1, 1, -1)

    table = DistanceTable()
    for past in range(500):
        table.rising(-1, past + 1, project, CPU)
    assert len(computed) == len(set(computed)) <= 500 + 1 + 64


@torch.no_grad()
def test_queries_see_the_same_distances_with_a_table() -> None:
    torch.manual_seed(0)
    positions = RelativePositions(width=16, num_heads=2, head_dim=4, base=100.0).double()
    table = DistanceTable()
    for first, num_queries, num_keys in ((5, 1, 6), (6, 3, 9), (9, 1, 10), (63, 1, 128), (0, 8, 8)):
        queries = torch.randn(2, 2, num_queries, 4).double()
        expected = positions.queries(queries, first, num_keys)
        found = positions.queries(queries, first, num_keys, table=table)
        torch.testing.assert_close(found, expected)


def test_what_learns_keeps_nothing() -> None:
    """Weights change between steps: a cache that was used with gradients holds no table."""
    model = tiny_model(positions="relative", cca_positions="relative")
    out = model(**draw_inputs(tokens=8).asdict(), use_cache=True)
    assert all(table._kept is None for table in out.past_key_values.tables.values())

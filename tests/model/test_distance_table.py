"""What is kept of distances is what would be computed, and little is computed twice."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from openbook.model.distance_table import DistanceTable
from openbook.model.positions import RelativePositions

from .tiny import draw_inputs, tiny_model

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

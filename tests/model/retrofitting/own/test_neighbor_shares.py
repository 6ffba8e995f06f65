"""Shares of the attention: the mean over heads and layers, however many tokens there are at a time."""

import pytest
import torch

from openbook.model.retrofitting.own.neighbor_shares import NeighborShares

B, H, K, R = 2, 3, 4, 5


def drawn(n: int) -> torch.Tensor:
    """Of one layer [B, H, n, K·R]; the first row's first token sees nothing, the others all but one."""
    logits = torch.randn(B, H, n, K * R, dtype=torch.float64)
    logits[0, :, 0] = -torch.inf
    logits[..., R] = -torch.inf
    return logits


@pytest.mark.parametrize("num_prefix", [0, 2])
@pytest.mark.parametrize("spans", [(1,), (3,), (9,), (2, 7, 1)])
def test_the_mean_over_heads_and_layers(spans: tuple[int, ...], num_prefix: int) -> None:
    torch.manual_seed(0)
    shares, parts, start = NeighborShares(K), [], 0
    for n in spans:
        layers = [drawn(n) for _ in range(3)]
        for logits in layers:
            prefix = torch.randn(B, H, n, num_prefix, dtype=torch.float64)
            shares.add(start, torch.cat([prefix, logits], -1), num_prefix=num_prefix)
        weights = torch.stack(layers).exp()
        sums = weights.sum(-1, keepdim=True)
        weights = torch.where(sums > 0, weights / sums, 0.0).unflatten(-1, (K, R)).sum(-1)
        parts.append(weights.mean((0, 2)))
        start += n
    found = shares.mean()
    torch.testing.assert_close(found, torch.cat(parts, 1))
    assert not found[0, 0].any()
    torch.testing.assert_close(found[1].sum(-1), torch.ones(start, dtype=torch.float64))


def test_a_span_without_neighbors_has_none() -> None:
    shares = NeighborShares(K)
    for _ in range(2):
        shares.add(0, torch.zeros(B, H, 6, 0), num_prefix=0)
        shares.add(6, torch.zeros(B, H, 1, 0), num_prefix=0)
    assert torch.equal(shares.mean(), torch.zeros(B, 7, K))

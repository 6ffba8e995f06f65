"""Attention that tells its weights is the same attention."""

import pytest
import torch

from openbook.model.attention import attend, attend_and_weigh

N, H, QUERIES, KEYS, HEAD_DIM = 3, 2, 4, 7, 8


def drawn(dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
    """Queries, keys and values, a mask whose last row sees nothing, and a bias."""
    torch.manual_seed(0)
    q = torch.randn(N, H, QUERIES, HEAD_DIM, dtype=dtype)
    k, v = torch.randn(2, N, H, KEYS, HEAD_DIM, dtype=dtype)
    mask = torch.rand(N, 1, 1, KEYS) < 0.6
    mask[-1] = False
    return q, k, v, mask, torch.randn(N, H, QUERIES, KEYS, dtype=dtype)


@pytest.mark.parametrize("has_bias", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.bfloat16, 0.05)])
def test_telling_the_weights_changes_nothing(dtype: torch.dtype, tolerance: float, has_bias: bool) -> None:
    q, k, v, mask, bias = drawn(dtype)
    given = {"mask": mask, "bias": bias if has_bias else None}
    attended, weights = attend_and_weigh(q, k, v, **given)
    torch.testing.assert_close(attended, attend(q, k, v, **given), atol=tolerance, rtol=0)
    sums = weights.sum(-1)
    torch.testing.assert_close(sums[:-1], torch.ones_like(sums[:-1]))
    assert not weights[-1].any() and not attended[-1].any()
    assert not weights[~mask.expand_as(weights)].any()


def test_dropped_weights_are_told_as_they_were() -> None:
    q, k, v, mask, _ = drawn(torch.float64)
    attended, weights = attend_and_weigh(q, k, v, mask=mask, dropout=0.5)
    told = attend_and_weigh(q, k, v, mask=mask)[1]
    assert torch.equal(weights, told)
    assert not torch.allclose(attended, attend(q, k, v, mask=mask))

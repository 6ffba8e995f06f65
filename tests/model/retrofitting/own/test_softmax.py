"""The two ways to compute one softmax over two places, and the plain one."""

from typing import Any
from unittest import mock

import pytest
import torch

from openbook.model.retrofitting.own import softmax
from openbook.model.retrofitting.own.softmax import LogitOffsets, attend_few, attend_jointly


def drawn(n: int, *, kv_heads: int = 2) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(n)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    visible = torch.rand(3, 1, n, 12, generator=generator) < 0.6
    visible[..., -1] = True
    return {
        "query": draw(3, 4, n, 6),
        "block": (draw(3, kv_heads, 5, 6), draw(3, kv_heads, 5, 6)),
        "own": (draw(3, kv_heads, 7, 6), draw(3, kv_heads, 7, 6)),
        "visible": visible,
        "bias": draw(4),
        "num_prefix": 2,
        "scaling": 0.7,
    }


def plain(
    query: Any, block: Any, own: Any, visible: Any, bias: Any, num_prefix: int, scaling: float
) -> torch.Tensor:
    groups = query.shape[1] // block[0].shape[1]
    keys, values = (torch.cat(pair, 2).repeat_interleave(groups, 1) for pair in zip(block, own, strict=True))
    logits = query @ keys.transpose(2, 3) * scaling
    logits[..., num_prefix:5] += bias[:, None, None]
    return logits.masked_fill(~visible, -torch.inf).softmax(-1) @ values


@pytest.mark.parametrize("n", [1, 3, 9])
@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_both_ways_are_the_plain_one(n: int, kv_heads: int) -> None:
    given = drawn(n, kv_heads=kv_heads)
    expected = plain(**given)
    torch.testing.assert_close(attend_jointly(**given), expected, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(with_few(**given)[0], expected, atol=1e-6, rtol=1e-6)


def with_few(
    query: Any, block: Any, own: Any, visible: Any, bias: Any, num_prefix: int, scaling: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """As the second of two layers, of which the first has other biases."""
    biases = torch.stack([bias - 1, bias])
    offsets = LogitOffsets.of(visible, biases, block=block[0], num_prefix=num_prefix)
    return attend_few(query, block, own, offsets.of_block[1], offsets.of_text, scaling)


def gradients(way: Any, given: dict[str, Any]) -> list[torch.Tensor]:
    leaves = [given["query"], *given["block"], *given["own"], given["bias"]]
    for leaf in leaves:
        leaf.requires_grad_().grad = None
    way(**given).square().sum().backward()
    return [leaf.grad.clone() for leaf in leaves]


@pytest.mark.parametrize("n", [1, 9])
def test_gradients_reach_all_that_is_given(n: int) -> None:
    given = drawn(n)
    for ours, theirs in zip(gradients(attend_jointly, given), gradients(plain, given), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_the_logits_of_the_block_are_told_where_they_are_written_out(kv_heads: int) -> None:
    given = drawn(3, kv_heads=kv_heads)
    keys = given["block"][0].repeat_interleave(4 // kv_heads, 1)
    expected = given["query"] @ keys.transpose(2, 3) * given["scaling"]
    expected[..., given["num_prefix"] :] += given["bias"][:, None, None]
    expected = expected.masked_fill(~given["visible"][..., :5], -torch.inf)
    torch.testing.assert_close(with_few(**given)[1], expected)


def test_what_learns_in_bfloat16_is_near_the_plain_one() -> None:
    """Written out as products of matrices, which a processor has faster than torch's own kernel."""
    given = {
        name: tuple(part.float() for part in value) if isinstance(value, tuple) else value
        for name, value in drawn(9).items()
    }
    given |= {"query": given["query"].float(), "bias": given["bias"].float()}
    expected = plain(**given), gradients(plain, given)

    def rounded(**given: Any) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return attend_jointly(**given)

    with mock.patch.object(softmax.F, "scaled_dot_product_attention", side_effect=AssertionError):
        ours = rounded(**given), gradients(rounded, given)
    assert ours[0].dtype is torch.bfloat16
    torch.testing.assert_close(ours[0].float(), expected[0], atol=0.03, rtol=0.03)
    for gradient, plain_one in zip(ours[1], expected[1], strict=True):
        assert (gradient - plain_one).norm() < 0.03 * plain_one.norm()

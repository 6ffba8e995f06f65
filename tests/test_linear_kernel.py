"""The faster kernel of linear maps: the same numbers, within its context alone."""

import pytest
import torch
from torch import nn

from openbook import linear_kernel
from openbook.linear_kernel import LinearKernel, onednn_products


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(24, 40), nn.SiLU(), nn.Linear(40, 7, bias=False))


@pytest.mark.parametrize("shape", [(24,), (1, 24), (2, 3, 24), (0, 24)])
def test_the_same_numbers_within(shape: tuple[int, ...]) -> None:
    both, x = model(), torch.randn(shape)
    with torch.inference_mode():
        expected = both(x)
        with LinearKernel(both):
            found = both(x)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_afterwards_nothing_is_left_also_after_an_error() -> None:
    both = model()
    with pytest.raises(ValueError, match="within"), LinearKernel(both):
        raise ValueError("within")
    assert not any("forward" in module.__dict__ for module in both.modules())


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions_are_torchs(dtype: torch.dtype) -> None:
    both, x = model().to(dtype), torch.randn(5, 24).to(dtype)
    with torch.inference_mode():
        expected = both(x)
        with LinearKernel(both):
            assert torch.equal(both(x), expected)


def test_gradients_are_torchs() -> None:
    both, x = model(), torch.randn(5, 24)
    with LinearKernel(both):
        both(x).sum().backward()
    assert all(weight.grad is not None for weight in both.parameters())


def test_without_the_operator_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_kernel, "_ONEDNN", None)
    both = model()
    with LinearKernel(both):
        assert not any("forward" in module.__dict__ for module in both.modules())


def precision() -> str:
    found: str = torch.backends.mkldnn.matmul.fp32_precision
    return found


def test_products_and_their_gradients_are_the_same_numbers() -> None:
    both, x = model(), torch.randn(300, 24, requires_grad=True)
    both(x).square().sum().backward()
    expected = [x.grad, *(weight.grad for weight in both.parameters())]
    x.grad = None
    both.zero_grad()
    with onednn_products():
        both(x).square().sum().backward()
    for found, wanted in zip([x.grad, *(weight.grad for weight in both.parameters())], expected, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-5)


def test_the_setting_of_the_process_is_put_back_also_after_an_error() -> None:
    before = precision()
    with pytest.raises(ValueError, match="within"), onednn_products():
        raise ValueError("within")
    assert precision() == before


@pytest.mark.skipif(linear_kernel._ONEDNN is None, reason="this processor gains nothing by it")
def test_products_that_would_be_rounded_are_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_kernel, "_EXACT", 0.0)  # nothing is as exact as that
    linear_kernel._permission_is_not_taken.cache_clear()
    try:
        with onednn_products():
            assert precision() == "none"
    finally:
        linear_kernel._permission_is_not_taken.cache_clear()

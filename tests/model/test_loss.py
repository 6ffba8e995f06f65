"""The loss without the logits of a whole batch equals the one with them, gradients included."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from openbook.model.copy_head import CopyDistribution
from openbook.model.loss import next_token_loss, tokens_at_once

B, T, D, V, J = 2, 7, 5, 11, 4

Parts = tuple[Tensor, Tensor, Tensor, CopyDistribution | None, list[Tensor]]


def draw(*, copies: bool, dtype: torch.dtype = torch.float64, seed: int = 0) -> Parts:
    """hidden, weight, labels, the copy head's part, and all that has a gradient."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=dtype).requires_grad_()

    hidden, weight = normal(B, T, D), normal(V, D)
    labels = torch.randint(V, (B, T), generator=generator)
    labels[0, 3] = labels[1, -1] = -100
    if not copies:
        return hidden, weight, labels, None, [hidden, weight]
    scores, gate = normal(B, T, J), normal(B, T)
    ids = torch.randint(V, (B, T, J), generator=generator)
    ids[0, 0, 0] = labels[0, 1]
    copied = CopyDistribution(scores.softmax(-1), ids, F.logsigmoid(gate), F.logsigmoid(-gate))
    return hidden, weight, labels, copied, [hidden, weight, scores, gate]


def plain(hidden: Tensor, weight: Tensor, labels: Tensor, copied: CopyDistribution | None) -> Tensor:
    """Nats [B, T - 1] by the definitions, 0 where nothing is predicted."""
    logits = F.linear(hidden, weight)
    log_probs = logits.log_softmax(-1) if copied is None else copied.mix(logits)
    targets = labels[:, 1:]
    found = log_probs[:, :-1].gather(-1, targets.clamp_min(0)[..., None])[..., 0]
    return torch.where(targets >= 0, -found, 0.0)


@pytest.fixture(
    params=[1, 3 * V, 10**9, None],
    ids=["a token at a time", "three tokens at a time", "all at once", "as many as suit"],
)
def at_once(request: pytest.FixtureRequest) -> int | None:
    found: int | None = request.param
    return found


@pytest.mark.parametrize(
    ("vocab_size", "tokens"), [(32, 131_072), (1024, 4096), (32_768, 128), (49_152, 128), (262_144, 128)]
)
def test_a_slice_of_few_tokens_would_read_the_output_matrix_too_often(vocab_size: int, tokens: int) -> None:
    assert tokens_at_once(vocab_size) == tokens


@pytest.mark.parametrize("divisor", [None, 5, torch.tensor(9)], ids=str)
@pytest.mark.parametrize("copies", [False, True])
def test_loss_and_gradients_are_those_of_the_plain_formula(
    copies: bool, divisor: Tensor | int | None, at_once: int | None
) -> None:
    hidden, weight, labels, copied, leaves = draw(copies=copies)
    expected_nats = plain(hidden, weight, labels, copied)
    expected = expected_nats.sum() / (int((labels[:, 1:] >= 0).sum()) if divisor is None else divisor)
    loss, nats = next_token_loss(hidden, weight, labels, copied, divisor, logits_at_once=at_once)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(nats[:, 1:], expected_nats)
    assert not nats[:, 0].any() and not nats.requires_grad
    ours = torch.autograd.grad(3 * loss, leaves, retain_graph=True)
    theirs = torch.autograd.grad(3 * expected, leaves)
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their)


def test_gradients_are_those_of_differences() -> None:
    hidden, weight, labels, copied, _ = draw(copies=True)
    assert copied is not None
    fixed = CopyDistribution(
        *(x.detach() for x in (copied.weights, copied.ids, copied.log_gate, copied.log_rest))
    )
    assert torch.autograd.gradcheck(
        lambda h, w: next_token_loss(h, w, labels, fixed, None)[0], (hidden, weight)
    )


def test_without_gradients_none_are_computed() -> None:
    hidden, weight, labels, copied, _ = draw(copies=True)
    with torch.no_grad():
        loss, nats = next_token_loss(hidden, weight, labels, copied, None)
    assert not loss.requires_grad
    torch.testing.assert_close(nats[:, 1:], plain(hidden, weight, labels, copied).detach())


def test_a_frozen_output_gets_no_gradient() -> None:
    hidden, weight, labels, _, _ = draw(copies=False)
    loss, _ = next_token_loss(hidden, weight.detach(), labels, None, None)
    expected = plain(hidden, weight.detach(), labels, None).sum() / (labels[:, 1:] >= 0).sum()
    (ours,) = torch.autograd.grad(loss, hidden)
    torch.testing.assert_close(ours, torch.autograd.grad(expected, hidden)[0])


@pytest.mark.parametrize("copies", [False, True])
@pytest.mark.parametrize("learns", [False, True])
def test_an_output_with_a_bias(copies: bool, learns: bool, at_once: int | None) -> None:
    """That is one with a further activation, which is 1."""
    hidden, weight, labels, copied, leaves = draw(copies=copies)
    bias = torch.randn(V, dtype=torch.float64).requires_grad_(learns)
    more = F.pad(hidden, (0, 1), value=1.0), torch.cat([weight, bias[:, None]], -1)
    expected, expected_nats = next_token_loss(*more, labels, copied, 5)
    loss, nats = next_token_loss(hidden, weight, labels, copied, 5, bias=bias, logits_at_once=at_once)
    torch.testing.assert_close((loss, nats), (expected, expected_nats))
    if learns:
        leaves = [*leaves, bias]
    ours = torch.autograd.grad(3 * loss, leaves, retain_graph=True)
    torch.testing.assert_close(ours, torch.autograd.grad(3 * expected, leaves))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_under_autocast_gradients_are_right_to_its_precision(dtype: torch.dtype) -> None:
    """Also where a loss that is divided by many tokens would leave gradients too small for float16."""
    hidden, weight, labels, copied, leaves = draw(copies=True, dtype=torch.float32)
    plain_loss = plain(hidden, weight, labels, copied).sum() / 1e8
    theirs = torch.autograd.grad(plain_loss, leaves, retain_graph=True)
    with torch.autocast("cpu", dtype=dtype):
        loss, _ = next_token_loss(hidden, weight, labels, copied, 10**8)
    ours = torch.autograd.grad(loss, leaves)
    for our, their in zip(ours, theirs, strict=True):
        assert our.dtype == torch.float32
        torch.testing.assert_close(our * 1e8, their * 1e8, atol=0.03, rtol=0.03)


def test_in_half_precision_the_sum_over_many_parts_is_not_rounded_away() -> None:
    hidden, weight, _, _, _ = draw(copies=False, dtype=torch.float32)
    hidden, labels = hidden.detach()[:1].repeat(1, 300, 1), torch.arange(300 * T)[None] % V
    both = []
    for dtype, at_once in ((torch.float32, 10**9), (torch.bfloat16, 4 * V)):
        leaf = weight.detach().bfloat16().to(dtype).requires_grad_()
        loss, _ = next_token_loss(
            hidden.bfloat16().to(dtype), leaf, labels, None, None, logits_at_once=at_once
        )
        (gradient,) = torch.autograd.grad(loss, leaf)
        assert gradient.dtype == dtype
        both.append(gradient.float())
    assert (both[1] - both[0]).norm() < 0.005 * both[0].norm()


def test_a_sequence_of_one_token_predicts_nothing() -> None:
    loss, nats = next_token_loss(torch.randn(2, 1, D), torch.randn(V, D), torch.ones(2, 1).long(), None, None)
    assert float(loss) == 0.0
    assert nats.tolist() == [[0.0], [0.0]]

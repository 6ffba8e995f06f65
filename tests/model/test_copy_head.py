import math
from typing import cast

import pytest
import torch
from torch import Tensor

from openbook.model.copy_head import CopyDistribution, CopyHead

from .tiny import Inputs, M, V, draw_inputs, tiny_model

B, T, J = 2, 3, 6


def draw(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """logits [B, T, V], weights and ids [B, T, J], gate [B, T]; the last position has nothing to copy."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(B, T, V, generator=generator, dtype=torch.float64)
    weights = torch.randn(B, T, J, generator=generator, dtype=torch.float64).softmax(-1)
    ids = torch.randint(4, (B, T, J), generator=generator)  # few tokens, so that some stand there twice
    gate = torch.rand(B, T, generator=generator, dtype=torch.float64)
    weights[:, -1] = 0
    gate[:, -1] = 0
    return logits, weights, ids, gate


def distribution(weights: Tensor, ids: Tensor, gate: Tensor) -> CopyDistribution:
    log_gate = torch.where(gate > 0, gate.clamp_min(1e-9).log(), -1e30)
    return CopyDistribution(weights, ids, log_gate, (1 - gate).log())


def mixed_log_prob(copied: CopyDistribution, logits: Tensor, targets: Tensor) -> Tensor:
    """Of each target, without a distribution over the vocabulary."""
    log_rest, log_copied = copied.log_parts(targets)
    of_vocabulary = logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]
    return torch.logaddexp(log_rest + of_vocabulary, log_copied)


def test_the_mixture_is_gate_times_copy_and_the_rest_times_vocabulary() -> None:
    logits, weights, ids, gate = draw()
    mixed = distribution(weights, ids, gate).mix(logits)
    for b in range(B):
        for t in range(T):
            powers = [math.exp(logit) for logit in logits[b, t].tolist()]
            for v in range(V):
                copied = sum(float(weights[b, t, j]) for j in range(J) if ids[b, t, j] == v)
                g = float(gate[b, t])
                expected = (1 - g) * powers[v] / sum(powers) + g * copied
                assert math.exp(mixed[b, t, v]) == pytest.approx(expected, rel=1e-9)


def test_log_prob_of_targets_is_what_the_mixture_says_of_them() -> None:
    logits, weights, ids, gate = draw(1)
    copied = distribution(weights, ids, gate)
    mixed = copied.mix(logits)
    for v in range(V):
        targets = torch.full((B, T), v)
        log_prob = mixed_log_prob(copied, logits, targets)
        torch.testing.assert_close(log_prob, mixed[..., v])


def test_the_mixture_stays_a_distribution_where_nothing_can_be_copied() -> None:
    logits, weights, ids, gate = draw()
    mixed = distribution(weights, ids, gate).mix(logits)
    torch.testing.assert_close(mixed.exp().sum(-1), torch.ones(B, T, dtype=torch.float64))
    torch.testing.assert_close(mixed[:, -1], logits[:, -1].log_softmax(-1))


@pytest.mark.parametrize("ruled_out", [0.0, -100.0, -1e4])
@pytest.mark.parametrize("scale", [1.0, 60.0, 87.0, 95.0, 300.0])
def test_gradients_are_finite_however_sharp_copying_and_vocabulary_are(
    scale: float, ruled_out: float
) -> None:
    """Copies with weights too small for a normal float among them: one over them is infinite."""
    scores = torch.linspace(0, -scale, J).expand(1, 1, J).clone().requires_grad_()
    logits = torch.zeros(1, 1, V)
    logits[..., : J + 1] = ruled_out
    logits.requires_grad_()
    ids = torch.arange(J).expand(1, 1, J)
    gate = torch.full((1, 1), 0.5).log()
    copied = CopyDistribution(scores.softmax(-1), ids, gate, gate)
    for target in range(J + 1):
        targets = torch.full((1, 1), target)
        log_prob = mixed_log_prob(copied, logits, targets)
        torch.testing.assert_close(log_prob, copied.mix(logits)[..., target])
        for loss in (log_prob.sum(), copied.mix(logits).sum()):
            for gradient in torch.autograd.grad(loss, (scores, logits), retain_graph=True):
                assert gradient.isfinite().all(), target


def test_a_sure_copy_makes_the_copied_token_likely_that_the_vocabulary_rules_out() -> None:
    logits = torch.zeros(1, 1, V)
    logits[..., 5] = -1e4
    gate = torch.full((1, 1), -0.1)
    copied = CopyDistribution(torch.ones(1, 1, 1), torch.full((1, 1, 1), 5), gate, (-gate.expm1()).log())
    assert float(copied.mix(logits)[0, 0, 5]) == pytest.approx(-0.1)


def test_only_positions_that_attend_to_a_chunk_copy_from_it() -> None:
    """With a gate that is wide open, a prediction is the mixture where there are neighbors, else plain."""
    model = tiny_model(copy_head=True)
    assert model.copy_head is not None
    with torch.no_grad():
        model.copy_head.gate.weight.zero_()
        model.copy_head.gate.bias.fill_(30.0)
    inputs = draw_inputs(batch=1, tokens=10)
    neighbors = torch.tensor([[[[3] * 2 * M], [[7] * 2 * M]]])
    with torch.no_grad():
        likeliest = model(inputs.input_ids, neighbors).logits
        off = model(inputs.input_ids).logits
    probabilities = likeliest.exp()[0]
    assert (probabilities[3:7, 3] > 0.999).all()
    assert (probabilities[7:10, 7] > 0.999).all()
    torch.testing.assert_close(likeliest[0, :3], off[0, :3])


def test_the_gate_is_shut_exactly_where_nothing_can_be_copied() -> None:
    model, inputs = tiny_model(copy_head=True), draw_inputs(tokens=9, ragged=True)
    assert model.copy_head is not None and inputs.neighbor_mask is not None
    network = model.model(**inputs.asdict())
    assert network.neighbors is not None
    copied = model.copy_head(network.hidden, network.neighbors)
    gate, rest = copied.log_gate.exp().detach(), copied.log_rest.exp().detach()
    for b in range(2):
        for t in range(9):
            chunk = (t + 1) // M - 1
            can_copy = chunk >= 0 and bool(inputs.neighbor_mask[b, chunk].any())
            assert (gate[b, t] > 0) == can_copy
            assert float(gate[b, t] + rest[b, t]) == pytest.approx(1)
            assert copied.weights[b, t].sum().item() == pytest.approx(float(can_copy))


def test_a_model_without_neighbors_predicts_as_one_whose_gate_is_shut() -> None:
    model, inputs = tiny_model(copy_head=True), draw_inputs()
    assert model.copy_head is not None
    with torch.no_grad():
        off = model(inputs.input_ids).logits
        model.copy_head.gate.weight.zero_()
        model.copy_head.gate.bias.fill_(-1e3)
        shut = model(Inputs(inputs.input_ids).input_ids).logits
    torch.testing.assert_close(off, shut)


def test_a_head_that_starts_closed_copies_nothing_and_opens() -> None:
    model = tiny_model(copy_head=True)
    given = draw_inputs()
    head = CopyHead(model.config, starts_closed=True).double()
    model.copy_head = head
    assert head.opening is not None

    def log_probabilities() -> Tensor:
        return cast(Tensor, model(given.input_ids, given.neighbor_ids, given.neighbor_mask).logits)

    with torch.no_grad():
        closed = log_probabilities()
        off = model(given.input_ids).logits
        model.copy_head = None
        uncopied = log_probabilities().log_softmax(-1)
        model.copy_head = head
    assert (off - closed).abs().max() > 1e-3  # cross-attention is there
    torch.testing.assert_close(closed.exp(), uncopied.exp(), atol=1e-5, rtol=0)

    given_labels = model(given.input_ids, given.neighbor_ids, given.neighbor_mask, labels=given.input_ids)
    given_labels.loss.backward()
    assert head.opening.grad is not None and head.opening.grad.abs() > 1e-4
    with torch.no_grad():
        head.opening.fill_(-0.9)  # its size counts
        opened = log_probabilities()
    assert (opened - closed).abs().max() > 1e-2
    torch.testing.assert_close(opened.exp().sum(-1), torch.ones_like(opened[..., 0]))


def test_without_gradients_the_same_mixture() -> None:
    """Where no gradient is wanted, what is copied is added to the few tokens that can be."""
    torch.manual_seed(0)
    weights = torch.rand(2, 3, 8, dtype=torch.float64)
    ids = torch.randint(5, (2, 3, 8))  # several times the same token
    weights[ids == 4] = 0.0  # which is masked
    weights /= weights.sum(-1, keepdim=True)
    gate = torch.rand(2, 3, dtype=torch.float64)
    copied = CopyDistribution(weights, ids, gate.log(), (1 - gate).log())
    logits = torch.randn(2, 3, 23, dtype=torch.float64)
    expected = copied.mix(logits)
    with torch.no_grad():
        found = copied.mix(logits)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(2, 3, dtype=torch.float64))

"""The copy head over the base's own last activations, against a slow copy of its formulas."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from openbook import RetroForCausalLM
from openbook.model.loss import next_token_loss
from openbook.model.retrofitting import RetrofitForCausalLM, load_base
from openbook.model.retrofitting.own.own_copy_head import OwnCopyHead

from ...tiny import Inputs, draw_inputs
from ..test_cache import in_steps
from ..tiny import (
    OWN_READERS,
    M,
    V,
    learned,
    new_weights,
    padded_inputs,
    tiny_base,
    tiny_own,
    train_steps,
)

ALL = pytest.mark.parametrize("name", OWN_READERS)
WAYS = pytest.mark.parametrize("reading", ["joint", "independent"])
PREFIX = [3, 5]
INPUTS = draw_inputs(tokens=14, ragged=True)


def double(name: str = "llama", **options: object) -> RetrofitForCausalLM:
    """As if it had trained."""
    return learned(tiny_own(tiny_base(name), copy_head=True, **options)).double()


def head_of(model: RetrofitForCausalLM) -> OwnCopyHead:
    assert isinstance(model.copy_head, OwnCopyHead)
    return model.copy_head


def copied_alone(model: RetrofitForCausalLM) -> RetrofitForCausalLM:
    """With a gate that is wide open wherever there is something to copy."""
    with torch.no_grad():
        head_of(model).gate_state.zero_()
        head_of(model).gate_features.zero_()
        head_of(model).gate_bias.fill_(5.0)  # the rest is e^-96
    return model


def states_of_neighbors(model: RetrofitForCausalLM, neighbors: list[list[int]], joint: bool) -> list[Tensor]:
    """Last activations of the base at each neighbor's tokens, [R', D]."""
    found = []
    before = list(model.config.prefix_ids)
    for ids in neighbors:
        hidden = model.base.base_model(torch.tensor([before + ids])).last_hidden_state[0]
        found.append(hidden[len(before) :])
        before = before + ids if joint else before
    return found


def reference(
    model: RetrofitForCausalLM, hidden: Tensor, logits: Tensor, neighbors: list[list[int]]
) -> Tensor:
    """Log-probabilities [V] of one position, from the formulas at the head of own_copy_head.py.

    Args:
        model: its weights.
        hidden: [D].
        logits: [V] of the base.
        neighbors: those of the chunk that the position reads, as lists of tokens.
    """
    head = head_of(model)
    assert head.query is not None and head.key is not None

    def cosine(x: Tensor, y: Tensor) -> float:
        return float(x @ y / x.norm() / y.norm())

    s = 30 * math.exp(20 * float(head.sharpness))
    query = hidden + head.query.up @ (head.query.down @ hidden)
    cosines, tokens = [], []
    read = states_of_neighbors(model, neighbors, model.config.reading == "joint")
    for ids, states in zip(neighbors, read, strict=True):
        for j in range(1, len(ids)):
            key = states[j - 1] + head.key.up @ (head.key.down @ states[j - 1])
            cosines.append(cosine(query, key))
            tokens.append(ids[j])
    plain = logits.softmax(-1)
    if not tokens:
        return plain.log()
    n = len(tokens)
    total = sum(math.exp(s * x) for x in cosines)
    a = [math.exp(s * x) / total for x in cosines]
    entropy = -sum(x * math.log(x) for x in a if x > 0) / math.log(max(n, 2))
    f = torch.tensor([max(cosines), math.log(total / n) / s, entropy], dtype=torch.float64)
    v, b = 20 * head.gate_features, START_B + 20 * float(head.gate_bias)
    gate = float(head.gate_state @ hidden / hidden.norm() + v @ f) + b
    g = 1 / (1 + math.exp(-gate))
    mixed = (1 - g) * plain
    for weight, token in zip(a, tokens, strict=True):
        mixed[token] += g * weight
    return mixed.log()


START_B = -3.5


def existing(inputs: Inputs, row: int, chunk: int) -> list[list[int]]:
    """The neighbors of a chunk as lists of tokens; those that are empty left out."""
    assert inputs.neighbor_ids is not None and inputs.neighbor_mask is not None
    pairs = zip(inputs.neighbor_ids[row, chunk], inputs.neighbor_mask[row, chunk], strict=True)
    return [ids[mask].tolist() for ids, mask in pairs if mask.any()]


@WAYS
@ALL
@torch.no_grad()
def test_it_is_what_its_formulas_say(name: str, reading: str) -> None:
    model = double(name, reading=reading, prefix_ids=PREFIX)
    found = model(**INPUTS.asdict()).logits
    hidden = model.model(**INPUTS.asdict()).hidden
    logits = model.lm_head(hidden)
    for row in range(2):
        for t in range(14):
            chunk = (t + 1) // M - 1
            neighbors = existing(INPUTS, row, chunk) if 0 <= chunk < 3 else []
            expected = reference(model, hidden[row, t], logits[row, t], neighbors)
            torch.testing.assert_close(found[row, t], expected, atol=1e-5, rtol=1e-5, msg=f"{row} {t}")


@WAYS
@torch.no_grad()
def test_all_of_a_prompt_copies_from_what_its_last_chunk_retrieved(reading: str) -> None:
    model = double(reading=reading, prefix_ids=PREFIX)
    found = model(**INPUTS.asdict(), is_prompt=True).logits
    hidden = model.model(**INPUTS.asdict(), is_prompt=True).hidden
    for t in (0, 5, 13):
        expected = reference(model, hidden[0, t], model.lm_head(hidden[0, t]), existing(INPUTS, 0, 2))
        torch.testing.assert_close(found[0, t], expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_untrained_it_copies_what_followed_the_same_text_there() -> None:
    """A text that stands in a neighbor word for word, once after words like its own."""
    model = copied_alone(tiny_own(tiny_base("llama").double(), copy_head=True).double())
    text = draw_inputs(batch=1, tokens=2 * M - 1, neighbors=0).input_ids
    following = torch.tensor([[17]])
    neighbor = torch.cat([text, following], 1)[:, None, None]
    mask = torch.ones_like(neighbor, dtype=torch.bool)
    hidden = model.base.base_model(text).last_hidden_state
    neighbors = model.model(text, neighbor, mask).neighbors
    assert neighbors is not None
    copied = head_of(model)(hidden, neighbors)
    assert copied.weights[0, -1].argmax() == 2 * M - 1
    assert copied.ids[0, -1, -1] == 17


@torch.no_grad()
def test_untrained_it_takes_no_more_than_its_gate_lets_through() -> None:
    with_head, without = (tiny_own("llama", copy_head=copies) for copies in (True, False))
    found = with_head(**INPUTS.asdict()).logits
    plain = without(**INPUTS.asdict()).logits.log_softmax(-1)
    assert torch.equal(found[1, : 2 * M - 1], plain[1, : 2 * M - 1])  # it has no neighbors there
    assert (plain - found).max() <= -math.log(1 - 1 / (1 + math.exp(-START_B))) + 1e-5
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(2, 14))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_off_is_the_base_bit_for_bit(dtype: torch.dtype) -> None:
    base = tiny_base("qwen3", dtype=dtype)
    plain = tiny_base("qwen3", dtype=dtype)(INPUTS.input_ids).logits
    model = tiny_own(base, copy_head=True)
    for _ in range(2):
        with torch.no_grad():
            assert torch.equal(model(INPUTS.input_ids).logits, plain)
            nothing = torch.zeros_like(INPUTS.neighbor_ids, dtype=torch.bool)
            assert torch.equal(model(INPUTS.input_ids, INPUTS.neighbor_ids, nothing).logits, plain)
        train_steps(model)
    assert torch.equal(base(INPUTS.input_ids).logits, plain)


@torch.no_grad()
def test_only_positions_that_read_a_chunks_neighbors_copy_from_them() -> None:
    model = copied_alone(tiny_own("llama", copy_head=True))
    ids = draw_inputs(batch=1, tokens=10, neighbors=0).input_ids
    neighbors = torch.tensor([[[[3] * 2 * M], [[7] * 2 * M]]])
    probabilities = model(ids, neighbors).logits.exp()[0]
    assert (probabilities[3:7, 3] > 0.999).all()
    assert (probabilities[7:10, 7] > 0.999).all()
    off = model(ids).logits.softmax(-1)[0]
    torch.testing.assert_close(probabilities[:3], off[:3])


@torch.no_grad()
def test_a_token_with_none_before_it_is_not_copied() -> None:
    """The first of each neighbor, and one after a gap."""
    model = copied_alone(double())
    head_of(model).sharpness.fill_(-0.1)  # which leaves the others something
    ids = draw_inputs(batch=1, tokens=M, neighbors=0).input_ids
    neighbors = torch.arange(4 * M).view(1, 1, 2, 2 * M)
    mask = torch.ones_like(neighbors, dtype=torch.bool)
    mask[..., 0, 3] = False
    probabilities = model(ids, neighbors, mask).logits.exp()[0, -1]
    never = [0, 3, 4, 2 * M]
    copied = [i for i in range(4 * M) if i not in never]
    assert (probabilities[copied] > 1e-5).all()
    assert (probabilities[[*never, *range(4 * M, V)]] < 1e-40).all()


def test_its_loss_is_that_of_the_mixture() -> None:
    model = double(reading="independent")
    out = model(**INPUTS.asdict(), labels=INPUTS.input_ids)
    told = out.logits[:, :-1].log_softmax(-1).gather(-1, INPUTS.input_ids[:, 1:, None])[..., 0]
    torch.testing.assert_close(out.token_losses[:, 1:], -told)
    few = model.model(**INPUTS.asdict())
    copied = head_of(model)(few.hidden, few.neighbors)
    loss, _ = next_token_loss(
        few.hidden, model.lm_head.weight, INPUTS.input_ids, copied, None, logits_at_once=1
    )
    torch.testing.assert_close(loss, out.loss)


@pytest.mark.parametrize("adapts", [False, True])
@WAYS
def test_only_new_weights_learn_and_all_of_them_do(reading: str, adapts: bool) -> None:
    model = tiny_own(copy_head=True, reading=reading, adapt_neighbors=adapts).train()
    assert {key for key, weight in model.named_parameters() if weight.requires_grad} == set(
        new_weights(model)
    )
    model(**INPUTS.asdict(), labels=INPUTS.input_ids).loss.backward()
    of_head = {key: weight.grad for key, weight in head_of(model).named_parameters()}
    waiting = {"query.down", "key.down"}  # for the other half to leave 0
    assert {key for key, gradient in of_head.items() if not gradient.any()} == waiting
    train_steps(model, 1)
    model.zero_grad()
    model(**INPUTS.asdict(), labels=INPUTS.input_ids).loss.backward()
    gradients = [weight.grad for weight in new_weights(model).values()]
    assert all(gradient.isfinite().all() and gradient.any() for gradient in gradients)


@pytest.mark.parametrize("adapts", [False, True])
def test_gradients_go_through_the_reading_of_neighbors_only_where_it_adapts(adapts: bool) -> None:
    model = double(adapt_neighbors=adapts)
    neighbors = model.model(**INPUTS.asdict()).neighbors
    assert neighbors is not None
    assert neighbors.retrieved.encoded.requires_grad == adapts


@torch.no_grad()
def test_gradients_are_finite_where_nothing_can_be_copied() -> None:
    """Neighbors of a single token, and rows of padding."""
    model = tiny_own("llama", copy_head=True).train()
    inputs, positions = padded_inputs(ragged=True)
    assert inputs.neighbor_ids is not None
    single = torch.zeros_like(inputs.neighbor_ids, dtype=torch.bool)
    single[..., 0] = True
    for mask in (single, inputs.neighbor_mask):
        model.zero_grad()
        with torch.enable_grad():
            given = inputs.but(neighbor_mask=mask).asdict()
            model(**given, position_ids=positions, labels=inputs.input_ids).loss.backward()
        gradients = [weight.grad for weight in new_weights(model).values() if weight.grad is not None]
        assert all(gradient.isfinite().all() for gradient in gradients)


@WAYS
def test_gradient_checkpointing_changes_no_gradient(reading: str) -> None:
    model = double(reading=reading, adapt_neighbors=True, prefix_ids=PREFIX).train()

    def gradients() -> dict[str, Tensor]:
        model.zero_grad()
        model(**INPUTS.asdict(), labels=INPUTS.input_ids).loss.backward()
        return {key: weight.grad.clone() for key, weight in new_weights(model).items()}

    plain = gradients()
    model.activation_checkpointing_enable()
    for key, gradient in gradients().items():
        torch.testing.assert_close(gradient, plain[key], msg=key)


@WAYS
@ALL
@torch.no_grad()
def test_in_steps_and_kept_as_at_once(name: str, reading: str) -> None:
    model = double(name, reading=reading, prefix_ids=PREFIX)
    expected = model(**INPUTS.asdict()).logits.log_softmax(-1)
    steps = [6, *[1] * 8]
    for _ in range(3):
        # A pass that reads no neighbors gives the base's logits, others log-probabilities.
        found = in_steps(model, INPUTS, steps).log_softmax(-1)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
        kept = model.model.decoder.kept or model.keep_neighbors()
        found = model(**INPUTS.asdict()).logits.log_softmax(-1)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert kept.misses == len(kept) > 0


@torch.no_grad()
def test_last_activations_are_kept_only_for_a_copy_head() -> None:
    sizes = []
    for copies in (False, True):
        model = tiny_own(reading="independent", copy_head=copies)
        kept = model.keep_neighbors()
        model(**draw_inputs(batch=1, tokens=4, neighbors=1).asdict())
        sizes.append(kept.size)
    assert sizes[1] - sizes[0] == 2 * M * 16 * 4  # R tokens of width 16 in float32


def test_new_weights_fit_what_they_are_shown() -> None:
    """What the text says next always stands in its neighbor."""
    model = tiny_own("llama", copy_head=True, cca_layers=[1], rank=0)
    inputs = draw_inputs(tokens=12)
    losses = []
    optimizer = torch.optim.AdamW(head_of(model).parameters(), lr=0.01)
    for _ in range(40):
        optimizer.zero_grad()
        loss = model(**inputs.asdict(), labels=inputs.input_ids).loss
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]


@torch.no_grad()
def test_saved_and_merged_it_says_what_it_said(tmp_path: Path) -> None:
    tiny_base("llama").save_pretrained(tmp_path / "base")
    base = load_base(str(tmp_path / "base"))
    model = learned(tiny_own(base, copy_head=True, copy_rank=2))
    expected = model(**INPUTS.asdict()).logits
    model.save_pretrained(tmp_path / "adapter")
    stored = load_file(tmp_path / "adapter" / "model.safetensors")
    assert stored.keys() == new_weights(model).keys()
    assert stored["copy_head.query.down"].shape == (2, 16)
    loaded = RetroForCausalLM.from_pretrained(tmp_path / "adapter")
    assert (loaded.config.copy_head, loaded.config.copy_rank) == (True, 2)
    assert torch.equal(loaded(**INPUTS.asdict()).logits, expected)
    assert isinstance(loaded, RetrofitForCausalLM)
    loaded.merge()
    loaded.save_pretrained(tmp_path / "merged")
    merged = RetroForCausalLM.from_pretrained(tmp_path / "merged")
    assert torch.equal(merged(**INPUTS.asdict()).logits, expected)


@torch.no_grad()
def test_in_half_precision_it_is_float32() -> None:
    model = learned(tiny_own(tiny_base("llama", dtype=torch.bfloat16), copy_head=True))
    assert head_of(model).dtype == torch.float32
    found = model(**INPUTS.asdict()).logits
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(2, 14), atol=1e-4, rtol=0)

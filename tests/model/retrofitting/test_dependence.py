"""Which neighbors inform which predictions, seen by gradients, for every family."""

import pytest
import torch
from torch import Tensor

from openbook.model.retrofitting import RetrofitForCausalLM

from ..tiny import Inputs
from .tiny import BASES, FAMILIES, M, draw_inputs, learned, tiny_base, tiny_retrofit

ALL = pytest.mark.parametrize("name", BASES)
EACH = pytest.mark.parametrize("name", FAMILIES)


@ALL
def test_a_chunks_neighbors_inform_all_that_follows_it_and_nothing_before(name: str) -> None:
    """From the last token of their chunk on; what lies behind the next chunk, through self-attention."""
    model = learned(tiny_retrofit(name)).double()
    inputs = draw_inputs(tokens=15)
    model.requires_grad_(False)
    informed = _influence(model, inputs)
    for chunk in range(3):
        first = (chunk + 1) * M - 1
        assert not informed[chunk, :first].any(), chunk
        assert (informed[chunk, first:] > 1e-12).all(), chunk


def _influence(model: RetrofitForCausalLM, inputs: Inputs) -> Tensor:
    """[C, T]: how much the logits at each position would change with what a chunk's neighbors say."""
    assert inputs.neighbor_ids is not None
    C, T = inputs.neighbor_ids.shape[1], inputs.input_ids.shape[1]
    found = torch.zeros(C, T, dtype=torch.float64)
    read: list[Tensor] = []
    encoder = model.model.encoder
    hook = encoder.register_forward_hook(lambda module, args, out: read.append(out.requires_grad_()) or out)
    logits = model(**inputs.asdict()).logits[0]
    hook.remove()
    for position in range(T):
        (gradient,) = torch.autograd.grad(logits[position].square().sum(), read[0], retain_graph=True)
        found[:, position] = gradient[0].abs().flatten(1).sum(1)
    return found


@EACH
def test_only_the_last_layer_of_p_reads_directly(name: str) -> None:
    """With cross-attention in the last layer alone, nothing carries on what a position read."""
    model = learned(tiny_retrofit(name, cca_layers=[4])).double()
    model.requires_grad_(False)
    informed = _influence(model, draw_inputs(tokens=15))
    positions = torch.arange(15)
    for chunk in range(3):
        reads = (positions + 1) // M - 1 == chunk
        assert torch.equal(informed[chunk] > 0, reads), chunk


@EACH
def test_a_later_token_or_chunk_changes_nothing_before(name: str) -> None:
    model = learned(tiny_retrofit(name, copy_head=True)).double()
    inputs = draw_inputs(tokens=15)
    before = model(**inputs.asdict()).logits
    for position in (3, 4, 9, 14):
        ids = inputs.input_ids.clone()
        ids[:, position] = (ids[:, position] + 1) % 23
        after = model(**inputs.but(input_ids=ids).asdict()).logits
        torch.testing.assert_close(after[:, :position], before[:, :position], atol=1e-12, rtol=0)
        assert (after[:, position] != before[:, position]).any()


@EACH
def test_a_masked_neighbor_token_says_nothing(name: str) -> None:
    model = learned(tiny_retrofit(name, copy_head=True)).double()
    inputs = draw_inputs(tokens=15, ragged=True)
    assert inputs.neighbor_ids is not None and inputs.neighbor_mask is not None
    logits = model(**inputs.asdict()).logits
    other = (inputs.neighbor_ids + 7) % 23
    same = torch.where(inputs.neighbor_mask, inputs.neighbor_ids, other)
    assert torch.equal(model(**inputs.but(neighbor_ids=same).asdict()).logits, logits)
    seen = torch.where(inputs.neighbor_mask, other, inputs.neighbor_ids)
    assert not torch.equal(model(**inputs.but(neighbor_ids=seen).asdict()).logits, logits)


@EACH
def test_without_any_neighbor_on_is_off(name: str) -> None:
    model = learned(tiny_retrofit(name))
    inputs = draw_inputs(tokens=15)
    assert inputs.neighbor_ids is not None
    nothing = torch.zeros_like(inputs.neighbor_ids, dtype=torch.bool)
    off = model(inputs.input_ids).logits
    assert torch.equal(model(**inputs.but(neighbor_mask=nothing).asdict()).logits, off)


def test_rows_of_a_batch_know_nothing_of_each_other() -> None:
    model = learned(tiny_retrofit("llama", copy_head=True)).double()
    inputs = draw_inputs(batch=3, ragged=True)
    together = model(**inputs.asdict()).logits
    for row in range(3):
        alone = {name: None if x is None else x[row : row + 1] for name, x in inputs.asdict().items()}
        torch.testing.assert_close(model(**alone).logits[0], together[row])


def test_a_chunk_conditions_the_reading_of_its_own_neighbors_alone() -> None:
    """Through the encoder, which attends to the chunk: without one, what is encoded is the same anywhere."""
    inputs = draw_inputs(tokens=15)
    ids = inputs.input_ids.clone()
    ids[:, M] = (ids[:, M] + 1) % 23  # of the second chunk
    for conditioned in (True, False):
        model = learned(tiny_retrofit("llama", encoder_conditioned=conditioned)).double()
        encoded = []
        model.model.encoder.register_forward_hook(lambda module, args, out, into=encoded: into.append(out))
        model(**inputs.asdict())
        model(**inputs.but(input_ids=ids).asdict())
        changed = (encoded[0] != encoded[1]).flatten(2).any(-1)[0].tolist()
        assert changed == ([False, True, True] if conditioned else [False] * 3)


def test_a_narrow_window_keeps_far_text_out_but_not_its_neighbors() -> None:
    """The base's own sliding window is of text; a chunk's neighbors are read by the next chunk anyway."""
    base = tiny_base("mistral", sliding_window=2, num_hidden_layers=2)
    model = learned(tiny_retrofit(base, cca_layers=[2])).double()
    model.requires_grad_(False)
    informed = _influence(model, draw_inputs(tokens=15)) > 0
    for chunk in range(3):
        first = (chunk + 1) * M - 1
        assert informed[chunk].nonzero().flatten().tolist() == list(range(first, min(first + M, 15)))

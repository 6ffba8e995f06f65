"""On the grid of chunks: what informs what, decoding with a cache, and what is told of attention."""

from typing import Any

import pytest
import torch
from torch import Tensor

from openbook.errors import SettingsError
from openbook.model import EncodedNeighbors, RetroCache
from openbook.model.retrofitting import RetrofitForCausalLM

from ...tiny import Inputs, draw_inputs
from ..test_cache import in_steps
from ..tiny import OWN_READERS, M, learned, padded_inputs, tiny_base, tiny_own

ALL = pytest.mark.parametrize("name", OWN_READERS)
WAYS = pytest.mark.parametrize(
    "options",
    [
        {"neighbors_before": "chunk"},
        {"reading": "independent", "prefix_ids": [3, 5], "neighbors_before": "chunk"},
        {"adapt_neighbors": True, "cca_layers": [2, 3]},
        {"reading": "independent", "copy_head": True},
    ],
    ids=["joint", "independent", "adapted", "copying"],
)
STEPS = ([6, *[1] * 8], [1, 1, 1, 5, 3, 3], [8, 6])


def double(name: str, **options: object) -> RetrofitForCausalLM:
    """As if it had trained."""
    return learned(tiny_own(tiny_base(name), **options)).double()


def told(model: RetrofitForCausalLM, logits: Tensor) -> Tensor:
    """With a copy head, a pass that reads no neighbors gives the base's logits, others log-probabilities."""
    return logits.log_softmax(-1) if model.config.copy_head else logits


def by_gradients(model: RetrofitForCausalLM, inputs: Inputs) -> Tensor:
    """[C, T]: how much the logits at each position would change with the keys and values of a chunk."""
    assert inputs.neighbor_ids is not None
    model.requires_grad_(False)
    C, T = inputs.neighbor_ids.shape[1], inputs.input_ids.shape[1]
    found = torch.zeros(C, T, dtype=torch.float64)
    decoder, kept = model.model.decoder, []
    read = decoder._read

    def noted(*given: Any) -> Any:
        layout, blocks, encoded = read(*given)
        kept.append([x.detach().requires_grad_() for pair in blocks.values() for x in pair])
        pairs = zip(kept[-1][::2], kept[-1][1::2], strict=True)
        return layout, dict(zip(blocks, pairs, strict=True)), encoded

    decoder._read = noted
    logits = model(**inputs.asdict()).logits[0]
    for position in range(T):
        of_layers = torch.autograd.grad(
            logits[position].square().sum(), kept[0], retain_graph=True, allow_unused=True
        )
        found[:, position] = sum(x[0].abs().flatten(1).sum(1) for x in of_layers if x is not None)
    return found


@WAYS
@ALL
def test_a_chunks_neighbors_inform_all_that_follows_it_and_nothing_before(
    name: str, options: dict[str, object]
) -> None:
    """From the last token of their chunk on; what lies behind the next chunk, through self-attention."""
    if "neighbors_before" not in options and tiny_base(name).config.to_dict().get("sliding_window"):
        pytest.skip("neighbors before the text are soon beyond a narrow window")
    informed = by_gradients(double(name, **options), draw_inputs(tokens=15))
    for chunk in range(3):
        first = (chunk + 1) * M - 1
        assert not informed[chunk, :first].any(), chunk
        assert (informed[chunk, first:] > 1e-12).all(), chunk


def test_only_the_last_layer_reads_directly() -> None:
    """Where it alone reads, nothing carries on what a position read."""
    informed = by_gradients(double("llama", cca_layers=[4]), draw_inputs(tokens=15)) > 0
    for chunk in range(3):
        reads = (torch.arange(15) + 1) // M - 1 == chunk
        assert torch.equal(informed[chunk], reads), chunk


@WAYS
def test_a_later_token_or_neighbor_changes_nothing_before(options: dict[str, object]) -> None:
    model = double("qwen2", **options)
    inputs = draw_inputs(tokens=15, ragged=True)
    assert inputs.neighbor_ids is not None
    with torch.no_grad():
        before = model(**inputs.asdict()).logits
        for position in (3, 4, 9, 14):
            ids = inputs.input_ids.clone()
            ids[:, position] = (ids[:, position] + 1) % 23
            after = model(**inputs.but(input_ids=ids).asdict()).logits
            torch.testing.assert_close(after[:, :position], before[:, :position], atol=1e-12, rtol=0)
            assert (after[:, position] != before[:, position]).any()
        for chunk in range(3):
            ids = inputs.neighbor_ids.clone()
            ids[:, chunk] = (ids[:, chunk] + 1) % 23
            after = model(**inputs.but(neighbor_ids=ids).asdict()).logits
            first = (chunk + 1) * M - 1
            torch.testing.assert_close(after[:, :first], before[:, :first], atol=1e-12, rtol=0)
            assert (after[0, first:] != before[0, first:]).any(-1).all()


@WAYS
def test_a_neighbor_token_that_does_not_exist_says_nothing(options: dict[str, object]) -> None:
    model = double("llama", **options)
    inputs = draw_inputs(tokens=15, ragged=True)
    assert inputs.neighbor_ids is not None and inputs.neighbor_mask is not None
    other = (inputs.neighbor_ids + 7) % 23
    same = torch.where(inputs.neighbor_mask, inputs.neighbor_ids, other)
    with torch.no_grad():
        logits = model(**inputs.asdict()).logits
        assert torch.equal(model(**inputs.but(neighbor_ids=same).asdict()).logits, logits)
        seen = torch.where(inputs.neighbor_mask, other, inputs.neighbor_ids)
        assert not torch.equal(model(**inputs.but(neighbor_ids=seen).asdict()).logits, logits)


@WAYS
def test_without_any_neighbor_on_is_off(options: dict[str, object]) -> None:
    model = learned(tiny_own("llama", **options))
    inputs = draw_inputs(tokens=15)
    assert inputs.neighbor_ids is not None
    nothing = torch.zeros_like(inputs.neighbor_ids, dtype=torch.bool)
    with torch.no_grad():
        off = model(inputs.input_ids).logits
        assert torch.equal(model(**inputs.but(neighbor_mask=nothing).asdict()).logits, off)
        some = nothing.clone()
        some[0, 1] = True
        on = told(model, model(**inputs.but(neighbor_mask=some).asdict()).logits)
    off = told(model, off)
    # The row, and the positions, that read nothing.
    torch.testing.assert_close(on[1], off[1], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(on[0, : 2 * M - 1], off[0, : 2 * M - 1], atol=1e-4, rtol=1e-4)
    assert (on[0, 2 * M - 1 :] != off[0, 2 * M - 1 :]).any(-1).all()


@WAYS
def test_rows_of_a_batch_know_nothing_of_each_other(options: dict[str, object]) -> None:
    model = double("smollm3", **options)
    inputs = draw_inputs(batch=3, ragged=True)
    with torch.no_grad():
        together = model(**inputs.asdict()).logits
        for row in range(3):
            alone = {name: None if x is None else x[row : row + 1] for name, x in inputs.asdict().items()}
            torch.testing.assert_close(model(**alone).logits[0], together[row])


@WAYS
@ALL
def test_in_steps_as_at_once(name: str, options: dict[str, object]) -> None:
    model = double(name, **options)
    with torch.no_grad():
        for inputs in (draw_inputs(tokens=14, neighbors=0), draw_inputs(tokens=14, ragged=True)):
            at_once = told(model, model(**inputs.asdict()).logits)
            for steps in STEPS:
                found = told(model, in_steps(model, inputs, steps))
                torch.testing.assert_close(found, at_once, atol=1e-6, rtol=1e-6)


@WAYS
@ALL
def test_padded_rows_as_rows_alone_at_once_and_in_steps(name: str, options: dict[str, object]) -> None:
    model = double(name, **options)
    inputs, positions = padded_inputs(ragged=True)
    alone = {
        key: None if x is None else x[1:, 1:] if key.startswith("neighbor") else x[1:, M:]
        for key, x in inputs.asdict().items()
    }
    with torch.no_grad():
        expected = told(model, model(**alone | {"attention_mask": None}).logits)[0]
        at_once = told(model, model(**inputs.asdict(), position_ids=positions).logits)
        torch.testing.assert_close(at_once[1, M:], expected, atol=1e-5, rtol=1e-5)
        # After passes of padding alone, a prefix is further off, which a narrow window notices.
        narrow = model.base.config.to_dict().get("sliding_window") and model.config.prefix_ids
        for steps in STEPS[:1] if narrow else STEPS[:2]:
            found = told(model, in_steps(model, inputs, steps, positions))
            torch.testing.assert_close(found[0], at_once[0], atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(found[1, M:], expected, atol=1e-5, rtol=1e-5)


@WAYS
def test_transformers_generate_off_and_on(options: dict[str, object]) -> None:
    base = tiny_base("llama")
    inputs, _ = padded_inputs(neighbors=0)
    prompt = {"inputs": inputs.input_ids, "attention_mask": inputs.attention_mask}
    settings = {"max_new_tokens": 9, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    model = learned(tiny_own(base, **options))
    if not model.config.prefix_ids:
        written = base.generate(**prompt, **settings)
        beams = base.generate(**prompt, **settings, num_beams=2)
        assert torch.equal(model.generate(**prompt, **settings), written)
        assert torch.equal(model.generate(**prompt, **settings, num_beams=2), beams)
    given = draw_inputs(tokens=9)
    for num_beams in (1, 2):
        cached, plain = (
            model.generate(
                given.input_ids,
                neighbor_ids=given.neighbor_ids,
                **settings,
                use_cache=use,
                num_beams=num_beams,
            )
            for use in (True, False)
        )
        assert torch.equal(cached, plain)


def test_shares_of_attention_are_told() -> None:
    inputs = draw_inputs(tokens=14, ragged=True)
    model = learned(tiny_own(prefix_ids=[3]))
    shares = model(**inputs.asdict(), output_shares=True).neighbor_shares
    sums = shares.sum(-1)
    assert not sums[:, :3].any()
    torch.testing.assert_close(sums[0, 3:], torch.ones(11))
    assert not sums[1, :7].any()  # its first chunk has no neighbors
    torch.testing.assert_close(sums[1, 7:], torch.ones(7))
    assert model(inputs.input_ids, output_shares=True).neighbor_shares is None


def test_encoded_neighbors_are_refused() -> None:
    cache = RetroCache()
    cache.encoded_neighbors = EncodedNeighbors()
    with pytest.raises(SettingsError, match="reader 'own' has no encoder"):
        tiny_own()(**draw_inputs().asdict(), past_key_values=cache)

"""Decoding with a cache, across chunk borders, gives what one pass over the whole text gives."""

import pytest
import torch
from torch import Tensor

from openbook.model import RetroCache
from openbook.model.retrofitting import RetrofitForCausalLM

from ..tiny import Inputs
from .tiny import BASES, FAMILIES, M, draw_inputs, learned, padded_inputs, tiny_base, tiny_retrofit

STEPS = ([6, *[1] * 8], [1, 1, 1, 5, 3, 3], [8, 6])
ALL = pytest.mark.parametrize("name", BASES)


def in_steps(
    model: RetrofitForCausalLM, inputs: Inputs, steps: list[int], positions: Tensor | None = None
) -> Tensor:
    """Logits of the whole, computed in passes of so many tokens each."""
    cache, found, past = RetroCache(), [], 0
    for step in steps:
        end = past + step
        new = slice(past // M, end // M)
        neighbors = inputs.neighbor_ids is not None and new.start < new.stop
        out = model(
            inputs.input_ids[:, past:end],
            inputs.neighbor_ids[:, new] if neighbors else None,
            inputs.neighbor_mask[:, new] if neighbors and inputs.neighbor_mask is not None else None,
            attention_mask=None if inputs.attention_mask is None else inputs.attention_mask[:, :end],
            position_ids=None if positions is None else positions[:, past:end],
            past_key_values=cache,
        )
        found.append(out.logits)
        past = end
    return torch.cat(found, 1)


@ALL
def test_in_steps_as_at_once(name: str) -> None:
    model = learned(tiny_retrofit(name, copy_head=True)).double()
    with torch.no_grad():
        for inputs in (draw_inputs(neighbors=0), draw_inputs(ragged=True)):
            at_once = model(**inputs.asdict()).logits
            for steps in STEPS:
                found = in_steps(model, inputs, steps)
                # A pass that reads no neighbors gives the base's logits, others log-probabilities.
                torch.testing.assert_close(found.log_softmax(-1), at_once.log_softmax(-1))


@ALL
def test_padded_rows_as_rows_alone_at_once_and_in_steps(name: str) -> None:
    """A row with a whole chunk of padding before it, and position ids that say where the text begins."""
    model = learned(tiny_retrofit(name)).double()
    inputs, positions = padded_inputs(ragged=True)
    alone = {
        key: None if x is None else x[1:, 1:] if key.startswith("neighbor") else x[1:, M:]
        for key, x in inputs.asdict().items()
    }
    with torch.no_grad():
        expected = model(**alone | {"attention_mask": None}).logits[0]
        at_once = model(**inputs.asdict(), position_ids=positions).logits
        torch.testing.assert_close(at_once[1, M:], expected)
        for steps in STEPS[:2]:
            found = in_steps(model, inputs, steps, positions)
            torch.testing.assert_close(found[0], at_once[0])
            torch.testing.assert_close(found[1, M:], expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_transformers_generate_without_neighbors_writes_what_the_base_writes(name: str) -> None:
    base = tiny_base(name)
    inputs, _ = padded_inputs(neighbors=0)
    prompt = {"inputs": inputs.input_ids, "attention_mask": inputs.attention_mask}
    options = {"max_new_tokens": 8, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    written = base.generate(**prompt, **options)
    beams = base.generate(**prompt, **options, num_beams=2)
    model = learned(tiny_retrofit(base))
    assert torch.equal(model.generate(**prompt, **options), written)
    assert torch.equal(model.generate(**prompt, **options, num_beams=2), beams)


def test_transformers_generate_reads_the_prompts_neighbors() -> None:
    model = learned(tiny_retrofit("llama"))
    inputs = draw_inputs(tokens=9)
    given = {"neighbor_ids": inputs.neighbor_ids, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    written = {
        cached: model.generate(inputs.input_ids, **given, max_new_tokens=9, use_cache=cached)
        for cached in (True, False)
    }
    assert torch.equal(written[True], written[False])


def test_a_table_of_positions_has_an_end() -> None:
    from openbook.errors import SettingsError

    model = tiny_retrofit("gpt2")
    ids = torch.ones(1, 41, dtype=torch.long)
    with pytest.raises(SettingsError, match="41 tokens: this gpt2 has positions for 40, none beyond"):
        model(ids)
    out = model(ids[:, :40], use_cache=True)
    with pytest.raises(SettingsError, match="41 tokens: this gpt2 has positions for 40"):
        model(ids[:, :1], past_key_values=out.past_key_values)
    # Padding takes no position.
    mask = torch.tensor([[0, *[1] * 40]])
    assert (
        model(ids, attention_mask=mask, position_ids=(mask.cumsum(1) - 1).clamp_min(0)).logits.shape[1] == 41
    )

"""transformers' `generate` on the model: greedy, beams, sampling, with and without a cache."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoTokenizer

from openbook.model import RetroForCausalLM
from openbook.text import train_tokenizer

from .tiny import Inputs, M, V, draw_inputs, tiny_model


def greedy_without_cache(model: RetroForCausalLM, inputs: Inputs, count: int) -> Tensor:
    """The likeliest token, again and again; the neighbors stay those of the prompt's chunks."""
    tokens, exists = inputs.input_ids, inputs.attention_mask
    for _ in range(count):
        ids, mask = inputs.neighbor_ids, inputs.neighbor_mask
        if ids is not None:
            if mask is None:
                mask = torch.ones_like(ids, dtype=torch.bool)
            ids, mask = (x[:, : inputs.input_ids.shape[1] // M] for x in (ids, mask))
            more = tokens.shape[1] // M - ids.shape[1]
            filler = torch.zeros_like(ids[:, :1]).expand(-1, more, -1, -1)
            ids, mask = torch.cat([ids, filler], 1), torch.cat([mask, filler.bool()], 1)
        with torch.no_grad():
            logits = model(tokens, ids, mask, exists).logits
        tokens = torch.cat([tokens, logits[:, -1:].argmax(-1)], dim=1)
        if exists is not None:
            exists = torch.cat([exists, torch.ones_like(exists[:, :1])], dim=1)
    return tokens


PROMPTS: dict[str, dict[str, Any]] = {
    "no neighbors": {"neighbors": 0},
    "neighbors": {},
    "neighbors, padding, missing ones": {"padding": (0, 5), "ragged": True, "neighbors": 3},
    "neighbors of whole chunks": {"tokens": 8},
    "neighbors of a surplus chunk": {"chunks": 3},
    "shorter than a chunk": {"tokens": 3, "neighbors": 0},
}


@pytest.mark.parametrize("use_cache", [True, False])
@pytest.mark.parametrize("copy_head", [False, True])
@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS.keys())
def test_generate_equals_a_greedy_loop_without_cache(
    prompt: dict[str, Any], copy_head: bool, use_cache: bool
) -> None:
    model, inputs = tiny_model(copy_head=copy_head, seed=3), draw_inputs(**prompt, seed=3)
    count = 10
    expected = greedy_without_cache(model, inputs, count)
    given = {name: value for name, value in inputs.asdict().items() if value is not None}
    given.setdefault("attention_mask", torch.ones_like(inputs.input_ids))
    written = model.generate(
        **given, max_new_tokens=count, do_sample=False, use_cache=use_cache, pad_token_id=0
    )
    assert torch.equal(written, expected)


@pytest.mark.parametrize("copy_head", [False, True])
def test_beam_search_finds_the_same_with_and_without_cache(copy_head: bool) -> None:
    model, inputs = tiny_model(copy_head=copy_head, seed=2), draw_inputs(ragged=True, padding=(0, 2))
    found = [
        model.generate(
            **inputs.asdict(),
            max_new_tokens=9,
            num_beams=4,
            num_return_sequences=2,
            do_sample=False,
            use_cache=use_cache,
            pad_token_id=0,
        )
        for use_cache in (True, False)
    ]
    assert found[0].shape == (4, 20)
    assert torch.equal(found[0], found[1])


def test_generate_continues_a_cache_that_it_returned() -> None:
    model, inputs = tiny_model(seed=4), draw_inputs(batch=1, tokens=9)
    once = greedy_without_cache(model, inputs, 12)
    options: dict[str, Any] = {"do_sample": False, "pad_token_id": 0, "return_dict_in_generate": True}
    first = model.generate(inputs.input_ids, neighbor_ids=inputs.neighbor_ids, max_new_tokens=5, **options)
    second = model.generate(
        first.sequences, past_key_values=first.past_key_values, max_new_tokens=7, **options
    )
    assert torch.equal(second.sequences, once)


def test_sampling_runs_and_stays_within_the_vocabulary() -> None:
    torch.manual_seed(0)
    inputs = draw_inputs()
    written = tiny_model(copy_head=True).generate(
        **{name: value for name, value in inputs.asdict().items() if value is not None},
        attention_mask=torch.ones_like(inputs.input_ids),
        max_new_tokens=6,
        do_sample=True,
        num_return_sequences=3,
        pad_token_id=0,
    )
    assert written.shape == (6, 17)
    assert written.max() < V


def test_decoding_that_takes_tokens_back_is_refused() -> None:
    """What crosses chunk borders cannot be taken back, and wrong words must not come out instead."""
    inputs = draw_inputs(batch=1)
    with pytest.raises(ValueError, match="not supported"):
        tiny_model().generate(inputs.input_ids, prompt_lookup_num_tokens=2, max_new_tokens=4, pad_token_id=0)
    with torch.no_grad():
        cache = tiny_model()(inputs.input_ids, use_cache=True).past_key_values
    assert not cache.is_croppable
    with pytest.raises(NotImplementedError):
        cache.crop(-1)


def test_stop_strings_end_the_text(tmp_path: Path) -> None:
    tokenizer = train_tokenizer(["a b c"] * 3, vocab_size=257)
    tokenizer.save(tmp_path)
    fast = AutoTokenizer.from_pretrained(tmp_path)
    model = tiny_model(vocab_size=tokenizer.vocab_size, seed=3)
    prompt = torch.tensor(tokenizer.encode(["a b c"]))
    options = {"do_sample": False, "pad_token_id": 0, "attention_mask": torch.ones_like(prompt)}
    whole = model.generate(prompt, max_new_tokens=8, **options)
    first = fast.decode(whole[0, prompt.shape[1]])
    stopped = model.generate(prompt, max_new_tokens=8, stop_strings=[first], tokenizer=fast, **options)
    assert torch.equal(stopped, whole[:, : prompt.shape[1] + 1])


def test_what_wraps_a_model_as_peft_does_can_train_and_write() -> None:
    """PEFT's causal wrapper names inputs_embeds and transformers' outputs, None unless they are given."""
    model, inputs = tiny_model(seed=3), draw_inputs(neighbors=0)
    passed_on = dict.fromkeys(("inputs_embeds", "output_attentions", "output_hidden_states", "return_dict"))
    out = model(input_ids=inputs.input_ids, attention_mask=None, labels=inputs.input_ids, **passed_on)
    assert out.loss is not None
    out.loss.backward()
    written = model.generate(
        input_ids=inputs.input_ids, inputs_embeds=None, max_new_tokens=2, do_sample=False, pad_token_id=0
    )
    assert written.shape[1] == inputs.input_ids.shape[1] + 2

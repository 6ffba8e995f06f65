"""Without retrieval a text is what transformers' generate writes with the same options."""

from typing import Any

import pytest
import torch

from model.tiny import V, tiny_model
from openbook.generation import Sampling
from openbook.generation.batch_row import DecodingSettings
from openbook.generation.running_batch import decode
from openbook.model import RetroForCausalLM

UNSEEN = 0
PROMPT = [3, 4, 5, 4, 3, 7, 9]

OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "repetition": ({"repetition_penalty": 1.7}, {"repetition_penalty": 1.7}),
    "bias": ({"logit_bias": {4: -3.0, 9: 2.5}}, {"sequence_bias": {(4,): -3.0, (9,): 2.5}}),
    "bias and repetition": (
        {"logit_bias": {4: 4.0}, "repetition_penalty": 1.3},
        {"sequence_bias": {(4,): 4.0}, "repetition_penalty": 1.3},
    ),
}


@pytest.fixture(scope="module")
def model() -> RetroForCausalLM:
    return tiny_model(seed=5)


def ours(model: RetroForCausalLM, prompt: list[int], settings: DecodingSettings) -> list[int]:
    return [token.id for token in decode(model, prompt, settings, None)]


@pytest.mark.parametrize("name", list(OPTIONS))
@pytest.mark.parametrize("at_least", [0, 12])
def test_greedy_texts_are_those_of_transformers(model: RetroForCausalLM, name: str, at_least: int) -> None:
    mine, theirs = OPTIONS[name]
    sampling = Sampling(temperature=0, **mine)
    end = ours(model, [1, *PROMPT], DecodingSettings(6, sampling, UNSEEN, 0))[5]  # so that some texts end
    lengths = []
    for first in range(1, V):
        prompt = [first, *PROMPT]
        found = ours(model, prompt, DecodingSettings(16, sampling, end, 0, min_new_tokens=at_least))
        written = model.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=16,
            min_new_tokens=at_least or None,
            do_sample=False,
            eos_token_id=end,
            pad_token_id=end,
            **theirs,
        )[0, len(prompt) :].tolist()
        assert found == (written[: written.index(end)] if end in written else written)
        lengths.append(len(found))
    assert min(lengths) >= at_least
    assert at_least or min(lengths) < 16

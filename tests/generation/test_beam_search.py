"""Beams look up what they have written; the best text is that of a slow search which reads all again."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from model.tiny import M
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.generation import Sampling, generate
from openbook.generation.batch_row import BatchRow, DecodingSettings
from openbook.generation.beam_search import best_beam
from openbook.generation.running_batch import decode
from openbook.model import RetroForCausalLM
from written_rows import MODELS, Neighbors, model_of

GREEDY = Sampling(temperature=0)
NEVER = 0


def slow_beams(model: RetroForCausalLM, prompt: list[int], beams: int, count: int) -> list[int]:
    """Each step reads every beam again, and looks all of its chunks up."""
    followed: list[tuple[float, list[int]]] = [(0.0, [])]
    for _ in range(count):
        longer = []
        for score, written in followed:
            log_probs = next_log_probs(model, prompt, written)
            longer += [(score + float(p), [*written, token]) for token, p in enumerate(log_probs) if token]
        followed = sorted(longer, key=lambda one: -one[0])[:beams]
    return followed[0][1]


def next_log_probs(model: RetroForCausalLM, prompt: list[int], written: list[int]) -> torch.Tensor:
    """Of the token after a text, dictated to the running batch's loop."""
    row = BatchRow(prompt, DecodingSettings(len(written) + 1, GREEDY, NEVER, 0), Neighbors(2))
    padding = -len(prompt) % M
    text = [NEVER] * padding + prompt + written
    whole = text[: len(text) // M * M]
    chunks = [whole[i : i + M] for i in range(0, len(whole), M)]
    chunks[0] = chunks[0][padding:]
    ids, mask = row.source.fetch(chunks)  # type: ignore[union-attr]
    exists = (torch.arange(len(text)) >= padding).long()[None]
    with torch.no_grad():
        out = model(torch.tensor([text]), ids[None], mask[None], attention_mask=exists)
    return out.logits[0, -1].log_softmax(-1)


@pytest.mark.parametrize("name", ["rotary", "relative, copy head"])
@pytest.mark.parametrize("length", [1, 6])
def test_the_best_beam_is_that_of_a_slow_search(name: str, length: int) -> None:
    model, prompt = model_of(name), list(range(5, 5 + length))
    bias = {NEVER: -100.0}
    options = {"num_beams": 3, "logit_bias": bias, "max_new_tokens": 2 * M + 2, "min_new_tokens": 0}
    found = best_beam(model, prompt, Neighbors(2), eos_id=NEVER, **options)
    assert found == slow_beams(model, prompt, 3, 2 * M + 2)


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("length", [2, 7, 8])
def test_one_beam_is_the_greedy_text(name: str, length: int) -> None:
    model, prompt = model_of(name), list(range(3, 3 + length))
    options: dict[str, Any] = {"logit_bias": {}, "max_new_tokens": 3 * M, "min_new_tokens": 0}
    for source in (Neighbors(2), None):
        found = best_beam(model, prompt, source, num_beams=1, eos_id=NEVER, **options)
        expected = decode(model, prompt, DecodingSettings(3 * M, GREEDY, NEVER, 0), source)
        assert [token for token in found if token != NEVER] == [token.id for token in expected]


def test_a_text_that_beams_found_is_told_and_cites(
    trained: RetroForCausalLM, book: Database, prompt_of: Callable[[int], str]
) -> None:
    model, prompt = trained.double(), prompt_of(20)
    options: dict[str, Any] = {"max_new_tokens": 40, "k": 2, "sampling": GREEDY, "num_logprobs": 0}
    pieces: list[str] = []
    found = generate(model, book, prompt, num_beams=4, on_text=pieces.append, **options)
    greedy = generate(model, book, prompt, **options)
    assert "".join(pieces) == found.text != ""
    assert found.citations

    def mean(of: Any) -> float:
        return sum(token.logprob for token in of.logprobs) / len(of.logprobs)

    assert mean(found) >= mean(greedy)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_beams": 0, "sampling": GREEDY}, "num_beams 0"),
        ({"num_beams": 2}, "temperature is 0.8; set it"),
        ({"num_beams": 2, "sampling": GREEDY, "stop": ["a"]}, "stop texts"),
        ({"num_beams": 2, "sampling": Sampling(temperature=0, presence_penalty=1)}, "penalties"),
        ({"num_beams": 2, "sampling": Sampling(temperature=0, repetition_penalty=2)}, "penalties"),
    ],
)
def test_what_beams_cannot_follow_is_refused(
    trained: RetroForCausalLM, book: Database, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        generate(trained, book, "Number", **options)

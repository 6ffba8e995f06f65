"""Beam search with retrieval: transformers' own, with a cache that looks up what each beam writes.

A text that is told while it is written cannot be taken back, so beams are searched first. The best text is
then written again, token by token: that tells it, and finds what each part of it read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from openbook.errors import SettingsError
from openbook.generation.joint_search import NeighborSource
from openbook.generation.sampling import Sampling
from openbook.model import RetroCache, RetroForCausalLM


class Dictated(Sampling):
    """Draws the tokens that it was given, one after the other."""

    __slots__ = ("_dictated",)

    _dictated: list[int]

    @classmethod
    def of(cls, tokens: Sequence[int]) -> "Dictated":
        """Make one that draws these."""
        made = cls(temperature=0)
        object.__setattr__(made, "_dictated", list(tokens)[::-1])
        return made

    def draw(self, logits: Tensor, generator: torch.Generator) -> int:
        return self._dictated.pop()


def check_beams(num_beams: int, sampling: Sampling, stop: Sequence[str]) -> None:
    """Refuse what beams cannot follow.

    Raises:
        SettingsError: no beam, draws, penalties, or stop texts.
    """
    if num_beams < 1:
        raise SettingsError(f"num_beams {num_beams}: must be at least 1")
    if num_beams == 1:
        return
    if sampling.temperature != 0:
        raise SettingsError(
            f"num_beams {num_beams}: beams draw nothing, but the temperature is {sampling.temperature}; set "
            "it to 0"
        )
    if sampling.presence_penalty or sampling.frequency_penalty or sampling.repetition_penalty != 1:
        raise SettingsError(f"num_beams {num_beams}: penalties do not go with beams; leave them out")
    if stop:
        raise SettingsError(f"num_beams {num_beams}: stop texts do not go with beams; leave them out")


def best_beam(
    model: RetroForCausalLM,
    prompt: Sequence[int],
    source: NeighborSource | None,
    *,
    num_beams: int,
    logit_bias: Mapping[int, float],
    max_new_tokens: int,
    min_new_tokens: int,
    eos_id: int,
) -> list[int]:
    """Search for the likeliest text, by its mean log-probability.

    Args:
        model: in evaluation mode.
        prompt: at least one token.
        source: gives neighbors; None: without retrieval.
        num_beams: texts that are followed.
        logit_bias: see `Sampling`.
        max_new_tokens, min_new_tokens: the longest and the shortest.
        eos_id: ends a text.

    Returns:
        Its tokens, with the one that ends it, if one does.
    """
    M = model.config.chunk_size
    padding = -len(prompt) % M
    ids = torch.tensor([[eos_id] * padding + list(prompt)], device=model.device)
    exists = (torch.arange(ids.shape[1], device=model.device) >= padding).long()[None]
    cache = RetroCache()
    if source is not None:

        def retrieve(chunks: Tensor) -> tuple[Tensor, Tensor]:
            from_start = cache.get_seq_length() == 0 and chunks.shape[1] == ids.shape[1] // M
            return _neighbors_of(source, chunks, padding if from_start else 0)

        cache.retrieve = retrieve
    biases = {(token,): float(bias) for token, bias in logit_bias.items()}
    generate = cast(Any, model).generate  # which transformers declares for its own kind of models
    with torch.inference_mode():
        found = generate(
            ids,
            attention_mask=exists,
            past_key_values=cache,
            num_beams=num_beams,
            do_sample=False,
            max_new_tokens=max_new_tokens,
            min_new_tokens=min_new_tokens or None,
            eos_token_id=eos_id,
            pad_token_id=eos_id,
            sequence_bias=biases or None,
        )
    written: list[int] = found[0, ids.shape[1] :].tolist()
    return written[: written.index(eos_id) + 1] if eos_id in written else written


def _neighbors_of(source: NeighborSource, chunks: Tensor, padding: int) -> tuple[Tensor, Tensor]:
    """Neighbors [B, C, K, R] of chunks [B, C, M], the first of which begins with padding."""
    beams = chunks.tolist()
    for beam in beams:
        beam[0] = beam[0][padding:]
    ids, mask = source.fetch([chunk for beam in beams for chunk in beam])
    shape = (*chunks.shape[:2], *ids.shape[1:])
    return ids.reshape(shape).to(chunks.device), mask.reshape(shape).to(chunks.device)

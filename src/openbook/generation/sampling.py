"""Choosing the next token, by transformers' own processors where it has them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from openbook.errors import type_error
from openbook.generation.request import check_sampling

if TYPE_CHECKING:
    from transformers import LogitsProcessorList


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How to draw a token.

    First logits are changed: by the bias, then by the penalties. Then the temperature divides them, and some
    tokens are left out: by top-k, top-p and min-p, in this order. With a temperature of 0 the likeliest token
    after the first step is taken.

    Raises:
        SettingsError: a value out of its range.
        TypeError: a value that is no number.
    """

    temperature: float = 0.8
    """Below 1 sharpens; 0 takes the likeliest token."""
    top_k: int | None = None
    """Draw among this many likeliest tokens; None: all."""
    top_p: float | None = 0.95
    """Draw among the likeliest tokens that together have this probability; None: all."""
    min_p: float | None = None
    """Draw among the tokens with at least this share of the likeliest one's probability; None: all."""
    repetition_penalty: float = 1.0
    """Of tokens in prompt or text, positive logits are divided by this, negative ones multiplied (CTRL,
    arXiv 1909.05858)."""
    presence_penalty: float = 0.0
    """Is subtracted from the logits of tokens that the text has, as OpenAI's; the prompt does not count."""
    frequency_penalty: float = 0.0
    """Is subtracted once for each time that the text has the token."""
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    """Is added to the logits of these tokens; -100 bans one, 100 makes it all but sure."""
    _biases: "LogitsProcessorList" = field(init=False, repr=False, compare=False)
    _warpers: "LogitsProcessorList" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        from transformers import (
            LogitsProcessorList,
            MinPLogitsWarper,
            RepetitionPenaltyLogitsProcessor,
            SequenceBiasLogitsProcessor,
            TemperatureLogitsWarper,
            TopKLogitsWarper,
        )

        from openbook.generation.nucleus import NucleusWarper

        check_sampling(
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            min_p=self.min_p,
            repetition_penalty=self.repetition_penalty,
            presence_penalty=self.presence_penalty,
            frequency_penalty=self.frequency_penalty,
            logit_bias=self.logit_bias,
        )
        biases, warpers = LogitsProcessorList(), LogitsProcessorList()
        if self.logit_bias:
            of_sequences = {(token,): float(bias) for token, bias in self.logit_bias.items()}
            biases.append(SequenceBiasLogitsProcessor(of_sequences))  # type: ignore[arg-type]
        if self.repetition_penalty != 1:
            biases.append(RepetitionPenaltyLogitsProcessor(float(self.repetition_penalty)))
        if self.temperature > 0:
            warpers.append(TemperatureLogitsWarper(float(self.temperature)))
        if self.top_k is not None:
            warpers.append(TopKLogitsWarper(self.top_k))
        if self.top_p is not None and self.top_p < 1:
            warpers.append(NucleusWarper(self.top_p))
        if self.min_p:
            warpers.append(MinPLogitsWarper(self.min_p))
        object.__setattr__(self, "_biases", biases)
        object.__setattr__(self, "_warpers", warpers)

    def penalized(self, logits: Tensor, prompt: Sequence[int], written: Sequence[int]) -> Tensor:
        """Change logits [V] by bias and penalties.

        Args:
            logits: as the model gives them.
            prompt: its tokens.
            written: those of the text so far.
        """
        if self._biases:
            before = torch.tensor([[*prompt, *written]], device=logits.device)
            logits = self._biases(before, logits[None])[0]  # type: ignore[arg-type]
        if written and (self.presence_penalty or self.frequency_penalty):
            counts = Counter(written)
            tokens = torch.tensor(list(counts), device=logits.device)
            times = torch.tensor(list(counts.values()), dtype=logits.dtype, device=logits.device)
            penalty = self.presence_penalty + self.frequency_penalty * times
            logits = logits.index_add(0, tokens, -penalty)
        return logits

    def draw(self, logits: Tensor, generator: torch.Generator) -> int:
        """One token from logits [V]."""
        if self.temperature == 0:
            return int(logits.argmax())
        shifted = (logits - logits.max())[None].double().cpu()  # no temperature makes them infinite
        scores = self._warpers(torch.empty((1, 0), dtype=torch.long), shifted)  # type: ignore[arg-type]
        return int(torch.multinomial(scores.softmax(-1)[0], 1, generator=generator))


def sampling_or(default: Sampling, given: Sampling | None) -> Sampling:
    """What was given, else the default.

    Raises:
        TypeError: it is no `Sampling`.
    """
    if given is not None and not isinstance(given, Sampling):
        raise type_error(given, "a Sampling", where="sampling", remedy="give Sampling(temperature=0)")
    return given or default

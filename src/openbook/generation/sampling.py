"""Choosing the next token, by transformers' own warpers."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from openbook.generation.request import check_sampling


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How to draw a token.

    Raises:
        SettingsError: a value out of its range.
    """

    temperature: float = 0.8
    """Below 1 sharpens; 0 takes the likeliest token."""
    top_k: int | None = None
    """Draw among this many likeliest tokens; None: all."""
    top_p: float | None = 0.95
    """Draw among the likeliest tokens that together have this probability; None: all."""
    _warpers: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        from transformers import (
            LogitsProcessorList,
            TemperatureLogitsWarper,
            TopKLogitsWarper,
            TopPLogitsWarper,
        )

        check_sampling(temperature=self.temperature, top_k=self.top_k, top_p=self.top_p)
        warpers = LogitsProcessorList()
        if self.temperature > 0:
            warpers.append(TemperatureLogitsWarper(float(self.temperature)))
        if self.top_k is not None:
            warpers.append(TopKLogitsWarper(self.top_k))
        if self.top_p is not None and self.top_p < 1:
            warpers.append(TopPLogitsWarper(self.top_p))
        object.__setattr__(self, "_warpers", warpers)

    def draw(self, logits: Tensor, generator: torch.Generator) -> int:
        """One token from logits [V]."""
        if self.temperature == 0:
            return int(logits.argmax())
        shifted = (logits - logits.max())[None].double().cpu()  # no temperature makes them infinite
        scores = self._warpers(torch.empty((1, 0), dtype=torch.long), shifted)
        return int(torch.multinomial(scores.softmax(-1)[0], 1, generator=generator))

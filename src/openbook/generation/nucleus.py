"""top-p without sorting the vocabulary: transformers' warper, faster where few tokens make up most of it."""

from typing import Any

import torch
from transformers import TopPLogitsWarper

_CANDIDATES = 1024
"""Tokens that are looked at first; sorting 49,000 took 5 of the 14 ms of a token of the preset `small`."""


class NucleusWarper(TopPLogitsWarper):
    """Keeps the likeliest tokens that together have the probability `top_p` (arXiv 1904.09751)."""

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Set the logits [1, V] of all other tokens to minus infinity."""
        if scores.shape[-1] <= _CANDIDATES:
            return super().__call__(input_ids, scores)
        best = scores.topk(_CANDIDATES)
        probabilities = (best.values - scores.logsumexp(-1, keepdim=True)).exp()
        # A token is kept where those before it do not make up the probability; the first always is.
        kept = probabilities.cumsum(-1) - probabilities < self.top_p
        if bool(kept[0, -1]):
            return super().__call__(input_ids, scores)
        warped = torch.full_like(scores, -torch.inf)
        return warped.scatter(-1, best.indices[kept][None], best.values[kept][None])

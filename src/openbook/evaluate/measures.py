"""From the losses of tokens to what is reported: bits per byte, perplexity, differences between modes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.evaluate.intervals import Difference, paired_difference
from openbook.evaluate.windows import Windows

Losses = Mapping[str, NDArray[np.float32]]
"""Nats [n, T] of the tokens of some windows, by the name of what was compared."""


@dataclass(frozen=True, slots=True)
class ModeResult:
    """One mode over all tokens evaluated."""

    bits_per_byte: float
    """Of the documents' UTF-8 text; their end-of-text tokens are predicted too."""
    perplexity: float
    """Per token."""
    perplexity_per_word: float | None
    """Words are what white space separates. None: too large for a number, as of a script without spaces."""
    tokens: int
    """Predicted tokens: all but the very first of what a window reads."""


def result_of(windows: Windows, nats: NDArray[np.float32], tokens: NDArray[np.bool_]) -> ModeResult:
    """Over these tokens [n, T], at least one."""
    mean = float(nats[tokens].mean(dtype=np.float64))
    return ModeResult(
        bits_per_byte=mean / math.log(2) / windows.bytes_per_token,
        perplexity=math.exp(mean),
        perplexity_per_word=_per_word(mean, windows.words_per_token),
        tokens=int(tokens.sum()),
    )


def _per_word(nats: float, words: float) -> float | None:
    """Perplexity from nats and words of a token."""
    try:
        return math.exp(nats / words)
    except (OverflowError, ZeroDivisionError):
        return None


def differences(
    windows: Windows, losses: Losses, tokens: NDArray[np.bool_], *, seed: int, base: str = "on"
) -> dict[str, Difference]:
    """Of all others from `base`, over these tokens [n, T]; empty where `base` is not among them."""
    if base not in losses:
        return {}
    _, document, counts = np.unique(windows.documents[tokens], return_inverse=True, return_counts=True)
    bits = {mode: np.bincount(document, weights=loss[tokens]) / math.log(2) for mode, loss in losses.items()}
    of_base, size = bits.pop(base), (counts * windows.bytes_per_token).astype(np.float64)
    return {mode: paired_difference(of_base, other, size, seed=seed) for mode, other in bits.items()}


def by_position(windows: Windows, nats: NDArray[np.float32]) -> list[float]:
    """Bits per byte of the tokens at each place in their chunk [M]."""
    M = windows.chunk_size
    counts = windows.predicted.reshape(-1, M).sum(axis=0)
    sums = np.where(windows.predicted, nats, 0.0).reshape(-1, M).sum(axis=0, dtype=np.float64)
    return [float(x) for x in sums / np.maximum(counts, 1) / math.log(2) / windows.bytes_per_token]

"""From the losses of tokens to what is reported: bits per byte, perplexity, differences between modes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.evaluate.windows import Windows

_DRAWS = 2000
_AT_ONCE = 200
_FEWEST = 6
"""Documents: five that by chance all lie on one side of 0 are commoner than one time in 20."""

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


@dataclass(frozen=True, slots=True)
class Difference:
    """How many bits per byte a mode is worse than retrieval on."""

    bits_per_byte: float
    low: float | None
    """95 % of the draws lie between low and high; if low is above 0, retrieval helps. None: fewer than 6
    documents, which no interval can be had from."""
    high: float | None
    documents: int

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.bits_per_byte:+.4f} (too few documents for an interval)"
        return f"{self.bits_per_byte:+.4f} ({self.low:+.4f} to {self.high:+.4f})"


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


def paired_difference(
    on: NDArray[np.float64], other: NDArray[np.float64], size: NDArray[np.float64], *, seed: int
) -> Difference:
    """The difference other - on with its 95 % interval, where there are documents enough.

    Args:
        on: [n] bits of each document with retrieval on.
        other: [n] bits of the same tokens in the other mode.
        size: [n] bytes of each document that were predicted, above 0.
        seed: of the draws.
    """
    gain = other - on
    rng = np.random.default_rng(seed)
    n, mean = len(gain), float(gain.sum() / size.sum())
    if n < _FEWEST:
        return Difference(mean, None, None, n)
    drawn = []
    for start in range(0, _DRAWS, _AT_ONCE):
        rows = rng.integers(n, size=(min(_AT_ONCE, _DRAWS - start), n))
        drawn.append(gain[rows].sum(axis=1) / size[rows].sum(axis=1))
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975])
    return Difference(mean, float(low), float(high), n)


def by_position(windows: Windows, nats: NDArray[np.float32]) -> list[float]:
    """Bits per byte of the tokens at each place in their chunk [M]."""
    M = windows.chunk_size
    counts = windows.predicted.reshape(-1, M).sum(axis=0)
    sums = np.where(windows.predicted, nats, 0.0).reshape(-1, M).sum(axis=0, dtype=np.float64)
    return [float(x) for x in sums / np.maximum(counts, 1) / math.log(2) / windows.bytes_per_token]

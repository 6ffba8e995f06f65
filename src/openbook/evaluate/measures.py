"""From the losses of tokens to what is reported: bits per byte, perplexity, differences with their intervals.

How sure a difference between two modes is says a paired bootstrap over documents. Both modes read the same
tokens, so what is drawn again and again, with replacement, are whole documents with both their losses: tokens
of one document are no independent witnesses.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.evaluate.windows import Windows

_DRAWS = 2000
_DRAWS_AT_ONCE = 200
_FEWEST_DOCUMENTS = 6
"""Five that by chance all lie on one side of 0 are commoner than one time in 20."""


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


@dataclass(frozen=True, slots=True)
class Share:
    """A share, with the bounds that 95 % of the draws lie between; None: too few documents."""

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.0%}"
        return f"{self.value:.0%} ({self.low:.0%} to {self.high:.0%})"


@dataclass(frozen=True, eq=False)
class TokenLosses:
    """What each token of a text cost, by the name of what predicted it.

    windows: the text.
    nats: float32 [n, T] by name, 0 where nothing is predicted.
    seed: of the intervals.
    """

    windows: Windows
    nats: Mapping[str, NDArray[np.float32]]
    seed: int

    def result(self, name: str, tokens: NDArray[np.bool_] | None = None) -> ModeResult:
        """Over these tokens [n, T], at least one; None: all that are predicted."""
        windows = self.windows
        tokens = windows.predicted if tokens is None else tokens
        mean = float(self.nats[name][tokens].mean(dtype=np.float64))
        return ModeResult(
            bits_per_byte=mean / math.log(2) / windows.bytes_per_token,
            perplexity=math.exp(mean),
            perplexity_per_word=_per_word(mean, windows.words_per_token),
            tokens=int(tokens.sum()),
        )

    def differences(
        self,
        tokens: NDArray[np.bool_] | None = None,
        *,
        base: str = "on",
        others: Sequence[str] | None = None,
    ) -> dict[str, Difference]:
        """How much worse than `base` others are.

        With three documents, of which tokens cost (in bits):

            documents [n, T]    7 7 9 9 9 4       places in the layout
            document            1 1 2 2 2 0       their numbers among those that are there
            bits of `base`      1 2 1 1 1 5       sums by document: 5 3 3
            bits of another     2 2 3 1 1 5       sums by document: 5 4 5

        Args:
            tokens: [n, T] to compare over; None: all that are predicted.
            base: what is compared with.
            others: names; None: all but `base`.

        Returns:
            By name; empty where `base` was not evaluated.
        """
        if base not in self.nats:
            return {}
        windows = self.windows
        tokens = windows.predicted if tokens is None else tokens
        others = [name for name in self.nats if name != base] if others is None else others
        _, document, counts = np.unique(windows.documents[tokens], return_inverse=True, return_counts=True)
        size = (counts * windows.bytes_per_token).astype(np.float64)
        bits = {
            name: np.bincount(document, weights=self.nats[name][tokens]) / math.log(2)
            for name in {base, *others}
        }
        return {name: paired_difference(bits[base], bits[name], size, seed=self.seed) for name in others}

    def by_position(self, name: str) -> list[float]:
        """Bits per byte of the tokens at each place in their chunk [M]."""
        windows, M = self.windows, self.windows.chunk_size
        counts = windows.predicted.reshape(-1, M).sum(axis=0)
        sums = np.where(windows.predicted, self.nats[name], 0.0).reshape(-1, M).sum(axis=0, dtype=np.float64)
        bits = sums / np.maximum(counts, 1) / math.log(2) / windows.bytes_per_token
        return [float(at_place) for at_place in bits]


def kept_share(losses: TokenLosses, *, of: str) -> Share:
    """Of what `on` is better than `off`, the share that another mode is; by bootstrap over documents."""
    windows = losses.windows
    tokens = windows.predicted
    _, document = np.unique(windows.documents[tokens], return_inverse=True)
    sums = {name: np.bincount(document, weights=losses.nats[name][tokens]) for name in ("on", "off", of)}
    kept, all_of_it = sums["off"] - sums[of], sums["off"] - sums["on"]
    rng, n = np.random.default_rng(losses.seed), len(kept)
    value = _ratio(kept.sum(), all_of_it.sum())
    if n < _FEWEST_DOCUMENTS:
        return Share(value, None, None)
    rows = rng.integers(n, size=(_DRAWS, n))
    drawn = [_ratio(kept[row].sum(), all_of_it[row].sum()) for row in rows]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Share(value, float(low), float(high))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _per_word(nats: float, words: float) -> float | None:
    """Perplexity from nats and words of a token."""
    try:
        return math.exp(nats / words)
    except (OverflowError, ZeroDivisionError):
        return None


def paired_difference(
    on: NDArray[np.float64], other: NDArray[np.float64], size: NDArray[np.float64], *, seed: int
) -> Difference:
    """Compute other - on with its 95 % interval, where there are documents enough.

    Args:
        on: [n] bits of each document with retrieval on.
        other: [n] bits of the same tokens in the other mode.
        size: [n] bytes of each document that were predicted, above 0.
        seed: of the draws.
    """
    gain = other - on
    rng = np.random.default_rng(seed)
    n, mean = len(gain), float(gain.sum() / size.sum())
    if n < _FEWEST_DOCUMENTS:
        return Difference(mean, None, None, n)
    drawn = []
    for start in range(0, _DRAWS, _DRAWS_AT_ONCE):
        rows = rng.integers(n, size=(min(_DRAWS_AT_ONCE, _DRAWS - start), n))
        drawn.append(gain[rows].sum(axis=1) / size[rows].sum(axis=1))
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975])
    return Difference(mean, float(low), float(high), n)

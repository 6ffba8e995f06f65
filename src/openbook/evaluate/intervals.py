"""How sure a difference between two modes is: a paired bootstrap over documents.

Both modes read the same tokens, so what is drawn again and again, with replacement, are whole documents with
both their losses: tokens of one document are no independent witnesses.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DRAWS = 2000
_AT_ONCE = 200
_FEWEST = 6
"""Documents: five that by chance all lie on one side of 0 are commoner than one time in 20."""


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

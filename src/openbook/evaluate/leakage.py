"""How much of an evaluation chunk its neighbors already say: r(C) of the paper (section 2.6).

A gain from retrieval that lives only on near-copies is memory of the database, not help from it; so results
are also given over the chunks with little overlap.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OVERLAPS = (0.125, 0.25, 0.5, 1.0)
"""The shares of a chunk at which results are reported: at 12.5 % of 64 tokens, at most 8 in a row."""


@dataclass(frozen=True, slots=True)
class LeakageRow:
    """Bits per byte over the chunks that share a run of at most `max_overlap` of M with a neighbor."""

    max_overlap: float
    chunks: int
    on: float | None
    """None where there is no such chunk."""
    off: float | None


def longest_common_runs(
    chunks: NDArray[np.int64], neighbors: NDArray[np.int64], neighbor_mask: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """For each chunk the longest run of tokens that it shares with one of its neighbors.

    Args:
        chunks: [n, M]; negative ids match nothing.
        neighbors: [n, K, R] with continuations.
        neighbor_mask: [n, K, R], False: this token does not exist.

    Returns:
        [n] tokens, 0 … M.
    """
    n, M = chunks.shape
    theirs = np.where(neighbor_mask, neighbors, -2)
    run = np.zeros((n, *neighbors.shape[1:]), dtype=np.int16)
    longest = np.zeros(n, dtype=np.int16)
    for place in range(M):
        # run[..., j] is the length of the common run that ends at chunk token `place` and neighbor token j.
        run[..., 1:] = run[..., :-1] + 1
        run[..., 0] = 1
        ours = chunks[:, place, None, None]
        run *= (theirs == ours) & (ours >= 0)
        np.maximum(longest, run.max(axis=(1, 2)), out=longest)
    return longest.astype(np.int64)

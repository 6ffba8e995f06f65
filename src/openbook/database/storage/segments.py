"""Arithmetic of segments: runs of values back to back in one array, such as the chunks of each document.

    lengths      3       1   2         of three segments
    values       a b c   d   e f       all of them, back to back
    starts       0       3   4         where each segment begins
    offsets      0       3   4   6     the same, and where the last one ends
    owners       0 0 0   1   2 2       the segment that each value is of
    places       0 1 2   0   0 1       and its place in there

All lengths and numbers are int64. A segment may be empty, unless it is said that none may.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def segment_starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find where each segment begins: [segments]."""
    starts: NDArray[np.int64] = np.cumsum(lengths) - lengths
    return starts


def segment_offsets(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find where each segment begins, and where the last one ends: [segments + 1]."""
    return np.concatenate([[0], np.cumsum(lengths)])


def segment_owners(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the segments that the values are of: [values]."""
    return np.repeat(np.arange(len(lengths)), lengths)


def segment_places(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the values of its segment before each: [values]."""
    return ranges(np.zeros_like(lengths), lengths)


def ranges(first: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count up by one within each segment, from any first number.

    first        7     2   5
    counts       2     0   3
    first - starts                       7 - 0         5 - 2
    ranges       7 8       5 6 7       = 7 + 0, 7 + 1, 3 + 2, 3 + 3, 3 + 4
    """
    numbers: NDArray[np.int64] = np.arange(counts.sum()) + np.repeat(first - segment_starts(counts), counts)
    return numbers


def owners_of(values: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the segments that some values are of.

    offsets      0       3   4   6
    values       5   3   2              their numbers, in any order
    owners_of    2   1   0

    Args:
        values: [n], their numbers.
        offsets: [segments + 1], as `segment_offsets` gives them.
    """
    # The last offset that is not above the number: equal offsets before it are those of empty segments.
    owners: NDArray[np.int64] = np.searchsorted(offsets, values, side="right") - 1
    return owners


def segment_sums(values: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[Any]:
    """Add up the values of each segment, in their dtype: [segments]; none may be empty.

    values       1 2 3   4   5 6
    sums         6       4   11
    """
    if not len(lengths):
        return values[:0]
    sums: NDArray[Any] = np.add.reduceat(values, segment_starts(lengths))
    return sums

"""Hashes of all runs of n tokens of many documents at once, and finding equal ones. Arrays in, arrays out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Documents = Callable[[int], NDArray[np.integer]]
"""The tokens [T] of the document at a place, each at least 0, without filling and end-of-text token."""

_BLOCK_TOKENS = 1_000_000
_BLOCK_DOCUMENTS = 4096
_BASE = 0x9E3779B97F4A7C15
_PAD = -1


@dataclass(frozen=True, slots=True)
class Block:
    """Documents back to back; one shorter than `shortest` is filled up with -1, so that it has one run."""

    places: Sequence[int]
    tokens: NDArray[np.int64]
    """[T]."""
    starts: NDArray[np.int64]
    """[n + 1]: where each document begins, and T."""

    @classmethod
    def of(cls, places: Sequence[int], documents: Sequence[NDArray[np.integer]], *, shortest: int) -> "Block":
        """From the tokens of each document."""
        parts: list[NDArray[np.integer]] = []
        starts = np.zeros(len(documents) + 1, dtype=np.int64)
        for place, document in enumerate(documents):
            filling = max(0, shortest - len(document))
            parts += [document, np.full(filling, _PAD)] if filling else [document]
            starts[place + 1] = starts[place] + len(document) + filling
        return cls(places, np.concatenate(parts, dtype=np.int64), starts)

    def document(self, row: int) -> NDArray[np.int64]:
        """The tokens of one document with its filling."""
        return self.tokens[self.starts[row] : self.starts[row + 1]]

    def fingerprints(self) -> list[bytes]:
        """[n]: equal for equal documents only."""
        return [blake2b(self.document(row).data, digest_size=16).digest() for row in range(len(self.places))]


def blocks(tokens: Documents, places: Sequence[int], *, shortest: int) -> Iterator[Block]:
    """All documents in order, about a million tokens at a time."""
    size, documents = 0, []
    for end, place in enumerate(places, start=1):
        documents.append(tokens(place))
        size += len(documents[-1])
        if size >= _BLOCK_TOKENS or len(documents) == _BLOCK_DOCUMENTS or end == len(places):
            yield Block.of(places[end - len(documents) : end], documents, shortest=shortest)
            size, documents = 0, []


def run_hashes(block: Block, n: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The hash of every run of n tokens within one document, in order.

    Returns:
        hashes: [W].
        offsets: [documents + 1]: the hashes of document d are offsets[d] … offsets[d + 1].
    """
    counts = np.maximum(np.diff(block.starts) - n + 1, 0)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return _all_hashes(mix(block.tokens.view(np.uint64)), n)[ranges(block.starts[:-1], counts)], offsets


def _all_hashes(values: NDArray[np.uint64], n: int) -> NDArray[np.uint64]:
    """[T - n + 1]: of each run of n of the values [T], whatever it crosses; the runs' lengths are doubled."""
    hashes, length = np.zeros(len(values) + 1, dtype=np.uint64), 0
    doubled, size = values, 1
    while True:
        if n & size:
            hashes, length = _joined(hashes, length, doubled, size), length + size
        if 2 * size > n:
            return hashes
        doubled, size = _joined(doubled, size, doubled, size), 2 * size


def _joined(
    left: NDArray[np.uint64], left_size: int, right: NDArray[np.uint64], right_size: int
) -> NDArray[np.uint64]:
    """Hashes of runs of `left_size` tokens, each joined with that of the `right_size` tokens after it."""
    count = max(0, len(left) - right_size)
    power = np.uint64(pow(_BASE, right_size, 2**64))
    joined: NDArray[np.uint64] = left[:count] * power + right[left_size : left_size + count]
    return joined


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A value of 64 bits that look random for each value: splitmix64, which no two values share."""
    mixed = values + np.uint64(_BASE)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def ranges(first: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """first[0], first[0] + 1, … counts[0] numbers in all, then those from first[1], …"""
    before = np.cumsum(counts) - counts
    numbers: NDArray[np.int64] = np.arange(counts.sum()) + np.repeat(first - before, counts)
    return numbers


class Lookup:
    """Finds equal keys among many, in memory of 32 to 48 bytes a key.

    Args:
        keys: [N], spread evenly over 64 bits, as hashes are.
    """

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]
        # Most queries are nobody's key, and one look into this table says so: it has 16 to 32 places a key.
        bits = min(max(10, (16 * len(keys)).bit_length()), 27)
        self._shift = np.uint64(64 - bits)
        self._taken = np.zeros(1 << bits, dtype=np.bool_)
        self._taken[keys >> self._shift] = True

    def find(self, queries: NDArray[np.uint64], *, limit: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each query [Q] the first `limit` keys that equal it.

        Returns:
            numbers: [F], of queries, in order.
            rows: [F]: `queries[numbers] == keys[rows]`.
        """
        numbers = np.flatnonzero(self._taken[queries >> self._shift])
        first = np.searchsorted(self._keys, queries[numbers], side="left")
        counts = np.searchsorted(self._keys, queries[numbers], side="right") - first
        counts = np.minimum(counts, limit)
        return np.repeat(numbers, counts), self._order[ranges(first, counts)]

"""Hashes of all runs of n tokens of many documents at once, and finding equal ones. Arrays in, arrays out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.segments import ranges, segment_offsets

Documents = Callable[[int], NDArray[np.integer]]
"""The tokens [T] of the document at a place, each at least 0, without padding and end-of-text token."""

_BASE = 0x9E3779B97F4A7C15
_PADDING = -1


@dataclass(frozen=True, slots=True)
class BlockSize:
    """How much is read before it is hashed: a block is full with so many tokens, or so many documents."""

    tokens: int = 1_000_000
    documents: int = 4096


USUAL_SIZE = BlockSize()


@dataclass(frozen=True, slots=True)
class Block:
    """Documents back to back; one shorter than `shortest` is padded with -1, so that it has one run.

    Three documents 5 6 7, 8 and 9 4, none to be shorter than 2:

        tokens    5 6 7   8 -1   9 4
        starts    0       3      5     7
    """

    places: Sequence[int]
    tokens: NDArray[np.int64]
    """[T]."""
    starts: NDArray[np.int64]
    """[n + 1]: where each document begins, and T."""

    @classmethod
    def of(cls, places: Sequence[int], documents: Sequence[NDArray[np.integer]], *, shortest: int) -> "Block":
        """Lay documents back to back.

        Args:
            places: [n] of the documents.
            documents: [n] the tokens of each.
            shortest: tokens that each has at least, with its padding.
        """
        parts: list[NDArray[np.integer]] = []
        starts = np.zeros(len(documents) + 1, dtype=np.int64)
        for place, document in enumerate(documents):
            padding = max(0, shortest - len(document))
            parts += [document, np.full(padding, _PADDING)] if padding else [document]
            starts[place + 1] = starts[place] + len(document) + padding
        return cls(places, np.concatenate(parts, dtype=np.int64), starts)

    def document(self, row: int) -> NDArray[np.int64]:
        """The tokens of one document with its padding."""
        return self.tokens[self.starts[row] : self.starts[row + 1]]

    def fingerprints(self) -> list[bytes]:
        """Hash each document [n]: equal for equal ones only."""
        return [blake2b(self.document(row).data, digest_size=16).digest() for row in range(len(self.places))]


def blocks(
    tokens: Documents, places: Sequence[int], *, shortest: int, size: BlockSize = USUAL_SIZE
) -> Iterator[Block]:
    """Read all documents in order, a block at a time; `shortest` as in `Block.of`."""
    read, documents = 0, []
    for end, place in enumerate(places, start=1):
        documents.append(tokens(place))
        read += len(documents[-1])
        if read >= size.tokens or len(documents) == size.documents or end == len(places):
            yield Block.of(places[end - len(documents) : end], documents, shortest=shortest)
            read, documents = 0, []


def run_hashes(block: Block, n: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hash every run of n tokens within one document, in order.

    Of the documents 5 6 7, 8 -1 and 9 4, with n = 2; a run that crosses from one to the next is left out:

        tokens      5  6  7   8 -1   9  4
        all runs    56 67 78  8- -9  94
        kept        56 67     8-     94
        offsets     0         2      3     4

    Returns:
        hashes: [W].
        offsets: [documents + 1]: the hashes of document d are offsets[d] … offsets[d + 1].
    """
    counts = np.maximum(np.diff(block.starts) - n + 1, 0)
    every = _all_hashes(splitmix64(block.tokens.view(np.uint64)), n)
    return every[ranges(block.starts[:-1], counts)], segment_offsets(counts)


def _all_hashes(values: NDArray[np.uint64], n: int) -> NDArray[np.uint64]:
    """[T - n + 1]: the hash of each run of n of the values [T], whatever it crosses.

    A run is a number whose digits to the base B are its values, modulo 2^64. Runs are joined as digits are:
    the left part times B to the length of the right part, and the right part added. So runs of 1, 2, 4, …
    values are made by doubling, and n is put together from those that its binary digits name. Of the values
    a b c d e, n = 5 = 1 + 4:

        1    a        b        c        d      e      taken: runs of 1
        2    aB+b     bB+c     cB+d     dB+e          joined from two of 1
        4    abcd     bcde                            joined from two of 2; taken: runs of 1 + 4
        5    aB⁴ + bcde
    """
    hashes = np.zeros(len(values) + 1, dtype=np.uint64)  # of runs of 0 values
    length, doubled, size = 0, values, 1
    while True:
        if n & size:
            hashes = _joined(hashes, length, doubled, size)
            length += size
        if 2 * size > n:
            return hashes
        doubled = _joined(doubled, size, doubled, size)
        size *= 2


def _joined(
    left: NDArray[np.uint64], left_size: int, right: NDArray[np.uint64], right_size: int
) -> NDArray[np.uint64]:
    """Hashes of runs of `left_size` tokens, each joined with that of the `right_size` tokens after it."""
    count = max(0, len(left) - right_size)
    power = np.uint64(pow(_BASE, right_size, 2**64))
    joined: NDArray[np.uint64] = left[:count] * power + right[left_size : left_size + count]
    return joined


def splitmix64(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Give each value 64 bits that look random: one step of SplitMix64, which no two values share.

    >>> [f"{value:016x}" for value in splitmix64(np.array([0, 1], dtype=np.uint64)).tolist()]
    ['e220a8397b1dcdaf', '910a2dec89025cc1']
    """
    mixed = values + np.uint64(_BASE)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


class EqualKeys:
    """Finds equal keys among many, in memory of 32 to 48 bytes a key.

    Keys are sorted once; equal ones then stand side by side, in their order, and two binary searches find
    where a query's begin and end. Of the keys 30 10 30 20, at most two for each of the queries 30 40 10:

        sorted     10 20 30 30
        rows        1  3  0  2
        queries    30       40   10
        begin      2        4    0
        count      2        0    1
        numbers    0  0          2      the query that each find is for
        found      0  2          1      the row of the key

    Args:
        keys: [N], spread evenly over 64 bits, as hashes are.
    """

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._rows = np.argsort(keys, kind="stable")
        self._sorted = keys[self._rows]
        # Most queries are nobody's key, and one look into this table says so: it has 16 to 32 places a key.
        bits = min(max(10, (16 * len(keys)).bit_length()), 27)
        self._shift = np.uint64(64 - bits)
        self._taken = np.zeros(1 << bits, dtype=np.bool_)
        self._taken[keys >> self._shift] = True

    def find(self, queries: NDArray[np.uint64], *, limit: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find for each query [Q] the first `limit` keys that equal it.

        Returns:
            numbers: [F], of queries, in order.
            rows: [F]: `queries[numbers] == keys[rows]`.
        """
        numbers = np.flatnonzero(self._taken[queries >> self._shift])
        begin = np.searchsorted(self._sorted, queries[numbers], side="left")
        end = np.searchsorted(self._sorted, queries[numbers], side="right")
        counts = np.minimum(end - begin, limit)
        return np.repeat(numbers, counts), self._rows[ranges(begin, counts)]

"""Which runs of 32 tokens documents share with held-out ones, less those that are boilerplate.

Similarity of whole documents misses a copied paragraph in a long text; a common run finds it. A footer, a
license or a menu is a common run too: what stands in many documents is no copy of any one of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from openbook.database.near_copies.hashing import Block, Documents, EqualKeys, run_hashes
from openbook.database.storage.segments import owners_of, segment_offsets

RUN = 32
"""Tokens."""
_FEW = 3
_SHARE = 0.01


def boilerplate_limit(documents: int) -> int:
    """Most of so many documents in which a run may stand that is not boilerplate."""
    return max(_FEW, int(_SHARE * documents))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tokens `start` … `end - 1` of a document, all within runs that it shares with another."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Matches:
    """Runs of some documents that held-out ones have too.

    places: [n], of the documents.
    starts: [n], the token of the document with which the run begins.
    runs: [n], number of the first held-out run that equals it.
    """

    places: NDArray[np.int64]
    starts: NDArray[np.int64]
    runs: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: Sequence["Matches"]) -> "Matches":
        """Join those of several blocks."""
        return cls(
            places=np.concatenate([part.places for part in parts]),
            starts=np.concatenate([part.starts for part in parts]),
            runs=np.concatenate([part.runs for part in parts]),
        )

    def where(self, chosen: NDArray[np.bool_]) -> "Matches":
        """Those that are chosen [n]."""
        return Matches(self.places[chosen], self.starts[chosen], self.runs[chosen])


class HeldOutRuns:
    """All runs of the held-out documents: memory of about 60 bytes for each of their tokens.

    They stand in one lookup; which document a run is of follows from where it stands:

        runs        r0 r1 r2 r3        offsets 0 3 4: run 3 is of document 1

    Args:
        tokens: of the documents.
        places: [held out], of the held-out documents.
        hashes: [all runs], document after document.
        counts: [held out], runs of each.
    """

    def __init__(
        self,
        tokens: Documents,
        places: NDArray[np.int64],
        hashes: NDArray[np.uint64],
        counts: NDArray[np.int64],
    ) -> None:
        self._tokens = tokens
        self._places = places
        self._hashes = hashes
        self._offsets = segment_offsets(counts)
        self._lookup = EqualKeys(hashes)

    def find(self, block: Block) -> Matches:
        """Find the runs of a block that some held-out document has too."""
        # offsets     0   3 5       the block's row 0 has the runs 0 1 2, row 1 has 3 4
        # numbers     1 2 4         runs of the block that a held-out document has too
        # runs        7 2 2         the first held-out runs that equal them
        # rows        0 0 1         whose they are
        # starts      1 2 1         numbers less the offsets of their rows
        hashes, offsets = run_hashes(block, RUN)
        numbers, runs = self._lookup.find(hashes, limit=1)
        rows = owners_of(numbers, offsets)
        return Matches(np.array(block.places, dtype=np.int64)[rows], numbers - offsets[rows], runs)

    def rare(self, matches: Matches, others: Iterable[Block], *, documents: int) -> Matches:
        """Leave out the matches whose run is boilerplate, or overlaps boilerplate of its document.

        Args:
            matches: of the documents that are compared, without those that are similar to a held-out one:
                a copy is no document of its own.
            others: documents besides these and the held-out ones.
            documents: of all these, their number.
        """
        if not len(matches.runs):
            return matches
        runs, which = np.unique(matches.runs, return_inverse=True)
        counts = _documents_with(runs, matches) + self._held_out_with(runs)
        for block in others:
            counts += _documents_with(runs, self.find(block))
        return _without_boilerplate(matches, (counts > boilerplate_limit(documents))[which])

    def _held_out_with(self, runs: NDArray[np.int64]) -> NDArray[np.int64]:
        """[runs]: the held-out documents that have each."""
        numbers, equal = self._lookup.find(self._hashes[runs], limit=len(self._hashes))
        return _distinct_pairs(numbers, owners_of(equal, self._offsets), len(runs))

    def stretches(self, matches: Matches) -> dict[int, dict[int, list[Stretch]]]:
        """Join the matches to stretches: by the document's place and by the held-out document's."""
        originals = owners_of(matches.runs, self._offsets)
        order = np.lexsort((matches.starts, originals, matches.places))
        keys = np.stack([matches.places[order], originals[order]])
        borders = np.flatnonzero((keys[:, 1:] != keys[:, :-1]).any(axis=0)) + 1
        found: dict[int, dict[int, list[Stretch]]] = {}
        for part in np.split(order, borders) if len(order) else []:
            place, original = int(matches.places[part[0]]), int(originals[part[0]])
            ours = sliding_window_view(self._tokens(place), RUN)[matches.starts[part]]
            theirs = sliding_window_view(self._tokens(int(self._places[original])), RUN)
            theirs = theirs[matches.runs[part] - self._offsets[original]]
            equal = (ours == theirs).all(axis=1)  # two runs may have one hash, hardly ever
            if equal.any():
                joined = _joined(matches.starts[part][equal])
                found.setdefault(place, {})[int(self._places[original])] = joined
        return found


def _documents_with(runs: NDArray[np.int64], matches: Matches) -> NDArray[np.int64]:
    """[runs]: the documents among the matches that have each; runs that are not asked for do not count."""
    at = np.minimum(np.searchsorted(runs, matches.runs), len(runs) - 1)
    asked = runs[at] == matches.runs
    return _distinct_pairs(at[asked], matches.places[asked], len(runs))


def _without_boilerplate(matches: Matches, boilerplate: NDArray[np.bool_]) -> Matches:
    """Leave out the matches that share a token with one that is boilerplate [n].

    Otherwise a word before a footer would make a run of its own with 31 tokens of the footer, which only the
    documents with that word have. With runs of 4 tokens, not 32:

        document       p q r s t F F F F F        F: the footer
        boilerplate              5 6              where its runs begin
        matches        0 1 2 3 4                  other runs that a held-out document has
        next           5 5 5 5 5                  the boilerplate run after each
        distance       5 4 3 2 1
        kept           T T F F F                  at least 4, and as far from the one before
    """
    if not boilerplate.any():
        return matches
    span = int(matches.starts.max()) + 2 * RUN  # so that runs of different documents are far apart
    keys = matches.places * span + matches.starts
    borders = np.sort(keys[boilerplate])
    at = np.searchsorted(borders, keys)
    after = borders[np.minimum(at, len(borders) - 1)] - keys
    before = keys - borders[np.maximum(at - 1, 0)]
    return matches.where((np.abs(after) >= RUN) & (np.abs(before) >= RUN))


def _distinct_pairs(numbers: NDArray[np.int64], documents: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Count for each number 0 … size - 1 its different documents: [size].

    numbers      0 0 1 0
    documents    4 4 4 6      a document that has a run twice counts once
    pairs        04 14 06     as one integer each
    counts       2 1
    """
    if not len(numbers):
        return np.zeros(size, dtype=np.int64)
    span = int(documents.max()) + 1
    return np.bincount(np.unique(numbers * span + documents) // span, minlength=size)


def _joined(starts: NDArray[np.int64]) -> list[Stretch]:
    """Join runs that overlap or touch, by where they begin, in order.

    With runs of 4 tokens, not 32:

        starts      0 1 2      9        13 - 9 is at most 4: that run touches the one before
        starts      0 1 2      9 13
        stretches   0 … 5      9 … 16
    """
    first = np.concatenate([[True], np.diff(starts) > RUN])
    last = np.concatenate([first[1:], [True]])
    ends = starts[last] + RUN
    return [Stretch(start, end) for start, end in zip(starts[first].tolist(), ends.tolist(), strict=True)]


def most_frequent_run(pieces: Sequence[tuple[int, NDArray[np.integer]]]) -> tuple[NDArray[np.int64], int]:
    """Find the run of 32 tokens that stands in the most documents, the first of equals.

    Args:
        pieces: a document's place and tokens of it; a document may have several.

    Returns:
        Its tokens [32], none of them if no piece is so long, and the number of documents.
    """
    block = Block.of([place for place, _ in pieces], [part for _, part in pieces], shortest=0)
    hashes, offsets = run_hashes(block, RUN)
    if not len(hashes):
        return np.zeros(0, dtype=np.int64), 0
    _, first, numbers = np.unique(hashes, return_index=True, return_inverse=True)
    rows = owners_of(np.arange(len(hashes)), offsets)
    counts = _distinct_pairs(numbers, np.array(block.places, dtype=np.int64)[rows], len(first))
    most = int(counts.max())
    at = int(first[counts == most].min())
    row = int(rows[at])
    start = at - int(offsets[row])
    return block.document(row)[start : start + RUN], most

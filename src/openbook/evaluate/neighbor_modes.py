"""Which neighbors the model sees in each mode: on, off, random, shuffled.

on: the chunk's own. off: none. random: chunks drawn at random from what may be retrieved. shuffled: those of
another chunk of the evaluated text that has as many. Where the chunk itself has no neighbor, random and
shuffled have none either, so modes differ in what neighbors say and in nothing else:

    chunk        0      1      2      3         of the text, k = 2
    on           7 9    4 2    8 5    6 -       chunks of the book; - is no neighbor
    shuffled     4 2    8 5    7 9    6 -       0, 1 and 2 have exchanged theirs; nobody else has one, like 3
    random       1 3    6 6    0 2    9 -
    off
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database import Version
from openbook.errors import DatabaseError, SettingsError

MODES = ("on", "off", "random", "shuffled")
OVERLAP_NEIGHBORS = 10
"""Overlap is measured with so many, whatever k is (paper, section 2.6)."""


@dataclass(frozen=True, eq=False)
class ChunkNeighbors:
    """Neighbors of some chunks, to be read as a table of all.

    chunks: int64 [n], sorted.
    ids: int64 [n, K], chunks of the book, best first, -1 where there are no more.
    """

    chunks: NDArray[np.int64]
    ids: NDArray[np.int64]

    def __getitem__(self, chunks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows [..., K] of these chunks [...]; -1 for chunks that are not here."""
        places = np.minimum(np.searchsorted(self.chunks, chunks), len(self.chunks) - 1)
        return np.where((self.chunks[places] == chunks)[..., None], self.ids[places], -1)

    def first(self, k: int) -> "ChunkNeighbors":
        """The k best of each."""
        return ChunkNeighbors(self.chunks, self.ids[:, :k])


def check_modes(modes: Sequence[str]) -> None:
    """Check names.

    Raises:
        SettingsError: an unknown one.
    """
    for mode in modes:
        if mode not in MODES:
            raise SettingsError(f"evaluation mode {mode!r}: choose from {', '.join(MODES)}")


def neighbors_of_mode(mode: str, own: ChunkNeighbors, book: Version, *, seed: int) -> ChunkNeighbors | None:
    """The neighbors that the model sees in a mode; None: none at all.

    Args:
        mode: on, off, random or shuffled.
        own: the neighbors that the chunks of the text have, k of each.
        book: what they are chunks of.
        seed: of the draws.

    Raises:
        SettingsError: an unknown mode.
        DatabaseError: random, and nothing may be retrieved.
    """
    check_modes([mode])
    if mode == "off":
        return None
    if mode == "random":
        return random_neighbors(own, book, seed=seed)
    if mode == "shuffled":
        return shuffled_neighbors(own, seed=seed)
    return own


def random_neighbors(own: ChunkNeighbors, book: Version, *, seed: int) -> ChunkNeighbors:
    """As many chunks as each has neighbors, drawn from all of the book that may be retrieved.

    Raises:
        DatabaseError: nothing may be retrieved.
    """
    candidates = np.flatnonzero(book.layout.retrievable)
    if len(candidates) == 0:
        raise DatabaseError(f"{book.path}: every document is held out; nothing can be retrieved")
    drawn = np.random.default_rng(seed).choice(candidates, size=own.ids.shape)
    return ChunkNeighbors(own.chunks, np.where(own.ids >= 0, drawn, -1))


def shuffled_neighbors(own: ChunkNeighbors, *, seed: int) -> ChunkNeighbors:
    """Those of another chunk of the text that has as many; its own where there is no other."""
    counts = np.count_nonzero(own.ids >= 0, axis=1)
    return ChunkNeighbors(own.chunks, own.ids[_others_alike(counts, np.random.default_rng(seed))])


def _others_alike(counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """For each chunk [n] another one of the same count, drawn at random; itself where there is no other.

    All chunks of one count are put in a random order, and each takes the one before it, the first the last
    one, so that nobody keeps its own:

        counts      2  2  1  2          of count 2 are 0, 1 and 3
        drawn       3  0  1             in a random order
        rolled      1  3  0             by one
        others      3  0  2  1          others[3] = 1, others[0] = 3, others[1] = 0; 2 is alone with its count
    """
    others = np.arange(len(counts))
    for count in np.unique(counts):
        drawn = rng.permutation(np.flatnonzero(counts == count))
        others[drawn] = np.roll(drawn, 1)
    return others

"""The neighbors that each mode shows.

on: the chunk's own. off: none. random: chunks drawn at random from what may be retrieved. shuffled: those of
other chunks of the evaluated text that have as many. random and shuffled leave missing neighbors missing, so
that only what is shown differs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database import NeighborTable, Version, nearest_neighbors
from openbook.database.search.searcher import check_mode
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate.windows import Windows
from openbook.progress import Progress, silent

MODES = ("on", "off", "random", "shuffled")
OVERLAP_NEIGHBORS = 10
"""Overlap is measured with so many, whatever k is (paper, section 2.6)."""
MOST_NEIGHBORS = 100
"""More cost memory, and help none: the best number lies between 3 and 30 (paper, section 4.1)."""


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


def check_neighbors(book: Version, *, k: int, search_mode: str | None) -> None:
    """Check what neighbors are asked for.

    Raises:
        SettingsError: too few or too many, or a mode that the book does not have.
    """
    if not 1 <= k <= MOST_NEIGHBORS:
        raise SettingsError(f"k {k}: must be from 1 to {MOST_NEIGHBORS}")
    check_mode(search_mode, has_dense=book.vectors is not None)


def true_neighbors(
    windows: Windows,
    book: Version,
    table: NeighborTable | None,
    *,
    k: int,
    search_mode: str | None = None,
    progress: Progress = silent,
) -> ChunkNeighbors:
    """What the evaluated chunks retrieve: from the table where it has that, else searched now.

    Args:
        windows: the text.
        book: what they are chunks of.
        table: of this text; None: search.
        k: neighbors wanted.
        search_mode: of search; None: as the table, else dense where the book has vectors, or bm25.
        progress: told how many chunks are searched, and of how many.

    Returns:
        k of each chunk, and 10 if that many can be had without another search.
    """
    check_neighbors(book, k=k, search_mode=search_mode)
    chunks, wanted = windows.chunks, max(k, OVERLAP_NEIGHBORS)
    if table is not None and search_mode in (None, table.mode) and k <= table.ids.shape[1]:
        return ChunkNeighbors(chunks, table.ids[chunks][:, :wanted])
    corpus = windows.dataset.database
    ids = nearest_neighbors(corpus, chunks, book=book, k=wanted, mode=search_mode, progress=progress)
    return ChunkNeighbors(chunks, ids)


def neighbors_of_mode(
    mode: str, true: ChunkNeighbors, book: Version, *, k: int, seed: int
) -> ChunkNeighbors | None:
    """The neighbors that a mode shows; None: none at all.

    Raises:
        SettingsError: an unknown mode.
        DatabaseError: random, and nothing may be retrieved.
    """
    check_modes([mode])
    if mode == "off":
        return None
    ids = true.ids[:, :k]
    if mode == "on":
        return ChunkNeighbors(true.chunks, ids)
    rng = np.random.default_rng(seed)
    if mode == "shuffled":
        return ChunkNeighbors(true.chunks, ids[_others(np.count_nonzero(ids >= 0, axis=1), rng)])
    candidates = np.flatnonzero(book.layout.retrievable)
    if len(candidates) == 0:
        raise DatabaseError(f"{book.path}: every document is held out; nothing can be retrieved")
    return ChunkNeighbors(true.chunks, np.where(ids >= 0, rng.choice(candidates, size=ids.shape), -1))


def _others(counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """For each chunk [n] another one of the same count, drawn at random; itself where there is no other."""
    others = np.arange(len(counts))
    for count in np.unique(counts):
        drawn = rng.permutation(np.flatnonzero(counts == count))
        others[drawn] = np.roll(drawn, 1)  # nobody keeps its own
    return others

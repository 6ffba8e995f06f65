"""Which documents nearly equal a held-out one, or an earlier one, and are therefore kept out of retrieval."""

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.compare import copies_of_held_out, duplicates
from openbook.database.storage.arrays import Rows
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.settings import DatabaseSettings
from openbook.progress import Progress, silent


def documents_to_compare(catalog: Catalog, settings: DatabaseSettings) -> set[int]:
    """The numbers of the documents that were not compared yet; none if the settings ask for no comparison."""
    if settings.deduplicate or (settings.decontaminate and catalog.head().totals.holdout):
        return catalog.uncompared()
    return set()


def awaits_comparison(layout: ChunkLayout, settings: DatabaseSettings) -> bool:
    """Whether a version has documents that are still to be compared: an `add` was killed, or is at work."""
    looks = settings.deduplicate or (settings.decontaminate and bool((layout.live & layout.holdout).any()))
    return looks and not layout.compared[layout.live].all()


def find_near_copies(
    layout: ChunkLayout,
    tokens: Rows,
    settings: DatabaseSettings,
    *,
    waiting: set[int],
    progress: Progress = silent,
) -> list[tuple[str, int, int]]:
    """Compare what was not yet compared: new documents with all others, all documents with new held-out ones.

    Args:
        layout: of the newest version.
        tokens: [num_chunks, M].
        settings: what to look for.
        waiting: numbers of the documents that were not compared yet.
        progress: called with the number of documents done.

    Returns:
        Reason, number of the original and number of each document to exclude.
    """
    new = np.isin(layout.number, list(waiting)) & layout.live
    held_out = np.flatnonzero(layout.live & layout.holdout)
    others = layout.live & ~layout.holdout & ~layout.excluded

    def document(place: int) -> NDArray[np.int64]:
        # M = 4, a document of 6 tokens and its end-of-text token E in two chunks, the second padded with E:
        #   tokens     5 6 7 8     9 5 E E
        #   lengths    4           3
        #   there      T T T T     T T T F
        #   document   5 6 7 8 9 5            without the last there is, the end of text
        chunks = layout.chunks_of(place)
        part = slice(chunks.start, chunks.stop)
        there = np.arange(layout.chunk_size) < layout.lengths[part, None]
        return tokens[part][there][:-1].astype(np.int64)

    found = []
    if settings.decontaminate:
        pairs = (
            (np.flatnonzero(others & new), held_out),
            (np.flatnonzero(others & ~new), held_out[new[held_out]]),
        )
        for candidates, originals in pairs:
            if len(candidates) and len(originals):
                found += copies_of_held_out(
                    document, candidates.tolist(), originals.tolist(), progress=progress
                )
    if settings.deduplicate:
        left = others.copy()
        left[[copy.document for copy in found]] = False
        known = np.flatnonzero(left & ~new).tolist()
        found += duplicates(document, np.flatnonzero(left & new).tolist(), known=known, progress=progress)
    return [
        (copy.reason, int(layout.number[copy.original]), int(layout.number[copy.document])) for copy in found
    ]

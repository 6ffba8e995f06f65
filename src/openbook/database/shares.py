"""A part of a database, searched as if it were all there is.

Filtering what the whole finds would not do: most of that lies outside a small part, and how rare a word is,
which BM25 counts, follows from all texts that are searched. So a part has indexes of its own, in a folder of
the caller's.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.recall import EveryVector
from openbook.database.search.searcher import Searcher, SearchMode
from openbook.database.storage.layout import ChunkLayout
from openbook.database.version import Version
from openbook.errors import SettingsError

_AT_ONCE = 4096
"""Chunks read between two additions to the lexical index."""


def document_shares(
    layout: ChunkLayout, shares: Sequence[float], *, seed: int = 0
) -> dict[float, NDArray[np.int64]]:
    """Draw documents at random from those that can be retrieved; each larger share holds the smaller ones.

    Args:
        layout: of the database.
        shares: in percent, from 0 to 100.
        seed: of the draw.

    Returns:
        By share the documents' places in the layout, sorted: of 0 none, of more at least one.

    Raises:
        SettingsError: a share below 0 or above 100.
    """
    check_shares(shares)
    candidates = np.flatnonzero(layout.live & ~layout.holdout & ~layout.excluded)
    drawn = np.random.default_rng(seed).permutation(candidates)
    return {share: np.sort(drawn[: ceil(share * len(drawn) / 100)]) for share in shares}


def check_shares(shares: Sequence[float]) -> None:
    """Check percentages.

    Raises:
        SettingsError: one is below 0 or above 100.
    """
    for share in shares:
        if not 0 <= share <= 100:
            raise SettingsError(f"share {share:g}: must be from 0 to 100 percent of the database")


def searcher_of_documents(
    version: Version, documents: NDArray[np.int64], *, mode: SearchMode, folder: Path
) -> Searcher:
    """Search these documents alone: what is found, and its scores, are those of a database of nothing else.

    Args:
        version: of the whole.
        documents: [n] their places in its layout; those that may not be retrieved are left out.
        mode: of the searches to come.
        folder: for files, new or empty; it is needed as long as the searcher.
    """
    layout = replace(version.layout, excluded=version.layout.excluded.copy())
    layout.excluded[np.setdiff1d(np.arange(len(layout.number)), documents)] = True
    chunks = np.flatnonzero(layout.retrievable)
    dense = lexical = None
    if mode != "bm25" and version.vectors is not None:
        dense = EveryVector(version.vectors, chunks)
    if mode != "dense":
        lexical = LexicalIndex(folder)
        for start in range(0, len(chunks), _AT_ONCE):
            part = chunks[start : start + _AT_ONCE]
            lexical.add(part.tolist(), version.chunk_texts(part))
        lexical.commit()
        lexical.close()
    return Searcher(layout, version.searcher.indexes.instead(dense=dense, lexical=lexical))

"""More text, lower loss: one model, read with growing shares of its book, without any training between."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Unpack

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, NeighborTable, SearchMode, Version, nearest_neighbors
from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.recall import EveryVector
from openbook.database.search.searcher import Searcher, check_mode
from openbook.database.storage.layout import ChunkLayout
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate.evaluator import Reading, ReadingOptions
from openbook.evaluate.measures import Difference, differences, result_of
from openbook.evaluate.neighbor_modes import ChunkNeighbors
from openbook.evaluate.scorers import ModelScorer, Scorer
from openbook.progress import Progress, silent, stage

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM

SHARES = (0, 1, 10, 30, 100)
"""Percent."""
_AT_ONCE = 4096
"""Chunks read between two additions to the lexical index."""


@dataclass(frozen=True, slots=True)
class GrowingRow:
    """One share of the book."""

    share: float
    """Percent of the documents that can be retrieved; what is in a share is in all larger ones."""
    documents: int
    chunks: int
    bits_per_byte: float
    perplexity: float
    gain: Difference
    """off - this share."""


def evaluate_growing(
    model: "RetroForCausalLM",
    database: Database | Version,
    table: NeighborTable | None,
    *,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
    progress: Progress = silent,
    **options: Unpack[ReadingOptions],
) -> list[GrowingRow]:
    """Read the same tokens with neighbors from random shares of the book's documents.

    0 % is retrieval off, 100 % is on. In between, dense search is exact.

    Args:
        model: as in `evaluate_perplexity`; so are database, table and the options.
        database: see there.
        table: see there; used for 100 %, all other shares are searched.
        shares: in percent of the documents that can be retrieved.
        seed: which documents a share has, and of the intervals.
        progress: told how many sequences are done, and of how many.
        options: see `evaluate_perplexity`.

    Raises:
        SettingsError: no share, or one below 0 or above 100; and what `evaluate_perplexity` raises.
        DatabaseError: there is nothing to retrieve.
    """
    if not shares:
        raise SettingsError("no shares of the database to evaluate; give some, such as 0,1,10,30,100")
    reading = Reading.of(model, database, table, **options)
    reading.require_retrieval()
    layout = reading.book.layout
    parts = document_shares(layout, sorted(set(shares)), seed=seed)
    if not layout.retrievable.any():
        raise DatabaseError(f"{reading.book.path}: every document is held out; nothing can be retrieved")
    scorers: dict[str, Scorer] = {"off": ModelScorer(model)}
    for share, documents in parts.items():
        if share:
            scorers[_name(share)] = ModelScorer(model, _neighbors(reading, share, documents, progress))
    losses = reading.losses(scorers, progress)
    rows = []
    for share, documents in parts.items():
        nats = losses[_name(share) if share else "off"]
        everything = reading.windows.predicted
        result = result_of(reading.windows, nats, everything)
        both = {"off": losses["off"], "share": nats}
        gain = differences(reading.windows, both, everything, seed=seed, base="share")["off"]
        chunks = int(layout.document_chunks[documents].sum())
        rows.append(GrowingRow(share, len(documents), chunks, result.bits_per_byte, result.perplexity, gain))
    return rows


def _name(share: float) -> str:
    return f"{share:g} %"


def _neighbors(
    reading: Reading, share: float, documents: NDArray[np.int64], progress: Progress
) -> ChunkNeighbors:
    if share == 100:
        return reading.neighbors(progress).first(reading.k)
    book, windows = reading.book, reading.windows
    mode = check_mode(reading.search_mode, has_dense=book.vectors is not None)
    # On Windows, files that are still mapped stay behind for the system to clear.
    with TemporaryDirectory(prefix="openbook-", ignore_cleanup_errors=True) as folder:
        ids = nearest_neighbors(
            windows.dataset.database,
            windows.chunks,
            book=book,
            k=reading.k,
            mode=mode,
            searcher=searcher_of_documents(book, documents, mode=mode, folder=Path(folder)),
            progress=stage(progress, f"searching {_name(share)}"),
        )
    return ChunkNeighbors(windows.chunks, ids)


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

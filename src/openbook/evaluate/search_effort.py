"""What an approximate index costs: recall and loss with less effort in search, and with exact search.

A model can only use what is found; so the recall of its index is a part of its quality.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Unpack

import numpy as np

from openbook.database import Database, NeighborTable, Version, nearest_neighbors
from openbook.database.search.dense import ApproximateIndex, DenseIndex
from openbook.database.search.recall import EveryVector, overlap_at_10
from openbook.database.search.searcher import Searcher, check_mode
from openbook.errors import SettingsError
from openbook.evaluate.evaluator import Reading, ReadingOptions
from openbook.evaluate.measures import result_of
from openbook.evaluate.neighbor_modes import OVERLAP_NEIGHBORS, ChunkNeighbors
from openbook.evaluate.scorers import ModelScorer
from openbook.progress import Progress, silent, stage

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM

_STEP = 4


@dataclass(frozen=True, slots=True)
class EffortRow:
    """Search with one effort."""

    lists: int | None
    """Inverted lists that are visited for each query (nprobe), or more where these hold too few chunks; None:
    every vector is compared."""
    recall_at_10: float
    """Of the neighbors of the evaluated text, against exact search."""
    bits_per_byte: float
    """With retrieval on."""
    perplexity: float


def evaluate_effort(
    model: "RetroForCausalLM",
    database: Database | Version,
    table: NeighborTable | None,
    *,
    efforts: Sequence[int] | None = None,
    progress: Progress = silent,
    **options: Unpack[ReadingOptions],
) -> list[EffortRow]:
    """Read the same tokens with neighbors from more and more thorough searches, the last one exact.

    Args:
        model: as in `evaluate_perplexity`; so are database, table and the options.
        database: see there.
        table: its mode and book are used; all neighbors are searched anew.
        efforts: numbers of inverted lists to visit; None: 1, 4, 16, … up to what the index was tuned to.
        progress: told how many sequences are done, and of how many.
        options: see `evaluate_perplexity`.

    Returns:
        A row for each effort, then one for exact search; none where search is exact anyway: by words alone,
        or among few vectors.

    Raises:
        SettingsError: an effort below 1; and what `evaluate_perplexity` raises.
    """
    for effort in efforts or ():
        if effort < 1:
            raise SettingsError(f"effort {effort}: at least 1 inverted list must be visited")
    reading = Reading.of(model, database, table, **options)
    reading.require_retrieval()
    index = _approximate_index(reading)
    if index is None:
        return []
    own = [_STEP**power for power in range(16) if _STEP**power < index.nprobe]
    lists = [*sorted(set(efforts or [*own, index.nprobe])), None]
    found = {effort: _neighbors(reading, effort, progress) for effort in lists}
    scorers = {str(effort): ModelScorer(model, near.first(reading.k)) for effort, near in found.items()}
    losses = reading.losses(scorers, progress)
    rows = []
    for effort, near in found.items():
        result = result_of(reading.windows, losses[str(effort)], reading.windows.predicted)
        recall = overlap_at_10(near.ids, found[None].ids)
        rows.append(EffortRow(effort, recall, result.bits_per_byte, result.perplexity))
    return rows


def _approximate_index(reading: Reading) -> ApproximateIndex | None:
    """The one that search uses, if it does."""
    opened = reading.book
    if opened.vectors is None or check_mode(reading.search_mode, has_dense=True) == "bm25":
        return None
    index = opened.searcher.indexes.dense
    return index if isinstance(index, ApproximateIndex) else None


def _neighbors(reading: Reading, effort: int | None, progress: Progress) -> ChunkNeighbors:
    windows = reading.windows
    ids = nearest_neighbors(
        windows.dataset.database,
        windows.chunks,
        book=reading.book,
        k=max(reading.k, OVERLAP_NEIGHBORS),
        mode=reading.search_mode,
        searcher=_searcher(reading.book, effort),
        progress=stage(progress, "searching exactly" if effort is None else f"searching {effort} lists"),
    )
    return ChunkNeighbors(windows.chunks, ids)


def _searcher(book: Version, effort: int | None) -> Searcher:
    """Of the whole book, with this effort; None: exact."""
    searcher, vectors = book.searcher, book.vectors
    assert vectors is not None
    dense: DenseIndex = EveryVector(vectors, np.flatnonzero(searcher.layout.retrievable))
    if effort is not None and isinstance(searcher.indexes.dense, ApproximateIndex):
        dense = replace(searcher.indexes.dense, nprobe=effort)
    return replace(searcher, indexes=searcher.indexes.instead(dense=dense))

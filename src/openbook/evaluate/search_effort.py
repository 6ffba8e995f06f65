"""What an approximate index costs: recall and loss with less effort in search, and with exact search.

A model can only use what is found; so the recall of its index is a part of its quality.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from openbook.database import Version
from openbook.database.search.dense import ApproximateIndex, DenseIndex
from openbook.database.search.recall import EveryVector, overlap_at_10
from openbook.database.search.searcher import Searcher
from openbook.errors import SettingsError
from openbook.evaluate.evaluator import Evaluator
from openbook.evaluate.neighbor_modes import OVERLAP_NEIGHBORS, ChunkNeighbors
from openbook.evaluate.scorers import ModelScorer
from openbook.progress import Progress, silent, stage

_STEP = 4
"""Times the lists visited before."""


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


def evaluate_search_effort(
    evaluator: Evaluator, efforts: Sequence[int] | None = None, *, progress: Progress = silent
) -> list[EffortRow]:
    """Read the same tokens with neighbors from more and more thorough searches, the last one exact.

    Args:
        evaluator: of the model, the text and the book; all neighbors are searched again.
        efforts: numbers of inverted lists to visit; None: 1, 4, 16, … up to what the index was tuned to.
        progress: called with how many sequences are done, and of how many.

    Returns:
        A row for each effort, then one for exact search; none where search is exact anyway: by words alone,
        or among few vectors.

    Raises:
        SettingsError: an effort below 1, or a model that cannot read neighbors.
    """
    for effort in efforts or ():
        if effort < 1:
            raise SettingsError(f"effort {effort}: at least 1 inverted list must be visited")
    evaluator.require_retrieval()
    index = _approximate_index(evaluator)
    if index is None:
        return []
    steps = [_STEP**power for power in range(16) if _STEP**power < index.nprobe]
    lists = [*sorted(set(efforts or [*steps, index.nprobe])), None]
    found = {effort: _neighbors_with_effort(evaluator, effort, progress) for effort in lists}
    scorers = {
        str(effort): ModelScorer(evaluator.model, evaluator.windows.samples(neighbors.first(evaluator.k)))
        for effort, neighbors in found.items()
    }
    losses = evaluator.losses(scorers, progress)
    rows = []
    for effort, neighbors in found.items():
        result = losses.result(str(effort))
        recall = overlap_at_10(neighbors.ids, found[None].ids)
        rows.append(EffortRow(effort, recall, result.bits_per_byte, result.perplexity))
    return rows


def _approximate_index(evaluator: Evaluator) -> ApproximateIndex | None:
    """The one that search uses, if it does."""
    if evaluator.search_mode == "bm25":
        return None
    index = evaluator.book.searcher.indexes.dense
    return index if isinstance(index, ApproximateIndex) else None


def _neighbors_with_effort(evaluator: Evaluator, effort: int | None, progress: Progress) -> ChunkNeighbors:
    """What a search that visits so many lists finds; None: one that compares every vector."""
    k = max(evaluator.k, OVERLAP_NEIGHBORS)
    searching = "searching exactly" if effort is None else f"searching {effort} lists"
    searcher = _searcher_with_effort(evaluator.book, effort)
    return evaluator.search(k, searcher=searcher, progress=stage(progress, searching))


def _searcher_with_effort(book: Version, effort: int | None) -> Searcher:
    searcher, vectors = book.searcher, book.vectors
    assert vectors is not None
    dense: DenseIndex = EveryVector(vectors, np.flatnonzero(searcher.layout.retrievable))
    if effort is not None and isinstance(searcher.indexes.dense, ApproximateIndex):
        dense = replace(searcher.indexes.dense, nprobe=effort)
    return replace(searcher, indexes=searcher.indexes.instead(dense=dense))

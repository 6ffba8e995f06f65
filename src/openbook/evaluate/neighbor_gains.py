"""What each neighbor alone is worth to a reader: by how much the loss of the next chunk falls.

A text is read once without neighbors, and once for each place in the ranking, with the neighbors of that
place alone: 1 + K passes. A chunk's neighbors inform the chunk after it, whose tokens are what is counted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database.neighbors.finder import NeighborFinder
from openbook.database.neighbors.neighbor_features import neighbor_features, token_weights
from openbook.database.neighbors.neighbor_ranker import NeighborRanker
from openbook.evaluate.evaluator import Evaluator
from openbook.evaluate.neighbor_modes import ChunkNeighbors
from openbook.evaluate.scorers import ModelScorer
from openbook.progress import Progress, silent, stage

_CHUNKS_AT_ONCE = 256
"""Searched for together: enough for one pass of the encoder, few enough that progress is seen."""


@dataclass(frozen=True, eq=False)
class FoundNeighbors:
    """What the chunks of a text found.

    chunks: int64 [n], sorted.
    ids, scores: [n, K], best first, -1 where there are no more.
    features: float32 [n, K, features].
    """

    chunks: NDArray[np.int64]
    ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    features: NDArray[np.float32]

    def chosen(self, ranker: NeighborRanker) -> ChunkNeighbors:
        """Those that a ranker would have read."""
        return ChunkNeighbors(self.chunks, ranker.choose(self.features, (self.ids, self.scores))[0])

    def first(self, k: int) -> ChunkNeighbors:
        """The k best of the search."""
        return ChunkNeighbors(self.chunks, self.ids[:, :k])


def find_neighbors(evaluator: Evaluator, progress: Progress = silent) -> FoundNeighbors:
    """Search for k neighbors of each of the text's chunks, and describe them.

    Args:
        evaluator: of the text; its table is not asked, for scores and features must be those of one search.
        progress: called with how many chunks are done, and of how many.
    """
    windows, book = evaluator.windows, evaluator.book
    chunks, finder = windows.chunks, NeighborFinder(windows.corpus, book)
    weights, parts = token_weights(book), []
    for start in range(0, len(chunks), _CHUNKS_AT_ONCE):
        part = chunks[start : start + _CHUNKS_AT_ONCE]
        found = finder.nearest(part, k=evaluator.k, mode=evaluator.search_mode)
        tokens = windows.corpus.tokens[part]
        there = windows.corpus.layout.token_mask(part)
        queries = [row[shown].tolist() for row, shown in zip(tokens, there, strict=True)]
        parts.append((*found, neighbor_features(book, queries, found, weights)))
        progress(start + len(part), len(chunks))
    ids, scores, features = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return FoundNeighbors(chunks, ids, scores, features)


def learn_ranker(
    evaluator: Evaluator, *, keep: float = 0.5, progress: Progress = silent
) -> tuple[NeighborRanker, int]:
    """Learn from a text which neighbors are worth reading.

    Args:
        evaluator: of a model and a text that nothing is measured on later; with k neighbors of each chunk.
        keep: share of the neighbors to read.
        progress: called with windows done, in stages.

    Returns:
        The ranker, and how many neighbors it was learned from.

    Raises:
        SettingsError: the model cannot read neighbors, or there are too few to learn from.
    """
    evaluator.require_retrieval()
    found = find_neighbors(evaluator, stage(progress, "searching for neighbors"))
    gains, exists = measure_gains(evaluator, found, progress)
    about = {
        "k": evaluator.k,
        "search_mode": evaluator.search_mode,
        "neighbors": int(exists.sum()),
        "mean_gain": round(float(gains[exists].mean()), 6) if exists.any() else 0.0,
    }
    ranker = NeighborRanker.learn(found.features, gains, exists, keep=keep, about=about)
    return ranker, int(exists.sum())


def measure_gains(
    evaluator: Evaluator, found: FoundNeighbors, progress: Progress = silent
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What each neighbor alone is worth.

    Returns:
        Nats [n, K] that the tokens of the next chunk cost less with it than without; and bool [n, K], whether
        there is such a neighbor, which the window lets the model see, and a next chunk that counts.
    """
    windows, model, K = evaluator.windows, evaluator.model, found.ids.shape[1]
    scorers = {"off": ModelScorer(model, windows.samples())}
    for place in range(K):
        alone = ChunkNeighbors(found.chunks, found.ids[:, place : place + 1])
        scorers[str(place)] = ModelScorer(model, windows.samples(alone))
    losses = evaluator.losses(scorers, progress)
    n, C = windows.chunk_ids.shape
    shape = (n, C, windows.chunk_size)
    # Of chunk c what the next one cost; the last chunk of a window informs nothing there.
    sums = {name: nats.reshape(shape).sum(axis=2)[:, 1:] for name, nats in losses.nats.items()}
    counts: NDArray[np.bool_] = np.logical_or.reduce(windows.predicted.reshape(shape), axis=2)[:, 1:]
    documents = windows.corpus.layout.document_of[np.maximum(windows.chunk_ids, 0)]
    counts &= (documents[:, 1:] == documents[:, :-1]) & (windows.chunk_ids[:, 1:] >= 0)
    chunks = windows.chunk_ids[:, :-1][counts]
    rows = np.searchsorted(found.chunks, chunks)
    # A window hides neighbors from its own documents: what was not read says nothing of what it is worth.
    samples = windows.samples(ChunkNeighbors(found.chunks, found.ids))
    seen = np.stack([samples.allowed_neighbors(int(row)) for row in windows.rows]) >= 0
    gains = np.zeros(found.ids.shape, dtype=np.float32)
    exists = np.zeros(found.ids.shape, dtype=np.bool_)
    exists[rows] = seen[counts]
    for place in range(K):
        gains[rows, place] = (sums["off"] - sums[str(place)])[counts]
    return gains, exists

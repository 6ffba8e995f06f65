"""More text, lower loss: one model, read with growing shares of its book, without any training between.

A share of the book is searched as if it were all there is. Filtering what the whole finds would not do: most
of that lies outside a small share, and how rare a word is, which BM25 counts, follows from all texts that are
searched. So a share has indexes of its own, in a temporary folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from openbook.database import SearchMode, Version
from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.recall import EveryVector
from openbook.database.search.searcher import Searcher
from openbook.database.search.whole_words import texts_to_index
from openbook.database.storage.layout import ChunkLayout
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate.evaluator import Evaluator
from openbook.evaluate.measures import Difference
from openbook.evaluate.neighbor_modes import ChunkNeighbors
from openbook.evaluate.scorers import ModelScorer, Scorer
from openbook.progress import Progress, silent, stage

SHARES = (0, 1, 10, 30, 100)
"""Percent."""
_CHUNKS_INDEXED = 4096
"""Read between two additions to the lexical index."""


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


def evaluate_growing_book(
    evaluator: Evaluator, shares: Sequence[float] = SHARES, *, progress: Progress = silent
) -> list[GrowingRow]:
    """Read the same tokens with neighbors from random shares of the book's documents.

    0 % is retrieval off, 100 % is on. In between, dense search is exact.

    Args:
        evaluator: of the model, the text and the book; its seed draws the documents of a share.
        shares: in percent of the documents that can be retrieved.
        progress: called with how many sequences are done, and of how many.

    Raises:
        SettingsError: no share, one below 0 or above 100, or a model that cannot read neighbors.
        DatabaseError: there is nothing to retrieve.
    """
    if not shares:
        raise SettingsError("no shares of the database to evaluate; give some, such as 0,1,10,30,100")
    evaluator.require_retrieval()
    book = evaluator.book
    parts = document_shares(book.layout, sorted(set(shares)), seed=evaluator.seed)
    if not book.layout.retrievable.any():
        raise DatabaseError(f"{book.path}: every document is held out; nothing can be retrieved")
    scorers: dict[str, Scorer] = {"off": ModelScorer(evaluator.model, evaluator.windows.samples())}
    for share, documents in parts.items():
        if share:
            neighbors = _neighbors_in_share(evaluator, share, documents, progress)
            samples = evaluator.windows.samples(neighbors)
            scorers[_name(share)] = ModelScorer(evaluator.model, samples)
    losses = evaluator.losses(scorers, progress)
    rows = []
    for share, documents in parts.items():
        name = _name(share) if share else "off"
        result = losses.result(name)
        gain = losses.differences(base=name, others=["off"])["off"]
        chunks = int((book.layout.retrievable & np.isin(book.layout.document_of, documents)).sum())
        rows.append(GrowingRow(share, len(documents), chunks, result.bits_per_byte, result.perplexity, gain))
    return rows


def _name(share: float) -> str:
    return f"{share:g} %"


def _neighbors_in_share(
    evaluator: Evaluator, share: float, documents: NDArray[np.int64], progress: Progress
) -> ChunkNeighbors:
    """The k nearest among these documents of each of the text's chunks."""
    progress = stage(progress, f"searching {_name(share)}")
    if share == 100:
        return evaluator.neighbors(progress).first(evaluator.k)
    # On Windows, files that are still mapped stay behind for the system to clear.
    with TemporaryDirectory(prefix="openbook-", ignore_cleanup_errors=True) as folder:
        searcher = searcher_of_documents(
            evaluator.book, documents, mode=evaluator.search_mode, folder=Path(folder)
        )
        return evaluator.search(evaluator.k, searcher=searcher, progress=progress)


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
        for start in range(0, len(chunks), _CHUNKS_INDEXED):
            part = chunks[start : start + _CHUNKS_INDEXED]
            lexical.add(part.tolist(), texts_to_index(version.tokens, version.tokenizer, layout, part))
        lexical.commit()
        lexical.close()
    return Searcher(layout, version.searcher.indexes.instead(dense=dense, lexical=lexical))

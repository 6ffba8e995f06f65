"""Which documents, or chunks, nearly equal what is held out, or earlier, and are kept out of retrieval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.common_runs import Stretch, most_frequent_run
from openbook.database.near_copies.compare import NearCopy, copies_of_held_out, duplicates
from openbook.database.near_copies.hashing import Documents
from openbook.database.storage.arrays import Rows
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.excluded_chunks import ExcludedChunks
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.settings import DatabaseSettings
from openbook.progress import Progress, silent
from openbook.text import Tokenizer


def documents_to_compare(
    catalog: DocumentCatalog, settings: DatabaseSettings, *, has_holdout: bool
) -> set[int]:
    """The numbers of the documents that were not compared yet; none if the settings ask for no comparison.

    Args:
        catalog: of the database.
        settings: of the database.
        has_holdout: whether the catalog's newest version holds documents out.
    """
    return catalog.uncompared() if settings.compares_documents(has_holdout=has_holdout) else set()


def awaits_comparison(layout: ChunkLayout, settings: DatabaseSettings) -> bool:
    """Whether a version has documents that are still to be compared: an `add` was killed, or is at work."""
    has_holdout = bool((layout.live & layout.holdout).any())
    return settings.compares_documents(has_holdout=has_holdout) and not layout.compared[layout.live].all()


MUCH_TEXT = 0.05
"""A share of the text that, excluded, is more likely boilerplate than copies: to be looked at."""


@dataclass(frozen=True, slots=True)
class NearCopies:
    """What is to be excluded."""

    documents: list[tuple[str, int, int]]
    """Reason, number of the original and number of each document that is excluded as a whole."""
    chunks: dict[int, list[ExcludedChunks]]
    """By the number of other documents, the chunks of each that are excluded alone."""
    pieces: list[tuple[int, Stretch | None]]
    """Place of a document, and a stretch of it that is a copy; None: all of it."""


def find_near_copies(
    layout: ChunkLayout,
    tokens: Rows,
    settings: DatabaseSettings,
    *,
    waiting: set[int],
    progress: Progress = silent,
) -> NearCopies:
    """Compare what was not yet compared: new documents with all others, all documents with new held-out ones.

    A document that is similar is excluded. Of one that shares runs, the chunks that these stand in are; if
    that is all of its chunks, the document is.

    Args:
        layout: of the newest version.
        tokens: [num_chunks, M].
        settings: what to look for.
        waiting: numbers of the documents that were not compared yet.
        progress: called with the number of documents done.
    """
    new = np.isin(layout.number, list(waiting)) & layout.live
    held_out = layout.live & layout.holdout
    others = layout.live & ~layout.holdout & ~layout.excluded
    document = documents_of(layout, tokens)
    found: list[NearCopy] = []
    if settings.decontaminate:
        for candidates, originals in ((others & new, held_out), (others & ~new, held_out & new)):
            if candidates.any() and originals.any():
                rest = (others | held_out) & ~candidates & ~originals
                rest[[copy.document for copy in found if copy.reason == "similar"]] = False
                found += copies_of_held_out(
                    document,
                    np.flatnonzero(candidates).tolist(),
                    np.flatnonzero(originals).tolist(),
                    others=np.flatnonzero(rest).tolist(),
                    progress=progress,
                )
    near_copies = _to_exclude(layout, found)
    if settings.deduplicate:
        left = others.copy()
        left[np.isin(layout.number, [number for *_, number in near_copies.documents])] = False
        known = np.flatnonzero(left & ~new).tolist()
        copies = duplicates(document, np.flatnonzero(left & new).tolist(), known=known, progress=progress)
        near_copies.documents.extend(_numbers(layout, copy) for copy in copies)
        near_copies.pieces.extend((copy.document, None) for copy in copies)
        for copy in copies:
            near_copies.chunks.pop(int(layout.number[copy.document]), None)
    return near_copies


def documents_of(layout: ChunkLayout, tokens: Rows) -> Documents:
    """Read the tokens of the document at a place, without padding and end of text."""

    def document(place: int) -> NDArray[np.int64]:
        # M = 4, a document of 6 tokens and its end-of-text token E in two chunks, the second padded with E:
        #   tokens     5 6 7 8     9 5 E E
        #   lengths    4           3
        #   mask       T T T T     T T T F
        #   document   5 6 7 8 9 5            without the last there is, the end of text
        chunks = layout.chunks_of(place)
        part = slice(chunks.start, chunks.stop)
        return tokens[part][layout.token_mask(part)][:-1].astype(np.int64)

    return document


def _to_exclude(layout: ChunkLayout, copies: Sequence[NearCopy]) -> NearCopies:
    """Find what to exclude for the copies of held-out documents."""
    chunks: dict[int, list[ExcludedChunks]] = {}
    places: dict[int, NearCopy] = {}
    whole: dict[int, NearCopy] = {}
    for copy in copies:
        if copy.reason == "common run":
            original = int(layout.number[copy.original])
            places.setdefault(copy.document, copy)
            chunks.setdefault(copy.document, []).extend(
                ExcludedChunks(first, end, original)
                for first, end in chunks_of_stretches(layout, copy.document, copy.stretches)
            )
        else:
            whole[copy.document] = copy
    for place, parts in chunks.items():
        if place not in whole and _all_excluded(layout, place, parts):
            whole[place] = places[place]
    return NearCopies(
        documents=[_numbers(layout, whole[place]) for place in sorted(whole)],
        chunks={int(layout.number[place]): parts for place, parts in chunks.items() if place not in whole},
        pieces=[(copy.document, stretch) for copy in copies for stretch in copy.stretches or (None,)],
    )


def _numbers(layout: ChunkLayout, copy: NearCopy) -> tuple[str, int, int]:
    return copy.reason, int(layout.number[copy.original]), int(layout.number[copy.document])


def chunks_of_stretches(
    layout: ChunkLayout, place: int, stretches: Sequence[Stretch]
) -> list[tuple[int, int]]:
    """Find the chunks that stretches of a document's tokens stand in: first and end of each, in the document.

    lengths      4 4 2           of the document's chunks
    ends         4 8 10
    stretch      5 … 8           its last token is 8
    first        1               as many ends are at most 5
    last         2               and at most 8
    chunks       1 … 3
    """
    chunks = layout.chunks_of(place)
    ends = np.cumsum(layout.lengths[chunks.start : chunks.stop])
    first = np.searchsorted(ends, [stretch.start for stretch in stretches], side="right")
    last = np.searchsorted(ends, [stretch.end - 1 for stretch in stretches], side="right")
    return list(zip(first.tolist(), (last + 1).tolist(), strict=True))


def _all_excluded(layout: ChunkLayout, place: int, parts: Sequence[ExcludedChunks]) -> bool:
    """Whether nothing is left of a document, with what was excluded of it before."""
    chunks = layout.chunks_of(place)
    excluded = layout.kept_out[chunks.start : chunks.stop].copy()
    for part in parts:
        excluded[part.first : part.end] = True
    return bool(excluded.all())


@dataclass(frozen=True, slots=True)
class SharedRun:
    """The run of 32 tokens that most of the excluded documents have."""

    text: str
    documents: int
    """In how many of them it stands."""


def share_of_text_excluded(layout: ChunkLayout) -> float:
    """The share of the live tokens, less those of held-out documents, that is excluded."""
    wanted = (layout.live & ~layout.holdout)[layout.document_of]
    tokens = int(layout.lengths[wanted].sum())
    return int(layout.lengths[wanted & layout.kept_out].sum()) / tokens if tokens else 0.0


def most_frequent_shared_run(
    copies: NearCopies, layout: ChunkLayout, tokens: Rows, tokenizer: Tokenizer
) -> SharedRun | None:
    """Find the run that most of what is newly excluded has; None if nothing of it is long enough."""
    document = documents_of(layout, tokens)
    pieces = []
    for place, stretch in copies.pieces:
        part = slice(None) if stretch is None else slice(stretch.start, stretch.end)
        pieces.append((place, document(place)[part]))
    run, documents = most_frequent_run(pieces)
    return SharedRun(tokenizer.decode([run.tolist()])[0], documents) if documents else None

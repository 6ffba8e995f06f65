"""How much of an evaluation chunk its neighbors already say: r(C) of the paper (section 2.6).

A gain from retrieval that lives only on near-copies is memory of the database, not help from it; so results
are also given over the chunks with little overlap.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database import Version
from openbook.evaluate.measures import Difference, Losses, differences, result_of
from openbook.evaluate.neighbor_modes import OVERLAP_NEIGHBORS, ChunkNeighbors
from openbook.evaluate.windows import Windows

_NOT_OURS_16 = 2**16 - 2
"""Stands for a token that does not exist, where ids take 16 bits; the number after it stands in neighbors."""
_BLOCK = 64
"""Chunks at a time."""
_BATCH = 512
"""Chunks whose neighbors are fetched at a time."""
_NEAR_COPY = 0.5
"""A run of this share of a chunk, 32 tokens of 64, is what decontamination removes (paper, section 2.6)."""
_NAMED = 10

OVERLAPS = (0.125, 0.25, 0.5, 1.0)
"""The shares of a chunk at which results are reported: at 12.5 % of 64 tokens, at most 8 in a row."""
_STEPS = (1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1.0)
"""Narrow where most chunks are; those of `OVERLAPS` are among them."""


@dataclass(frozen=True, slots=True)
class LeakageRow:
    """Bits per byte over the chunks that share a run of at most `max_overlap` of M with a neighbor."""

    max_overlap: float
    chunks: int
    on: float | None
    """None where there is no such chunk."""
    off: float | None
    modes: dict[str, float]
    """All that was evaluated, on and off among them."""
    differences: dict[str, Difference]
    """From on, as over all chunks."""


@dataclass(frozen=True, slots=True)
class OverlapStep:
    """The chunks whose r(C) lies above `above` and at `up_to` or below; the first step begins with 0."""

    above: float
    up_to: float
    chunks: int
    modes: dict[str, float]
    """Bits per byte; empty where there is no such chunk."""
    gain: Difference | None
    """off - on."""


@dataclass(frozen=True, slots=True)
class NearCopies:
    """Evaluated documents that are nearly in the book, so that their losses say little."""

    documents: int
    """How many share a run of half a chunk or more with something they retrieved."""
    evaluated: int
    worst: dict[str, float]
    """Of the worst, the share of their chunks that do so, by document id."""


def near_copies(windows: Windows, runs: NDArray[np.int64]) -> NearCopies:
    """Find them in the longest runs [n, C] of the windows' chunks."""
    database = windows.dataset.database
    there = windows.counted & (runs >= 0)
    documents, place = np.unique(database.layout.document_of[windows.chunk_ids[there]], return_inverse=True)
    near = runs[there] >= windows.overlap_lengths[there] * _NEAR_COPY
    copied = np.bincount(place, weights=near) / np.bincount(place)
    worst = np.argsort(-copied, kind="stable")[:_NAMED]
    worst = worst[copied[worst] > 0]
    described = database.catalog.describe(database.layout.number[documents[worst]].tolist())
    return NearCopies(
        documents=int((copied > 0).sum()),
        evaluated=len(documents),
        worst={d.id: float(share) for d, share in zip(described, copied[worst], strict=True)},
    )


def overlap_runs(windows: Windows, true: ChunkNeighbors, book: Version) -> NDArray[np.int64]:
    """Longest run that each chunk [n, C] shares with its 10 nearest, in tokens; -1 for no chunk."""
    database, M = windows.dataset.database, windows.chunk_size
    near = true.first(OVERLAP_NEIGHBORS)
    runs = np.zeros(len(near.chunks), dtype=np.int64)
    for start in range(0, len(runs), _BATCH):
        part = slice(start, start + _BATCH)
        ids = near.chunks[part]
        tokens = database.tokens[ids].astype(np.int64)
        tokens[np.arange(M) >= database.layout.lengths[ids][:, None]] = -1
        neighbors, mask = book.retrieved_tokens(near.ids[part])
        runs[part] = longest_common_runs(tokens, neighbors, mask)
    exists = windows.chunk_ids >= 0
    places = np.searchsorted(near.chunks, np.where(exists, windows.chunk_ids, near.chunks[0]))
    return np.where(exists, runs[places], -1)


def longest_common_runs(
    chunks: NDArray[np.int64], neighbors: NDArray[np.int64], neighbor_mask: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """For each chunk the longest run of tokens that it shares with one of its neighbors.

    Args:
        chunks: [n, M]; negative ids match nothing.
        neighbors: [n, K, R] with continuations.
        neighbor_mask: [n, K, R], False: this token does not exist.

    Returns:
        [n] tokens, 0 … M.
    """
    # The narrowest numbers, in blocks that stay in the cache: this is most of the counting in an evaluation.
    highest = max(chunks.max(initial=0), neighbors.max(initial=0))
    ids = np.uint16 if highest < _NOT_OURS_16 else np.int64
    not_ours, not_theirs = (_NOT_OURS_16, _NOT_OURS_16 + 1) if ids is np.uint16 else (-1, -2)
    ours = np.where(chunks >= 0, chunks, not_ours).astype(ids)
    theirs = np.where(neighbor_mask, neighbors, not_theirs).astype(ids)
    blocks = range(0, len(chunks), _BLOCK)
    found = [_longest_runs(ours[start : start + _BLOCK], theirs[start : start + _BLOCK]) for start in blocks]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _longest_runs(ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[np.int64]:
    n, M = ours.shape
    run = np.zeros(theirs.shape, dtype=np.uint8 if M < 256 else np.uint16)
    longest = np.zeros_like(run)
    for place in range(M):
        # run[..., j] is the length of the common run that ends at our token `place` and their token j.
        run[..., 1:] = run[..., :-1]
        run[..., 0] = 0
        run += 1
        run *= theirs == ours[:, place, None, None]
        np.maximum(longest, run, out=longest)
    by_chunk: NDArray[np.int64] = longest.reshape(n, -1).max(axis=1, initial=0).astype(np.int64)
    return by_chunk


def leakage_rows(windows: Windows, losses: Losses, runs: NDArray[np.int64], *, seed: int) -> list[LeakageRow]:
    """Over the chunks up to each of `OVERLAPS`.

    Args:
        windows: the text.
        losses: of its tokens.
        runs: [n, C] what `overlap_runs` found.
        seed: of the intervals.
    """
    rows = []
    for overlap in OVERLAPS:
        chunks, modes, found = _over(
            windows, losses, (runs >= 0) & (runs <= overlap * windows.overlap_lengths), seed
        )
        rows.append(LeakageRow(overlap, chunks, modes.get("on"), modes.get("off"), modes, found))
    return rows


def overlap_steps(
    windows: Windows, losses: Losses, runs: NDArray[np.int64], *, seed: int
) -> list[OverlapStep]:
    """The same chunks, each in one step."""
    steps, share = [], runs / windows.overlap_lengths
    for above, up_to in zip((0.0, *_STEPS), _STEPS, strict=False):
        within = (share > above if above else share >= 0) & (share <= up_to)
        chunks, modes, found = _over(windows, losses, within, seed)
        steps.append(OverlapStep(above, up_to, chunks, modes, found.get("off")))
    return steps


def _over(
    windows: Windows, losses: Losses, chunks: NDArray[np.bool_], seed: int
) -> tuple[int, dict[str, float], dict[str, Difference]]:
    """How many of these chunks [n, C] count, their bits per byte by mode, and differences from on."""
    chunks = windows.counted & chunks
    tokens = windows.per_token(chunks)
    if not tokens.any():
        return int(chunks.sum()), {}, {}
    modes = {mode: result_of(windows, loss, tokens).bits_per_byte for mode, loss in losses.items()}
    return int(chunks.sum()), modes, differences(windows, losses, tokens, seed=seed)

"""How much of an evaluated chunk its neighbors already say, r(C) of the paper (section 2.6); losses by it.

r(C) is the longest run of tokens that a chunk shares with one of its ten nearest, as a share of the chunk. A
gain from retrieval that lives only on near-copies is memory of the database, not help from it; so results are
also given over the chunks with little overlap.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database import Version
from openbook.evaluate.measures import Difference, TokenLosses
from openbook.evaluate.neighbor_modes import OVERLAP_NEIGHBORS, ChunkNeighbors
from openbook.evaluate.windows import Windows

_MISSING_16_BITS = 2**16 - 2
"""Stands for a token that does not exist, where ids take 16 bits; the number after it stands in neighbors."""
_CHUNKS_COMPARED = 64
"""At a time: as many as stay in the cache."""
_CHUNKS_FETCHED = 512
"""At a time, with their neighbors."""
_NEAR_COPY = 0.5
"""A run of this share of a chunk, 32 tokens of 64, is what decontamination excludes (paper, section 2.6)."""
_WORST_NAMED = 10

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
class EvaluatedCopies:
    """Evaluated documents that are nearly in the book, so that their losses say little."""

    documents: int
    """How many share a run of half a chunk or more with something they retrieved."""
    evaluated: int
    worst: dict[str, float]
    """Of the worst, the share of their chunks that do so, by document id."""


def overlap_runs(windows: Windows, nearest: ChunkNeighbors, book: Version) -> NDArray[np.int64]:
    """Find the longest run that each chunk of a text shares with one of its 10 nearest.

    Args:
        windows: the text.
        nearest: of its chunks.
        book: what they are chunks of.

    Returns:
        [n, C] tokens; -1 where there is no chunk.
    """
    corpus = windows.corpus
    nearest = nearest.first(OVERLAP_NEIGHBORS)
    runs = np.zeros(len(nearest.chunks), dtype=np.int64)
    for start in range(0, len(runs), _CHUNKS_FETCHED):
        part = slice(start, start + _CHUNKS_FETCHED)
        chunks = nearest.chunks[part]
        tokens = corpus.tokens[chunks].astype(np.int64)
        tokens[~corpus.layout.token_mask(chunks)] = -1
        neighbors, mask = book.retrieved_tokens(nearest.ids[part])
        runs[part] = longest_common_runs(tokens, neighbors, mask)
    # From one row for each chunk to the windows, where a chunk may stand twice or not at all.
    exists = windows.chunk_ids >= 0
    places = np.searchsorted(nearest.chunks, np.where(exists, windows.chunk_ids, nearest.chunks[0]))
    return np.where(exists, runs[places], -1)


def longest_common_runs(
    chunks: NDArray[np.int64], neighbors: NDArray[np.int64], neighbor_mask: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Find for each chunk the longest run of tokens that it shares with one of its neighbors.

    Args:
        chunks: [n, M]; negative ids match nothing.
        neighbors: [n, K, R] with continuations.
        neighbor_mask: [n, K, R], False: this token does not exist.

    Returns:
        [n] tokens, 0 … M.
    """
    # The narrowest numbers, in blocks that stay in the cache: this is most of the counting in an evaluation.
    highest = max(chunks.max(initial=0), neighbors.max(initial=0))
    narrow = highest < _MISSING_16_BITS
    dtype: type[np.uint16 | np.int64] = np.uint16 if narrow else np.int64
    # Two numbers that no token has, and that differ: what does not exist matches nothing, nor each other.
    missing, missing_neighbor = (_MISSING_16_BITS, _MISSING_16_BITS + 1) if narrow else (-1, -2)
    ours = np.where(chunks >= 0, chunks, missing).astype(dtype)
    theirs = np.where(neighbor_mask, neighbors, missing_neighbor).astype(dtype)
    found = [
        _longest_runs(ours[start : start + _CHUNKS_COMPARED], theirs[start : start + _CHUNKS_COMPARED])
        for start in range(0, len(chunks), _CHUNKS_COMPARED)
    ]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _longest_runs(ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[np.int64]:
    """One block of `longest_common_runs`: dynamic programming over our tokens [n, M], all of theirs at once.

    run[j] is the length of the common run that ends at our token and at their token j. It is one more than
    what ended one token earlier in both, so the row is moved by one place, increased, and kept where tokens
    agree:

        theirs [R]               a b c x b
        our token b   run        0 1 0 0 1
                      moved + 1  1 1 2 1 1
        our token c   run        0 0 2 0 0      only their c agrees: "b c" is a run of 2
        longest                  0 1 2 0 1
    """
    n, M = ours.shape
    run = np.zeros(theirs.shape, dtype=np.uint8 if M < 256 else np.uint16)
    longest = np.zeros_like(run)
    for place in range(M):
        run[..., 1:] = run[..., :-1]
        run[..., 0] = 0
        run += 1
        run *= theirs == ours[:, place, None, None]
        np.maximum(longest, run, out=longest)
    by_chunk: NDArray[np.int64] = longest.reshape(n, -1).max(axis=1, initial=0).astype(np.int64)
    return by_chunk


def near_copies(windows: Windows, runs: NDArray[np.int64]) -> EvaluatedCopies:
    """Find the documents that share long runs with what they retrieve.

    Args:
        windows: the text.
        runs: [n, C] what `overlap_runs` found.
    """
    corpus = windows.corpus
    there = windows.counted & (runs >= 0)
    documents, place = np.unique(corpus.layout.document_of[windows.chunk_ids[there]], return_inverse=True)
    near = runs[there] >= windows.overlap_lengths[there] * _NEAR_COPY
    copied = np.bincount(place, weights=near) / np.bincount(place)  # share of each document's chunks
    worst = np.argsort(-copied, kind="stable")[:_WORST_NAMED]
    worst = worst[copied[worst] > 0]
    described = corpus.catalog.describe(corpus.layout.number[documents[worst]].tolist())
    return EvaluatedCopies(
        documents=int((copied > 0).sum()),
        evaluated=len(documents),
        worst={d.id: float(share) for d, share in zip(described, copied[worst], strict=True)},
    )


def leakage_rows(losses: TokenLosses, runs: NDArray[np.int64]) -> list[LeakageRow]:
    """Measure the chunks up to each of `OVERLAPS`.

    Args:
        losses: of the text's tokens.
        runs: [n, C] what `overlap_runs` found.
    """
    lengths, rows = losses.windows.overlap_lengths, []
    for overlap in OVERLAPS:
        within = (runs >= 0) & (runs <= overlap * lengths)
        chunks, modes, differences = _over_chunks(losses, within)
        rows.append(LeakageRow(overlap, chunks, modes.get("on"), modes.get("off"), modes, differences))
    return rows


def overlap_steps(losses: TokenLosses, runs: NDArray[np.int64]) -> list[OverlapStep]:
    """Measure the same chunks, each in one step; arguments as of `leakage_rows`."""
    share, steps = runs / losses.windows.overlap_lengths, []
    for above, up_to in zip((0.0, *_STEPS), _STEPS, strict=False):
        more = share > above if above else share >= 0
        chunks, modes, differences = _over_chunks(losses, more & (share <= up_to))
        steps.append(OverlapStep(above, up_to, chunks, modes, differences.get("off")))
    return steps


def _over_chunks(
    losses: TokenLosses, chunks: NDArray[np.bool_]
) -> tuple[int, dict[str, float], dict[str, Difference]]:
    """How many of these chunks [n, C] count, their bits per byte by mode, and differences from on."""
    chunks = losses.windows.counted & chunks
    tokens = losses.windows.predicted_of(chunks)
    if not tokens.any():
        return int(chunks.sum()), {}, {}
    modes = {name: losses.result(name, tokens).bits_per_byte for name in losses.nats}
    return int(chunks.sum()), modes, losses.differences(tokens)

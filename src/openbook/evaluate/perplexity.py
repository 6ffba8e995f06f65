"""Bits per byte and perplexity on held-out text, in modes that tell whether retrieval helps and why.

All modes (see `shown`), and whatever else is compared with them, read the same tokens in one pass.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, NeighborTable
from openbook.errors import SettingsError
from openbook.evaluate.intervals import Difference, paired_difference
from openbook.evaluate.leakage import OVERLAPS, LeakageRow, NearCopies, near_copies, overlap_runs
from openbook.evaluate.scorers import ModelScorer, Scorer
from openbook.evaluate.shown import MODES, neighbors_of_mode, true_neighbors
from openbook.evaluate.windows import Windows
from openbook.progress import Progress, silent, stage

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM


@dataclass(frozen=True, slots=True)
class ModeResult:
    """One mode over all tokens evaluated."""

    bits_per_byte: float
    """Of the documents' UTF-8 text; their end-of-text tokens are predicted too."""
    perplexity: float
    """Per token."""
    perplexity_per_word: float
    """Words are what white space separates."""
    tokens: int
    """Predicted tokens: all but the very first of what a window reads."""


@dataclass(frozen=True, slots=True)
class PerplexityReport:
    """What `openbook eval perplexity` prints."""

    modes: dict[str, ModeResult]
    """By mode, then by the name of what was compared."""
    leakage: list[LeakageRow]
    """Empty unless both on and off were evaluated."""
    differences: dict[str, Difference]
    """Of every other mode from on; empty where on was not evaluated."""
    by_position: dict[str, list[float]]
    """Bits per byte of the tokens at each place in their chunk [M], by mode."""
    near_copies: NearCopies | None
    """Documents that are nearly in the book; None where overlap was not measured."""
    k: int
    sequences: int


def evaluate_perplexity(
    model: "RetroForCausalLM",
    database: Database,
    table: NeighborTable | None,
    *,
    corpus: Database | None = None,
    modes: Sequence[str] = MODES,
    others: Mapping[str, Scorer] | None = None,
    k: int | None = None,
    search_mode: str | None = None,
    sequence_length: int = 512,
    stride: int | None = None,
    batch_size: int = 8,
    max_sequences: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> PerplexityReport:
    """Evaluate a model on the database's held-out documents, or on a text of its own.

    Args:
        model: trained with the database's tokenizer and chunk length; it is left in the mode it was in.
        database: built with a holdout, unless there is a corpus.
        table: its neighbor table, used where it has the neighbors asked for; None: neighbors are searched.
        corpus: another database to read, its held-out documents, or all if it holds none out; its neighbors
            are searched in the database, or in the book of the table.
        modes: any of on, off, random, shuffled.
        others: what to compare with them on the same tokens, by name.
        k: neighbors of each chunk; None: as in the model's training.
        search_mode: dense, bm25 or hybrid; None: as the table, else dense where the book has vectors.
        sequence_length: T, the window.
        stride: from one window to the next, a multiple of M; below T every token but those of the first
            window has T - stride tokens or more before it. None: T.
        batch_size: sequences at a time.
        max_sequences: read this many, spread evenly over the text; None: all.
        seed: of random and shuffled neighbors, and of the intervals.
        progress: told how many sequences are done, and of how many.

    Raises:
        SettingsError: an unknown mode, or a number out of its range.
        MismatchError: model and database do not belong together.
        DatabaseError: nothing is held out, or nothing can be retrieved.
    """
    database.settings.require_match(
        tokenizer_fingerprint=model.config.tokenizer_fingerprint, chunk_size=model.config.chunk_size
    )
    for mode in modes:
        if mode not in MODES:
            raise SettingsError(f"evaluation mode {mode!r}: choose from {', '.join(MODES)}")
    if batch_size < 1:
        raise SettingsError(f"batch size {batch_size}: must be at least 1")
    k = model.config.num_neighbors if k is None else k
    book = database if table is None else table.book
    windows = Windows.of(
        corpus or database,
        "train" if corpus is not None and not corpus.layout.holdout.any() else "holdout",
        book=book,
        sequence_length=sequence_length,
        stride=stride,
        max_sequences=max_sequences,
    )
    scorers: dict[str, Scorer] = {"off": ModelScorer(model)} if "off" in modes else {}
    runs = None
    if set(modes) - {"off"}:
        if corpus is not None and table is not None:
            search_mode, table = search_mode or table.mode, None
        true = true_neighbors(
            windows, book, table, k=k, search_mode=search_mode, progress=stage(progress, "searching")
        )
        shown = {mode: neighbors_of_mode(mode, true, book, k=k, seed=seed) for mode in modes}
        scorers = {mode: ModelScorer(model, neighbors) for mode, neighbors in shown.items()}
        runs = overlap_runs(windows, true, book) if {"on", "off"} <= set(modes) else None
    scorers |= others or {}
    nats = _read(windows, scorers, batch_size, progress)
    return _report(windows, nats, runs, k=k, seed=seed)


def _read(
    windows: Windows, scorers: Mapping[str, Scorer], batch_size: int, progress: Progress
) -> dict[str, NDArray[np.float32]]:
    """Nats [n, T] of each scorer."""
    nats = {name: np.zeros(windows.predicted.shape, dtype=np.float32) for name in scorers}
    for start in range(0, len(windows), batch_size):
        part = slice(start, start + batch_size)
        for name, scorer in scorers.items():
            nats[name][part] = scorer(windows, windows.rows[part])
        progress(min(start + batch_size, len(windows)), len(windows))
    return nats


def _report(
    windows: Windows,
    nats: Mapping[str, NDArray[np.float32]],
    runs: NDArray[np.int64] | None,
    *,
    k: int,
    seed: int,
) -> PerplexityReport:
    everything = windows.predicted
    return PerplexityReport(
        modes={name: _result(windows, loss, everything) for name, loss in nats.items()},
        leakage=[] if runs is None else _leakage(windows, nats, runs, seed),
        differences=_differences(windows, nats, everything, seed),
        by_position={name: _by_position(windows, loss) for name, loss in nats.items()},
        near_copies=None if runs is None else near_copies(windows, runs),
        k=k,
        sequences=len(windows),
    )


def _result(windows: Windows, nats: NDArray[np.float32], tokens: NDArray[np.bool_]) -> ModeResult:
    mean = float(nats[tokens].mean(dtype=np.float64))
    return ModeResult(
        bits_per_byte=mean / math.log(2) / windows.bytes_per_token,
        perplexity=math.exp(mean),
        perplexity_per_word=math.exp(mean / windows.words_per_token),
        tokens=int(tokens.sum()),
    )


def _differences(
    windows: Windows, nats: Mapping[str, NDArray[np.float32]], tokens: NDArray[np.bool_], seed: int
) -> dict[str, Difference]:
    """Of the modes from on, over these tokens [n, T]."""
    if "on" not in nats:
        return {}
    _, document, counts = np.unique(windows.documents[tokens], return_inverse=True, return_counts=True)
    bits = {mode: np.bincount(document, weights=loss[tokens]) / math.log(2) for mode, loss in nats.items()}
    on, size = bits.pop("on"), (counts * windows.bytes_per_token).astype(np.float64)
    return {mode: paired_difference(on, other, size, seed=seed) for mode, other in bits.items()}


def _by_position(windows: Windows, nats: NDArray[np.float32]) -> list[float]:
    M = windows.chunk_size
    counts = windows.predicted.reshape(-1, M).sum(axis=0)
    sums = np.where(windows.predicted, nats, 0.0).reshape(-1, M).sum(axis=0, dtype=np.float64)
    return [float(x) for x in sums / np.maximum(counts, 1) / math.log(2) / windows.bytes_per_token]


def _leakage(
    windows: Windows, nats: Mapping[str, NDArray[np.float32]], runs: NDArray[np.int64], seed: int
) -> list[LeakageRow]:
    rows = []
    for overlap in OVERLAPS:
        little = windows.counted & (runs >= 0) & (runs <= overlap * windows.chunk_size)
        tokens = windows.per_token(little)
        modes = {
            mode: _result(windows, loss, tokens).bits_per_byte for mode, loss in nats.items() if tokens.any()
        }
        differences = _differences(windows, nats, tokens, seed) if tokens.any() else {}
        rows.append(
            LeakageRow(overlap, int(little.sum()), modes.get("on"), modes.get("off"), modes, differences)
        )
    return rows

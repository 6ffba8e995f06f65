"""Bits per byte and perplexity on held-out text, in modes that tell whether retrieval helps and why.

All modes (see `shown`), and whatever else is compared with them, read the same tokens in one pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, NeighborTable, Version
from openbook.evaluate.evaluator import Reading
from openbook.evaluate.measures import Difference, Losses, ModeResult, by_position, differences, result_of
from openbook.evaluate.neighbor_modes import MODES, OVERLAP_NEIGHBORS, check_modes, neighbors_of_mode
from openbook.evaluate.overlap import (
    LeakageRow,
    NearCopies,
    OverlapStep,
    leakage_rows,
    near_copies,
    overlap_runs,
    overlap_steps,
)
from openbook.evaluate.scorers import ModelScorer, Scorer
from openbook.evaluate.windows import Windows
from openbook.progress import Progress, silent

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM


@dataclass(frozen=True, slots=True)
class PerplexityReport:
    """What `openbook eval perplexity` prints."""

    modes: dict[str, ModeResult]
    """By mode, then by the name of what was compared."""
    leakage: list[LeakageRow]
    """Empty unless both on and off were evaluated."""
    by_overlap: list[OverlapStep]
    """The same in narrow steps, each chunk in one."""
    differences: dict[str, Difference]
    """Of every other mode from on; empty where on was not evaluated."""
    by_position: dict[str, list[float]]
    """Bits per byte of the tokens at each place in their chunk [M], by mode."""
    near_copies: NearCopies | None
    """Documents that are nearly in the book; None where overlap was not measured."""
    overlap_neighbors: int
    """How many of the nearest overlap was measured with: 10, or as many as the table has."""
    k: int
    sequences: int


def evaluate_perplexity(
    model: "RetroForCausalLM",
    database: Database | Version,
    table: NeighborTable | None,
    *,
    corpus: Database | Version | None = None,
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
        database: built with a holdout, unless there is a corpus; read throughout in the version that it reads
            when this begins.
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
    check_modes(modes)
    reading = Reading.of(
        model,
        database,
        table,
        corpus=corpus,
        k=k,
        search_mode=search_mode,
        sequence_length=sequence_length,
        stride=stride,
        batch_size=batch_size,
        max_sequences=max_sequences,
    )
    windows, book = reading.windows, reading.book
    scorers: dict[str, Scorer] = {"off": ModelScorer(model)} if "off" in modes else {}
    runs, near = None, 0
    if set(modes) - {"off"}:
        reading.require_retrieval()
        true = reading.neighbors(progress)
        shown = {mode: neighbors_of_mode(mode, true, book, k=reading.k, seed=seed) for mode in modes}
        scorers = {mode: ModelScorer(model, neighbors) for mode, neighbors in shown.items()}
        if {"on", "off"} <= set(modes):
            near = min(OVERLAP_NEIGHBORS, true.ids.shape[1])
            runs = overlap_runs(windows, true, book)
    losses = reading.losses(scorers | dict(others or {}), progress)
    return _report(windows, losses, runs, near, k=reading.k, seed=seed)


def _report(
    windows: Windows, losses: Losses, runs: NDArray[np.int64] | None, near: int, *, k: int, seed: int
) -> PerplexityReport:
    everything = windows.predicted
    return PerplexityReport(
        modes={name: result_of(windows, nats, everything) for name, nats in losses.items()},
        leakage=[] if runs is None else leakage_rows(windows, losses, runs, seed=seed),
        by_overlap=[] if runs is None else overlap_steps(windows, losses, runs, seed=seed),
        differences=differences(windows, losses, everything, seed=seed),
        by_position={name: by_position(windows, nats) for name, nats in losses.items()},
        near_copies=None if runs is None else near_copies(windows, runs),
        overlap_neighbors=near,
        k=k,
        sequences=len(windows),
    )

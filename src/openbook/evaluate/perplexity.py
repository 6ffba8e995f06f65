"""Bits per byte and perplexity, in modes that tell whether retrieval helps and why.

All modes (see `neighbor_modes`), and whatever else is compared with them, read the same tokens in one pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database.neighbors.neighbor_ranker import NeighborRanker
from openbook.errors import SettingsError
from openbook.evaluate.evaluator import Evaluator
from openbook.evaluate.measures import Difference, ModeResult, Share, TokenLosses, kept_share
from openbook.evaluate.neighbor_gains import find_neighbors
from openbook.evaluate.neighbor_modes import (
    MODES,
    OVERLAP_NEIGHBORS,
    ChunkNeighbors,
    check_modes,
    neighbors_of_mode,
)
from openbook.evaluate.overlap import (
    EvaluatedCopies,
    LeakageRow,
    OverlapStep,
    leakage_rows,
    near_copies,
    overlap_runs,
    overlap_steps,
)
from openbook.evaluate.own_past import SamplesWithPast, look_up_past
from openbook.evaluate.scorers import ModelScorer, Scorer
from openbook.progress import Progress, silent, stage

MEMORY, BOTH = "memory", "on + memory"
"""Modes in which each document looks up its own past, alone and beside the book."""
RANKED, FIRST = "ranked", "first"
"""Modes in which a ranker chooses neighbors, and in which as many of the search's first are read."""


@dataclass(frozen=True, slots=True)
class MemoryGain:
    """What a memory of the document's own past is worth."""

    without_book: Difference
    """How much worse `off` is than `memory`."""
    beside_book: Difference | None
    """How much worse `on` is than `on + memory`; None: on was not evaluated."""
    chunks_found: float
    """Share of the chunks whose past held something to find."""


@dataclass(frozen=True, slots=True)
class RankerGain:
    """What a learned choice of neighbors keeps of their gain."""

    read: float
    """Neighbors of a chunk that it reads, on average."""
    found: float
    """And how many there were."""
    kept: Share
    """Of what `on` is better than `off`, how much `ranked` is."""
    kept_by_first: Share
    """The same of as many neighbors, the first of the search."""


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
    near_copies: EvaluatedCopies | None
    """Documents that are nearly in the book; None where overlap was not measured."""
    overlap_neighbors: int
    """How many of the nearest overlap was measured with: 10, or as many as the table has."""
    k: int
    sequences: int
    memory: MemoryGain | None = None
    """None: not measured."""
    ranker: RankerGain | None = None
    """None: there is none."""


def evaluate_perplexity(
    evaluator: Evaluator,
    modes: Sequence[str] = MODES,
    *,
    others: Mapping[str, Scorer] | None = None,
    remember: bool = False,
    ranker: NeighborRanker | None = None,
    progress: Progress = silent,
) -> PerplexityReport:
    """Evaluate a model on a text.

    Args:
        evaluator: of the model and the text.
        modes: any of on, off, random, shuffled.
        others: what to compare with them on the same tokens, by name.
        remember: measure also what each document gains from looking up its own past, what has left the
            window: the modes `memory`, and `on + memory` where on is evaluated.
        ranker: measure also what it chooses of the neighbors: the mode `ranked`, and `first`, as many of the
            search's first; needs the modes on and off.
        progress: called with how many sequences are done, and of how many.

    Raises:
        SettingsError: an unknown mode, or one with neighbors for a model that cannot read them.
        DatabaseError: random, and nothing can be retrieved.
    """
    check_modes(modes)
    windows = evaluator.windows
    progress(0, len(windows))
    nearest = _nearest(evaluator, modes, progress)
    scorers = _scorers_of_modes(evaluator, modes, nearest)
    overlap = None
    if nearest is not None and {"on", "off"} <= set(modes):
        overlap = _Overlap(overlap_runs(windows, nearest, evaluator.book), nearest)
    memory = _memory(evaluator, nearest if "on" in modes else None, progress) if remember else None
    if memory is not None:
        for name, scorer in memory.scorers.items():
            scorers.setdefault(name, scorer)
    ranked = None if ranker is None else _ranked(evaluator, ranker, modes, progress)
    if ranked is not None:
        scorers |= ranked.scorers
    losses = evaluator.losses(scorers | dict(others or {}), progress)
    return PerplexityReport(
        modes={name: losses.result(name) for name in losses.nats},
        leakage=[] if overlap is None else leakage_rows(losses, overlap.runs),
        by_overlap=[] if overlap is None else overlap_steps(losses, overlap.runs),
        differences=losses.differences(),
        by_position={name: losses.by_position(name) for name in losses.nats},
        near_copies=None if overlap is None else near_copies(windows, overlap.runs),
        overlap_neighbors=0 if overlap is None else overlap.num_neighbors,
        k=evaluator.k,
        sequences=len(windows),
        memory=None if memory is None else memory.gain(losses),
        ranker=None if ranked is None else ranked.gain(losses),
    )


def _nearest(evaluator: Evaluator, modes: Sequence[str], progress: Progress) -> ChunkNeighbors | None:
    """What the chunks of the text find, as many as any measurement reads; None: no mode reads any."""
    if not set(modes) - {"off"}:
        return None
    evaluator.require_retrieval()
    return evaluator.neighbors(stage(progress, "searching"))


def _scorers_of_modes(
    evaluator: Evaluator, modes: Sequence[str], nearest: ChunkNeighbors | None
) -> dict[str, Scorer]:
    own = None if nearest is None else nearest.first(evaluator.k)
    scorers: dict[str, Scorer] = {}
    for mode in modes:
        read = None if own is None else neighbors_of_mode(mode, own, evaluator.book, seed=evaluator.seed)
        scorers[mode] = ModelScorer(evaluator.model, evaluator.windows.samples(read))
    return scorers


@dataclass(frozen=True, eq=False)
class _Overlap:
    """The longest run of each chunk with one of its nearest."""

    runs: NDArray[np.int64]
    nearest: ChunkNeighbors

    @property
    def num_neighbors(self) -> int:
        """How many of the nearest it was measured with."""
        return min(OVERLAP_NEIGHBORS, int(self.nearest.ids.shape[1]))


@dataclass(frozen=True, eq=False)
class _Memory:
    """What documents find in their own past, to be measured."""

    scorers: dict[str, Scorer]
    found: float

    def gain(self, losses: TokenLosses) -> MemoryGain:
        """From the losses of off and memory, and of on and both where on is evaluated."""
        alone = losses.differences(base=MEMORY, others=["off"])["off"]
        beside = losses.differences(base=BOTH, others=["on"]).get("on")
        return MemoryGain(alone, beside, self.found)


def _memory(evaluator: Evaluator, nearest: ChunkNeighbors | None, progress: Progress) -> _Memory:
    """Look up the past; beside the book, too, where nearest are what on reads."""
    evaluator.require_retrieval()
    windows, model = evaluator.windows, evaluator.model
    past = look_up_past(windows, evaluator.k, progress=stage(progress, "searching the documents' past"))
    scorers: dict[str, Scorer] = {
        "off": ModelScorer(model, windows.samples()),
        MEMORY: ModelScorer(model, SamplesWithPast(windows.samples(), past)),
    }
    if nearest is not None:
        own = nearest.first(evaluator.k)
        scorers[BOTH] = ModelScorer(model, SamplesWithPast(windows.samples(own), past))
    return _Memory(scorers, past.share_found)


@dataclass(frozen=True, eq=False)
class _Ranked:
    """What a ranker reads, to be measured."""

    scorers: dict[str, Scorer]
    read: float
    found: float

    def gain(self, losses: TokenLosses) -> RankerGain:
        """From the losses of on, off, ranked and first."""
        kept = (kept_share(losses, of=name) for name in (RANKED, FIRST))
        return RankerGain(self.read, self.found, *kept)


def _ranked(
    evaluator: Evaluator, ranker: NeighborRanker, modes: Sequence[str], progress: Progress
) -> _Ranked:
    if not {"on", "off"} <= set(modes):
        raise SettingsError(
            "a ranker is compared with all neighbors and with none; evaluate the modes on,off"
        )
    found = find_neighbors(evaluator, stage(progress, "searching for neighbors to rank"))
    chosen, windows, model = found.chosen(ranker), evaluator.windows, evaluator.model
    read, there = (float((ids >= 0).sum(axis=1).mean()) for ids in (chosen.ids, found.ids))
    first = found.first(max(1, round(read)))
    scorers: dict[str, Scorer] = {
        RANKED: ModelScorer(model, windows.samples(chosen)),
        FIRST: ModelScorer(model, windows.samples(first)),
    }
    return _Ranked(scorers, read, there)

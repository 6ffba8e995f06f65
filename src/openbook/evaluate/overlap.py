"""Losses against overlap: over the chunks that share little with their neighbors, and in steps of r(C).

How r(C) is found, see `leakage`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.evaluate.intervals import Difference
from openbook.evaluate.leakage import OVERLAPS, LeakageRow
from openbook.evaluate.measures import Losses, differences, result_of
from openbook.evaluate.windows import Windows

_STEPS = (1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1.0)
"""Narrow where most chunks are; those of `OVERLAPS` are among them."""


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

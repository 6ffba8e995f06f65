"""The tables of an evaluation, for a page in Markdown and for a terminal: the same numbers, the same form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from openbook.evaluate.growing_book import GrowingRow
from openbook.evaluate.measures import Difference
from openbook.evaluate.perplexity import PerplexityReport
from openbook.evaluate.search_effort import EffortRow

if TYPE_CHECKING:
    from openbook.evaluate.harness import HarnessReport

_PARTS = 4
"""Of a chunk, in the table of positions."""
_FIRST_WIDTH, _WIDTH = 10, 12
"""Characters of a column in a terminal, where there is room."""
_GAP = 2
"""Characters between columns, at least."""
_LINE = 100
"""Characters of a line in a terminal."""
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Table:
    """Text in cells: the first column says what a row is, the others are numbers.

    head: names of the columns.
    rows: as many cells each.
    """

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def as_markdown(self) -> Iterator[str]:
        """Lines; the first column to the left, numbers to the right."""
        rule = ("---", *("---:" for _ in self.head[1:]))
        for cells in (self.head, rule, *self.rows):
            yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"

    def as_text(self) -> Iterator[str]:
        """Lines of aligned columns, of at most 100 characters as far as that many hold the numbers.

        Columns are as wide as they like, else as wide as they must be. What the first one says at length has
        a line of its own then, with its numbers below:

            mmlu_high_school_government_and_politics
                                      acc,none     0.2512
        """
        columns = zip(self.head, *self.rows, strict=True)
        longest = [max(len(cell) for cell in column) + _GAP for column in columns]
        widths = [max(_FIRST_WIDTH, longest[0]), *(max(_WIDTH, width) for width in longest[1:])]
        if sum(widths) > _LINE:
            widths[1:] = longest[1:]
            widths[0] = min(longest[0], max(_FIRST_WIDTH, _LINE - sum(widths[1:])))
        for first, *numbers in (self.head, *self.rows):
            label = first
            if len(first) > widths[0] - _GAP:
                yield first
                label = ""
            aligned = zip(numbers, widths[1:], strict=True)
            yield f"{label:<{widths[0]}}" + "".join(f"{cell:>{width}}" for cell, width in aligned)


def modes_table(report: PerplexityReport, *, words: bool) -> Table:
    """What each mode gives over all tokens; with words also the perplexity per word."""
    rows = []
    for mode, result in report.modes.items():
        per_word = _NONE if result.perplexity_per_word is None else f"{result.perplexity_per_word:.2f}"
        numbers = (f"{result.bits_per_byte:.4f}", f"{result.perplexity:.2f}")
        rows.append((mode, *numbers, *((per_word,) if words else ()), f"{result.tokens:,}"))
    per_word_head = ("per word",) if words else ()
    return Table(("mode", "bits per byte", "perplexity", *per_word_head, "tokens"), rows)


def overlap_table(report: PerplexityReport, *, intervals: bool) -> Table:
    """Bits per byte over the chunks up to each overlap; with intervals also off - on."""
    modes = list(report.modes)
    head = ["overlap up to", "chunks", *modes]
    rows = []
    for row in report.leakage:
        bits = [f"{row.modes[mode]:.4f}" if mode in row.modes else _NONE for mode in modes]
        cells = [f"{row.max_overlap:.1%}", f"{row.chunks:,}", *bits]
        if intervals:
            cells.append(_interval(row.differences.get("off")))
        rows.append(tuple(cells))
    if intervals:
        head.append("off - on")
    return Table(tuple(head), rows)


def growing_table(shares: Sequence[GrowingRow]) -> Table:
    """What growing shares of the book give."""
    rows = [
        (
            f"{row.share:g} %",
            f"{row.documents:,}",
            f"{row.chunks:,}",
            f"{row.bits_per_byte:.4f}",
            f"{row.perplexity:.2f}",
            _interval(row.gain) if row.share else _NONE,
        )
        for row in shares
    ]
    return Table(("share", "documents", "chunks", "bits per byte", "perplexity", "off minus this"), rows)


def effort_table(efforts: Sequence[EffortRow]) -> Table:
    """What more and more thorough searches give."""
    rows = [
        (
            "all vectors" if row.lists is None else f"{row.lists:,}",
            f"{row.recall_at_10:.3f}",
            f"{row.bits_per_byte:.4f}",
            f"{row.perplexity:.2f}",
        )
        for row in efforts
    ]
    return Table(("lists visited", "recall@10", "bits per byte", "perplexity"), rows)


def positions_table(report: PerplexityReport) -> Table:
    """Bits per byte over quarters of a chunk; of 64 tokens 1 to 16, 17 to 32, …"""
    by_mode = report.by_position
    places = len(next(iter(by_mode.values()), []))
    ends = [round(places * part / _PARTS) for part in range(_PARTS + 1)]
    parts = [(first, end) for first, end in pairwise(ends) if end > first]
    rows = []
    for mode, bits in by_mode.items():
        means = [f"{sum(bits[first:end]) / (end - first):.4f}" for first, end in parts]
        rows.append((mode, *means))
    return Table(("mode", *(f"{first + 1} to {end}" for first, end in parts)), rows)


def harness_table(report: "HarnessReport") -> Table:
    """Each metric of each task."""
    rows = []
    for name, result in report.tasks.items():
        shots = _NONE if result.num_fewshot is None else str(result.num_fewshot)
        for metric, value in result.metrics.items():
            error = result.standard_errors.get(metric)
            spread = _NONE if error is None else f"{error:.4f}"
            rows.append((name, metric, f"{value:.4f}", spread, f"{result.documents:,}", shots))
    return Table(("task", "metric", "value", "± 1 error", "documents", "examples"), rows)


def _interval(difference: Difference | None) -> str:
    return _NONE if difference is None else str(difference)

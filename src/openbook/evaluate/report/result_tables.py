"""The tables of an evaluation, for a page in Markdown and for a terminal: the same numbers, the same form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from openbook.evaluate.growing_book import GrowingRow
from openbook.evaluate.measures import Difference
from openbook.evaluate.perplexity import PerplexityReport
from openbook.evaluate.search_effort import EffortRow

_PARTS = 4
"""Of a chunk, in the table of positions."""
_FIRST_WIDTH, _WIDTH = 10, 12
"""Characters of a column in a terminal, at least."""
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
        """Lines of aligned columns."""
        columns = zip(self.head, *self.rows, strict=True)
        longest = [max(len(cell) for cell in column) + 2 for column in columns]
        widths = [max(_FIRST_WIDTH, longest[0]), *(max(_WIDTH, width) for width in longest[1:])]
        for cells in (self.head, *self.rows):
            numbers = zip(cells[1:], widths[1:], strict=True)
            yield f"{cells[0]:<{widths[0]}}" + "".join(f"{cell:>{width}}" for cell, width in numbers)


def modes_table(report: PerplexityReport) -> Table:
    """What each mode gives over all tokens."""
    rows = []
    for mode, result in report.modes.items():
        per_word = _NONE if result.perplexity_per_word is None else f"{result.perplexity_per_word:.2f}"
        numbers = (f"{result.bits_per_byte:.4f}", f"{result.perplexity:.2f}", per_word, f"{result.tokens:,}")
        rows.append((mode, *numbers))
    return Table(("mode", "bits per byte", "perplexity", "per word", "tokens"), rows)


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


def _interval(difference: Difference | None) -> str:
    return _NONE if difference is None else str(difference)

"""The page of a report, in Markdown: every table with what it says in words."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from openbook.evaluate.measures import Difference
from openbook.evaluate.report.results import Evaluation

_PARTS = 4
"""Of a chunk, in the table of positions."""
_MINUS_ON = "The other minus on in bits per byte, with its 95 % interval"


def page(evaluation: Evaluation, plots: Collection[str]) -> str:
    """Markdown, with links to the plots of these names beside it."""
    sections = (_head, _modes, _overlap, _growing, _positions, _recall, _made)
    lines = [line for section in sections for line in (*section(evaluation, plots), "")]
    return "\n".join(lines)


def _head(evaluation: Evaluation, _: Collection[str]) -> Iterator[str]:
    report, about = evaluation.perplexity, evaluation.about
    yield "# Evaluation of a model with retrieval"
    yield ""
    if "model" in about:
        yield f"- model: {about['arguments'].get('model', '')}, {about['model']['parameters']:,} parameters"
    for name in ("database", "book"):
        if name in about:
            yield f"- {name}: {_of_database(about[name])}"
    tokens = max((result.tokens for result in report.modes.values()), default=0)
    if "text" in about:
        yield f"- text: {about['text']['documents']:,} documents given, {about['text']['bytes']:,} bytes"
    else:
        yield "- text: the database's held-out documents"
    yield f"- read: {report.sequences:,} sequences, {tokens:,} predicted tokens, {report.k} neighbors a chunk"


def _of_database(values: dict[str, Any]) -> str:
    return (
        f"{values['path']}, version {values['version']}, {values['documents']:,} documents "
        f"({values['holdout_documents']:,} held out), {values['retrievable_chunks']:,} chunks of "
        f"{values['chunk_size']} tokens to retrieve"
    )


def _modes(evaluation: Evaluation, plots: Collection[str]) -> Iterator[str]:
    report = evaluation.perplexity
    yield "## Modes"
    yield ""
    rows = (
        (
            mode,
            f"{x.bits_per_byte:.4f}",
            f"{x.perplexity:.2f}",
            "-" if x.perplexity_per_word is None else f"{x.perplexity_per_word:.2f}",
            f"{x.tokens:,}",
        )
        for mode, x in report.modes.items()
    )
    yield from _table(("mode", "bits per byte", "perplexity", "per word", "tokens"), rows)
    if report.differences:
        yield ""
        yield f"{_MINUS_ON}, over all tokens:"
        yield ""
        yield from _verdicts(report.differences)
    yield from _picture("modes", "Bits per byte of each mode", plots)


def _verdicts(differences: Mapping[str, Difference]) -> Iterator[str]:
    """In words, as sure as the intervals are."""
    for mode, difference in differences.items():
        if difference.low is None or difference.high is None:
            words = f"**nothing is shown of {mode}**"
        elif difference.low > 0:
            words = f"on is better than {mode}"
        elif difference.high < 0:
            words = f"**on is worse than {mode}**"
        else:
            words = f"**no difference between on and {mode} is shown**"
        yield f"- {words}: {_interval(difference)}, {difference.documents:,} documents"


def _overlap(evaluation: Evaluation, plots: Collection[str]) -> Iterator[str]:
    report = evaluation.perplexity
    yield "## Overlap with what was retrieved"
    yield ""
    if not report.leakage:
        yield "Not measured: it takes the modes on and off."
        return
    near = report.near_copies
    if near is not None and near.documents:
        yield (
            f"**Warning:** {near.documents:,} of {near.evaluated:,} evaluated documents share runs of half a "
            "chunk or more with what they retrieve. Their losses measure memory; look at the rows of little "
            "overlap. The worst, with the share of their chunks that do so:"
        )
        yield ""
        yield from (f"- {name}: {share:.0%}" for name, share in near.worst.items())
        yield ""
    yield (
        "Overlap is the longest run of tokens that a chunk shares with one of its "
        f"{report.overlap_neighbors} nearest neighbors, as a share of the chunk. Bits per byte:"
    )
    yield ""
    modes = list(report.modes)
    rows = (
        (
            f"{row.max_overlap:.1%}",
            f"{row.chunks:,}",
            *(f"{row.modes[mode]:.4f}" if mode in row.modes else "-" for mode in modes),
            _interval(row.differences.get("off")),
        )
        for row in report.leakage
    )
    yield from _table(("overlap up to", "chunks", *modes, "off - on"), rows)
    little = report.leakage[0]
    if little.differences:
        yield ""
        yield f"{_MINUS_ON}, over the chunks with an overlap of at most {little.max_overlap:.1%}:"
        yield ""
        yield from _verdicts(little.differences)
    yield from _picture("leakage", "Gain from retrieval against overlap", plots)


def _growing(evaluation: Evaluation, plots: Collection[str]) -> Iterator[str]:
    yield "## Growing the book"
    yield ""
    if not evaluation.growing:
        yield "Not measured (`--shares`)."
        return
    yield "The same model, with random shares of the database's documents to retrieve from:"
    yield ""
    head = ("share", "documents", "chunks", "bits per byte", "perplexity", "off minus this")
    rows = (
        (
            f"{row.share:g} %",
            f"{row.documents:,}",
            f"{row.chunks:,}",
            f"{row.bits_per_byte:.4f}",
            f"{row.perplexity:.2f}",
            _interval(row.gain) if row.share else "-",
        )
        for row in evaluation.growing
    )
    yield from _table(head, rows)
    yield from _picture("growing", "Bits per byte against the size of the book", plots)


def _positions(evaluation: Evaluation, plots: Collection[str]) -> Iterator[str]:
    by_mode = evaluation.perplexity.by_position
    places = len(next(iter(by_mode.values()), []))
    ends = [round(places * part / _PARTS) for part in range(_PARTS + 1)]
    parts = [(first, end) for first, end in pairwise(ends) if end > first]
    yield "## Position in the chunk"
    yield ""
    yield "Bits per byte of the tokens at these places in their chunk:"
    yield ""
    rows = (
        (mode, *(f"{sum(values[first:end]) / (end - first):.4f}" for first, end in parts))
        for mode, values in by_mode.items()
    )
    yield from _table(("mode", *(f"{first + 1} to {end}" for first, end in parts)), rows)
    yield from _picture("positions", "Bits per byte by position in the chunk", plots)


def _recall(evaluation: Evaluation, plots: Collection[str]) -> Iterator[str]:
    yield "## Recall of the index"
    yield ""
    if evaluation.recall is None:
        yield "Not measured."
        return
    if not evaluation.recall:
        yield "The search is exact: it misses nothing (recall 1), so there is no curve to show."
        return
    yield "The same model with on, its neighbors searched with more and more effort:"
    yield ""
    rows = (
        (
            "all vectors" if row.lists is None else f"{row.lists:,}",
            f"{row.recall_at_10:.3f}",
            f"{row.bits_per_byte:.4f}",
            f"{row.perplexity:.2f}",
        )
        for row in evaluation.recall
    )
    yield from _table(("lists visited", "recall@10", "bits per byte", "perplexity"), rows)
    yield from _picture("recall", "Bits per byte against recall", plots)


def _made(evaluation: Evaluation, _: Collection[str]) -> Iterator[str]:
    about = evaluation.about
    yield "## How this was made"
    yield ""
    if not about:
        yield "Not recorded."
        return
    yield f"- {about['made']}"
    yield f"- with {', '.join(f'{name} {number}' for name, number in about['versions'].items())}"
    yield ""
    arguments = about["arguments"].items()
    given = {name: value for name, value in arguments if value or type(value) in (int, float)}
    yield from _table(("argument", "value"), ((f"`{name}`", f"`{value}`") for name, value in given.items()))
    yield ""
    yield "All numbers are in results.json."


def _interval(difference: Difference | None) -> str:
    return "-" if difference is None else str(difference)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The first column to the left, numbers to the right."""
    yield _row(head)
    yield _row(("---", *("---:" for _ in head[1:])))
    yield from map(_row, rows)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _picture(name: str, meaning: str, plots: Collection[str]) -> Iterator[str]:
    if name in plots:
        yield ""
        yield f"![{meaning}]({name}.png)"

"""The page of a report, in Markdown: every table with what it says in words."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from openbook.escapes import markdown_code
from openbook.evaluate.measures import Difference
from openbook.evaluate.overlap import EvaluatedCopies
from openbook.evaluate.report.result_tables import (
    Table,
    effort_table,
    growing_table,
    modes_table,
    overlap_table,
    positions_table,
)
from openbook.evaluate.report.results import Evaluation
from openbook.phrases import counted, part_of

_MINUS_ON = "The other minus on in bits per byte, with its 95 % interval"


def page(evaluation: Evaluation, plots: Collection[str], *, advice: str = "") -> str:
    """Write the page. What others have named (documents, folders) is only text in it.

    Args:
        evaluation: what was measured.
        plots: the names of those beside it, which it shows.
        advice: how to get others; empty: all are there.
    """
    sections = (_head, _modes, _memory, _ranker, _overlap, _growing, _positions, _recall, _provenance)
    lines = [line for section in sections for line in (*section(evaluation, plots), "")]
    if advice:
        lines += [f"There are no plots: {advice}.", ""]
    return "\n".join(lines)


def _head(evaluation: Evaluation, _: Collection[str]) -> Iterator[str]:
    report, about = evaluation.perplexity, evaluation.about
    yield "# Evaluation of a model with retrieval"
    yield ""
    if "model" in about:
        model = markdown_code(str(about["arguments"].get("model", "")))
        yield f"- model: {model}, {about['model']['parameters']:,} parameters"
    for name in ("database", "book"):
        if name in about:
            yield f"- {name}: {_describe_database(about[name])}"
    tokens = max((result.tokens for result in report.modes.values()), default=0)
    if "text" in about:
        yield (
            f"- text: {counted(about['text']['documents'], 'document')} given, "
            f"{about['text']['bytes']:,} bytes"
        )
    else:
        yield "- text: the database's held-out documents"
    yield (
        f"- read: {counted(report.sequences, 'sequence')}, "
        f"{counted(tokens, 'predicted token')}, {counted(report.k, 'neighbor')} a chunk"
    )


def _describe_database(values: Mapping[str, Any]) -> str:
    missing = f"; read without {', '.join(values['missing_shards'])}" if values.get("missing_shards") else ""
    return (
        f"{markdown_code(values['path'])}, version {values['version']}, "
        f"{counted(values['documents'], 'document')} "
        f"({values['holdout_documents']:,} held out), {counted(values['retrievable_chunks'], 'chunk')} of "
        f"{values['chunk_size']} tokens to retrieve{missing}"
    )


def _modes(evaluation: Evaluation, plots: Collection[str]) -> Iterator[str]:
    report = evaluation.perplexity
    yield from _heading("Modes")
    yield from modes_table(report, words=True).as_markdown()
    if report.differences:
        yield ""
        yield from _conclusions(f"{_MINUS_ON}, over all tokens:", report.differences)
    yield from _picture("modes", "Bits per byte of each mode", plots)


def _memory(evaluation: Evaluation, _: Collection[str]) -> Iterator[str]:
    memory = evaluation.perplexity.memory
    yield from _heading("A memory of the document's own past")
    if memory is None:
        yield "Not measured (`--remember`)."
        return
    yield f"{memory.chunks_found:.0%} of the chunks found something in their past."
    yield ""
    yield from _conclusions("off minus memory, over all tokens:", {"off": memory.without_book}, base="memory")
    if memory.beside_book is not None:
        yield ""
        beside, base = {"on": memory.beside_book}, "on + memory"
        yield from _conclusions("on minus on + memory, over all tokens:", beside, base=base)


def _ranker(evaluation: Evaluation, _: Collection[str]) -> Iterator[str]:
    ranked = evaluation.perplexity.ranker
    yield from _heading("Neighbors chosen by a ranker")
    if ranked is None:
        yield "Not measured (`--ranker`)."
        return
    yield f"- read: {ranked.read:.2f} of {ranked.found:.2f} neighbors of a chunk"
    yield f"- kept of their gain: {ranked.kept}"
    yield f"- kept by as many, the search's first: {ranked.kept_by_first}"


def _conclusions(over: str, differences: Mapping[str, Difference], *, base: str = "on") -> Iterator[str]:
    """In words, as sure as the intervals are."""
    yield over
    yield ""
    for mode, difference in differences.items():
        if difference.low is None or difference.high is None:
            words = f"**nothing is shown of {mode}**"
        elif difference.low > 0:
            words = f"{base} is better than {mode}"
        elif difference.high < 0:
            words = f"**{base} is worse than {mode}**"
        else:
            words = f"**no difference between {base} and {mode} is shown**"
        yield f"- {words}: {difference}, {counted(difference.documents, 'document')}"


def _overlap(evaluation: Evaluation, plots: Collection[str]) -> Iterator[str]:
    report = evaluation.perplexity
    yield from _heading("Overlap with what was retrieved")
    if not report.leakage:
        yield "Not measured: it takes the modes on and off."
        return
    if report.near_copies is not None and report.near_copies.documents:
        yield from _warning(report.near_copies)
    introduction = (
        "Overlap is the longest run of tokens that a chunk shares with one of its "
        f"{report.overlap_neighbors} nearest neighbors, as a share of the chunk. Bits per byte:"
    )
    yield from _introduced(introduction, overlap_table(report, intervals=True))
    little = report.leakage[0]
    if little.differences:
        yield ""
        over = f"{_MINUS_ON}, over the chunks with an overlap of at most {little.max_overlap:.1%}:"
        yield from _conclusions(over, little.differences)
    yield from _picture("leakage", "Gain from retrieval against overlap", plots)


def _warning(near: EvaluatedCopies) -> Iterator[str]:
    yield (
        f"**Warning:** {part_of(near.documents, near.evaluated, 'evaluated document', 'share')} runs of half "
        "a chunk or more with what they retrieve. Their losses measure memory; look at the rows of little "
        "overlap. The worst, with the share of their chunks that do so:"
    )
    yield ""
    yield from (f"- {share:.0%} of {markdown_code(name)}" for name, share in near.worst.items())
    yield ""


def _growing(evaluation: Evaluation, plots: Collection[str]) -> Iterator[str]:
    yield from _heading("Growing the book")
    if not evaluation.growing:
        yield "Not measured (`--shares`)."
        return
    introduction = "The same model, with random shares of the database's documents to retrieve from:"
    yield from _introduced(introduction, growing_table(evaluation.growing))
    yield from _picture("growing", "Bits per byte against the size of the book", plots)


def _positions(evaluation: Evaluation, plots: Collection[str]) -> Iterator[str]:
    yield from _heading("Position in the chunk")
    introduction = "Bits per byte of the tokens at these places in their chunk:"
    yield from _introduced(introduction, positions_table(evaluation.perplexity))
    yield from _picture("positions", "Bits per byte by position in the chunk", plots)


def _recall(evaluation: Evaluation, plots: Collection[str]) -> Iterator[str]:
    yield from _heading("Recall of the index")
    if evaluation.recall is None:
        yield "Not measured."
        return
    if not evaluation.recall:
        yield "The search is exact: it misses nothing (recall 1), so there is no curve to show."
        return
    introduction = "The same model with on, its neighbors searched with more and more effort:"
    yield from _introduced(introduction, effort_table(evaluation.recall))
    yield from _picture("recall", "Bits per byte against recall", plots)


def _provenance(evaluation: Evaluation, _: Collection[str]) -> Iterator[str]:
    about = evaluation.about
    yield from _heading("How this was made")
    if not about:
        yield "Not recorded."
        return
    yield f"- {about['made']}"
    yield f"- with {', '.join(f'{name} {number}' for name, number in about['versions'].items())}"
    yield ""
    arguments = about["arguments"].items()
    given = {name: value for name, value in arguments if value or type(value) in (int, float)}
    rows = [(f"`{name}`", markdown_code(str(value))) for name, value in given.items()]
    yield from Table(("argument", "value"), rows).as_markdown()
    yield ""
    yield "All numbers are in results.json."


def _heading(text: str) -> Iterator[str]:
    yield f"## {text}"
    yield ""


def _introduced(text: str, table: Table) -> Iterator[str]:
    """A table below a line of text."""
    yield text
    yield ""
    yield from table.as_markdown()


def _picture(name: str, meaning: str, plots: Collection[str]) -> Iterator[str]:
    if name in plots:
        yield ""
        yield f"![{meaning}]({name}.png)"

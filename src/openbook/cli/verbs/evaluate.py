"""The verb `eval perplexity`, and how its results are shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.cli.console import bar, note, print_json, print_line
from openbook.cli.verbs.baselines import BaselineOption, InContextOption, KnnLmOption, baselines_of
from openbook.cli.verbs.maintain import DatabaseArgument, Json
from openbook.cli.verbs.reporting import (
    ReportOption,
    SharesOption,
    arguments_of,
    growing_and_recall,
    print_growing,
    shares_of,
)
from openbook.cli.verbs.train import ModelArgument, load_model

if TYPE_CHECKING:
    from openbook.database import Database, NeighborTable
    from openbook.evaluate import Difference, PerplexityReport
    from openbook.evaluate.evaluator import ReadingOptions

SearchMode = Annotated[
    str | None,
    typer.Option(help="dense, bm25 or hybrid. [default: as the neighbor table]", show_default=False),
]
_NEAR_COPIES_SHOWN = 3


def perplexity(
    context: typer.Context,
    model: ModelArgument,
    db: DatabaseArgument,
    text: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="Read this file or folder instead of the held-out documents; may be repeated.",
        ),
    ] = None,
    modes: Annotated[
        str, typer.Option(help="What to compare, by commas: on, off, random, shuffled.")
    ] = "on,off,random,shuffled",
    k: Annotated[int | None, typer.Option("-k", "--k", help="Neighbors. [default: as in training]")] = None,
    search_mode: SearchMode = None,
    sequence_length: Annotated[
        int | None, typer.Option(help="The window, in tokens. [default: as in training]")
    ] = None,
    stride: Annotated[
        int | None, typer.Option(help="Tokens from one window to the next. [default: a whole window]")
    ] = None,
    max_sequences: Annotated[int | None, typer.Option(help="Read this many at most. [default: all]")] = None,
    baseline: BaselineOption = None,
    in_context: InContextOption = False,
    knn_lm: KnnLmOption = False,
    shares: SharesOption = None,
    report: ReportOption = None,
    seed: Annotated[int, typer.Option(help="Of everything drawn: neighbors, shares, intervals.")] = 0,
    json: Json = False,
) -> None:
    """Bits per byte on held-out documents with retrieval on, off, random and shuffled.

    Example: openbook eval perplexity mymodel mybook --max-sequences 200
    """
    from openbook.database import Database
    from openbook.evaluate import evaluate_perplexity
    from openbook.evaluate.evaluator import Reading
    from openbook.evaluate.neighbor_modes import check_modes
    from openbook.evaluate.report import Evaluation, describe, prepare_report, write_report

    compared = [mode.strip() for mode in modes.split(",")]
    check_modes(compared)
    full = report is not None and "on" in compared
    wanted = shares_of(shares, default=full)
    if report is not None:
        prepare_report(report)
    database = Database.open(db)
    loaded = load_model(model)
    table = table_of(database)
    length = loaded.config.max_position_embeddings if sequence_length is None else sequence_length
    with corpus_of(text or [], database) as corpus:
        options: ReadingOptions = {
            "corpus": corpus,
            "k": k,
            "search_mode": search_mode,
            "sequence_length": length,
            "stride": stride,
            "max_sequences": max_sequences,
        }
        reading = Reading.of(loaded, database, table, **options)  # refuses before anything long begins
        if set(compared) - {"off"} or wanted:
            reading.require_retrieval()
        others = baselines_of(
            baseline,
            database,
            table,
            corpus,
            in_context=in_context,
            knn_lm=knn_lm,
            k=loaded.config.num_neighbors if k is None else k,
            search_mode=search_mode,
            sequence_length=length,
            seed=seed,
        )
        with bar("evaluating") as progress:
            found = evaluate_perplexity(
                loaded,
                database,
                table,
                modes=compared,
                others=others,
                seed=seed,
                progress=progress,
                **options,
            )
        warn(found)
        growing, recall = growing_and_recall(
            loaded, database, table, shares=wanted, with_recall=full, seed=seed, **options
        )
        evaluation = Evaluation(found, growing, recall)
        if report is not None:
            book = database if table is None else table.book
            about = describe(loaded, database, book, corpus=corpus, arguments=arguments_of(context))
            write_report(report, replace(evaluation, about=about))
            note(f"report: {report / 'report.md'}")
    if json:
        print_json(evaluation.to_json())
    else:
        print_report(found)
        print_growing(growing)


def table_of(database: "Database") -> "NeighborTable | None":
    """The neighbor table, or None where there is none and neighbors are to be searched.

    Raises:
        MismatchError: it is stale.
    """
    from openbook.database import NeighborTable

    return NeighborTable.load(database) if database.opened.files.neighbors.exists() else None


@contextmanager
def corpus_of(sources: list[str], database: "Database") -> "Iterator[Database | None]":
    """A database of these files for the time of an evaluation, cut as the other one; None without files."""
    if not sources:
        yield None
        return
    from tempfile import TemporaryDirectory

    from openbook.cli.checked_sources import Sources
    from openbook.database import Database

    reader = Sources(sources, text_key="text", id_key="id", skip=False)
    count = reader.check()
    # On Windows, files that are still mapped stay behind for the system to clear.
    with TemporaryDirectory(prefix="openbook-", ignore_cleanup_errors=True) as folder:
        corpus = Database.create(
            Path(folder) / "corpus",
            tokenizer=database.tokenizer,
            embedder=None,
            chunk_size=database.settings.chunk_size,
        )
        with bar("reading the text", count) as progress:
            corpus.add(reader.documents(), progress=progress)
        yield corpus


def warn(report: "PerplexityReport") -> None:
    """Of documents that the book nearly contains: a gain on them is no help from retrieval."""
    near = report.near_copies
    if near is None or not near.documents:
        return
    worst = ", ".join(
        f"{name} ({share:.0%} of it)" for name, share in list(near.worst.items())[:_NEAR_COPIES_SHOWN]
    )
    note(
        f"WARNING: {near.documents:,} of {near.evaluated:,} evaluated documents share runs of half a chunk "
        f"or more with what they retrieve: {worst}. Their losses measure memory; look at the rows of little "
        "overlap, or build the database with --holdout and --decontaminate"
    )


def print_report(report: "PerplexityReport") -> None:
    """A table of modes, and one of overlap."""
    print_line(f"{'mode':10}{'bits per byte':>15}{'perplexity':>12}{'per word':>12}{'tokens':>12}")
    for mode, result in report.modes.items():
        per_word = "-" if result.perplexity_per_word is None else f"{result.perplexity_per_word:.2f}"
        print_line(
            f"{mode:10}{result.bits_per_byte:>15.4f}{result.perplexity:>12.2f}{per_word:>12}"
            f"{result.tokens:>12,}"
        )
    _print_differences(report.differences)
    if not report.leakage:
        return
    print_line()
    print_line(f"overlap with the {report.overlap_neighbors} nearest:")
    print_line(f"{'overlap up to':15}{'chunks':>10}" + "".join(f"{mode:>12}" for mode in report.modes))
    for row in report.leakage:
        values = "".join(
            f"{row.modes[mode]:>12.4f}" if mode in row.modes else f"{'-':>12}" for mode in report.modes
        )
        print_line(f"{row.max_overlap:<15.1%}{row.chunks:>10,}{values}")
    if report.leakage[0].differences:
        print_line(f"with an overlap of at most {report.leakage[0].max_overlap:.1%}:")
        _print_differences(report.leakage[0].differences)


def _print_differences(differences: "dict[str, Difference]") -> None:
    for mode, difference in differences.items():
        between = "too few for an interval"
        if difference.low is not None and difference.high is not None:
            between = f"95 % between {difference.low:+.4f} and {difference.high:+.4f}"
        print_line(
            f"{mode} - on: {difference.bits_per_byte:+.4f} bits per byte, {between} "
            f"(documents: {difference.documents:,})"
        )

"""Verbs under `openbook eval`."""

from typing import TYPE_CHECKING, Annotated

import typer

from openbook.cli.console import bar, print_json, print_line
from openbook.cli.models import ModelArgument, load_model
from openbook.cli.upkeep import DatabaseArgument, Json

if TYPE_CHECKING:
    from openbook.evaluate import PerplexityReport


def perplexity(
    model: ModelArgument,
    db: DatabaseArgument,
    modes: Annotated[
        str, typer.Option(help="What to compare, by commas: on, off, random, shuffled.")
    ] = "on,off,random,shuffled",
    k: Annotated[int | None, typer.Option("-k", "--k", help="Neighbors. [default: as in training]")] = None,
    sequence_length: Annotated[int | None, typer.Option(help="In tokens. [default: as in training]")] = None,
    max_sequences: Annotated[int | None, typer.Option(help="Read this many at most. [default: all]")] = None,
    seed: Annotated[int, typer.Option(help="Of random and shuffled neighbors.")] = 0,
    json: Json = False,
) -> None:
    """Bits per byte on held-out documents with retrieval on, off, random and shuffled.

    Example: openbook eval perplexity mymodel mybook --max-sequences 200
    """
    from openbook.database import Database, NeighborTable
    from openbook.evaluate import evaluate_perplexity

    database = Database.open(db)
    loaded = load_model(model)
    length = loaded.config.max_position_embeddings if sequence_length is None else sequence_length
    with bar("evaluating") as progress:
        report = evaluate_perplexity(
            loaded,
            database,
            NeighborTable.load(database),
            modes=[mode.strip() for mode in modes.split(",")],
            k=k,
            sequence_length=length,
            max_sequences=max_sequences,
            seed=seed,
            progress=progress,
        )
    if json:
        print_json(report)
    else:
        print_report(report)


def print_report(report: "PerplexityReport") -> None:
    """A table of modes, and one of overlap."""
    print_line(f"{'mode':10}{'bits per byte':>15}{'perplexity':>12}{'tokens':>12}")
    for mode, result in report.modes.items():
        print_line(f"{mode:10}{result.bits_per_byte:>15.4f}{result.perplexity:>12.2f}{result.tokens:>12,}")
    for mode, difference in report.differences.items():
        between = f"95 % between {difference.low:+.4f} and {difference.high:+.4f}"
        print_line(
            f"{mode} - on: {difference.bits_per_byte:+.4f} bits per byte, {between} "
            f"({difference.documents:,} documents)"
        )
    if report.leakage:
        print_line()
        print_line(f"{'overlap up to':15}{'chunks':>10}{'on':>10}{'off':>10}")
    for row in report.leakage:
        values = "".join(
            f"{value:>10.4f}" if value is not None else f"{'-':>10}" for value in (row.on, row.off)
        )
        print_line(f"{row.max_overlap:<15.1%}{row.chunks:>10,}{values}")

"""What `eval perplexity` measures beyond the modes: shares of the book, and effort in search."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from openbook.cli.console import bar

if TYPE_CHECKING:
    from openbook.evaluate import EffortRow, Evaluator, GrowingRow


def shares_of(text: str | None, *, default: bool) -> list[float]:
    """The shares that are asked for; where none are named, those of a report if there is to be one.

    Raises:
        SettingsError: something that is no percentage.
    """
    from openbook.errors import SettingsError
    from openbook.evaluate import SHARES
    from openbook.evaluate.growing_book import check_shares

    if text is None:
        return list(SHARES) if default else []
    try:
        shares = [float(share) for share in text.split(",") if share.strip()]
    except ValueError as error:
        raise SettingsError(f"--shares {text}: give numbers by commas, such as 0,1,10,30,100") from error
    check_shares(shares)
    return shares


def growing_and_recall(
    evaluator: "Evaluator", *, shares: list[float], with_recall: bool
) -> "tuple[list[GrowingRow], list[EffortRow] | None]":
    """Measure what a report has beyond the modes; recall is None where it was not asked for."""
    from openbook.evaluate import evaluate_growing_book, evaluate_search_effort

    growing: list[GrowingRow] = []
    recall: list[EffortRow] | None = None
    if shares:
        with bar("growing the book") as progress:
            growing = evaluate_growing_book(evaluator, shares, progress=progress)
    if with_recall:
        with bar("more and less effort in search") as progress:
            recall = evaluate_search_effort(evaluator, progress=progress)
    return growing, recall


def arguments_of(context: typer.Context) -> dict[str, Any]:
    """What the command was given, as JSON knows it."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in context.params.items()}

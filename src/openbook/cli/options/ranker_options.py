"""The options of a learned look-up: of the verb that learns it, and of those that use it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.database.neighbors.neighbor_ranker import NeighborRanker

RankerFile = Annotated[
    Path | None,
    typer.Option(
        "--ranker",
        metavar="FILE",
        help="Of the k neighbors read those that this file of openbook rank finds worth it, in its order.",
        show_default=False,
    ),
]
MeasuredRanker = Annotated[
    Path | None,
    typer.Option(
        "--ranker",
        metavar="FILE",
        help="Measure also what this file of openbook rank chooses of the k neighbors (ranked), and as many "
        "of the search's first (first).",
        show_default=False,
    ),
]
RankerOutput = Annotated[
    Path,
    typer.Option("--output", metavar="FILE", help="JSON file to write; a ranker that is there is replaced."),
]
LearnedText = Annotated[
    list[str] | None,
    typer.Option(
        "--text",
        metavar="SOURCE",
        help="Learn from this text instead of the documents that are not held out; may be repeated.",
    ),
]
KeptShare = Annotated[float, typer.Option("--keep", help="Share of the neighbors to read, on average.")]
LearnedWindows = Annotated[
    int,
    typer.Option(
        "--max-sequences", help="Read this many windows, spread evenly over the text, k + 1 times each."
    ),
]


def load_ranker(file: Path | None, *, retrieval: bool = True) -> "NeighborRanker | None":
    """Read a ranker; None where none is named.

    Raises:
        SettingsError: it is none, or nothing is looked up.
    """
    from openbook.database.neighbors.neighbor_ranker import NeighborRanker

    if file is None:
        return None
    if not retrieval:
        raise SettingsError("--ranker chooses of what is looked up; leave it out, or --no-retrieval")
    return NeighborRanker.load(file)

"""How things are looked up: the mode, how many, and what is found as a unit."""

from pathlib import Path
from typing import Annotated

import typer

from openbook.search_modes import SearchMode, SearchUnit

QueryArgument = Annotated[str, typer.Argument(metavar="TEXT", help="What to look for.")]
Hits = Annotated[int, typer.Option("-k", "--k", help="Hits to show.")]

# The mode of search; it goes by another default where another thing is searched for

Mode = Annotated[
    SearchMode | None,
    typer.Option(help="How to search. [default: hybrid where the database has vectors, else bm25]"),
]
NewTableMode = Annotated[
    SearchMode | None,
    typer.Option(
        help="How to search. [default: as the last table, else hybrid where there are vectors, else bm25]"
    ),
]
WriteMode = Annotated[
    SearchMode | None,
    typer.Option(help="How to search. [default: as in training]", show_default=False),
]
MeasuredMode = Annotated[
    SearchMode | None,
    typer.Option(help="How to search. [default: dense where the database has vectors, else bm25]"),
]
TableMode = Annotated[
    str | None,
    typer.Option(help="dense, bm25 or hybrid. [default: as the neighbor table]", show_default=False),
]

# Neighbors of chunks

ReadNeighbors = Annotated[int | None, typer.Option("-k", "--k", help="Neighbors. [default: as in training]")]
SavedNeighbors = Annotated[
    int | None,
    typer.Option(
        "-k",
        "--k",
        help="Neighbors to save for each chunk. [default: 10, or as many as the last table had, if more]",
        show_default=False,
    ),
]
Book = Annotated[
    Path | None,
    typer.Option(
        help="The database to find them in. [default: as the last table, else DB itself]",
        show_default=False,
    ),
]
Rebuild = Annotated[
    bool, typer.Option("--rebuild", help="Search every chunk, even where the last table can be extended.")
]

# Units: a chunk, or the section or document that it is of

_BY = (
    "Find documents, or the sections under their headings, first, by their names and beginnings, then chunks "
    "of the best: for passages that do not name what they are about."
)
SearchBy = Annotated[SearchUnit, typer.Option("--by", help=_BY)]
PassagesBy = Annotated[
    SearchUnit | None,
    typer.Option(
        "--by",
        help=f"{_BY} [default: document where documents have up to 8 chunks on average, else section where "
        "sections do, and there are up to 10,000; else chunk]",
        show_default=False,
    ),
]
BringHead = Annotated[
    bool,
    typer.Option(
        "--bring-head",
        help="Have the model read the title of its document, or else its first line, and the headings above "
        "it before each passage.",
    ),
]

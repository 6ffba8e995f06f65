"""The options of what is found and read as a unit: a chunk, or the section or document that it is of."""

from typing import Annotated, Literal

import typer

_BY = (
    "Find documents, or the sections under their headings, first, by their names and beginnings, then chunks "
    "of the best: for passages that do not name what they are about."
)
SearchBy = Annotated[Literal["chunk", "section", "document"], typer.Option("--by", help=_BY)]
PassagesBy = Annotated[
    Literal["chunk", "section", "document"] | None,
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


ExamNaming = Annotated[
    Literal["often", "once", "title"],
    typer.Option(
        help="Where a document names what it is about: again and again, in its first sentence alone, or in "
        "its title alone."
    ),
]

"""The options of the open-book exam."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from openbook.search_modes import SearchMode

ExaminedModel = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="The model to examine: a folder of one of openbook; a folder, hub name or .gguf file of a base.",
        show_default=False,
    ),
]
WorldFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Write the world to this new folder, as documents.jsonl and questions.jsonl, and ask nothing.",
        show_default=False,
    ),
]
ExamDocuments = Annotated[int, typer.Option(help="Documents of the made-up world.")]
ExamQuestions = Annotated[
    int | None,
    typer.Option(
        help="Questions at most: asked [default: 500, and a fifth as many without an answer], or written "
        "[default: all].",
        show_default=False,
    ),
]
ExamPart = Annotated[
    Literal["test", "train"],
    typer.Option(help="Whose wordings and names: of the exam's worlds, or of those to train on."),
]

ExamNaming = Annotated[
    Literal["often", "once", "title"],
    typer.Option(
        help="Where a document names what it is about: again and again, in its first sentence alone, or in "
        "its title alone."
    ),
]

ExamSeed = Annotated[int, typer.Option(min=0, help="Of the world, and of everything drawn.")]
ExamNeighbors = Annotated[int, typer.Option("-k", "--k", help="Neighbors that each question reads.")]
ExamMode = Annotated[
    SearchMode | None,
    typer.Option(help="How to search. [default: hybrid; bm25 with --embedder none]", show_default=False),
]
ExamBook = Annotated[
    Path | None,
    typer.Option(
        metavar="DB",
        help="Take a copy of this database of the world's documents instead of building one.",
        show_default=False,
    ),
]
WorkFolder = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Keep the book here. [default: it is deleted]", show_default=False),
]

"""The options of what is read of sources and how, of the verbs that add text to a database."""

from typing import Annotated, Literal

import typer

Glob = Annotated[
    str | None,
    typer.Option(
        metavar="PATTERN", help="Of named folders only the files that match: '*.md', 'docs/**/*.html'."
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Of named folders without the files and folders that match: drafts, '*.log', 'old/**'; may be "
        "repeated.",
    ),
]
GitIgnored = Annotated[
    bool,
    typer.Option("--git-ignored", help="Of named folders the files that git ignores (.gitignore), too."),
]
AnyText = Annotated[
    bool, typer.Option("--any-text", help="Read files of other kinds as plain text, if they are text.")
]
Prefix = Annotated[
    str,
    typer.Option(metavar="PREFIX", help="Begins the ids of files: work/ makes work/notes/a.md."),
]
TextKey = Annotated[
    str | None,
    typer.Option(
        help="Key or column of rows (JSON, CSV, Parquet) that holds the text; without this option a CSV file "
        "that has no such column is one document, a table. [default: text]"
    ),
]
IdKey = Annotated[str, typer.Option(help="Key that holds the document's id.")]
OnError = Annotated[
    Literal["stop", "skip"],
    typer.Option(help="At a document that cannot be read: stop before anything is written, or skip it."),
]

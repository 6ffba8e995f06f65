"""What is read of sources and how, and what an addition removes; of the verbs that add text to a database."""

from typing import Annotated, Literal

import typer

SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files (.txt .md .rst .org .html .ipynb .eml .mbox .srt .vtt .csv .tsv .jsonl .json, also .gz "
        ".xz .zst; .parquet .epub .pdf .docx .odt .pptx .odp .xlsx .xls .ods), folders, URLs, "
        "hf://OWNER/NAME?split=train, Megatron's PREFIX, or - for standard input.",
    ),
]
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
Sync = Annotated[
    bool, typer.Option("--sync", help="Remove the documents that came from these sources and are gone there.")
]
Yes = Annotated[
    bool, typer.Option("--yes", help="Let --sync remove more than a third of the database's documents.")
]
Watch = Annotated[
    bool,
    typer.Option("--watch", help="Go on until Ctrl-C: follow the sources as they change."),
]

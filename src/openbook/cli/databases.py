"""Verbs that write and describe a database: build, add, remove, info."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from openbook.cli.console import bar, note, print_json, print_line

if TYPE_CHECKING:
    from openbook.cli.reading import Sources
    from openbook.database import Database

DatabaseArgument = Annotated[Path, typer.Argument(metavar="DB", help="Folder of the database.")]
SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...", help="Files (.txt .md .jsonl .jsonl.gz .jsonl.xz .parquet) or folders."
    ),
]
TextKey = Annotated[str, typer.Option(help="Key of JSON lines and Parquet rows that holds the text.")]
IdKey = Annotated[str, typer.Option(help="Key that holds the document's id.")]
OnError = Annotated[
    Literal["stop", "skip"],
    typer.Option(help="At a document that cannot be read: stop before anything is written, or skip it."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of lines.")]


def build(
    db: DatabaseArgument,
    sources: SourcesArgument,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            help="Name, path, or train:VOCAB to train a byte-level BPE on the text. [default: train:16000]"
        ),
    ] = None,
    embedder: Annotated[
        str | None,
        typer.Option(
            help="Name or path of the frozen text encoder; none: words only. [default: all-MiniLM-L6-v2]"
        ),
    ] = None,
    chunk_size: Annotated[int | None, typer.Option(help="Tokens in a chunk. [default: 64]")] = None,
    holdout: Annotated[
        float | None,
        typer.Option(help="Share of documents kept out of retrieval, for evaluation. [default: 0]"),
    ] = None,
    text_key: TextKey = "text",
    id_key: IdKey = "id",
    on_error: OnError = "stop",
    json: Json = False,
) -> None:
    """Build a database from text. Run again, it goes on where it was.

    Example: openbook build mybook notes/ articles.jsonl.gz --holdout 0.05
    """
    from openbook.cli.reading import Sources, create_or_open

    reader = Sources(sources, text_key=text_key, id_key=id_key, skip=on_error == "skip")
    count = reader.check()
    database = create_or_open(
        db, reader, tokenizer=tokenizer, embedder=embedder, chunk_size=chunk_size, holdout=holdout
    )
    _write(database, reader, count, json)


def add(
    db: DatabaseArgument,
    sources: SourcesArgument,
    text_key: TextKey = "text",
    id_key: IdKey = "id",
    on_error: OnError = "stop",
    json: Json = False,
) -> None:
    """Add documents; a changed text under a known id replaces the old one. The next search finds them.

    Example: openbook add mybook news.jsonl
    """
    from openbook.cli.reading import Sources
    from openbook.database import Database

    database = Database.open(db)
    reader = Sources(sources, text_key=text_key, id_key=id_key, skip=on_error == "skip")
    _write(database, reader, reader.check(), json)


def _write(database: "Database", reader: "Sources", count: int, json: bool) -> None:
    with bar("writing documents", count) as progress:
        report = database.add(reader.documents(), on_error=reader.on_error, progress=progress)
    note(
        f"{report.added} added, {report.replaced} replaced, {report.unchanged} unchanged, "
        f"{reader.skipped} skipped; {report.chunks} chunks written"
    )
    _print_info(database, json)


def remove(
    db: DatabaseArgument,
    document_ids: Annotated[
        list[str], typer.Argument(metavar="DOCUMENT_ID...", help="Ids, as search shows them.")
    ],
    json: Json = False,
) -> None:
    """Remove documents; no search finds them any more.

    Example: openbook remove mybook notes/old.md
    """
    from openbook.database import Database

    database = Database.open(db)
    database.remove(document_ids)
    note(f"{len(document_ids)} removed")
    _print_info(database, json)


def info(db: DatabaseArgument, json: Json = False) -> None:
    """Describe a database: counts, settings, version.

    Example: openbook info mybook
    """
    from openbook.database import Database

    _print_info(Database.open(db), json)


def _print_info(database: "Database", json: bool) -> None:
    description = database.info()
    if json:
        print_json(description)
        return
    print_line(str(database.path))
    for key, value in asdict(description).items():
        shown = f"{value:,}" if isinstance(value, int) else "none" if value is None else value
        print_line(f"  {key.replace('_', ' '):18} {shown}")

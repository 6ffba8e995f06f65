"""Verbs that write to a database: build, add, remove."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from openbook.cli.console import bar, note
from openbook.cli.verbs.maintain import DatabaseArgument, Json, print_info

if TYPE_CHECKING:
    from openbook.cli.checked_sources import Sources
    from openbook.database import Database, Exclusion

SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files (.txt .md .rst .html .pdf .docx .csv .parquet .jsonl, also .gz .xz .zst), folders, URLs, "
        "hf://OWNER/NAME?split=train, Megatron's PREFIX, or - for standard input.",
    ),
]
Glob = Annotated[
    str | None,
    typer.Option(
        metavar="PATTERN", help="Of named folders only the files that match: '*.md', 'docs/**/*.html'."
    ),
]
TextKey = Annotated[str, typer.Option(help="Key or column of rows (JSON, CSV, Parquet) that holds the text.")]
IdKey = Annotated[str, typer.Option(help="Key that holds the document's id.")]
OnError = Annotated[
    Literal["stop", "skip"],
    typer.Option(help="At a document that cannot be read: stop before anything is written, or skip it."),
]
_SHOWN_COPIES = 5
_WANTED_RECALL = 0.95


def build(
    db: DatabaseArgument,
    sources: SourcesArgument,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            help="A model's or a tokenizer's name or folder; or train:VOCAB to train a byte-level BPE on the "
            "text. [default: train:16000]"
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
        str | None,
        typer.Option(
            help="Share of documents kept out of retrieval, for evaluation; or a file with one id a line. "
            "[default: 0]"
        ),
    ] = None,
    decontaminate: Annotated[
        bool | None,
        typer.Option(
            "--decontaminate/--no-decontaminate",
            help="Keep near-copies of held-out documents out of retrieval and training. [default: on]",
        ),
    ] = None,
    deduplicate: Annotated[
        bool | None,
        typer.Option(
            "--deduplicate/--no-deduplicate",
            help="Keep near-copies of earlier documents out of retrieval and training. [default: off]",
        ),
    ] = None,
    glob: Glob = None,
    text_key: TextKey = "text",
    id_key: IdKey = "id",
    on_error: OnError = "stop",
    json: Json = False,
) -> None:
    """Build a database from text. Run again, it goes on where it was.

    Example: openbook build mybook notes/ articles.jsonl.gz --holdout 0.05
    """
    from openbook.cli.checked_sources import Sources
    from openbook.cli.verbs.creating import create_or_open

    reader = Sources(sources, glob=glob, text_key=text_key, id_key=id_key, skip=on_error == "skip")
    count = reader.check()
    database = create_or_open(
        db,
        reader,
        tokenizer=tokenizer,
        embedder=embedder,
        chunk_size=chunk_size,
        holdout=holdout,
        decontaminate=decontaminate,
        deduplicate=deduplicate,
    )
    _write(database, reader, count, json)


def add(
    db: DatabaseArgument,
    sources: SourcesArgument,
    glob: Glob = None,
    text_key: TextKey = "text",
    id_key: IdKey = "id",
    on_error: OnError = "stop",
    sync: Annotated[
        bool,
        typer.Option("--sync", help="Remove all documents that the sources no longer have."),
    ] = False,
    json: Json = False,
) -> None:
    """Add documents; a changed text under a known id replaces the old one. The next search finds them.

    Example: openbook add mybook notes/ --sync
    """
    from openbook.cli.checked_sources import Sources
    from openbook.database import Database

    database = Database.open(db)
    reader = Sources(sources, glob=glob, text_key=text_key, id_key=id_key, skip=on_error == "skip")
    _write(database, reader, reader.check(), json, sync=sync)


def _write(database: "Database", reader: "Sources", count: int, json: bool, *, sync: bool = False) -> None:
    if sync and reader.skipped:
        note(
            "nothing will be removed: what could not be read may be among what seems to be gone; "
            "mend it, or take it out of the sources, and run again"
        )
        sync = False
    known_copies = set(database.excluded())
    with bar("writing documents", count) as progress:
        report = database.add(reader.documents(), sync=sync, on_error=reader.on_error, progress=progress)
    note(
        f"{report.added} added, {report.replaced} replaced, {report.unchanged} unchanged, "
        f"{report.removed} removed, {reader.skipped} skipped; {report.chunks} chunks written"
    )
    _warn(database, [copy for copy in database.excluded() if copy not in known_copies])
    print_info(database, json)


def _warn(database: "Database", copies: "list[Exclusion]") -> None:
    """Of what a user should not miss."""
    for document in copies[:_SHOWN_COPIES]:
        note(f"near-copy: {document.document_id}: {document.reason} with {document.original_id}")
    if copies:
        note(
            f"{len(copies)} documents nearly equal others and are kept out of retrieval and training "
            f"(all of them: openbook info {database.path} --excluded)"
        )
    recall = database.info().recall_at_10
    if recall is not None and recall < _WANTED_RECALL:
        note(
            f"warning: recall@10 of the dense index is {recall:.3f}: it misses near neighbors; delete the "
            f"folder {database.opened.files.dense} to have it trained anew on all of today's text, "
            "or search with --mode hybrid"
        )


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
    print_info(database, json)

"""Verbs that look after a database: info, compact, verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.cli.console import bar, note, print_json, print_line

if TYPE_CHECKING:
    from rich.tree import Tree

    from openbook.database import Database, DatabaseInfo

DatabaseArgument = Annotated[Path, typer.Argument(metavar="DB", help="Folder of the database.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of lines.")]
_SHOWN_COMMITS = 5
_NEVER_CUT = 4096
"""Columns: a tree would lose the ends of longer lines."""


def info(
    db: DatabaseArgument,
    excluded: Annotated[
        bool, typer.Option(help="List the documents kept out of retrieval as near-copies instead.")
    ] = False,
    json: Json = False,
) -> None:
    """Describe a database: counts, sizes, encoder, recall, versions.

    Example: openbook info mybook
    """
    from openbook.database import Database

    database = Database.open(db)
    if not excluded:
        print_info(database, json)
    elif json:
        print_json(database.excluded())
    else:
        for document in database.excluded():
            print_line(f"{document.document_id}: {document.reason} with {document.original_id}")


def print_info(database: "Database", json: bool) -> None:
    """What a database holds: a tree, or one JSON value."""
    description = database.info()
    if json:
        print_json(description)
        return
    from rich.console import Console

    console = Console(highlight=False, width=_NEVER_CUT)
    console.print(_tree(database, description))


def _tree(database: "Database", info: "DatabaseInfo") -> "Tree":
    from rich.filesize import decimal
    from rich.markup import escape
    from rich.tree import Tree

    tree = Tree(escape(str(database.path)))
    text = tree.add("text")
    text.add(f"documents {info.documents:,}, of which held out {info.holdout_documents:,}")
    if info.excluded_documents:
        text.add(f"kept out of retrieval as near-copies {info.excluded_documents:,} (list: info --excluded)")
    text.add(f"chunks {info.chunks:,} of {info.chunk_size} tokens; removed {info.removed_chunks:,}")
    text.add(f"tokens {info.tokens:,} ({escape(info.tokenizer)}); bytes {info.bytes:,}")
    search = tree.add("search")
    encoder = f"{info.embedder} ({info.embedder_source})" if info.embedder else "none: words only"
    search.add(f"encoder {escape(encoder)}")
    if info.dense_index:
        recall = "unknown" if info.recall_at_10 is None else f"{info.recall_at_10:.3f}"
        search.add(f"dense index {info.dense_index}, recall@10 {recall}")
    search.add(f"neighbors {escape(info.neighbors or 'none yet: openbook neighbors')}")
    disk = tree.add(f"disk {decimal(sum(info.disk.values()))}")
    for name, size in info.disk.items():
        disk.add(f"{name} {decimal(size)}")
    commits = database.commits()
    history = tree.add(f"version {info.version}")
    for commit in commits[-_SHOWN_COMMITS:]:
        history.add(f"{commit.version}: {commit.action}, {commit.time}")
    return tree


def compact(db: DatabaseArgument, json: Json = False) -> None:
    """Reclaim the space of removed and replaced documents. Chunks get new numbers.

    Example: openbook compact mybook
    """
    from rich.filesize import decimal

    from openbook.database import Database

    database = Database.open(db)
    before = sum(database.info().disk.values())
    with bar("copying tokens") as progress:
        database.compact(progress=progress)
    after = sum(database.info().disk.values())
    note(f"{decimal(before)} before, {decimal(after)} now")
    print_info(database, json)


def verify(
    db: DatabaseArgument,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make damaged files again where they follow from others.")
    ] = False,
    json: Json = False,
) -> None:
    """Check every file of a database; exit code 1 if something is damaged.

    Example: openbook verify mybook --repair
    """
    from openbook import database

    with bar("checking tokens") as progress:
        check = database.repair if repair else database.verify
        report = check(db, progress=progress)
    if json:
        print_json(report)
    for problem in () if json else report.problems:
        print_line(f"{problem.file}: {problem.problem}")
    if report.ok:
        note("sound")
        return
    if not repair:
        note(f"what follows from other files is made again by: openbook verify {db} --repair")
    raise typer.Exit(1)

"""Verbs that search a database: search, neighbors."""

from typing import Annotated, Literal

import typer

from openbook.cli.console import bar, note, print_json, print_line
from openbook.cli.databases import DatabaseArgument, Json

Mode = Annotated[
    Literal["dense", "bm25", "hybrid"] | None,
    typer.Option(help="How to search. [default: dense where the database has vectors, else bm25]"),
]


def search(
    db: DatabaseArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for.")],
    k: Annotated[int, typer.Option("-k", "--k", help="Hits to show.")] = 5,
    mode: Mode = None,
    json: Json = False,
) -> None:
    """Search a database and show the chunks found.

    Example: openbook search mybook "why is the sky blue" -k 3 --mode hybrid
    """
    from openbook.database import Database
    from openbook.errors import SettingsError

    if not text.strip():
        raise SettingsError("the text to look for is empty")
    hits = Database.open(db).search([text], k=k, mode=mode)[0]
    if json:
        print_json(hits)
        return
    if not hits:
        note("nothing found")
    for rank, hit in enumerate(hits, start=1):
        print_line(f"{rank}. {hit.title or hit.document_id}  (score {hit.score:.3f}, chunk {hit.chunk_id})")
        print_line(f"   {hit.source or hit.document_id}")
        print_line(f"   {' '.join(hit.text.split())}")


def neighbors(
    db: DatabaseArgument,
    k: Annotated[int, typer.Option("-k", "--k", help="Neighbors to save for each chunk.")] = 10,
    mode: Mode = None,
    json: Json = False,
) -> None:
    """Compute the table of each chunk's nearest neighbors, which training reads.

    Example: openbook neighbors mybook -k 10 --mode hybrid
    """
    from openbook.database import Database, build_neighbors

    database = Database.open(db)
    with bar("finding neighbors") as progress:
        table = build_neighbors(database, k=k, mode=mode, progress=progress)
    found = (table.ids >= 0).sum(axis=1)
    summary = {
        "chunks": int(database.info().chunks),
        "k": k,
        "mode": table.mode,
        "version": table.version,
        "mean_neighbors": round(float(found[found > 0].mean()), 2) if found.any() else 0.0,
    }
    if json:
        print_json(summary)
    else:
        print_line(", ".join(f"{key.replace('_', ' ')} {value}" for key, value in summary.items()))

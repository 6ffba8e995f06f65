"""Verbs that search a database: search, neighbors, eval retrieval."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from openbook.cli.console import bar, note, print_json, print_line
from openbook.cli.verbs.maintain import DatabaseArgument, Json

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
    book: Annotated[
        Path | None,
        typer.Option(help="The database to find them in. [default: DB itself]", show_default=False),
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", help="Neighbors to save for each chunk.")] = 10,
    mode: Mode = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Search every chunk, even where the last table can be extended.")
    ] = False,
    json: Json = False,
) -> None:
    """Compute the table of each chunk's nearest neighbors, which training reads.

    Run again after an interruption it goes on; after changes of the database it extends the table. With
    --book the neighbors are chunks of another database, so that a model can train on text that is not in it.

    Example: openbook neighbors mybook -k 10 --mode hybrid
    """
    import numpy as np

    from openbook.database import Database, build_neighbors

    database = Database.open(db)
    with bar("finding neighbors") as progress:
        table = build_neighbors(
            database,
            book=None if book is None else Database.open(book),
            k=k,
            mode=mode,
            rebuild=rebuild,
            progress=progress,
        )
    found = (np.asarray(table.ids) >= 0).sum(axis=1)
    summary = {
        "chunks": int(database.info().chunks),
        "k": k,
        "mode": table.mode,
        "version": table.version,
        "book": str(table.book.path),
        "mean_neighbors": round(float(found[found > 0].mean()), 2) if found.any() else 0.0,
    }
    if json:
        print_json(summary)
    else:
        print_line(", ".join(f"{key.replace('_', ' ')} {value}" for key, value in summary.items()))


def retrieval(
    databases: Annotated[
        list[Path],
        typer.Argument(metavar="[MODEL] DB", help="The database; a model before it is checked to fit."),
    ],
    mode: Mode = None,
    queries: Annotated[int, typer.Option(help="Chunks of the database to search with.")] = 1000,
    seed: Annotated[int, typer.Option(help="Which chunks.")] = 0,
    json: Json = False,
) -> None:
    """Recall@10 against exact search, queries per second, and the latency of one query.

    Example: openbook eval retrieval mybook --mode dense
    """
    from openbook.cli.verbs.train import require_model
    from openbook.database import Database
    from openbook.errors import SettingsError
    from openbook.evaluate import evaluate_retrieval
    from openbook.model import RetroConfig

    if len(databases) > 2:
        raise SettingsError(
            f"{len(databases)} folders given: name one database, with at most a model before it"
        )
    database = Database.open(databases[-1])
    if len(databases) == 2:
        require_model(databases[0])
        config = RetroConfig.from_pretrained(databases[0])
        database.settings.require_match(
            tokenizer_fingerprint=config.tokenizer_fingerprint, chunk_size=config.chunk_size
        )
    with bar("searching") as progress:
        report = evaluate_retrieval(database, mode=mode, queries=queries, seed=seed, progress=progress)
    if json:
        print_json(report)
        return
    print_line(f"mode {report.mode}, index {report.index}, {report.queries} queries")
    print_line(f"recall@10 against exact search  {report.recall_at_10:.4f}")
    print_line(f"queries/s, all at once          {report.queries_per_second:,.0f}")
    print_line(
        f"latency of one, ms              p50 {report.latency_ms.p50:.2f}, p99 {report.latency_ms.p99:.2f}"
    )

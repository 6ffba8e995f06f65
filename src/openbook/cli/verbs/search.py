"""The verbs that search a database: search, neighbors."""

from openbook.cli.console import bar
from openbook.cli.options import (
    Book,
    DatabaseArgument,
    Hits,
    Json,
    Mode,
    QueryArgument,
    Rebuild,
    SavedNeighbors,
)
from openbook.cli.output import print_hits, print_table
from openbook.errors import SettingsError


def search(
    db: DatabaseArgument, text: QueryArgument, k: Hits = 5, mode: Mode = None, json: Json = False
) -> None:
    """Search a database and show the chunks found.

    Example: openbook search mybook "why is the sky blue" -k 3 --mode hybrid
    """
    from openbook.database import Version

    if not text.strip():
        raise SettingsError("the text to look for is empty")
    print_hits(Version.open(db).search([text], k=k, mode=mode)[0], json=json)


def neighbors(
    db: DatabaseArgument,
    book: Book = None,
    k: SavedNeighbors = 10,
    mode: Mode = None,
    rebuild: Rebuild = False,
    json: Json = False,
) -> None:
    """Compute the table of each chunk's nearest neighbors, which training reads.

    Run again after an interruption it resumes; after changes of the database it extends the table. With
    --book the neighbors are chunks of another database, so that a model can train on text that is not in it.

    Example: openbook neighbors mybook -k 10 --mode hybrid
    """
    from openbook.database import Database, build_neighbors

    database = Database.open(db)
    searched = None if book is None else Database.open(book)
    with bar("finding neighbors") as progress:
        table = build_neighbors(database, book=searched, k=k, mode=mode, rebuild=rebuild, progress=progress)
    print_table(table, chunks=database.info().chunks, k=k, json=json)

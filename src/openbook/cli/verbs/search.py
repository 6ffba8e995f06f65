"""The verbs that search a database: search, neighbors."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.cli.bars import bar
from openbook.cli.console import note, print_json
from openbook.cli.lost_cluster import end_at_once
from openbook.cli.options.cluster_options import Ray, Workers, check_cluster_options
from openbook.cli.options.document_options import OnlyIds, OnlySources, OnlyTitles, document_filter
from openbook.cli.options.ranker_options import RankerFile, load_ranker
from openbook.cli.options.search_options import (
    Book,
    Hits,
    Mode,
    NewTableMode,
    QueryArgument,
    Rebuild,
    SavedNeighbors,
    SearchBy,
)
from openbook.cli.options.shared_options import AllowMissingShards, DatabaseArgument, Json
from openbook.cli.output import print_hits, print_table
from openbook.cli.unseen import note_missing_shards, note_unseen, said_of_shards
from openbook.errors import SettingsError
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.database import Database, Hit, NeighborTable, Version
    from openbook.database.neighbors.neighbor_ranker import NeighborRanker
    from openbook.database.storage.neighbor_files import TableStamp


def search(
    db: DatabaseArgument,
    text: QueryArgument,
    k: Hits = 5,
    mode: Mode = None,
    id: OnlyIds = None,
    source: OnlySources = None,
    title: OnlyTitles = None,
    allow_missing_shards: AllowMissingShards = False,
    by: SearchBy = "chunk",
    ranker: RankerFile = None,
    json: Json = False,
) -> None:
    """Search a database, or some of its documents, and show the chunks found.

    Example: openbook search mybook "why is the sky blue" -k 3 --mode hybrid
    """
    from openbook.database import Version
    from openbook.database.search.folding import fold

    if not text.strip():
        raise SettingsError("the text to look for is empty; give some words")
    database = Version.open(db, allow_missing_shards=allow_missing_shards)
    filter = document_filter(id, source, title)
    hits = database.search([text], k=k, mode=mode, documents=filter, by=by)[0]
    if (chooser := load_ranker(ranker)) is not None:
        hits = _chosen(database, chooser, text, hits)
    note_unseen(database)
    note_missing_shards(database)
    if not hits and not fold(text).strip():
        note("the text has no letters and no digits, of which words are made: docs/search.md")
    if json and allow_missing_shards:
        print_json({"hits": hits} | said_of_shards(database, allowed=True))
    else:
        print_hits(hits, json=json)


def _chosen(database: "Version", ranker: "NeighborRanker", text: str, hits: "list[Hit]") -> "list[Hit]":
    """Those of the hits that are worth reading, in the ranker's order."""
    import numpy as np

    from openbook.database.neighbors.neighbor_ranker import RankedBook

    if not hits:
        return hits
    found = (
        np.array([[hit.chunk_id for hit in hits]], dtype=np.int64),
        np.array([[hit.score for hit in hits]], dtype=np.float32),
    )
    ids, scores = RankedBook(ranker, database).choose([text], found)
    return database.hits(ids[0], scores[0])


def neighbors(
    db: DatabaseArgument,
    book: Book = None,
    k: SavedNeighbors = None,
    mode: NewTableMode = None,
    rebuild: Rebuild = False,
    ray: Ray = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Compute the table of each chunk's nearest neighbors, which training reads.

    Run again after an interruption it resumes; after changes of the database it extends the table, with the
    mode and the book that it had, and no fewer neighbors. With --book the neighbors are chunks of another
    database, so that a model can train on text that is not in it. With --ray the table is the same, and comes
    sooner.

    Example: openbook neighbors mybook -k 10 --mode hybrid
    """
    from openbook.database import Database
    from openbook.database.shards.book_folder import local_folder
    from openbook.database.storage.neighbor_files import wanted_stamp

    check_cluster_options(ray, workers=workers)
    database = Database.open(local_folder(db).resolve() if ray else db)
    searched = None if book is None else Database.open(local_folder(book).resolve() if ray else book)
    before = wanted_stamp(database.opened.files.neighbors)
    if before is not None:
        _note_change(before, database.path, mode, book)
    wanted = {"book": searched, "k": k, "mode": mode, "rebuild": rebuild}
    table = _computed(database, ray, workers, wanted)
    if not rebuild and before == wanted_stamp(database.opened.files.neighbors):
        note("the table was complete already")
    print_table(table, chunks=database.info().chunks, k=table.ids.shape[1], json=json)


def _computed(
    database: "Database", ray: str | None, workers: int | None, wanted: dict[str, Any]
) -> "NeighborTable":
    """Compute the table here or on a cluster, with a bar."""
    from openbook.database import build_neighbors

    if ray is None:
        with bar("finding neighbors") as progress:
            return build_neighbors(database, **wanted, progress=progress)
    from openbook.cluster.neighbor_job import ClusterSearch
    from openbook.cluster.ray_session import connected
    from openbook.cluster.remote_encoder import work_places

    with connected(ray, on_lost=end_at_once) as session:
        places = work_places(session, workers=workers, encoder=None)
        note(counted(len(places), "worker"))
        search = ClusterSearch(session, places)
        with bar("finding neighbors") as progress:
            table = build_neighbors(database, **wanted, search=search, progress=progress)
    if search.lost:
        note(f"{counted(search.lost, 'worker')} lost; others did the work")
    return table


def _note_change(before: "TableStamp", corpus: Path, mode: str | None, book: Path | None) -> None:
    """Say what of the last table is kept, and what changes, for then every chunk is searched again."""
    place = corpus if before.book is None else before.book.place(corpus)
    if book is not None and book.resolve() != place.resolve():
        note(f"the neighbors were of {place}, now they are of {book}")
    elif mode is not None and mode != before.mode:
        note(f"the mode was {before.mode}, now it is {mode}")
    elif mode is None:
        where = "" if before.book is None else f", in {place}"
        note(f"as the last table: mode {before.mode}{where}")

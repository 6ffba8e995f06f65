"""Where and how a model looks things up: as in its training, unless the command says otherwise."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.cli.console import note
from openbook.cli.unseen import note_missing_shards, note_unseen
from openbook.errors import DatabaseError

if TYPE_CHECKING:
    from openbook.database import DocumentFilter, SearchMode, Version


@dataclass(frozen=True, slots=True)
class SearchedBook:
    """What is searched, and by what."""

    book: "Version"
    mode: "SearchMode"


def lookup_of(
    model: Path, database: "Version", mode: str | None, *, allow_missing_shards: bool = False
) -> SearchedBook:
    """Decide where a model looks things up, and say so where it is not as the command reads.

    Args:
        model: folder of a trained model; its recipe.json, if there is one, says what training read.
        database: the one that the command names. If that is the corpus of the training, whose neighbors are
            in another database, they are looked up there.
        mode: of search; None: that of the training, or the database's default.
        allow_missing_shards: go on without shards of the book that are missing or damaged.

    Raises:
        SettingsError: a mode that the book does not have.
        DatabaseError: the book cannot be opened.
    """
    from openbook.database.search.searcher import check_mode
    from openbook.train.run_files import recorded

    trained_on: dict[str, Any] = (recorded(model) or {}).get("trained_on", {})
    book = _book_of(trained_on, database, allow_missing_shards=allow_missing_shards)
    has_dense = book.vectors is not None
    trained_mode = trained_on.get("neighbors")
    if mode is None and trained_mode is not None and (has_dense or trained_mode == "bm25"):
        return SearchedBook(book, check_mode(trained_mode, has_dense=has_dense))
    chosen = check_mode(mode, has_dense=has_dense)
    if trained_mode not in (None, chosen):
        note(f"the neighbors of the training were found by {trained_mode}, now they are by {chosen}")
    return SearchedBook(book, chosen)


def note_searched(database: "Version", documents: "DocumentFilter | None") -> None:
    """Say what of a book is not searched, before a model is loaded.

    Args:
        database: to be searched.
        documents: to look things up in; None: all.

    Raises:
        DatabaseError: no document is such.
    """
    note_unseen(database)
    note_missing_shards(database)
    if documents is not None:
        database.allowed_chunks(documents)


def note_learned(model: Path, database: "Version") -> None:
    """Say where and how a model learned to look things up, where what is served is something else.

    Args:
        model: its folder.
        database: the book that is served, and searched by its own default.
    """
    from openbook.database.search.searcher import check_mode
    from openbook.train.run_files import recorded

    trained_on: dict[str, Any] = (recorded(model) or {}).get("trained_on", {})
    place = _other_place(trained_on, database)
    if place is not None:
        note(
            f"the model learned to read {place}, and is served with {database.path}; name the one to be read"
        )
    learned, default = trained_on.get("neighbors"), check_mode(None, has_dense=database.vectors is not None)
    if learned not in (None, default):
        note(
            f"the model learned to read what {learned} finds; requests search by {default} unless they say so"
        )


def _other_place(trained_on: dict[str, Any], database: "Version") -> Path | None:
    """The folder in which training read the neighbors of this corpus; None: itself, or it is not that one."""
    from openbook.database.storage.neighbor_files import wanted_stamp

    corpus, book = trained_on.get("history"), trained_on.get("neighbors' history")
    if book in (None, corpus) or database.catalog.history(trained_on["version"]) != corpus:
        return None
    stamp = wanted_stamp(database.files.neighbors)
    return None if stamp is None or stamp.book is None else stamp.book.place(database.path)


def _book_of(trained_on: dict[str, Any], database: "Version", *, allow_missing_shards: bool) -> "Version":
    """The database itself, or the book in which training read the neighbors of its chunks."""
    from openbook.database import Version

    place = _other_place(trained_on, database)
    if place is None:
        return database
    try:
        opened = Version.open(place, allow_missing_shards=allow_missing_shards)
    except DatabaseError as error:
        raise DatabaseError(
            f"{database.path}: the book of its neighbors cannot be opened: {error}; name the "
            "database to look things up in"
        ) from error
    note(f"looks things up in {place}, as in training, and not in {database.path}")
    return opened

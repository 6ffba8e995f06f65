"""Making a sharded book of databases that are complete: do they belong together? Then the manifest."""

import heapq
import shutil
from collections.abc import Sequence
from itertools import repeat
from pathlib import Path

from openbook.database.shards.book_manifest import (
    BookCommit,
    BookManifest,
    ShardEntry,
    is_sharded,
    next_history,
    sum_of,
)
from openbook.database.shards.chunk_numbers import joined
from openbook.database.storage import catalog_sql
from openbook.database.storage.catalog_columns import Commit, Totals
from openbook.database.storage.database_folder import DatabaseFolder, open_folder
from openbook.database.storage.documents_of_version import live_ids_in_order
from openbook.database.storage.sealed import naming_errors
from openbook.errors import DatabaseError, MismatchError
from openbook.phrases import command

_NAMES = ("tokenizer", "embedder", "embedder_source")
"""Settings that may differ between machines: the fingerprints decide."""


def create_book(book: Path, shards: Sequence[str]) -> BookManifest:
    """Make a book of databases: write `book.json`, complete or absent.

    The order of the shards is that of the book's chunks and documents. Near-copies across shards are not
    looked for here: `Database.open(book).catch_up()` compares what `DatabaseWriter(…, of_book=True)` left
    uncompared.

    Args:
        book: the folder; it may hold the shards.
        shards: folder of each database, relative to `book` or absolute; at least one.

    Raises:
        DatabaseError: the book is there already; a shard is missing or damaged; a document is in two shards;
            near-copies are to be kept out, and were looked for within each shard alone.
        MismatchError: shards with different settings.
    """
    if is_sharded(book):
        raise DatabaseError(f"{book}: is a sharded book already; open it, or choose another folder")
    if not shards:
        raise DatabaseError(f"{book}: a book of no shards; name the folder of at least one database")
    folders = [open_folder(book / shard) for shard in shards]
    _require_same_settings(folders)
    _require_own_documents(folders)
    _require_uncompared(folders)
    heads = [folder.catalog.head() for folder in folders]
    entries = tuple(
        ShardEntry(
            folder=name,
            version=head.version,
            history=folder.catalog.history(head.version),
            num_documents=head.totals.documents,
            num_chunks=head.num_chunks,
        )
        for name, folder, head in zip(shards, folders, heads, strict=True)
    )
    extents = joined((place, head.num_chunks) for place, head in enumerate(heads))
    manifest = BookManifest(
        settings=folders[0].settings,
        shards=entries,
        extents=extents,
        commits=_commits(heads, [entry.history for entry in entries]),
    )
    with naming_errors(book):
        shutil.copytree(folders[0].path / "tokenizer", book / "tokenizer", dirs_exist_ok=True)
    manifest.write(book)
    return manifest


def _commits(heads: Sequence[Commit], histories: Sequence[str]) -> tuple[BookCommit, ...]:
    """The book without documents, then with those that the shards have, if they have any."""
    now, none = catalog_sql.now(), dict.fromkeys(range(len(heads)), 0)
    empty = Commit(version=0, time=now, action="create", generation=0, num_chunks=0, totals=Totals())
    history = next_history("", empty, dict(enumerate(histories)))
    created = BookCommit(commit=empty, shards=none, history=history)
    versions = {place: head.version for place, head in enumerate(heads)}
    if versions == none:
        return (created,)
    first = Commit(
        version=1,
        time=now,
        action="build",
        generation=0,
        num_chunks=sum(head.num_chunks for head in heads),
        totals=sum_of([head.totals for head in heads]),
    )
    history = next_history(history, first, dict(enumerate(histories)))
    return created, BookCommit(commit=first, shards=versions, history=history)


def _require_same_settings(folders: Sequence[DatabaseFolder]) -> None:
    """Refuse shards that were made otherwise than the first."""
    first = folders[0]
    wanted = {name: value for name, value in first.settings.to_dict().items() if name not in _NAMES}
    for folder in folders[1:]:
        if different := folder.settings.differences(**wanted):
            raise MismatchError(
                f"{folder.path}: not a shard of the same book as {first.path}: its {different[0]}; build all "
                "shards with the same settings"
            )


def _require_own_documents(folders: Sequence[DatabaseFolder]) -> None:
    """Refuse a document that two shards have: both would be found."""
    lists = [zip(live_ids_in_order(each.catalog), repeat(place)) for place, each in enumerate(folders)]
    before, where = None, -1
    for document_id, place in heapq.merge(*lists):
        if document_id == before:
            raise DatabaseError(
                f"{folders[place].path}: the document {document_id!r} is in {folders[where].path} too; "
                f"remove it from one: {command('remove', folders[place].path, document_id)}"
            )
        before, where = document_id, place


def _require_uncompared(folders: Sequence[DatabaseFolder]) -> None:
    """Refuse shards whose near-copies were looked for among their own documents alone."""
    settings = folders[0].settings
    heads = [folder.catalog.head() for folder in folders]
    has_holdout = any(head.totals.holdout for head in heads)
    if len(folders) == 1 or not settings.compares_documents(has_holdout=has_holdout):
        return
    for folder, head in zip(folders, heads, strict=True):
        if len(folder.catalog.uncompared()) < head.totals.documents:
            raise DatabaseError(
                f"{folder.path}: near-copies were looked for in this shard alone, and those of other shards "
                "would be found; build all shards as parts of a book: openbook build --ray local"
            )

"""Near-copies of documents of other shards: they come back when these are removed.

A shard's catalog names an original that it has itself by its number there, and one of another shard by the
book's number, which is higher than any number of its own.
"""

import sqlite3
from collections.abc import Collection

from openbook.database.shards.book_layout import book_number, shard_number
from openbook.database.storage import catalog_sql
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_columns import Totals
from openbook.database.storage.excluded_chunks import ExcludedChunks, chunks_from_text


def stored_original(place: int, original: int) -> int:
    """The number under which the catalog of the shard at `place` keeps a document of the book."""
    owner, number = shard_number(original)
    return number if owner == place else original


def stored_parts(place: int, parts: Collection[ExcludedChunks]) -> list[ExcludedChunks]:
    """Excluded parts of a document of the shard at `place`, as its catalog keeps them."""
    return [ExcludedChunks(part.first, part.end, stored_original(place, part.original)) for part in parts]


def numbers_of(catalog: Catalog, place: int, ids: Collection[str]) -> set[int]:
    """The book's numbers of live documents of a shard."""
    query = "SELECT number FROM documents WHERE removed IS NULL AND id IN "
    with catalog.connect() as connection:
        return {
            int(book_number(place, number))
            for (number,) in catalog_sql.rows_of_each(connection, query, list(ids))
        }


def has_copies_of(catalog: Catalog, originals: Collection[int]) -> bool:
    """Whether a shard has near-copies of these documents of other shards."""
    with catalog.connect() as connection:
        return any(_copies(connection, originals))


def bring_back(catalog: Catalog, originals: Collection[int]) -> None:
    """Make a version of a shard in which nothing is excluded for these documents of other shards."""
    with catalog.connect() as connection:
        head = catalog_sql.begin(connection)
        whole, parts = _copies(connection, originals)
        catalog_sql.unexclude(connection, [(number,) for number in {*whole, *parts}])
        totals = head.totals - Totals(excluded=len(whole))
        catalog_sql.insert_next(connection, "bring back", head, totals=totals)


def _copies(connection: sqlite3.Connection, originals: Collection[int]) -> tuple[set[int], set[int]]:
    """The numbers of live documents that are excluded for the sake of these, as a whole and in part."""
    query = "SELECT number FROM documents WHERE excluded IS NOT NULL AND removed IS NULL AND original IN "
    whole = {number for (number,) in catalog_sql.rows_of_each(connection, query, list(originals))}
    return whole, {
        number
        for number, text in connection.execute(catalog_sql.PARTLY_EXCLUDED)
        if any(part.original in originals for part in chunks_from_text(text))
    }

"""Which documents a catalog excludes for the sake of which others, and how they come back.

The others may be documents of other shards of a book, by numbers that no document of the catalog has.
"""

from collections.abc import Collection

from openbook.database.storage import catalog_sql
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_columns import Totals


def excluded_documents(catalog: Catalog) -> list[tuple[str, str, str, int]]:
    """Id, title, reason and number of the original of each live document that is excluded as a whole."""
    query = (
        "SELECT id, title, excluded, original FROM documents"
        " WHERE excluded IS NOT NULL AND removed IS NULL ORDER BY number"
    )
    with catalog.connect() as connection:
        return connection.execute(query).fetchall()


def live_numbers(catalog: Catalog, ids: Collection[str]) -> list[int]:
    """The numbers of those of these documents that the newest version has."""
    query = "SELECT number FROM documents WHERE removed IS NULL AND id IN "
    with catalog.connect() as connection:
        return [number for (number,) in catalog_sql.rows_of_each(connection, query, list(ids))]


def has_copies_of(catalog: Catalog, originals: Collection[int]) -> bool:
    """Whether a document is excluded, whole or in part, for the sake of one of these."""
    with catalog.connect() as connection:
        return any(catalog_sql.copies_of(connection, originals))


def bring_back(catalog: Catalog, originals: Collection[int]) -> None:
    """Make a version in which nothing is excluded for the sake of these."""
    with catalog.connect() as connection:
        head = catalog_sql.begin(connection)
        totals = head.totals - Totals(excluded=catalog_sql.bring_back(connection, originals))
        catalog_sql.insert_next(connection, "bring back", head, totals=totals)

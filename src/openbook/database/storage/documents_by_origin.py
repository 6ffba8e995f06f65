"""Which stored documents came from which file.

Databases that were made before origins were kept have none: then the source serves, if it is a file.
"""

from collections.abc import Iterable

from openbook.database.storage import catalog_sql
from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.text.origins import origin_by_source


def origin_of(record: DocumentRecord) -> str:
    """The origin of a stored document; empty: it has none, or none that is known."""
    return origin_by_source(record.source) if record.origin is None else record.origin


def ids_by_origin(catalog: DocumentCatalog, origins: Iterable[str]) -> dict[str, list[str]]:
    """The ids of the live documents from each of these origins, in old databases not those of rows."""
    query = (
        "SELECT coalesce(origin, source), id FROM documents"
        " WHERE removed IS NULL AND coalesce(origin, source) IN "
    )
    found: dict[str, list[str]] = {}
    wanted = list(origins)
    for part, *_ in catalog.parts(catalog.head().version):
        with part.connect() as connection:
            for origin, document_id in catalog_sql.rows_of_each(connection, query, wanted):
                found.setdefault(origin, []).append(document_id)
    return found


def live_origins(catalog: DocumentCatalog, *, start: str = "") -> list[tuple[str, str]]:
    """The id and origin of each live document, in the order of their numbers.

    Args:
        catalog: of the database.
        start: only of documents whose origins begin so, for which only these are read.
    """
    query = "SELECT id, origin, source FROM documents WHERE removed IS NULL"
    if start:  # an index has these in the order of their characters' bytes
        query += " AND coalesce(origin, source) >= :start AND coalesce(origin, source) < :end"
    values = {"start": start, "end": start[:-1] + chr(ord(start[-1]) + 1)} if start else {}
    rows = []
    for part, *_ in catalog.parts(catalog.head().version):
        with part.connect() as connection:
            rows += connection.execute(f"{query} ORDER BY number", values).fetchall()
    return [(name, origin_by_source(source) if origin is None else origin) for name, origin, source in rows]

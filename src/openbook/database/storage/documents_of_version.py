"""The documents of one version, read from the catalog in the order of their ids, without their texts.

A row of the catalog says which version added a document and which removed it, so that what is read of one
version agrees with itself while others write. `compact` forgets what was removed before the last one.

    id    added  removed      of version 4: a and c; of version 6: b, c and d
    a     1      5
    b     6
    c     2
    d     5
"""

import heapq
from collections.abc import Iterator
from typing import NamedTuple

from openbook.database.storage.catalog import Catalog
from openbook.database.storage.document_catalog import DocumentCatalog

_OF_VERSION = "added <= :version AND (removed IS NULL OR removed > :version)"


class DocumentNames(NamedTuple):
    """What a document is called; ordered by its id."""

    id: str
    number: int
    source: str
    """The id where there is none."""
    title: str
    """The same."""


def names_after(catalog: DocumentCatalog, version: int, after: str) -> Iterator[DocumentNames]:
    """The documents of a version after an id, which none of them needs to have; read as they are asked for.

    Ids are in the order of their characters' code points.
    """
    parts = catalog.parts(version)
    return heapq.merge(*(_names_after(part, own, after, raised_by) for part, own, raised_by in parts))


def _names_after(catalog: Catalog, version: int, after: str, raised_by: int) -> Iterator[DocumentNames]:
    query = (
        "SELECT id, number, coalesce(nullif(source, ''), id), coalesce(nullif(title, ''), id) FROM documents "
        f"WHERE {_OF_VERSION} AND id > :after ORDER BY id"
    )
    with catalog.connect() as connection:
        for name, number, source, title in connection.execute(query, {"version": version, "after": after}):
            yield DocumentNames(name, number + raised_by, source, title)


def number_of(catalog: DocumentCatalog, version: int, document_id: str) -> int | None:
    """The number of the document that has this id in a version; None: there is none."""
    query = f"SELECT number FROM documents WHERE id = :id AND {_OF_VERSION}"
    for part, own, raised_by in catalog.parts(version):
        with part.connect() as connection:
            row = connection.execute(query, {"id": document_id, "version": own}).fetchone()
        if row is not None:
            return int(row[0]) + raised_by
    return None


def live_ids_in_order(catalog: Catalog) -> Iterator[str]:
    """The ids of the newest version's documents, as `names_after` orders them; read as they are asked for."""
    query = "SELECT id FROM documents WHERE removed IS NULL ORDER BY id"
    with catalog.connect() as connection:
        for (document_id,) in connection.execute(query):
            yield document_id

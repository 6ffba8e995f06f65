"""The documents of one version, a page at a time in the order of their ids, and the text of each.

A row of the catalog says which version added a document and which removed it, so that pages of one version
agree with each other while others write. `compact` forgets what was removed before the last one.

    id    added  removed      of version 4: a and c; of version 6: b, c and d
    a     1      5
    b     6
    c     2
    d     5
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from openbook.database.document_list import ListedDocument, listed, name_matches
from openbook.database.storage.catalog import Catalog
from openbook.database.told_source import told_source
from openbook.database.version import Version
from openbook.errors import NoDocumentError
from openbook.text.document_ids import suggestion

_OF_VERSION = "added <= :version AND (removed IS NULL OR removed > :version)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """Some documents of a version."""

    documents: list[ListedDocument]
    """By id, in the order of its characters' code points."""
    has_more: bool
    """Whether there are more after these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A document with its text."""

    about: ListedDocument
    text: str
    """As its tokens spell it: exactly what was stored, if the tokenizer spells everything."""
    chunks: range
    """Their numbers in the database, as citations say them."""


def document_page(
    version: Version,
    *,
    limit: int,
    after: str | None = None,
    source: str | None = None,
    title: str | None = None,
    name: str | None = None,
    for_others: bool = False,
) -> DocumentPage:
    """List some documents.

    Args:
        version: of the database.
        limit: documents at most, at least 1.
        after: the page begins after this id, which no document needs to have; None: at the first.
        source: a pattern, see `name_matches`; None: all.
        title: the same of titles; a document without one has its id in its place.
        name: the same of ids.
        for_others: whether sources match as others are told of them, see `told_source`.

    Raises:
        DatabaseError: a document does not match its checksum.
    """
    found = list(
        islice(_numbers(version, after or "", (source, title, name), for_others=for_others), limit + 1)
    )
    records = version.catalog.describe(found[:limit])
    return DocumentPage(documents=[listed(record) for record in records], has_more=len(found) > limit)


def _numbers(
    version: Version, after: str, patterns: Sequence[str | None], *, for_others: bool
) -> Iterator[int]:
    """The catalog's numbers of the documents after an id whose source, title and id match."""
    query = (
        "SELECT id, number, coalesce(nullif(source, ''), id), coalesce(nullif(title, ''), id) FROM documents "
        f"WHERE {_OF_VERSION} AND id > :after ORDER BY id"
    )
    lists = [
        _rows(catalog, query, {"version": number, "after": after}, raised_by)
        for catalog, number, raised_by in version.catalog.parts(version.version)
    ]
    for document_id, number, source, title in heapq.merge(*lists):
        shown = told_source(source, document_id) if for_others else source
        pairs = zip((shown, title, document_id), patterns, strict=True)
        if all(pattern is None or name_matches(name, pattern) for name, pattern in pairs):
            yield number


def _rows(
    catalog: Catalog, query: str, values: dict[str, int | str], raised_by: int
) -> Iterator[tuple[str, int, str, str]]:
    """The ids of documents, their numbers in the version, and what patterns are compared with."""
    with catalog.connect() as connection:
        for document_id, number, source, title in connection.execute(query, values):
            yield document_id, number + raised_by, source, title


def stored_document(version: Version, document_id: str) -> StoredDocument:
    """Find a document by its id.

    Raises:
        NoDocumentError: there is none; the nearest ids are named.
        DatabaseError: it is damaged.
    """
    query = f"SELECT id, number, '', '' FROM documents WHERE id = :id AND {_OF_VERSION}"
    for catalog, own, raised_by in version.catalog.parts(version.version):
        for _, number, *_ in _rows(catalog, query, {"id": document_id, "version": own}, raised_by):
            record = version.catalog.describe([number])[0]
            place = int(np.flatnonzero(version.layout.number == number)[0])
            chunks = version.layout.chunks_of(place)
            return StoredDocument(about=listed(record), text=_text_of(version, chunks), chunks=chunks)
    raise no_document(version, document_id)


def no_document(version: Version, document_id: str) -> NoDocumentError:
    """Make the error of an id that no document has."""
    return NoDocumentError(f"no document {suggestion(document_id, version.catalog.live_ids())}")


def _text_of(version: Version, chunks: range) -> str:
    """Decode all chunks at once: a border may stand inside a character."""
    rows = version.tokens[chunks.start : chunks.stop].tolist()
    lengths = version.layout.lengths[chunks.start : chunks.stop].tolist()
    tokens = [token for row, length in zip(rows, lengths, strict=True) for token in row[:length]]
    return version.tokenizer.decode([tokens])[0]

"""The documents of one version, a page at a time in the order of their ids, and the text of each.

Pages of one version agree with each other while others write, see documents_of_version.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np

from openbook.database.documents.document_list import ListedDocument, listed, name_matches
from openbook.database.documents.told_source import told_source
from openbook.database.storage.arrays import Rows
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.documents_of_version import names_after, number_of
from openbook.database.storage.layout import ChunkLayout
from openbook.errors import NoDocumentError
from openbook.text import Tokenizer
from openbook.text.document_ids import suggestion


class HasTexts(Protocol):
    """What a version is to this file."""

    @property
    def version(self) -> int: ...

    @property
    def catalog(self) -> DocumentCatalog: ...

    @property
    def layout(self) -> ChunkLayout: ...

    @property
    def tokens(self) -> Rows: ...

    @property
    def tokenizer(self) -> Tokenizer: ...


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
    version: HasTexts,
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
    version: HasTexts, after: str, patterns: Sequence[str | None], *, for_others: bool
) -> Iterator[int]:
    """The catalog's numbers of the documents after an id whose source, title and id match."""
    for document_id, number, source, title in names_after(version.catalog, version.version, after):
        shown = told_source(source, document_id) if for_others else source
        pairs = zip((shown, title, document_id), patterns, strict=True)
        if all(pattern is None or name_matches(name, pattern) for name, pattern in pairs):
            yield number


def stored_document(version: HasTexts, document_id: str) -> StoredDocument:
    """Find a document by its id.

    Raises:
        NoDocumentError: there is none; the nearest ids are named.
        DatabaseError: it is damaged.
    """
    number = number_of(version.catalog, version.version, document_id)
    if number is None:
        raise no_document(version, document_id)
    record = version.catalog.describe([number])[0]
    place = int(np.flatnonzero(version.layout.number == number)[0])
    chunks = version.layout.chunks_of(place)
    return StoredDocument(about=listed(record), text=_text_of(version, chunks), chunks=chunks)


def no_document(version: HasTexts, document_id: str) -> NoDocumentError:
    """Make the error of an id that no document has."""
    return NoDocumentError(f"no document {suggestion(document_id, version.catalog.live_ids())}")


def _text_of(version: HasTexts, chunks: range) -> str:
    """Decode all chunks at once: a border may stand inside a character."""
    rows = version.tokens[chunks.start : chunks.stop].tolist()
    lengths = version.layout.lengths[chunks.start : chunks.stop].tolist()
    tokens = [token for row, length in zip(rows, lengths, strict=True) for token in row[:length]]
    return version.tokenizer.decode([tokens])[0]

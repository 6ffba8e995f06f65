"""Adding and removing documents of a book that is served: all that were asked for, or none; what was done."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from openbook.database import Database, DatabaseInfo
from openbook.database.changes import Changes, changes_of_add, changes_of_remove
from openbook.database.documents.document_pages import no_document
from openbook.database.documents.told_source import told_source
from openbook.errors import SettingsError, SourceError
from openbook.serve.books import Book
from openbook.text import AnyDocument

LONGEST_ID = 1_000
"""Characters of a document's id."""
_LONGEST = {"title": 2_000, "source": 2_000, "language": 100}
"""Characters of what every hit, citation and list tells of a document."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did, and what the book holds now."""

    done: Changes
    info: DatabaseInfo
    ids: list[str]
    """Of the documents that were given, each once."""


_ANY: Mapping[str, str] = MappingProxyType({})


async def add_documents(
    book: Book,
    documents: Sequence[AnyDocument],
    *,
    expected: Mapping[str, str] = _ANY,
    new: Collection[str] = (),
) -> Edited:
    """Add documents; one whose id is known replaces that one, if its text is another.

    Args:
        book: to add them to.
        documents: to add.
        expected: what is stored under their ids, see `Database.add`.
        new: ids under which nothing may be stored but the same text, which is no change.

    Raises:
        ConflictError: something else is; none is added.
        SettingsError: an id that has no address, see `require_addressable`, or a title, source or language
            that is too long; none is added.
        SourceError: two of them have one id and different texts; none is added.
        LockedError, UnavailableError: as `Book.edit`.
    """
    texts: dict[str, str] = {}
    for document in documents:
        require_addressable(document.id)
        _require_short(document)
        if texts.setdefault(document.id, document.sha256) != document.sha256:
            raise SourceError(
                f"document {document.id!r}: is given twice, with different texts; give one of them"
            )

    def add(database: Database) -> Edited:
        stored = database.catalog.live_records(list(new))
        same = {name: each.revision for name, each in stored.items() if each.sha256 == texts[name]}
        wanted = {**expected, **dict.fromkeys(new, ""), **same}
        report = database.add(_with_stored_sources(database, documents), expected=wanted)
        return Edited(changes_of_add(report, skipped=0), database.info(), list(texts))

    return await book.edit(add)


def require_addressable(document_id: str) -> None:
    """Refuse an id that could not be asked for again, as `/v1/documents/ID`.

    Raises:
        SettingsError: `.` or `..`, which clients take out of an address, or one that is too long for one.
    """
    if document_id in (".", ".."):
        raise SettingsError(
            f"document {document_id!r}: no address can end in this id; give another, or none, and it is made "
            "from the text"
        )
    if len(document_id) > LONGEST_ID:
        raise SettingsError(
            f"document {document_id[:40]!r}…: its id has {len(document_id):,} characters, at most "
            f"{LONGEST_ID:,} fit into its address"
        )


def _require_short(document: AnyDocument) -> None:
    """Refuse what makes each list and each answer that names the document as long as a text.

    Raises:
        SettingsError: its title, source or language is too long.
    """
    for name, most in _LONGEST.items():
        length = len(getattr(document, name) or "")
        if length > most:
            raise SettingsError(
                f"document {document.id!r}: its {name} has {length:,} characters, at most {most:,} are "
                "taken; shorten it"
            )


async def remove_documents(book: Book, ids: Sequence[str], *, expected: Mapping[str, str] = _ANY) -> Edited:
    """Remove documents.

    Args:
        book: to remove them from.
        ids: of the documents.
        expected: what is stored under them, see `Database.add`.

    Raises:
        ConflictError: something else is; none is removed.
        NoDocumentError: there is no document of one of these ids; none is removed.
        LockedError, UnavailableError: as `Book.edit`.
    """

    def remove(database: Database) -> Edited:
        wanted = list(dict.fromkeys(ids))
        known = database.catalog.live(wanted)
        for document_id in wanted:
            if document_id not in known:
                raise no_document(database.opened, document_id)
        before = database.excluded()
        database.remove(wanted, expected=expected)
        done = changes_of_remove(len(wanted), before, database.excluded())
        return Edited(done, database.info(), wanted)

    return await book.edit(remove)


def _with_stored_sources(database: Database, documents: Sequence[AnyDocument]) -> Iterator[AnyDocument]:
    """The documents; one whose source is what was told of the stored one keeps that, which may be a path."""
    records = database.catalog.live_records([document.id for document in documents])
    for document in documents:
        stored = records.get(document.id)
        is_told = stored is not None and document.source == told_source(stored.source, document.id)
        yield replace(document, source="") if is_told else document

"""Which stored document a file is: it keeps its id however it was reached, and no other file takes its place.

stored   docs/index.md from /texts/A/docs/index.md
read     docs/index.md from /texts/A/docs/index.md, or index.md from there    the same document
read     docs/index.md from /texts/B/docs/index.md                            refused, while A's is there
read     docs/index.md from /moved/A/docs/index.md, /texts/A is gone          the same, it has moved

A file keeps its id where its header names another one meanwhile. But files may be renamed, and others take
their names: then the ids of their headers go with them.

stored   k1 from a.md, k2 from b.md
read     a.md, whose header says k2; c.md, which says k1                      k2 from a.md, k1 from c.md
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.documents_by_origin import ids_by_origin, origin_of
from openbook.database.write.mail_copies import stored_copies
from openbook.errors import SourceError
from openbook.text import AnyDocument, Document
from openbook.text.documents import source_error
from openbook.text.origins import is_there
from openbook.text.readers.registry import fills_file

_MOST_AT_ONCE = 64
"""Documents that are looked up together."""
_ROWS_LOOKED_UP = 20
"""Of a file: if one of them was stored from a file of this name that is gone, it has moved."""

OnError = Callable[[SourceError], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Undecided:
    """A file whose id depends on what the files after it say."""

    document: AnyDocument
    stored: str
    """The id under which it is stored; empty: under none, or more than one."""
    record: DocumentRecord | None
    """Of the stored document that has the id that it says."""

    @property
    def other(self) -> str:
        """The file that is stored under the id that this one says, if it is another; empty: there is none."""
        former = _origin(self.record)
        return former if former != self.document.origin and fills_file(former) else ""


class Identities:
    """Gives documents whose ids were made from paths the ids that the database knows their files by.

    Ids that Python or rows say, and fingerprints, are left as they are; so are those that files say of
    themselves, as long as the database does not know the file by another, and no other file of this kind that
    is still there has it. A file whose stored id another file says, or which says an id that another had,
    takes the id that it says itself; what may be so is held until all have passed.

    Args:
        catalog: of the database; None: it is not made yet.
        on_error: called with the error of a document whose id another file has; None: raise.
    """

    def __init__(self, catalog: DocumentCatalog | None, on_error: OnError | None = None) -> None:
        self._catalog = catalog
        self._on_error = on_error
        self._ids: dict[str, str] = {}
        """By origin, of this call."""
        self._origins: dict[str, str] = {}
        """By id, of this call."""
        self._copies: set[str] = set()
        """Origins of mails that are stored under another name than they say."""
        self._rows: Counter[str] = Counter()
        """How many were looked up, by origin."""
        self.moves: list[tuple[str, str]] = []
        """Former and new origins of files that have moved and are a document each."""
        self._moves_of_rows: list[tuple[str, str]] = []
        self.refused: set[str] = set()
        """Ids that the database keeps for other files."""
        self.holders: set[str] = set()
        """Origins of these files."""
        self._undecided: list[_Undecided] = []

    @property
    def all_moves(self) -> list[tuple[str, str]]:
        """Former and new origins of files that have moved."""
        return self.moves + self._moves_of_rows

    def identified(self, documents: Iterable[AnyDocument]) -> Iterator[AnyDocument]:
        """The same documents, under the ids that they have in the database.

        They come in the same order; but last those whose ids depend on what other files say.

        Raises:
            SourceError: of the first document whose id another file has, without an `on_error`.
        """
        waiting: list[AnyDocument] = []
        for document in documents:
            if not waiting and not self._is_looked_up(document):
                yield document
                continue
            waiting.append(document)
            if len(waiting) == _MOST_AT_ONCE:
                yield from self._of(waiting)
                waiting = []
        yield from self._of(waiting)
        yield from self._decided()

    def _is_looked_up(self, document: AnyDocument) -> bool:
        """Whether the database is asked about it: about each file, and about the first rows of a file."""
        if _goes_by_origin(document):
            return True
        if self._catalog is None or not document.origin:
            return False
        self._rows[document.origin] += 1
        return self._rows[document.origin] <= _ROWS_LOOKED_UP

    def _of(self, documents: Sequence[AnyDocument]) -> Iterator[AnyDocument]:
        known: dict[str, list[str]] = {}
        taken: dict[str, DocumentRecord] = {}
        copies: Sequence[AnyDocument | None] = [None] * len(documents)
        if self._catalog is not None and documents:
            copies = stored_copies(self._catalog, documents)
            either = [*documents, *(copy for copy in copies if copy is not None)]
            known = ids_by_origin(self._catalog, [each.origin for each in either if _goes_by_origin(each)])
            taken = self._catalog.live_records([each.id for each in either])
        for read, copy in zip(documents, copies, strict=True):
            document = self._as_stored(read, copy)
            if not _goes_by_origin(document):
                self._note_move(_origin(taken.get(document.id)), document.origin)
                yield document
            elif not self._waits(document, ids := known.get(document.origin, []), taken.get(document.id)):
                yield from _under(self._identity(document, ids, taken.get(document.id)), document)

    def _as_stored(self, document: AnyDocument, copy: AnyDocument | None) -> AnyDocument:
        """A mail under the name that it is stored under, unless another took that in this call."""
        if copy is None or (copy.origin in self._ids and copy.origin not in self._copies):
            return document
        self._copies.add(copy.origin)
        return copy

    def _waits(self, document: AnyDocument, known: Sequence[str], record: DocumentRecord | None) -> bool:
        """Hold a file whose id depends on what others say; returns whether it is held."""
        if document.origin in self._ids or document.id in known:
            return False
        stored = known[0] if len(known) == 1 else ""
        undecided = _Undecided(document=document, stored=stored, record=record)
        says_another = not document.named_by_path and bool(undecided.other)
        if stored:
            # An id that was made from its path is what no other file says.
            waits = says_another or not stored.endswith(document.origin.rpartition("/")[2])
        else:
            waits = says_another and is_there(_file_with_other_text(record, document))
        if waits:
            self._undecided.append(undecided)
        return waits

    def _decided(self) -> Iterator[AnyDocument]:
        """The documents that were held, when all have passed."""
        held = {each.document.origin for each in self._undecided}
        said: dict[str, str] = {}
        for each in self._undecided:
            document = each.document
            if not document.named_by_path and document.id not in self._origins and self._leaves(each, held):
                said.setdefault(document.id, document.origin)
        for each in self._undecided:
            yield from _under(self._decide(each, said), each.document)
        self._undecided = []

    def _leaves(self, undecided: _Undecided, held: set[str]) -> bool:
        """Whether no other file keeps the id that this one says: it is gone, or says another one itself."""
        other, name = undecided.other, undecided.document.id
        return not is_there(other) or other in held or self._ids.get(other, name) != name

    def _decide(self, undecided: _Undecided, said: Mapping[str, str]) -> str:
        """The id of a file that was held; empty if it was refused.

        Args:
            undecided: what was found out about it.
            said: the files that were held by the ids that they say and may have.
        """
        document, stored = undecided.document, undecided.stored
        origin = document.origin
        has_said = said.get(document.id) == origin
        keeps = stored and stored not in self._origins and said.get(stored, origin) == origin
        if origin in self._ids or (keeps and not (has_said and undecided.other)):
            return self._identity(document, [stored], undecided.record)
        if document.named_by_path or has_said:
            gives_up = has_said and is_there(undecided.other)
            return self._identity(document, [], None if gives_up else undecided.record)
        holder = self._origins.get(document.id) or said.get(document.id) or undecided.other
        return self._refuse(document, holder)

    def _identity(self, document: AnyDocument, known: Sequence[str], record: DocumentRecord | None) -> str:
        """The id of a document; empty if it was refused.

        Args:
            document: that goes by its origin.
            known: ids of stored documents from the same origin.
            record: of the stored document that has the id that it says.
        """
        name, origin = document.id, document.origin
        if origin in self._ids:
            return self._ids[origin]
        if name not in known and len(known) == 1:
            name = known[0]
        elif name not in known and not document.named_by_path:
            if (former := _file_with_other_text(record, document)) and is_there(former):
                return self._refuse(document, former)
            self._note_move(_origin(record), origin)
        elif name not in known:
            former = self._origins.get(name) or _origin(record)
            if name in self._origins or (former != origin and is_there(former)):
                return self._refuse(document, former)
            if former and former != origin:
                self.moves.append((former, origin))
        self._ids[origin] = name
        self._origins[name] = origin
        return name

    def _note_move(self, former: str, origin: str) -> None:
        """Note that the file of a row has moved, if the row is stored from one of this name that is gone."""
        has_this_name = former.rpartition("/")[2] == origin.rpartition("/")[2]
        if former != origin and has_this_name and not is_there(former):
            self._moves_of_rows.append((former, origin))

    def _refuse(self, document: AnyDocument, other: str) -> str:
        remedy = f"give that of {document.origin} another begin with --prefix"
        if not document.named_by_path:
            remedy = f"give {document.origin}, whose header says it, another id, or leave one of them out"
        error = source_error(document.id, f"the id is taken by {other}; {remedy}")
        self.refused.add(document.id)
        self.holders.add(other)
        if self._on_error is None:
            raise error
        self._on_error(error)
        return ""


def _under(identity: str, document: AnyDocument) -> Iterator[AnyDocument]:
    """The document under this id; nothing if that is empty."""
    if identity:
        yield document if identity == document.id else replace(document, id=identity)


def _origin(record: DocumentRecord | None) -> str:
    return "" if record is None else origin_of(record)


def _file_with_other_text(record: DocumentRecord | None, document: AnyDocument) -> str:
    """The file that a stored document is all of, if it is another with another text; empty: it is none."""
    origin = _origin(record)
    if record is None or origin == document.origin or record.sha256 == document.sha256:
        return ""
    # A row's id is its author's word, and replaces whatever has it.
    return origin if fills_file(origin) else ""


def _goes_by_origin(document: AnyDocument) -> bool:
    fills_file = isinstance(document, Document) and document.fills_file
    return (document.named_by_path or fills_file) and bool(document.origin)

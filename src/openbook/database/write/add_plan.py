"""What an `add` would do, found out without writing anything and without an encoder."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.documents_by_origin import live_origins
from openbook.database.write.identities import Identities
from openbook.database.write.sync_scope import Given, SyncScope
from openbook.errors import SourceError
from openbook.text import AnyDocument
from openbook.text.origins import places_before_moves

_MUCH = 3
"""A sync that would remove more than one in so many of all documents is likely to be a mistake."""
_MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPlan:
    """What would be done, by the documents' ids."""

    added: Sequence[str] = ()
    replaced: Sequence[str] = ()
    unchanged: Sequence[str] = ()
    """Of these a title, source, language or origin may be new."""
    removed: Sequence[str] = ()
    renamed: int = 0
    """Of the removed: whose text is added under another id, for their folder has another name."""
    moved: int = 0
    """Documents whose files have moved."""
    stored: int = 0
    """Documents of the database before."""

    @property
    def removes_much(self) -> bool:
        """Whether the texts of more than a third of the documents would be gone."""
        return _MUCH * (len(self.removed) - self.renamed) > self.stored


@dataclass
class Planner:
    """Looks up documents as they pass.

    Args:
        catalog: of the database; None: it is not made yet.
        on_error: see `Identities`.
    """

    catalog: DocumentCatalog | None
    on_error: Callable[[SourceError], None] | None = None
    _added: list[str] = field(init=False, default_factory=list)
    _texts: set[str] = field(init=False, default_factory=set)
    """Fingerprints of what is added to a database that is there."""
    _replaced: list[str] = field(init=False, default_factory=list)
    _unchanged: list[str] = field(init=False, default_factory=list)
    _given: Given = field(init=False, default_factory=Given)
    _identities: Identities = field(init=False)

    def __post_init__(self) -> None:
        self._identities = Identities(self.catalog, self.on_error)

    def passing(self, documents: Iterable[AnyDocument]) -> Iterator[AnyDocument]:
        """The same documents, under the ids that they have in the database.

        Raises:
            SourceError: see `Identities`.
        """
        waiting: list[tuple[str, str]] = []
        for document in self._identities.identified(documents):
            if document.id not in self._given.ids:
                waiting.append((document.id, document.sha256))
            self._given.note(document)
            if len(waiting) == _MOST_AT_ONCE:
                self._look_up(waiting)
                waiting = []
            yield document
        self._look_up(waiting)

    def _look_up(self, documents: Sequence[tuple[str, str]]) -> None:
        stored = self.catalog.live([name for name, _ in documents]) if self.catalog and documents else {}
        for name, sha256 in documents:
            if name not in stored:
                self._added.append(name)
                if self.catalog:
                    self._texts.add(sha256)
            else:
                (self._unchanged if stored[name] == sha256 else self._replaced).append(name)

    @property
    def ids(self) -> set[str]:
        """Of all documents that have passed."""
        return self._given.ids

    @property
    def holders(self) -> set[str]:
        """Origins of files that have ids which others were refused."""
        return self._identities.holders

    def plan(self, scope: SyncScope | None = None) -> AddPlan:
        """What an `add` of all that has passed would do.

        Args:
            scope: where documents may be gone from; None: nothing is removed.
        """
        removed: list[str] = []
        if scope is not None and self.catalog is not None:
            removed = self._gone(scope, live_origins(self.catalog))
        return AddPlan(
            added=self._added,
            replaced=self._replaced,
            unchanged=self._unchanged,
            removed=removed,
            renamed=self._renamed(removed),
            moved=len(self._identities.moves),
            stored=0 if self.catalog is None else self.catalog.head().totals.documents,
        )

    def gone(self, scope: SyncScope) -> list[str]:
        """The ids of documents that are gone from folders, of which alone the database's are read.

        Args:
            scope: of folders.
        """
        if self.catalog is None:
            return []
        moves = self._identities.all_moves
        folders = dict.fromkeys([*scope.places, *places_before_moves(scope.places, moves)])
        rows = {row for folder in folders for row in live_origins(self.catalog, start=folder.start)}
        return self._gone(scope, sorted(rows))

    def _gone(self, scope: SyncScope, stored: Iterable[tuple[str, str]]) -> list[str]:
        kept = self._given.ids | self._identities.refused
        absent = [row for row in stored if row[0] not in kept]
        return scope.gone(absent, self._given, self._identities.all_moves)

    def _renamed(self, removed: Sequence[str]) -> int:
        """How many of these have a text that is added."""
        if self.catalog is None or not self._texts:
            return 0
        return sum(sha256 in self._texts for sha256 in self.catalog.live(removed).values())

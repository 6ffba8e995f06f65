"""A search restricted to some documents: by id, source or title."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol

import numpy as np

from openbook.database.documents.document_list import name_matches
from openbook.database.documents.source_patterns import SourcePattern, no_source
from openbook.database.documents.told_source import told_source
from openbook.database.search.allowed_chunks import AllowedChunks
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.documents_by_origin import origin_of
from openbook.database.storage.layout import ChunkLayout
from openbook.errors import NoDocumentError, SettingsError, list_of_texts, type_error
from openbook.phrases import command
from openbook.text.document_ids import suggestion
from openbook.text.globs import composed

_KEPT = 16
"""Filters whose chunks are remembered."""
_GIVE_FILTER = 'give DocumentFilter(ids=["..."])'


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """The documents that a search may find anything in.

    One of the patterns of each kind that is given must match. With `*`, `?` or `[...]` a pattern is about the
    whole name, and `*` stands for slashes too; without them a source or a title must contain it, and an id
    must be it. A source may be a path too, as it was given to `add`, seen from the current folder, see
    `SourcePattern`. Letters in parts (NFD) equal those in one piece; an id that is exactly so comes first.

    Raises:
        SettingsError: an empty pattern, or none at all.
        TypeError: a text where several are expected.
    """

    ids: Sequence[str] = ()
    sources: Sequence[str] = ()
    """A document without a source has its id in that place."""
    titles: Sequence[str] = ()
    """As sources."""
    for_others: bool = False
    """Whether sources are those that others are told, see `told_source`; errors name no other ones either."""
    source_patterns: tuple[SourcePattern, ...] = field(init=False, repr=False)
    """What sources mean in the folder where this was made."""

    def __post_init__(self) -> None:
        for kind in ("ids", "sources", "titles"):
            patterns = list_of_texts(getattr(self, kind), where=kind, remedy=f'give {kind}=["..."]')
            if not all(pattern.strip() for pattern in patterns):
                raise SettingsError(f"{kind}: an empty pattern; leave it out to search everything")
            object.__setattr__(self, kind, tuple(patterns))
        if not (self.ids or self.sources or self.titles):
            raise SettingsError("a filter without patterns; give None to search everything")
        read = (SourcePattern.of(typed, is_for_others=self.for_others) for typed in self.sources)
        object.__setattr__(self, "source_patterns", tuple(read))


class HasDocuments(Protocol):
    """What a version is to this file."""

    @property
    def layout(self) -> ChunkLayout: ...

    @property
    def catalog(self) -> DocumentCatalog: ...


class FilteredDocuments:
    """Which chunks filters allow in one version; what was asked for last is remembered.

    Several threads may ask.

    Args:
        version: its documents are read when they are first asked for.
    """

    def __init__(self, version: HasDocuments) -> None:
        self._layout = version.layout
        self._catalog = version.catalog
        self._places = np.flatnonzero(self._layout.live)
        self._names: dict[str, list[str]] = {}
        self._kept: dict[DocumentFilter, AllowedChunks] = {}

    def allowed(self, documents: DocumentFilter) -> AllowedChunks:
        """Find the chunks of the documents that match.

        Raises:
            NoDocumentError: a pattern that no document matches, with the nearest names; patterns that no
                document matches all of; or only documents that no search may find.
            TypeError: it is no filter.
        """
        if not isinstance(documents, DocumentFilter):
            raise type_error(documents, "a DocumentFilter", where="documents", remedy=_GIVE_FILTER)
        found = self._kept.get(documents)
        if found is None:
            found = AllowedChunks.of(self._layout, self._matching(documents))
            if not found.retrievable(self._layout):
                raise self._error(
                    "the documents that the filter leaves are held out or excluded as near-copies, and are "
                    "never found"
                )
            kept = [*self._kept.items()][1 - _KEPT :]
            self._kept = dict([*kept, (documents, found)])
        return found

    def _matching(self, documents: DocumentFilter) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Those that match, by their places in the layout."""
        names = self._names = self._names or self._read_names()
        matching = np.ones(len(self._places), dtype=np.bool_)
        if documents.source_patterns:
            told = names["told source" if documents.for_others else "source"]
            matching &= self._any_source(told, names["origin"], documents.source_patterns)
        for kind, patterns in (("id", documents.ids), ("title", documents.titles)):
            if patterns:
                matching &= self._any_matches(names[kind], patterns, kind)
        if not matching.any():
            raise self._error("no document has both the ids, sources and titles that the filter names")
        chosen = np.zeros(len(self._layout.live), dtype=np.bool_)
        chosen[self._places[matching]] = True
        return chosen

    def _any_source(
        self, names: Sequence[str], origins: Sequence[str], patterns: Iterable[SourcePattern]
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        found = np.zeros(len(names), dtype=np.bool_)
        for pattern in patterns:
            these = np.array(pattern.matches(names, origins), dtype=np.bool_)
            if not these.any():
                raise self._error(no_source(pattern, names))
            found |= these
        return found

    def _any_matches(
        self, names: Sequence[str], patterns: Iterable[str], kind: str
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        matches = _id_matches if kind == "id" else name_matches
        found = np.zeros(len(names), dtype=np.bool_)
        for pattern in patterns:
            these = np.fromiter((matches(name, pattern) for name in names), np.bool_, len(names))
            if kind == "id" and not these.any():
                whole = composed(pattern)
                these = np.fromiter((matches(composed(name), whole) for name in names), np.bool_, len(names))
            if not these.any():
                # A part of a title is a pattern, too, and an id in its place may be a path.
                has_parts = kind != "id" and "/" not in pattern
                parts = (name.rpartition("/")[2] for name in names if has_parts)
                known = dict.fromkeys([*names, *parts])
                raise self._error(f"no document has the {kind} {suggestion(pattern, known)}")
            found |= these
        return found

    def _read_names(self) -> dict[str, list[str]]:
        records = self._catalog.describe(self._layout.number[self._places].tolist())
        return {
            "id": [record.id for record in records],
            "source": [record.source or record.id for record in records],
            "told source": [told_source(record.source, record.id) or record.id for record in records],
            "origin": [origin_of(record) for record in records],
            "title": [record.title or record.id for record in records],
        }

    def _error(self, problem: str) -> NoDocumentError:
        folder = self._catalog.path.parent
        listed = f" (all documents: {command('list', folder)})"
        return NoDocumentError(f"{folder}: {problem}{listed}", option=listed)


def _id_matches(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)

"""Which stored documents a sync removes: those that came from what was named, and are gone from there.

    stored from     /n/a.md   /n/b.md   /n/c.txt   /rows.jsonl   /m/a.md
    named           /n, read with the pattern *.md
    read            /n/a.md
    gone                      /n/b.md

c.txt is what the pattern leaves out, the rows and /m came from elsewhere. A file that is still there and was
not read, for whatever reason, is not gone either, nor are rows of a file that could be read in part only,
unless it is known which of them could not.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from openbook.text import AnyDocument
from openbook.text.origins import Place, file_of, folders_above, is_there, places_before_moves

_INDEX = ".idx"
"""How the file ends whose documents' origins do not."""


@dataclass(slots=True)
class Given:
    """What an `add` was given."""

    ids: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    """Origins, without the numbers of rows and documents."""

    def note(self, document: AnyDocument) -> None:
        """Note a document."""
        self.ids.add(document.id)
        if document.origin:
            self.files.add(file_of(document.origin))

    def noting(self, documents: Iterable[AnyDocument]) -> Iterator[AnyDocument]:
        """The same documents, noted here, also those that are refused later."""
        for document in documents:
            self.note(document)
            yield document


@dataclass(slots=True, kw_only=True)
class SyncScope:
    """Where documents may be gone from."""

    places: Sequence[Place]
    """What was named."""
    unread: Collection[str] = frozenset()
    """Looked at at the end: origins of files and folders that could not be read, or not all of them, and of
    empty files. What came from them, or from below them, stays."""
    found: Collection[str] = frozenset()
    """Ids that an earlier reading of the same found. They stay, for their files are being written."""
    empty: Collection[str] = frozenset()
    """Origins of files that were read and hold no document."""
    most: int | None = None
    """More are not removed, but none; None: any number."""
    withheld: int = 0
    """So many were not removed because they are more than `most`."""
    kept: list[str] = field(default_factory=list)
    """Ids of documents that may be gone, and stay: they came from what is `unread`."""

    def gone(
        self, absent: Iterable[tuple[str, str]], given: Given, moves: Iterable[tuple[str, str]]
    ) -> list[str]:
        """Choose what to remove.

        Args:
            absent: ids and origins of stored documents that were not given.
            given: what was.
            moves: former and new origins of files that have moved; where they were counts as named too.

        Returns:
            The ids of documents that are gone.
        """
        self.kept = []
        found: list[str] = []
        moved = dict(moves)
        places = [
            (place, now) for now in self.places for place in (now, *places_before_moves([now], moved.items()))
        ]
        unread = frozenset(origin.removesuffix(_INDEX) for origin in self.unread)
        for document_id, origin in absent:
            covering = [(place, now) for place, now in places if place.covers(origin)]
            if any(_is_of(_origin_now(origin, place, now, moved), unread) for place, now in covering):
                self.kept.append(document_id)
            elif covering and document_id not in self.found and self._is_gone(origin, given):
                found.append(document_id)
        if self.most is not None and len(found) > self.most:
            self.withheld = len(found)
            return []
        return found

    def _is_gone(self, origin: str, given: Given) -> bool:
        file = file_of(origin)
        return file in given.files or file in self.empty or not is_there(origin)


def _is_of(origin: str, unread: frozenset[str]) -> bool:
    """Whether a document is from one of these files, or from below one of these folders."""
    if not unread:
        return False
    return not unread.isdisjoint((origin, file_of(origin), *folders_above(origin)))


def _origin_now(origin: str, place: Place, now: Place, moved: Mapping[str, str]) -> str:
    """What the origin of a document would be now, if what was named was elsewhere before."""
    path = place.path_of(origin)
    if place is now or path is None:
        return origin
    if origin in moved:
        return moved[origin]
    return now.file(path) if place.is_folder else now.file_origin

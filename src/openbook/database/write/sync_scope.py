"""Which stored documents a sync removes: those that came from what was named, and are gone from there.

    stored from     /n/a.md   /n/b.md   /n/c.txt   /rows.jsonl   /m/a.md
    named           /n, read with the pattern *.md
    read            /n/a.md
    gone                      /n/b.md

c.txt is what the pattern leaves out, the rows and /m came from elsewhere. A file that is still there and was
not read, for whatever reason, is not gone either.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from openbook.text import AnyDocument
from openbook.text.origins import Place, file_of, is_there, places_before_moves


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
    is_complete: Callable[[], bool] = lambda: True
    """Asked at the end: whether all could be read. If not, nothing is removed."""
    empty: Collection[str] = frozenset()
    """Origins of files that were read and hold no document."""
    most: int | None = None
    """More are not removed, but none; None: any number."""
    withheld: int = 0
    """So many were not removed because they are more than `most`."""

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
        if not self.is_complete():
            return []
        places = [*self.places, *places_before_moves(self.places, moves)]
        found = [
            document_id
            for document_id, origin in absent
            if any(place.covers(origin) for place in places) and self._is_gone(origin, given)
        ]
        if self.most is not None and len(found) > self.most:
            self.withheld = len(found)
            return []
        return found

    def _is_gone(self, origin: str, given: Given) -> bool:
        file = file_of(origin)
        return file in given.files or file in self.empty or not is_there(origin)

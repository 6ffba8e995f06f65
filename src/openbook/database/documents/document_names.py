"""What people call documents when they remove or read them: ids, sources, files and folders, patterns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from openbook.database.documents.document_list import WILDCARDS
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.documents_by_origin import live_origins
from openbook.errors import DatabaseError
from openbook.phrases import command
from openbook.text.document_ids import suggestion
from openbook.text.globs import composed, matches
from openbook.text.origins import places_called

_NAMED = 5


def ids_of(
    catalog: DocumentCatalog, names: Iterable[str], *, so: str = "nothing was removed"
) -> dict[str, list[str]]:
    """Find the documents that are meant.

    Of what a name may be, the first that any document has counts:

        notes/gate.md             an id
        https://example.org/gate  a source
        rows.jsonl, notes/        a file that brought documents, or a folder that it lies in, there or not
        notes/*.md, draft*        a pattern of ids, sources or files, see `openbook.text.globs`

    Then the same once more, with letters in parts (NFD, as macOS writes names of files) equal to those in one
    piece.

    Args:
        catalog: of the database.
        names: any of these.
        so: what follows from a name that no document has, for the error.

    Returns:
        By name the ids, in the order in which they were stored.

    Raises:
        DatabaseError: a name that no document has; the nearest ids are named.
    """
    names = list(dict.fromkeys(names))
    known = catalog.live(names)
    found = {name: [name] for name in names if name in known}
    if len(found) < len(names):
        documents = _Documents(catalog)
        found |= {name: documents.named(name) for name in names if name not in found}
        missing = [name for name in names if not found[name]]
        if missing:
            unknown = ", ".join(suggestion(name, documents.ids) for name in missing[:_NAMED])
            raise DatabaseError(
                f"{catalog.path.parent}: no document {unknown}; {so} "
                f"(all documents: {command('list', catalog.path.parent)})"
            )
    return {name: found[name] for name in names}


class _Documents:
    """The documents of the newest version, with all that they may be called by."""

    def __init__(self, catalog: DocumentCatalog) -> None:
        rows = live_origins(catalog)
        self.ids = [document_id for document_id, _ in rows]
        self._origins = [origin for _, origin in rows]
        records = catalog.live_records(self.ids)
        self._sources = [records[name].source for name in self.ids]

    def named(self, name: str) -> list[str]:
        """The ids of those that are meant; none, if it is nothing that they are called."""
        if not name.strip():
            return []
        return self._called(name, _as_it_is) or self._called(name, composed)

    def _called(self, name: str, written: Callable[[str], str]) -> list[str]:
        """Those whose names, and this one, are equal when they are written so."""
        places = [replace(place, origin=written(place.origin)) for place in places_called(name)]
        name = written(name)
        return (
            self._where(written(document_id) == name for document_id in self.ids)
            or self._where(written(source) == name for source in self._sources)
            or self._where(any(place.covers(written(origin)) for place in places) for origin in self._origins)
            or self._matching(name)
        )

    def _where(self, chosen: Iterable[bool]) -> list[str]:
        return [document_id for document_id, is_chosen in zip(self.ids, chosen, strict=True) if is_chosen]

    def _matching(self, pattern: str) -> list[str]:
        if not any(char in pattern for char in WILDCARDS):
            return []
        rows: Iterable[Sequence[str]] = zip(self.ids, self._sources, self._origins, strict=True)
        return self._where(any(matches(_as_path(text), pattern) for text in row) for row in rows)


def _as_it_is(text: str) -> str:
    return text


def _as_path(text: str) -> str:
    """As `matches` takes patterns apart: /kim is kim, https://example.org is https:/example.org."""
    return "/".join(part for part in text.split("/") if part)

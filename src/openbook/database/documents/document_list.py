"""The documents of a database, as a list for people and scripts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.documents_by_origin import origin_of
from openbook.text.globs import matches_composed

WILDCARDS = "*?["
"""What makes a pattern of a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument:
    """A document of the newest version."""

    document_id: str
    title: str
    source: str
    chunks: int
    split: Literal["train", "holdout"]
    """holdout: stored for evaluation, and never found."""
    excluded: str | None
    """Why it is kept out of retrieval and training, as a near-copy; None: it is not."""
    language: str | None
    origin: str = ""
    """The file, URL or data set that brought it; empty: none that is known."""
    revision: str = field(default="", compare=False)
    """Another one with another text, title, source or language: for changes of what was read; see
    `Database.add`."""


def list_documents(catalog: DocumentCatalog) -> list[ListedDocument]:
    """List the live documents in the order of their chunks.

    Raises:
        DatabaseError: one does not match its checksum.
    """
    records = catalog.live_records(catalog.live_ids()).values()
    return [listed(record) for record in sorted(records, key=lambda record: record.first_chunk)]


def listed(record: DocumentRecord) -> ListedDocument:
    """What is listed of a document."""
    return ListedDocument(
        document_id=record.id,
        title=record.title,
        source=record.source,
        chunks=record.num_chunks,
        split="holdout" if record.holdout else "train",
        excluded=record.excluded,
        language=record.language,
        origin=origin_of(record),
        revision=record.revision,
    )


def only_unseen(
    documents: Iterable[ListedDocument], *, held_out: bool, excluded: bool
) -> Iterator[ListedDocument]:
    """Leave those that are held out, or excluded, or either; all where neither is asked for."""
    for document in documents:
        is_wanted = (held_out and document.split == "holdout") or (excluded and document.excluded is not None)
        if is_wanted or not (held_out or excluded):
            yield document


def name_matches(name: str, pattern: str) -> bool:
    """Say whether a name matches a pattern, or contains it where it has no `*`, `?` or `[...]`.

    A pattern is about the whole name, and `*` stands for slashes too. Letters in parts (NFD, as macOS writes
    names of files) equal those in one piece.

    >>> name_matches("notes/gate.md", "*.md"), name_matches("notes/gate.md", "gate")
    (True, True)
    >>> name_matches("notes/gate.md", "gate*"), name_matches("a[1].md", "a[1].md")
    (False, True)
    """
    return matches_composed(_matches, name, pattern)


def _matches(name: str, pattern: str) -> bool:
    if any(char in pattern for char in WILDCARDS):
        return name == pattern or fnmatchcase(name, pattern)
    return pattern in name

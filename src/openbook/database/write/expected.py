"""What a writer requires before it writes: that documents still are what somebody has read."""

from collections.abc import Mapping

from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.errors import ConflictError


def require_revisions(catalog: DocumentCatalog, revisions: Mapping[str, str]) -> None:
    """Refuse to go on where a document is another one than is expected.

    Args:
        catalog: of the newest version, while nobody else can write.
        revisions: by id, as `ListedDocument.revision`; empty: there is no document of this id.

    Raises:
        ConflictError: one was changed, removed or added meanwhile.
    """
    stored = catalog.live_records(list(revisions))
    for document_id, revision in revisions.items():
        record = stored.get(document_id)
        if record is None and revision:
            _refuse(document_id, "was removed since it was read", "add it as a new one, or leave it")
        elif record is not None and not revision:
            _refuse(
                document_id,
                "is there already",
                "give the revision of the one that it is to replace, or another id",
            )
        elif record is not None and record.revision != revision:
            _refuse(document_id, "was changed since it was read", "read it again, and change that")


def _refuse(document_id: str, problem: str, remedy: str) -> None:
    raise ConflictError(f"document {document_id!r}: {problem}; nothing was written; {remedy}")

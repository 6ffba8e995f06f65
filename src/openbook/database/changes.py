"""What was changed in a database: what `--json` and the server say under "done"."""

from collections.abc import Collection
from dataclasses import dataclass

from openbook.database.info import DatabaseInfo
from openbook.database.storage.catalog_columns import Exclusion
from openbook.database.write.writer import AddReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Documents, counted by what became of them."""

    added: int = 0
    replaced: int = 0
    """They have another text under the id they had."""
    removed: int = 0
    unchanged: int = 0
    """Their text was stored already."""
    described: int = 0
    """Of these: they have a new title, source, language or place."""
    moved: int = 0
    """Their files are elsewhere now."""
    skipped: int = 0
    """They could not be read."""
    excluded: int = 0
    """Newly kept out of retrieval as near-copies."""
    excluded_in_part: int = 0
    """Of which some chunks are newly kept out of retrieval."""
    chunks_written: int = 0
    chunks_reclaimed: int = 0
    """Of removed documents; `compact` makes their room free."""
    bytes_reclaimed: int = 0
    """On the disk."""


def changes_of_add(report: AddReport, *, skipped: int) -> Changes:
    """What an `add` did.

    Args:
        report: of the library.
        skipped: documents that could not be read.
    """
    return Changes(
        added=report.added,
        replaced=report.replaced,
        removed=report.removed,
        unchanged=report.unchanged,
        described=report.described,
        moved=report.moved,
        skipped=skipped,
        excluded=report.excluded,
        excluded_in_part=report.excluded_in_part,
        chunks_written=report.chunks,
    )


def changes_of_remove(removed: int, before: Collection[Exclusion], after: Collection[Exclusion]) -> Changes:
    """What a `remove` did: of what was a near-copy of a removed document, some is one of another now.

    Args:
        removed: documents.
        before: what the database excluded.
        after: what it excludes now.
    """
    known = set(before)
    copies = [copy for copy in after if copy not in known]
    return Changes(
        removed=removed,
        excluded=sum(copy.chunks is None for copy in copies),
        excluded_in_part=sum(copy.chunks is not None for copy in copies),
    )


def changes_of_compact(before: DatabaseInfo, after: DatabaseInfo) -> Changes:
    """What a `compact` did, by what the database held before and holds now."""
    return Changes(
        chunks_reclaimed=before.removed_chunks - after.removed_chunks,
        bytes_reclaimed=sum(before.disk.values()) - sum(after.disk.values()),
    )

"""What `--dry-run` prints: what would be done."""

from typing import TYPE_CHECKING

from openbook.cli.console import note, print_json, print_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openbook.database import DatabaseInfo
    from openbook.database.write.plan import AddPlan

_ROW_FILES = ("tokens", "vectors", "lexical", "dense", "neighbors")
"""What has something for each chunk."""


def print_plan(plan: "AddPlan", *, skipped: int, json: bool) -> None:
    """Print what an `add` would do, a line for each document that would change.

    Args:
        plan: what was found out.
        skipped: documents that could not be read.
        json: print one JSON value.
    """
    changes = {"added": plan.added, "replaced": plan.replaced, "removed": plan.removed}
    counts = {name: len(ids) for name, ids in changes.items()}
    counts |= {"unchanged": len(plan.unchanged), "moved": plan.moved, "skipped": skipped}
    if json:
        print_json({"dry_run": True, "would": counts, "documents": changes})
        return
    for name, ids in (("add", plan.added), ("replace", plan.replaced), ("remove", plan.removed)):
        for document_id in ids:
            print_line(f"{name:8}{document_id}")
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    note(f"would be done: {said}; nothing was changed")


def print_removal(ids: "Sequence[str]", *, json: bool) -> None:
    """Print which documents a `remove` would remove."""
    if json:
        counts = {"removed": len(ids)}
        print_json({"dry_run": True, "would": counts, "documents": {"removed": ids}})
        return
    for document_id in ids:
        print_line(f"{'remove':8}{document_id}")
    note(f"would be done: {len(ids)} removed; nothing was changed")


def print_compaction(info: "DatabaseInfo", *, json: bool) -> None:
    """Print what a `compact` would reclaim.

    Args:
        info: of the database as it is.
        json: print one JSON value.
    """
    stored = info.chunks + info.removed_chunks
    share = info.removed_chunks / stored if stored else 0.0
    size = int(share * sum(info.disk.get(name, 0) for name in _ROW_FILES))
    if json:
        print_json(
            {"dry_run": True, "would": {"chunks_reclaimed": info.removed_chunks, "bytes_reclaimed": size}}
        )
        return
    print_line(f"{info.removed_chunks:,} of {stored:,} chunks, about {size:,} bytes")
    note("would be reclaimed; nothing was changed")

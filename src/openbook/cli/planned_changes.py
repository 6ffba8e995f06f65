"""What `--dry-run` prints: what would be done."""

from typing import TYPE_CHECKING

from openbook.cli.console import note, print_json, print_line
from openbook.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openbook.cli.checked_sources import Sources
    from openbook.database import DatabaseInfo
    from openbook.database.write.add_plan import AddPlan

_ROW_FILES = ("tokens", "vectors", "lexical", "dense", "neighbors")
"""What has something for each chunk."""


def print_plan(
    plan: "AddPlan",
    *,
    sources: "Sources",
    held_out: "Sequence[str] | None" = None,
    says_characters: bool = False,
    json: bool,
) -> None:
    """Print what an `add` or a `build` would do, a line for each document that would change.

    Args:
        plan: what was found out.
        sources: read for it.
        held_out: those of what is new that are kept out of retrieval; None: that is not said.
        says_characters: say how many were read.
        json: print one JSON value.
    """
    changes = {"added": plan.added, "replaced": plan.replaced, "removed": plan.removed}
    counts = {name: len(ids) for name, ids in changes.items()}
    counts |= {"unchanged": len(plan.unchanged), "moved": plan.moved, "skipped": sources.skipped}
    if held_out is not None:
        changes["held_out"], counts["held_out"] = held_out, len(held_out)
    if json:
        read = {"characters": sources.characters} if says_characters else {}
        planned = {"dry_run": True, "would": counts, **read, "documents": changes}
        print_json(planned | sources.left_out())
        return
    marked = frozenset(held_out or ())
    for name, ids in (("add", plan.added), ("replace", plan.replaced), ("remove", plan.removed)):
        for document_id in ids:
            print_line(f"{name:8}{document_id}{'  (held out)' if document_id in marked else ''}")
    said = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
    text = f"; {counted(sources.characters, 'character')} read" if says_characters else ""
    note(f"would be done: {said}{text}; nothing was changed")


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
    print_line(f"{info.removed_chunks:,} of {counted(stored, 'chunk')}, about {counted(size, 'byte')}")
    note("would be reclaimed; nothing was changed")

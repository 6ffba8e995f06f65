"""What a search or a generation does not see: documents held out, near-copies, and missing shards."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openbook.cli.console import note
from openbook.phrases import command, counted, part_of

if TYPE_CHECKING:
    from openbook.database import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Documents that are stored and never found."""

    documents: int
    """All that the database holds, these included."""
    held_out: int
    excluded: int
    """Of the others: near-copies of held-out or of earlier documents."""


def unseen_of(database: "Version") -> Unseen:
    """Count what a search of this version does not see."""
    layout = database.layout
    return Unseen(
        documents=int(layout.live.sum()),
        held_out=int((layout.live & layout.holdout).sum()),
        excluded=int((layout.live & layout.excluded & ~layout.holdout).sum()),
    )


def note_unseen(database: "Version") -> None:
    """Say how many documents a search does not see; nothing where it sees all."""
    unseen = unseen_of(database)
    hidden = unseen.held_out + unseen.excluded
    if hidden:
        note(
            f"{part_of(hidden, unseen.documents, 'document', 'are')} held out or "
            "near-copies, and not searched "
            f"({command('list', database.path, '--held-out', '--excluded')})"
        )


def note_missing_shards(database: "Version") -> None:
    """Say which shards a book is read without; nothing where it has all."""
    if missing := database.missing_shards:
        note(
            f"warning: read without {counted(len(missing), 'shard')} ({', '.join(missing)}), "
            "of which nothing is found"
        )


def said_of_shards(database: "Version", *, allowed: bool) -> dict[str, Any]:
    """What a JSON value says of missing shards, where they are allowed to be."""
    return {"missing_shards": list(database.missing_shards)} if allowed else {}

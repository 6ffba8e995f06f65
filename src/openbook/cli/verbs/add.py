"""The verbs `add` and `remove`: which documents a database holds."""

from typing import TYPE_CHECKING

from openbook.cli.changes import Changes, changes_of_add
from openbook.cli.console import bar, note
from openbook.cli.options import (
    DatabaseArgument,
    DocumentIds,
    Glob,
    IdKey,
    Json,
    OnError,
    SourcesArgument,
    Sync,
    TextKey,
)
from openbook.cli.output import note_copies, note_low_recall, print_info, warn_of_much_excluded

if TYPE_CHECKING:
    from openbook.cli.checked_sources import Sources
    from openbook.database import Database

_MAY_BE_AMONG = (
    "what could not be read may be among what seems to be gone; "
    "correct it, or take it out of the sources, and run again"
)


def add(
    db: DatabaseArgument,
    sources: SourcesArgument,
    glob: Glob = None,
    text_key: TextKey = "text",
    id_key: IdKey = "id",
    on_error: OnError = "stop",
    sync: Sync = False,
    json: Json = False,
) -> None:
    """Add documents; a changed text under a known id replaces the old one. The next search finds them.

    Example: openbook add mybook notes/ --sync
    """
    from openbook.cli.checked_sources import Sources
    from openbook.database import Database

    database = Database.open(db)
    checked = Sources(sources, glob=glob, text_key=text_key, id_key=id_key, skip=on_error == "skip")
    checked.check()
    done = write_documents(database, checked, sync=sync)
    print_info(database.opened, done=done, json=json)


def write_documents(database: "Database", sources: "Sources", *, sync: bool = False) -> Changes:
    """Add the documents of checked sources, and say what was done and what should not be missed.

    Args:
        database: to write to.
        sources: checked already.
        sync: remove all other documents.

    Returns:
        What was done.
    """
    if sync and not sources.is_complete:
        note(f"nothing will be removed: {_MAY_BE_AMONG}")
        sync = False
    from openbook.database.near_copies.exclusions import MUCH_TEXT

    known_copies = set(database.excluded())
    with bar("writing documents", sources.count) as progress:
        report = database.add(
            sources.documents(),
            sync=(lambda: sources.is_complete) if sync else False,
            on_error=sources.on_error,
            progress=progress,
        )
    described = f" ({report.described} with a new title, source or language)" if report.described else ""
    note(
        f"{report.added} added, {report.replaced} replaced, {report.unchanged} unchanged{described}, "
        f"{report.removed} removed, {sources.skipped} skipped; {report.chunks} chunks written"
    )
    if sources.vanished:
        note(f"{sources.vanished} documents that were there at the first reading were not at the last")
    if sync and not sources.is_complete:
        note(f"nothing was removed: {_MAY_BE_AMONG}")
    if report.unknown_tokens:
        examples = ", ".join(repr(word) for word in report.unknown_examples)
        note(
            f"{report.unknown_tokens:,} tokens or words ({report.unknown_share:.1%}) are what the tokenizer "
            f"cannot spell{': ' if examples else ''}{examples}; that text is lost in search and training: "
            "build with a tokenizer that spells every byte, such as train:16000"
        )
    note_copies([copy for copy in database.excluded() if copy not in known_copies], database.path)
    if report.excluded_share > MUCH_TEXT:
        warn_of_much_excluded(report.excluded_share, report.shared_run, database.path)
    note_low_recall(database.info().recall_at_10, database.opened.files.dense)
    return changes_of_add(report, skipped=sources.skipped)


def remove(db: DatabaseArgument, document_ids: DocumentIds, json: Json = False) -> None:
    """Remove documents; no search finds them any more.

    Example: openbook remove mybook notes/old.md
    """
    from openbook.database import Database

    database = Database.open(db)
    known_copies = set(database.excluded())
    database.remove(document_ids)
    copies = [copy for copy in database.excluded() if copy not in known_copies]
    done = Changes(
        removed=len(set(document_ids)),
        excluded=sum(copy.chunks is None for copy in copies),
        excluded_in_part=sum(copy.chunks is not None for copy in copies),
    )
    note(f"{done.removed} removed")
    print_info(database.opened, done=done, json=json)

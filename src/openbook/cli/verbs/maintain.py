"""The verbs that look after a database: info, list, show, compact, verify."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from openbook.cli.bars import bar
from openbook.cli.console import note
from openbook.cli.options.database_options import Repair
from openbook.cli.options.document_options import (
    ByChunk,
    DocumentName,
    Excluded,
    ListExcluded,
    ListHeldOut,
    ListSource,
)
from openbook.cli.options.shared_options import AllowMissingShards, DatabaseArgument, DryRun, Json
from openbook.cli.output import (
    note_sizes,
    note_words,
    print_document,
    print_documents,
    print_excluded,
    print_info,
    print_problems,
)
from openbook.cli.unseen import note_missing_shards
from openbook.errors import DatabaseError, OpenbookError
from openbook.phrases import command, counted

if TYPE_CHECKING:
    from openbook.database import WordsInfo


def info(
    db: DatabaseArgument,
    excluded: Excluded = False,
    allow_missing_shards: AllowMissingShards = False,
    json: Json = False,
) -> None:
    """Describe a database: counts, sizes, encoder, recall, versions.

    Example: openbook info mybook
    """
    from openbook.database import Version

    database = Version.open(db, allow_missing_shards=allow_missing_shards)
    note_missing_shards(database)
    if excluded:
        print_excluded(database.excluded(), json=json)
    else:
        print_info(database, json=json)


def list_documents(
    db: DatabaseArgument,
    held_out: ListHeldOut = False,
    excluded: ListExcluded = False,
    source: ListSource = None,
    allow_missing_shards: AllowMissingShards = False,
    json: Json = False,
) -> None:
    """List documents: id, title, chunks, source, and whether one is held out or excluded.

    Example: openbook list mybook --source ./notes
    """
    from openbook.database import Version
    from openbook.database.documents.document_list import only_unseen
    from openbook.database.documents.source_patterns import SourcePattern, no_source, of_source

    database = Version.open(db, allow_missing_shards=allow_missing_shards)
    note_missing_shards(database)
    documents = database.documents()
    of_this = documents
    if source is not None:
        pattern = SourcePattern.of(source)
        of_this = of_source(documents, pattern)
        if not of_this:
            note(no_source(pattern, [document.source or document.document_id for document in documents]))
    wanted = list(only_unseen(of_this, held_out=held_out, excluded=excluded))
    print_documents(wanted, json=json)
    note(f"{len(wanted):,} of {counted(len(documents), 'document')}")


def show(
    db: DatabaseArgument,
    document: DocumentName,
    chunks: ByChunk = False,
    allow_missing_shards: AllowMissingShards = False,
    json: Json = False,
) -> None:
    """Show the text of a document as the database has it, so what a citation speaks of can be read whole.

    Example: openbook show mybook notes/gate.md
    """
    from openbook.database import Version
    from openbook.database.documents.document_names import ids_of
    from openbook.database.documents.document_pages import stored_document

    database = Version.open(db, allow_missing_shards=allow_missing_shards)
    note_missing_shards(database)
    ids = ids_of(database.catalog, [document], so="there is nothing to show")[document]
    if len(ids) > 1:
        some = ", ".join(map(repr, ids[:3])) + (", …" if len(ids) > 3 else "")
        raise DatabaseError(f"{document}: {counted(len(ids), 'document')} ({some}); name one of them")
    found = stored_document(database, ids[0])
    texts = database.chunk_texts(found.chunks) if chunks else None
    print_document(found, texts, json=json)


def compact(db: DatabaseArgument, dry_run: DryRun = False, json: Json = False) -> None:
    """Reclaim the space of removed and replaced documents. Chunks get new numbers.

    Example: openbook compact mybook
    """
    from openbook.cli.planned_changes import print_compaction
    from openbook.database import Database
    from openbook.database.changes import changes_of_compact

    database = Database.open(db)
    before = database.info()
    if dry_run:
        print_compaction(before, json=json)
        return
    with bar("copying tokens") as progress:
        database.compact(progress=progress)
    after = database.info()
    if before.removed_chunks:
        note_sizes(before, after)
    else:
        note("nothing was removed, so there is no space to reclaim")
    note_words(database.path, before.words, after.words)
    if after.neighbors is not None and after.neighbors.state == "stale":
        note(f"its neighbor table is of an earlier version; before training run: {command('neighbors', db)}")
    print_info(database.opened, done=changes_of_compact(before, after), json=json)


def verify(db: DatabaseArgument, repair: Repair = False, json: Json = False) -> None:
    """Check every file of a database; exit code 1 if something is damaged.

    Example: openbook verify mybook --repair
    """
    from openbook.database import repair as repair_database
    from openbook.database import verify as verify_database
    from openbook.database.shards.book_folder import local_folder
    from openbook.database.storage.remote_folder import require_no_copy

    folder = local_folder(db)
    if repair:
        require_no_copy(folder)
    before = _words_of(folder) if repair else None
    with bar("checking tokens") as progress:
        check = repair_database if repair else verify_database
        report = check(folder, progress=progress)
    print_problems(report, json=json)
    if report.ok:
        note("sound")
        note_words(folder, before, _words_of(folder))
        return
    if not repair:
        note(f"files that can be made from others are repaired by: {command('verify', db, '--repair')}")
    raise typer.Exit(1)


def _words_of(folder: Path) -> "WordsInfo | None":
    """What is known of the words of a database that may be damaged."""
    from openbook.database import Version

    with suppress(OpenbookError):
        return Version.open(folder).info().words
    return None

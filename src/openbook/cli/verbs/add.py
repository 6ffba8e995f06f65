"""The verbs `add` and `remove`: which documents a database holds."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from openbook.cli.adding_notes import note_low_recall, note_unknown_tokens, warn_of_much_excluded
from openbook.cli.bars import bar
from openbook.cli.cluster_addition import adding
from openbook.cli.console import note, print_line
from openbook.cli.options.cluster_options import Ray, Workers, check_cluster_options
from openbook.cli.options.database_options import EmbedderPrecision, encode_in
from openbook.cli.options.document_options import DocumentNames
from openbook.cli.options.shared_options import DatabaseArgument, DryRun, Json
from openbook.cli.options.source_options import (
    AnyText,
    Exclude,
    GitIgnored,
    Glob,
    IdKey,
    OnError,
    Prefix,
    SourcesArgument,
    Sync,
    TextKey,
    Watch,
    Yes,
)
from openbook.cli.output import note_copies, print_info
from openbook.cli.planned_changes import print_plan, print_removal
from openbook.errors import DatabaseError, GoneSourceError, SettingsError
from openbook.phrases import command, counted

if TYPE_CHECKING:
    from openbook.cli.checked_sources import Sources
    from openbook.cli.folder_watch import FolderWatch
    from openbook.database import Database
    from openbook.database.changes import Changes
    from openbook.database.write.add_plan import AddPlan
    from openbook.database.write.sync_scope import SyncScope
    from openbook.database.write.writer import AddReport

_SHOWN_KEPT = 3


def add(
    db: DatabaseArgument,
    sources: SourcesArgument,
    glob: Glob = None,
    exclude: Exclude = None,
    git_ignored: GitIgnored = False,
    any_text: AnyText = False,
    prefix: Prefix = "",
    text_key: TextKey = None,
    id_key: IdKey = "id",
    on_error: OnError = "stop",
    sync: Sync = False,
    yes: Yes = False,
    watch: Watch = False,
    dry_run: DryRun = False,
    embedder_precision: EmbedderPrecision = "float32",
    ray: Ray = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Add documents; a changed file replaces what is stored of it. The next search finds them.

    Example: openbook add mybook notes/ --sync
    """
    from openbook.cli.checked_sources import Sources
    from openbook.database import Database
    from openbook.database.storage.remote_folder import require_no_copy
    from openbook.text.sources import SourceOptions

    check_cluster_options(ray, workers=workers, dry_run=dry_run, watch=watch)
    database = Database.open(db)
    require_no_copy(database.path)
    encode_in(database, embedder_precision)
    checked = Sources(
        sources,
        SourceOptions(
            glob=glob,
            exclude=tuple(exclude or ()),
            git_ignored=git_ignored,
            any_text=any_text,
            prefix=prefix,
            text_key=text_key,
            id_key=id_key,
        ),
        skip=on_error == "skip",
        says_all=dry_run and not json,
        listed=json,
    )
    followed = _watch_of(database, checked, yes=yes, dry_run=dry_run, json=json) if watch else None
    with adding(database, address=ray, workers=workers, precision=embedder_precision) as write:
        with _saying_how_to_remove(database) if sync else nullcontext():
            checked.check(database.catalog)
        scope = checked.scope() if sync or watch else None
        plan = checked.plan(scope)
        if scope is None:
            _note_gone(checked.gone())
        if dry_run:
            print_plan(plan, sources=checked, json=json)
            return
        if scope is not None and not yes:
            _refuse_much_removal(database, plan)
            scope.most = max(len(plan.removed), plan.stored // 3)
        done = write_documents(database, checked, scope=scope, add=write)
    if followed is not None:
        done = _follow(followed, done)
        if not json:
            return
    print_info(database.opened, done=done, left_out=checked.left_out(), json=json)


@contextmanager
def _saying_how_to_remove(database: "Database") -> Iterator[None]:
    """Name what removes the documents of a source that is gone or empty, for a sync does not."""
    from openbook.database.documents.document_names import ids_of

    try:
        yield
    except GoneSourceError as error:
        with suppress(DatabaseError):  # nothing came from there
            ids_of(database.catalog, [error.where])
            remove = command("remove", database.path, error.where)
            raise GoneSourceError(
                f"{error}; to remove what came from it: {remove}", where=error.where
            ) from error
        raise


def _watch_of(
    database: "Database", sources: "Sources", *, yes: bool, dry_run: bool, json: bool
) -> "FolderWatch":
    """What follows the sources from how they are now, before they are read."""
    from openbook.cli.folder_watch import FolderWatch, require_watchfiles

    if dry_run:
        raise SettingsError("--watch and --dry-run: choose one of them")
    require_watchfiles()
    return FolderWatch(database, sources, yes=yes, print_line=note if json else print_line)


def _follow(followed: "FolderWatch", done: "Changes") -> "Changes":
    """Follow until it is to stop; returns all that was done."""
    from openbook.cli.folder_watch import follow

    followed.done = done
    note("following what changes; Ctrl-C ends it")
    follow(followed)
    return followed.done


def _note_gone(gone: Sequence[str]) -> None:
    """Say what a sync would remove, for without one it stays and is found."""
    if gone:
        one = len(gone) == 1
        note(
            f"{counted(len(gone), 'document')} {'is' if one else 'are'} no longer in the folder named, and "
            f"{'stays' if one else 'stay'}: {_some(gone)}; the same command with --sync removes "
            f"{'it' if one else 'them'}"
        )


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN_KEPT:,} more" if len(ids) > _SHOWN_KEPT else ""
    return f"{', '.join(ids[:_SHOWN_KEPT])}{more}"


def _refuse_much_removal(database: "Database", plan: "AddPlan") -> None:
    if plan.removes_much:
        raise DatabaseError(
            f"{database.path}: --sync would remove {len(plan.removed):,} of "
            f"{counted(plan.stored, 'document')}, more "
            "than a third; --dry-run lists them, --yes removes them"
        )


def write_documents(
    database: "Database",
    sources: "Sources",
    *,
    scope: "SyncScope | None" = None,
    add: "Callable[..., AddReport] | None" = None,
) -> "Changes":
    """Add the documents of checked sources, and say what was done and what should not be missed.

    Args:
        database: to write to.
        sources: checked already.
        scope: where documents that are gone are removed; None: nowhere.
        add: called as `Database.add`; None: that.

    Returns:
        What was done.
    """
    from openbook.database.changes import changes_of_add
    from openbook.database.near_copies.exclusions import MUCH_TEXT

    known_copies = set(database.excluded())
    with bar("writing documents", sources.characters, counts_text=True) as progress:
        report = (add or database.add)(
            sources.documents(),
            sync=scope or False,
            on_error=sources.on_error,
            progress=progress,
        )
    described = f" ({report.described} with a new title, source or language)" if report.described else ""
    note(
        f"{report.added} added, {report.replaced} replaced, {report.unchanged} unchanged{described}, "
        f"{report.removed} removed, {sources.skipped} skipped; {counted(report.chunks, 'chunk')} written"
    )
    if sources.vanished:
        note(f"of the first reading {counted(sources.vanished, 'document')} could not be found at the last")
    if report.moved:
        note(f"moved: the files of {counted(report.moved, 'document')}")
    if scope is not None:
        _note_what_stays(scope)
    note_unknown_tokens(report.unknown_tokens, report.unknown_examples, share=report.unknown_share)
    note_copies([copy for copy in database.excluded() if copy not in known_copies], database.path)
    if report.excluded_share > MUCH_TEXT:
        warn_of_much_excluded(report.excluded_share, report.shared_run, database.path)
    note_low_recall(database.info().recall_at_10, database.opened.files.dense)
    return changes_of_add(report, skipped=sources.skipped)


def _note_what_stays(scope: "SyncScope") -> None:
    """Say what a sync did not remove, and what would."""
    if scope.withheld:
        went = counted(scope.withheld, "document")
        note(f"nothing was removed: {went} went while this ran; to remove them: --yes")
    if kept := scope.kept:
        one = len(kept) == 1
        note(
            f"{counted(len(kept), 'document')} {'stays' if one else 'stay'}, for what brought "
            f"{'it' if one else 'them'} could not all be read or is empty: "
            f"{_some(kept)}"
        )


def remove(
    db: DatabaseArgument, documents: DocumentNames, dry_run: DryRun = False, json: Json = False
) -> None:
    """Remove documents by id, source, file, folder or pattern; no search finds them any more.

    Example: openbook remove mybook notes/old.md 'drafts/*'
    """
    from openbook.database import Database
    from openbook.database.changes import changes_of_remove
    from openbook.database.documents.document_names import ids_of

    database = Database.open(db)
    named = ids_of(database.catalog, documents)
    ids = list(dict.fromkeys(document_id for found in named.values() for document_id in found))
    if dry_run:
        print_removal(ids, json=json)
        return
    for name, found in named.items():
        if found != [name]:
            note(f"{name}: {counted(len(found), 'document')}")
    known_copies = database.excluded()
    database.remove(ids)
    done = changes_of_remove(len(ids), known_copies, database.excluded())
    note(f"{done.removed} removed")
    print_info(database.opened, done=done, json=json)

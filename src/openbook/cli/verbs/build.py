"""The verb `build`: make the database, or open it if it is there with these settings, and add text to it."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.build_settings import WORDS_ALONE, BuildSettings
from openbook.cli.console import note
from openbook.cli.options.cluster_options import Ray, Shards, Workers, check_cluster_options
from openbook.cli.options.database_options import (
    AllowUnknownHoldout,
    Decontaminate,
    Deduplicate,
    EmbedderPrecision,
    Holdout,
    NewChunkSize,
    NewEmbedder,
    NewTokenizer,
    encode_in,
    require_vectors,
)
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
    TextKey,
)
from openbook.errors import DatabaseError

if TYPE_CHECKING:
    from openbook.cli.checked_sources import Sources
    from openbook.database import Database


def build(
    db: DatabaseArgument,
    sources: SourcesArgument,
    tokenizer: NewTokenizer = None,
    embedder: NewEmbedder = None,
    embedder_precision: EmbedderPrecision = "float32",
    chunk_size: NewChunkSize = None,
    holdout: Holdout = None,
    allow_unknown_holdout: AllowUnknownHoldout = False,
    decontaminate: Decontaminate = None,
    deduplicate: Deduplicate = None,
    glob: Glob = None,
    exclude: Exclude = None,
    git_ignored: GitIgnored = False,
    any_text: AnyText = False,
    prefix: Prefix = "",
    text_key: TextKey = None,
    id_key: IdKey = "id",
    on_error: OnError = "stop",
    ray: Ray = None,
    workers: Workers = None,
    shards: Shards = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Build a database from text. Run again, it resumes where it was.

    With --ray, a book of shards, which every other verb takes as it takes a database.

    Example: openbook build mybook notes/ articles.jsonl.gz --holdout 0.05
    """
    from openbook.cli.checked_sources import Sources
    from openbook.cli.cluster_build import build_on_ray
    from openbook.cli.output import print_info
    from openbook.cli.verbs.add import write_documents
    from openbook.database.shards.book_folder import open_any
    from openbook.database.storage.database_folder import is_database
    from openbook.text.sources import SourceOptions

    check_cluster_options(ray, workers=workers, shards=shards, dry_run=dry_run)
    require_vectors(embedder_precision, None if embedder == WORDS_ALONE else "")
    wanted = BuildSettings(
        tokenizer=tokenizer,
        embedder=embedder,
        chunk_size=chunk_size,
        holdout=holdout,
        allow_unknown_holdout=allow_unknown_holdout,
        decontaminate=decontaminate,
        deduplicate=deduplicate,
    )
    require_settings(db, wanted, on_ray=ray is not None, encodes=not dry_run)
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
    if ray is not None:
        build_on_ray(
            db,
            checked,
            address=ray,
            workers=workers,
            precision=embedder_precision,
            shards=shards,
            wanted=wanted,
            json=json,
        )
        return
    checked.check(open_any(db).catalog if is_database(db) else None)
    if dry_run:
        _say_plan(open_as_asked(db, checked, wanted), checked, wanted, json=json)
        return
    database = create_or_open(db, checked, wanted)
    encode_in(database, embedder_precision)
    done = write_documents(database, checked)
    print_info(database.opened, done=done, left_out=checked.left_out(), json=json)


def require_settings(
    path: Path, wanted: BuildSettings, *, on_ray: bool = False, encodes: bool = True
) -> None:
    """Refuse settings that no database could have, and a folder that is none, before any text is read.

    Arguments and errors are those of `create_or_open`.

    Args:
        path: of the database.
        wanted: its settings.
        on_ray: a book of shards is to be made.
        encodes: its encoder is needed.
    """
    from openbook.cli.checked_sources import vocabulary_of
    from openbook.cluster.build_plan import is_planned, require_free_for_book
    from openbook.database.search.embedder import locate
    from openbook.database.storage.database_folder import is_database
    from openbook.database.write.creation import require_free
    from openbook.text import load_tokenizer

    wanted.of_new()
    if on_ray and not is_planned(path):
        require_free_for_book(path)
    elif on_ray or is_database(path):
        return
    elif is_planned(path):
        raise DatabaseError(f"{path}: is a book of shards; run the command that began it again, with --ray")
    else:
        require_free(path)
    if wanted.new_tokenizer.startswith("train:"):
        vocabulary_of(wanted.new_tokenizer)
    else:
        load_tokenizer(wanted.new_tokenizer)
    if encodes and wanted.new_embedder is not None:
        locate(wanted.new_embedder)


def create_or_open(path: Path, sources: "Sources", wanted: BuildSettings) -> "Database":
    """Open the database if it is there with these settings, else make it.

    Args:
        path: of the database.
        sources: to train a tokenizer on.
        wanted: its settings.

    Raises:
        DatabaseError: it has other settings, or the folder holds something else.
        SettingsError: documents are to be held out that there are not.
    """
    from openbook.cli.checked_sources import make_tokenizer
    from openbook.database import Database
    from openbook.database.write.creation import require_free

    existing = open_as_asked(path, sources, wanted)
    if existing is not None:
        return existing
    require_free(path)  # before a tokenizer is trained
    settings = wanted.of_new()
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message="chunk size")
        database = Database.create(
            path,
            tokenizer=make_tokenizer(wanted.new_tokenizer, sources),
            embedder=wanted.new_embedder,
            chunk_size=settings.chunk_size,
            holdout=settings.holdout_ids or settings.holdout,
            decontaminate=settings.decontaminate,
            deduplicate=settings.deduplicate,
        )
    for warning in caught:
        note(str(warning.message))
    return database


def open_as_asked(path: Path, sources: "Sources", wanted: BuildSettings) -> "Database | None":
    """Open the database if it is there with these settings; None: it is still to be made.

    Arguments and errors are those of `create_or_open`.
    """
    from openbook.database import Database
    from openbook.database.storage.database_folder import is_database

    existing = Database.open(path) if is_database(path) else None
    wanted.check_ids(sources, existing)
    if existing is not None:
        _refuse_other_settings(existing, wanted.asked())
    return existing


def _say_plan(existing: "Database | None", sources: "Sources", wanted: BuildSettings, *, json: bool) -> None:
    """Print what building would do."""
    from openbook.cli.planned_changes import print_plan
    from openbook.database.storage.settings import is_held_out

    settings = wanted.of_new() if existing is None else existing.settings
    share, ids = settings.holdout, frozenset(settings.holdout_ids)
    plan = sources.plan(None)
    held_out = [name for name in (*plan.added, *plan.replaced) if is_held_out(name, share, ids)]
    print_plan(plan, sources=sources, held_out=held_out, says_characters=True, json=json)


def _refuse_other_settings(database: "Database", asked: dict[str, object]) -> None:
    from openbook.text import load_tokenizer

    tokenizer = asked.get("tokenizer")
    if isinstance(tokenizer, str) and not tokenizer.startswith("train:"):
        del asked["tokenizer"]  # several names may stand for the same one
        fingerprint = load_tokenizer(tokenizer).fingerprint
        if fingerprint != database.tokenizer.fingerprint:  # what is recorded may be that of an older openbook
            asked["tokenizer_fingerprint"] = fingerprint
    differences = database.settings.differences(**asked)
    if differences:
        raise DatabaseError(
            f"{database.path}: exists with other settings: {'; '.join(differences)}; "
            "leave these options out to add to it as it is, or choose another folder"
        )

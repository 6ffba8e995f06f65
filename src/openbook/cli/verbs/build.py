"""The verb `build`: make the database, or open it if it is there with these settings, and add text to it."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.cli.cluster_options import Ray, Shards, Workers, check_cluster_options
from openbook.cli.console import note
from openbook.cli.encoding_options import EmbedderPrecision, NewEmbedder, encode_in, require_vectors
from openbook.cli.held_out_ids import check_ids, share_or_ids
from openbook.cli.options import (
    AllowUnknownHoldout,
    DatabaseArgument,
    Decontaminate,
    Deduplicate,
    DryRun,
    Holdout,
    Json,
    NewChunkSize,
    NewTokenizer,
    SourcesArgument,
)
from openbook.cli.source_options import AnyText, Exclude, GitIgnored, Glob, IdKey, OnError, Prefix, TextKey
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

    check_cluster_options(ray, workers=workers, shards=shards, dry_run=dry_run)
    require_vectors(embedder_precision, None if embedder == "none" else "")
    fetched = "none" if dry_run else embedder
    require_settings(
        db,
        tokenizer=tokenizer,
        embedder=fetched,
        chunk_size=chunk_size,
        holdout=holdout,
        on_ray=ray is not None,
    )
    checked = Sources(
        sources,
        glob=glob,
        exclude=exclude,
        git_ignored=git_ignored,
        any_text=any_text,
        prefix=prefix,
        text_key=text_key,
        id_key=id_key,
        skip=on_error == "skip",
        says_all=dry_run and not json,
        listed=json,
    )
    wanted: dict[str, Any] = {
        "tokenizer": tokenizer,
        "embedder": embedder,
        "chunk_size": chunk_size,
        "holdout": holdout,
        "allow_unknown_holdout": allow_unknown_holdout,
        "decontaminate": decontaminate,
        "deduplicate": deduplicate,
    }
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
        _say_plan(open_as_asked(db, checked, **wanted), checked, holdout, json=json)
        return
    database = create_or_open(db, checked, **wanted)
    encode_in(database, embedder_precision)
    done = write_documents(database, checked)
    print_info(database.opened, done=done, left_out=checked.left_out(), json=json)


def require_settings(
    path: Path,
    *,
    tokenizer: str | None,
    embedder: str | None,
    chunk_size: int | None,
    holdout: str | None,
    on_ray: bool = False,
) -> None:
    """Refuse settings that no database could have, and a folder that is none, before any text is read.

    Arguments and errors are those of `create_or_open`; `on_ray`: a book of shards is to be made.
    """
    from openbook.cli.checked_sources import vocabulary_of
    from openbook.cluster.build_plan import is_planned, require_free_for_book
    from openbook.database.search.embedder import DEFAULT_EMBEDDER, locate
    from openbook.database.storage.database_folder import is_database
    from openbook.database.storage.settings import DatabaseSettings
    from openbook.database.write.creation import require_free
    from openbook.text import load_tokenizer

    held_out = None if holdout is None else share_or_ids(holdout)
    DatabaseSettings(
        tokenizer="",
        tokenizer_fingerprint="",
        chunk_size=64 if chunk_size is None else chunk_size,
        holdout=held_out if isinstance(held_out, float) else 0.0,
    )
    if on_ray and not is_planned(path):
        require_free_for_book(path)
    elif on_ray or is_database(path):
        return
    elif is_planned(path):
        raise DatabaseError(f"{path}: is a book of shards; run the command that began it again, with --ray")
    else:
        require_free(path)
    if tokenizer is None or tokenizer.startswith("train:"):
        vocabulary_of(tokenizer or "train:16000")
    else:
        load_tokenizer(tokenizer)
    if embedder != "none":
        locate(embedder or DEFAULT_EMBEDDER)


def create_or_open(
    path: Path,
    sources: "Sources",
    *,
    tokenizer: str | None,
    embedder: str | None,
    chunk_size: int | None,
    holdout: str | None,
    allow_unknown_holdout: bool,
    decontaminate: bool | None,
    deduplicate: bool | None,
) -> "Database":
    """Open the database if it is there with these settings, else make it.

    Args:
        path: of the database.
        sources: to train a tokenizer on.
        tokenizer: None: the database's own, or a new one.
        embedder: None: the database's own, or the default; "none": lexical only.
        chunk_size: None: the database's own, or 64.
        holdout: a share, or a file of ids. None: the database's own, or no document.
        allow_unknown_holdout: the file may name documents that are neither among the sources nor stored.
        decontaminate: None: the database's own, or True.
        deduplicate: None: the database's own, or False.

    Raises:
        DatabaseError: it has other settings, or the folder holds something else.
        SettingsError: `holdout` is neither a number nor a file, or names documents that there are not.
    """
    from openbook.cli.checked_sources import make_tokenizer
    from openbook.database import Database
    from openbook.database.search.embedder import DEFAULT_EMBEDDER
    from openbook.database.write.creation import require_free

    existing = open_as_asked(
        path,
        sources,
        tokenizer=tokenizer,
        embedder=embedder,
        chunk_size=chunk_size,
        holdout=holdout,
        allow_unknown_holdout=allow_unknown_holdout,
        decontaminate=decontaminate,
        deduplicate=deduplicate,
    )
    if existing is not None:
        return existing
    held_out = None if holdout is None else share_or_ids(holdout)
    require_free(path)  # before a tokenizer is trained
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message="chunk size")
        database = Database.create(
            path,
            tokenizer=make_tokenizer(tokenizer or "train:16000", sources),
            embedder=None if embedder == "none" else embedder or DEFAULT_EMBEDDER,
            chunk_size=64 if chunk_size is None else chunk_size,
            holdout=0.0 if held_out is None else held_out,
            decontaminate=decontaminate is not False,
            deduplicate=deduplicate is True,
        )
    for warning in caught:
        note(str(warning.message))
    return database


def open_as_asked(
    path: Path,
    sources: "Sources",
    *,
    tokenizer: str | None,
    embedder: str | None,
    chunk_size: int | None,
    holdout: str | None,
    allow_unknown_holdout: bool,
    decontaminate: bool | None,
    deduplicate: bool | None,
) -> "Database | None":
    """Open the database if it is there with these settings; None: it is still to be made.

    Arguments and errors are those of `create_or_open`.
    """
    from openbook.database import Database
    from openbook.database.storage.database_folder import is_database

    held_out = None if holdout is None else share_or_ids(holdout)
    existing = Database.open(path) if is_database(path) else None
    if isinstance(held_out, tuple):
        check_ids(held_out, holdout, sources, existing, is_error=not allow_unknown_holdout)
    if existing is not None:
        plain = {"chunk_size": chunk_size, "decontaminate": decontaminate, "deduplicate": deduplicate}
        asked = {name: value for name, value in plain.items() if value is not None}
        _refuse_other_settings(existing, asked | _asked_settings(tokenizer, embedder, held_out))
    return existing


def _say_plan(existing: "Database | None", sources: "Sources", holdout: str | None, *, json: bool) -> None:
    """Print what building would do."""
    from openbook.cli.planned_changes import print_plan
    from openbook.database.storage.settings import is_held_out

    wanted = 0.0 if holdout is None else share_or_ids(holdout)
    share, ids = (wanted, ()) if isinstance(wanted, float) else (0.0, wanted)
    if existing is not None:
        share, ids = existing.settings.holdout, existing.settings.holdout_ids
    plan, named = sources.plan(None), frozenset(ids)
    held_out = [name for name in (*plan.added, *plan.replaced) if is_held_out(name, share, named)]
    print_plan(plan, sources=sources, held_out=held_out, says_characters=True, json=json)


def _asked_settings(
    tokenizer: str | None, embedder: str | None, held_out: float | tuple[str, ...] | None
) -> dict[str, object]:
    """What these options say, in the names of the database's settings."""
    from openbook.text import load_tokenizer

    asked: dict[str, object] = {}
    if isinstance(held_out, tuple):
        asked["holdout_ids"] = held_out
    elif held_out is not None:
        asked["holdout"] = held_out
    if embedder is not None:
        asked["embedder"] = None if embedder == "none" else embedder
    if tokenizer is not None and tokenizer.startswith("train:"):
        asked["tokenizer"] = tokenizer
    elif tokenizer is not None:
        asked["tokenizer_fingerprint"] = load_tokenizer(tokenizer).fingerprint
    return asked


def _refuse_other_settings(database: "Database", asked: dict[str, object]) -> None:
    if asked.get("tokenizer_fingerprint") == database.tokenizer.fingerprint:
        del asked["tokenizer_fingerprint"]  # what is recorded may be that of an older openbook
    differences = database.settings.differences(**asked)
    if differences:
        raise DatabaseError(
            f"{database.path}: exists with other settings: {'; '.join(differences)}; "
            "leave these options out to add to it as it is, or choose another folder"
        )

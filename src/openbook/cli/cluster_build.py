"""What `build --ray` does: plan shards in one reading of the sources, and build them on a cluster."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.cli.adding_notes import note_unknown_tokens, warn_of_much_excluded
from openbook.cli.bars import bar
from openbook.cli.cluster_options import end_at_once
from openbook.cli.console import note
from openbook.cli.held_out_ids import check_ids, share_or_ids
from openbook.cli.output import note_copies, print_info
from openbook.phrases import command, counted

if TYPE_CHECKING:
    from openbook.cli.checked_sources import Sources
    from openbook.cli.reading_options import Precision
    from openbook.cluster.book_build import BookReport
    from openbook.cluster.build_plan import BuildPlan
    from openbook.cluster.ray_session import RaySession
    from openbook.cluster.remote_encoder import WorkPlace

_SHARD_CHARACTERS = 100_000_000
_FEWEST_SHARDS = 4


def build_on_ray(
    db: Path,
    sources: "Sources",
    *,
    address: str,
    workers: int | None,
    precision: "Precision",
    shards: int | None,
    wanted: dict[str, Any],
    json: bool,
) -> None:
    """Build a book of shards on a cluster, or resume it, and print what it holds.

    Args:
        db: folder of the book, or its URL.
        sources: not read yet.
        address: of the cluster.
        workers: tasks at a time.
        precision: in which encoders of the cluster compute.
        shards: of a new book; None: as many as suit the text.
        wanted: settings as the user gave them, see `create_or_open`.
        json: print one JSON value.

    Raises:
        DatabaseError: the folder holds something else, or was planned with other settings.
        SettingsError: no cluster answers, or something that only one machine can read.
        ClusterError: the cluster is lost on the way.
    """
    from openbook.cluster.book_build import build_book
    from openbook.cluster.build_plan import BuildPlan, is_planned
    from openbook.cluster.ray_session import connected
    from openbook.cluster.reachable_sources import reachable_names
    from openbook.cluster.remote_build import begun_folder, put_plan
    from openbook.cluster.remote_encoder import work_places
    from openbook.database import Database
    from openbook.database.changes import Changes
    from openbook.database.storage.remote_folder import url_of

    names = reachable_names(sources.names)
    url = url_of(db)
    if url is not None:
        reachable_names([url])  # refuses what is in this process alone
        db = begun_folder(url)
    plan = BuildPlan.read(db) if is_planned(db) else None
    if plan is not None:
        _require_same(plan, db, sources, names, wanted=wanted, shards=shards)
    encoder = _encoder_name(plan, wanted["embedder"])
    with connected(address, on_lost=end_at_once) as session:
        places = work_places(session, workers=workers, encoder=encoder, precision=precision)
        if plan is None:
            plan = _planned(db, sources, names, session, places[0], wanted=wanted, shards=shards)
            if url is not None:
                put_plan(db, url)
        _say_shards(plan, asked=shards)
        note(f"{counted(len(plan.shards), 'shard')}, {counted(len(places), 'worker')}")
        with bar("writing documents", plan.characters, counts_text=True) as progress:
            report = build_book(db, plan, session, places, url=url, progress=progress, tell=note)
    book = Database.open(db)
    _say_report(book, report, skipped=sources.skipped, url=url)
    copies = book.excluded() if report.built else []
    done = Changes(
        added=report.documents,
        skipped=sources.skipped,
        chunks_written=report.chunks,
        excluded=sum(copy.chunks is None for copy in copies),
        excluded_in_part=len({copy.document_id for copy in copies if copy.chunks is not None}),
    )
    print_info(book.opened, done=done, left_out=sources.left_out(), json=json)


def _encoder_name(plan: "BuildPlan | None", asked: str | None) -> str | None:
    """The encoder to load; None: words only."""
    from openbook.database.search.embedder import DEFAULT_EMBEDDER

    if plan is not None:
        return None if plan.encoder is None else plan.encoder.name
    return None if asked == "none" else asked or DEFAULT_EMBEDDER


def _require_same(
    plan: "BuildPlan",
    db: Path,
    sources: "Sources",
    names: tuple[str, ...],
    *,
    wanted: dict[str, Any],
    shards: int | None,
) -> None:
    """Refuse to resume what was planned otherwise; `None` asks for nothing."""
    asked: dict[str, object] = {
        name: wanted[name]
        for name in ("chunk_size", "decontaminate", "deduplicate", "tokenizer")
        if wanted[name] is not None
    }
    if wanted["embedder"] is not None:
        asked["embedder"] = None if wanted["embedder"] == "none" else wanted["embedder"]
    if wanted["holdout"] is not None:
        held_out = share_or_ids(wanted["holdout"])
        asked["holdout" if isinstance(held_out, float) else "holdout_ids"] = held_out
    plan.require_same(db, settings=asked, sources=_options(sources, names), shards=shards)


def _options(sources: "Sources", names: tuple[str, ...]) -> Any:
    from openbook.cluster.source_plan import SourceOptions

    return SourceOptions(
        names=names,
        text_key=sources.text_key,
        id_key=sources.id_key,
        glob=sources.glob,
        exclude=sources.exclude,
        git_ignored=sources.git_ignored,
        any_text=sources.any_text,
        prefix=sources.prefix,
        skip=sources.skip,
    )


def _planned(
    db: Path,
    sources: "Sources",
    names: tuple[str, ...],
    session: "RaySession",
    place: "WorkPlace",
    *,
    wanted: dict[str, Any],
    shards: int | None,
) -> "BuildPlan":
    """Read the sources once, and record what is to be built."""
    from openbook.cli.checked_sources import make_tokenizer
    from openbook.cluster.book_build import describe_encoder
    from openbook.cluster.build_plan import BuildPlan
    from openbook.cluster.source_plan import SourcePlanner
    from openbook.database.storage.settings import DatabaseSettings
    from openbook.database.write.creation import warn_of_long_chunks

    planner = SourcePlanner()
    sources.check(planner=planner)
    held_out = 0.0 if wanted["holdout"] is None else share_or_ids(wanted["holdout"])
    if isinstance(held_out, tuple):
        is_error = not wanted["allow_unknown_holdout"]
        check_ids(held_out, wanted["holdout"], sources, None, is_error=is_error)
    asked_tokenizer = wanted["tokenizer"] or "train:16000"
    tokenizer = make_tokenizer(asked_tokenizer, sources)
    encoder = describe_encoder(session, place)
    chunk_size = 64 if wanted["chunk_size"] is None else wanted["chunk_size"]
    if encoder is not None:
        warn_of_long_chunks(chunk_size, encoder.name, encoder.longest)
    count = shards or max(_FEWEST_SHARDS, -(-planner.characters // _SHARD_CHARACTERS))
    plan = BuildPlan(
        settings=DatabaseSettings(
            tokenizer=tokenizer.name,
            tokenizer_fingerprint=tokenizer.fingerprint,
            chunk_size=chunk_size,
            embedder=encoder.name if encoder else None,
            embedder_source=encoder.source if encoder else None,
            embedder_fingerprint=encoder.fingerprint if encoder else None,
            embedding_size=encoder.size if encoder else 0,
            holdout=held_out if isinstance(held_out, float) else 0.0,
            holdout_ids=held_out if isinstance(held_out, tuple) else (),
            decontaminate=wanted["decontaminate"] is not False,
            deduplicate=wanted["deduplicate"] is True,
        ),
        tokenizer=asked_tokenizer,
        encoder=encoder,
        sources=_options(sources, names),
        shards=tuple(planner.shards(count)),
        asked_shards=count,
    )
    plan.begin(db, tokenizer)
    return plan


def _say_shards(plan: "BuildPlan", *, asked: int | None) -> None:
    """Say that there are fewer shards than the user asked for."""
    if asked is not None and len(plan.shards) < asked:
        note(
            f"{counted(len(plan.shards), 'shard')} instead of {asked}: a shard holds whole documents, and "
            "these are too few or too long for more"
        )


def _say_report(book: Any, report: "BookReport", *, skipped: int, url: str | None) -> None:
    """Say what was done and what should not be missed, as for one machine."""
    from openbook.database.near_copies.exclusions import MUCH_TEXT, share_of_text_excluded

    if not report.built:
        more = "" if url else f"; to add what is new: {command('add', book.path, 'SOURCE')}"
        note(f"all {counted(report.shards, 'shard')} are complete{more}")
        return
    note(
        f"{report.built} of {counted(report.shards, 'shard')} built: "
        f"{counted(report.documents, 'document')}, {counted(report.chunks, 'chunk')} written; "
        f"{skipped} skipped"
    )
    note_unknown_tokens(report.unknown_tokens, report.unknown_examples)
    note_copies(book.excluded(), book.path)
    share = share_of_text_excluded(book.layout)
    if share > MUCH_TEXT:
        warn_of_much_excluded(share, None, book.path)

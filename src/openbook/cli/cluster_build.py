"""What `build --ray` does: plan shards in one reading of the sources, and build them on a cluster."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.adding_notes import note_unknown_tokens, warn_of_much_excluded
from openbook.cli.bars import bar
from openbook.cli.console import note
from openbook.cli.lost_cluster import end_at_once
from openbook.cli.output import note_copies, print_info
from openbook.phrases import command, counted

if TYPE_CHECKING:
    from openbook.cli.build_settings import BuildSettings
    from openbook.cli.checked_sources import Sources
    from openbook.cli.options.reading_options import Precision
    from openbook.cluster.book_build import BookReport
    from openbook.cluster.build_plan import BuildPlan
    from openbook.cluster.ray_session import RaySession
    from openbook.cluster.remote_encoder import WorkPlace
    from openbook.cluster.source_plan import PlannedSources
    from openbook.database import Database

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
    wanted: "BuildSettings",
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
        wanted: its settings.
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
    from openbook.cluster.source_plan import PlannedSources
    from openbook.database import Database
    from openbook.database.changes import Changes
    from openbook.database.storage.remote_folder import url_of

    names = reachable_names(sources.names)
    url = url_of(db)
    if url is not None:
        reachable_names([url])  # refuses what is in this process alone
        db = begun_folder(url)
    plan = BuildPlan.read(db) if is_planned(db) else None
    named = PlannedSources(names=names, options=sources.options, skip=sources.skip)
    if plan is not None:
        plan.require_same(db, settings=wanted.asked(), sources=named, shards=shards)
        encoder = None if plan.encoder is None else plan.encoder.name
    else:
        encoder = wanted.new_embedder
    with connected(address, on_lost=end_at_once) as session:
        places = work_places(session, workers=workers, encoder=encoder, precision=precision)
        if plan is None:
            plan = _planned(db, sources, named, session, places[0], wanted=wanted, shards=shards)
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


def _planned(
    db: Path,
    sources: "Sources",
    named: "PlannedSources",
    session: "RaySession",
    place: "WorkPlace",
    *,
    wanted: "BuildSettings",
    shards: int | None,
) -> "BuildPlan":
    """Read the sources once, and record what is to be built."""
    from openbook.cli.checked_sources import make_tokenizer
    from openbook.cluster.book_build import describe_encoder
    from openbook.cluster.build_plan import BuildPlan
    from openbook.cluster.source_plan import SourcePlanner
    from openbook.database.write.creation import warn_of_long_chunks

    planner = SourcePlanner()
    sources.check(planner=planner)
    wanted.check_ids(sources, None)
    tokenizer = make_tokenizer(wanted.new_tokenizer, sources)
    encoder = describe_encoder(session, place)
    settings = wanted.of_new(tokenizer=tokenizer.name, fingerprint=tokenizer.fingerprint)
    if encoder is not None:
        warn_of_long_chunks(settings.chunk_size, encoder.name, encoder.longest)
        settings = replace(
            settings,
            embedder=encoder.name,
            embedder_source=encoder.source,
            embedder_fingerprint=encoder.fingerprint,
            embedding_size=encoder.size,
        )
    count = shards or max(_FEWEST_SHARDS, -(-planner.characters // _SHARD_CHARACTERS))
    plan = BuildPlan(
        settings=settings,
        tokenizer=wanted.new_tokenizer,
        encoder=encoder,
        sources=named,
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


def _say_report(book: "Database", report: "BookReport", *, skipped: int, url: str | None) -> None:
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

"""Building a book of shards over a cluster: a task for each shard, then the manifest, then near-copies."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openbook.cluster.build_plan import BUILDING, BuildPlan, shard_name
from openbook.cluster.progress_board import BoardReader
from openbook.cluster.ray_session import RaySession
from openbook.cluster.remote_build import build_remote_shard, fetch_shards
from openbook.cluster.remote_encoder import EncoderDescription, WorkPlace
from openbook.cluster.remote_index import index_remote_shard, train_remote_index
from openbook.cluster.shard_task import ShardReport, build_shard, index_shard
from openbook.cluster.shared_index import train_shared_index
from openbook.cluster.task_queue import TaskQueue, said_of_lost
from openbook.database import Database
from openbook.database.shards.book_creation import create_book
from openbook.database.shards.book_manifest import is_sharded
from openbook.database.shards.fetched_book import put_book
from openbook.progress import Progress, silent, stage, text_done

_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BookReport:
    """What a build did."""

    shards: int
    built: int
    """Of the shards: by this call; the others were complete."""
    documents: int
    """Of the shards built by this call."""
    chunks: int
    """Of these."""
    lost: int
    """Workers that were lost on the way."""
    unknown_tokens: int
    """Written by this call for what the tokenizer cannot spell."""
    unknown_examples: tuple[str, ...]


def describe_encoder(session: RaySession, place: WorkPlace) -> EncoderDescription | None:
    """Ask the encoder of a place which one it is; None: words only.

    Raises:
        SettingsError: it cannot be loaded there.
    """
    if place.encoder is None:
        return None
    queue = TaskQueue[int, WorkPlace](
        session,
        [place],
        lambda key, there: there.encoder.describe.remote(),
        lambda key: "loading the encoder",
    )
    (_, described), *_ = queue.run([0])
    assert isinstance(described, EncoderDescription)
    return described


def build_book(
    book: Path,
    plan: BuildPlan,
    session: RaySession,
    places: Sequence[WorkPlace],
    *,
    url: str | None = None,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda line: None,
) -> BookReport:
    """Build all shards of a plan that are not complete, and make them a book.

    Args:
        book: the folder, with its plan; all nodes see it, if there is no URL.
        plan: what is recorded there.
        session: of the cluster.
        places: where tasks run.
        url: where the book is to be, all nodes reach it, and `book` is only where it is put together; None:
            it stays in the folder.
        progress: told how many characters are done, by `openbook.progress.text_done`.
        tell: called with a line about what was lost.

    Raises:
        SourceError: the sources are not what was planned any more.
        ClusterError: the cluster is gone, some node does not see the folder, or workers are lost again and
            again. Calling again resumes.
    """
    if url is None:
        session.require_shared(book)
    building = _Building(book if url is None else url, plan, session, progress, tell)
    if is_sharded(book) and url is not None:
        return building.report()  # it is put there when all is done
    if not is_sharded(book):
        building.build(places)
        create_book(book, plan.names if url is None else fetch_shards(book, url, len(plan.shards)))
    Database.open(book).catch_up(progress=progress)
    shutil.rmtree(book / BUILDING, ignore_errors=True)
    if url is not None:
        put_book(book, url)
    return building.report()


class _Building:
    """Begins the tasks of shards, and counts what they did; arguments as `build_book`'s, or `book`: a URL."""

    def __init__(
        self,
        book: Path | str,
        plan: BuildPlan,
        session: RaySession,
        progress: Progress,
        tell: Callable[[str], None],
    ) -> None:
        self._book = book
        self._plan = plan
        self._session = session
        self._progress = progress
        self._tell = tell
        self._reports: dict[int, ShardReport] = {}
        self._lost = 0

    def build(self, places: Sequence[WorkPlace]) -> None:
        """Build each shard that is not there."""
        build = build_remote_shard if isinstance(self._book, str) else build_shard
        task = self._session.ray.remote(num_cpus=1, max_retries=0)(build)
        board = BoardReader(self._session)

        def submit(number: int, place: WorkPlace) -> Any:
            there = place.strategy()
            arguments = str(self._book), number, place.encoder, board.actor
            return task.options(scheduling_strategy=there).remote(*arguments)

        queue = TaskQueue(self._session, places, submit, shard_name)

        def tell_progress() -> None:
            complete = sum(self._plan.shards[number].characters for number in self._reports)
            text_done(self._progress, complete + board.done(but=set(self._reports)))
            if queue.lost > self._lost:
                self._lost = queue.lost
                self._tell(said_of_lost(self._lost))

        for number, report in queue.run(range(len(self._plan.shards)), waiting=tell_progress):
            self._reports[number] = report
        tell_progress()
        if waiting := sorted(number for number, report in self._reports.items() if report.waits):
            self._index(waiting, places)

    def _index(self, numbers: Sequence[int], places: Sequence[WorkPlace]) -> None:
        """Make the dense indexes of large shards, of one that is trained on all of them."""
        progress = stage(self._progress, "building the dense indexes")
        is_remote = isinstance(self._book, str)
        to_train = train_remote_index if is_remote else train_shared_index
        to_fill = index_remote_shard if is_remote else index_shard
        train = self._session.ray.remote(num_cpus=1, max_retries=0)(to_train)
        fill = self._session.ray.remote(num_cpus=1, max_retries=0)(to_fill)
        book, shards = str(self._book), len(self._plan.shards)

        def train_at(key: int, place: WorkPlace) -> Any:
            return train.options(scheduling_strategy=place.strategy()).remote(book, numbers)

        def fill_at(number: int, place: WorkPlace) -> Any:
            return fill.options(scheduling_strategy=place.strategy()).remote(book, number, shards)

        for _ in TaskQueue(self._session, places, train_at, lambda key: "the dense index").run([0]):
            progress(0, len(numbers))
        filling = TaskQueue(self._session, places, fill_at, shard_name).run(numbers)
        for done, _ in enumerate(filling, start=1):
            progress(done, len(numbers))

    def report(self) -> BookReport:
        """What was done."""
        new = [report for report in self._reports.values() if report.is_new]
        examples = (example for report in new for example in report.unknown_examples)
        return BookReport(
            shards=len(self._plan.shards),
            built=len(new),
            documents=sum(report.documents for report in new),
            chunks=sum(report.chunks for report in new),
            lost=self._lost,
            unknown_tokens=sum(report.unknown_tokens for report in new),
            unknown_examples=tuple(dict.fromkeys(examples))[:_EXAMPLES],
        )

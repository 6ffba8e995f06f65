"""Adding to a sharded book over a cluster: each shard's part of a batch is encoded and written by a task.

The command reads the documents, decides which shard each goes to, holds the book's lock, and commits: one
replacement of the manifest for all shards, as on one machine. Batches end after so much text, whoever writes
them, so the book is the same however many workers there are, and whatever is lost on the way.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from openbook.cluster.book_build import describe_encoder
from openbook.cluster.build_plan import shard_name
from openbook.cluster.part_file import write_part_file
from openbook.cluster.part_task import CopyAddress, add_part, index_copy
from openbook.cluster.progress_board import BoardReader
from openbook.cluster.ray_session import RaySession
from openbook.cluster.remote_encoder import EncoderDescription, WorkPlace, work_places
from openbook.cluster.shard_task import ENCODED_CHARACTERS, INDEXED_CHARACTERS
from openbook.cluster.task_queue import TaskQueue, said_of_lost
from openbook.database import Database
from openbook.database.search.dense_store import TrainedIndex
from openbook.database.search.embedder import Embedder, EncodingPrecision
from openbook.database.shards.book_folder import BookFolder, open_book
from openbook.database.shards.book_indexes import needs_index
from openbook.database.shards.book_manifest import BookManifest, is_sharded
from openbook.database.shards.book_writer import BookWriter
from openbook.database.shards.shard_copies import require_free_shard
from openbook.database.shards.shard_part import ShardPart
from openbook.database.storage.settings import DatabaseSettings
from openbook.database.write.batches import characters_of
from openbook.database.write.database_writer import DatabaseWriter
from openbook.database.write.writer import AddReport, Sync
from openbook.errors import DatabaseError, MismatchError, SourceError
from openbook.progress import Progress, silent, stage
from openbook.text import AnyDocument

_MOST_CHARACTERS = 100_000_000
"""Of a batch, which the command holds in memory."""

Tell = Callable[[str], None]


def require_sharded(database: Database) -> None:
    """Refuse a database of one machine: it has no parts that several could write.

    Raises:
        DatabaseError: it is one.
    """
    if not is_sharded(database.path):
        raise DatabaseError(
            f"{database.path}: is a database of one machine, and --ray adds to a book of shards, which "
            "build --ray makes; add to it without --ray"
        )


def addition_places(
    session: RaySession,
    database: Database,
    *,
    workers: int | None,
    precision: EncodingPrecision = "float32",
) -> list[WorkPlace]:
    """Begin encoders, and say where tasks run: at most one for each shard; see `work_places`."""
    settings = database.settings
    shards = len(BookManifest.read(database.path).shards)
    return work_places(session, workers=workers, encoder=settings.embedder, precision=precision, most=shards)


def add_on_cluster(
    database: Database,
    documents: Iterable[AnyDocument],
    *,
    session: RaySession,
    places: Sequence[WorkPlace],
    sync: Sync = False,
    on_error: Callable[[SourceError], None] | None = None,
    progress: Progress = silent,
    tell: Tell = lambda line: None,
) -> AddReport:
    """Add documents to a sharded book; as `Database.add`, but for who writes them.

    Args:
        database: the book; moved to the newest version.
        documents: any number; they are read by this process, as they are written.
        session: of the cluster.
        places: where tasks run.
        sync: see `Database.add`.
        on_error: see `Database.add`.
        progress: called with how many documents are done, and told how much text.
        tell: called with a line about what was lost.

    Raises:
        DatabaseError: as by `Database.add`.
        SourceError: as by `Database.add`.
        MismatchError: the cluster's encoder is not the one that made the book's vectors.
        ClusterError: the cluster is gone, some node does not see the folder, or workers are lost again and
            again. Calling again resumes.
    """
    session.require_shared(database.path)
    tasks = _ShardTasks(session, places, _encoder(session, places[0], database.settings), tell)
    with _ClusterBookWriter(
        open_book(database.path, to_change=True), _no_encoder, progress, tasks=tasks
    ) as writer:
        report = writer.add(
            documents,
            sync=sync,
            on_error=on_error,
            batch_characters=_batch_characters(writer.opened, tasks.encoder),
            progress=progress,
        )
    database.refresh()
    return report


def _encoder(session: RaySession, place: WorkPlace, settings: DatabaseSettings) -> EncoderDescription | None:
    described = describe_encoder(session, place)
    if described is not None and described.fingerprint != settings.embedder_fingerprint:
        raise MismatchError(
            f"the book's vectors were made with {settings.embedder} {settings.embedder_fingerprint}, and the "
            f"cluster loads {described.fingerprint} from {described.source}; use the same weights"
        )
    return described


def _batch_characters(book: BookFolder, encoder: EncoderDescription | None) -> int:
    """Text between two commits: so much for each shard, whoever writes it."""
    of_shard = INDEXED_CHARACTERS if encoder is None else ENCODED_CHARACTERS
    return min(len(book.manifest.shards) * of_shard, _MOST_CHARACTERS)


def _no_encoder() -> Embedder:
    raise AssertionError("tasks encode")


@dataclass
class _ShardTasks:
    """Runs tasks at shards' copies, and counts what is lost."""

    session: RaySession
    places: Sequence[WorkPlace]
    encoder: EncoderDescription | None
    tell: Tell
    lost: int = field(init=False, default=0)

    def run(
        self,
        task: Callable[..., Any],
        arguments: Mapping[int, tuple[Any, ...]],
        *,
        waiting: Callable[[set[int]], None] = lambda done: None,
        with_place: Callable[[WorkPlace], tuple[Any, ...]] = lambda place: (),
    ) -> dict[int, Any]:
        """Run a task for each shard; returns what each gave.

        Args:
            task: what a worker calls.
            arguments: of each shard's call.
            waiting: called each second with the shards that are done.
            with_place: what is appended to the arguments of a task at a place.
        """
        remote = self.session.ray.remote(num_cpus=1, max_retries=0)(task)
        before = self.lost
        done: dict[int, Any] = {}

        def submit(shard: int, place: WorkPlace) -> Any:
            self.session.require_head()  # else Ray waits for it
            given = (*arguments[shard], *with_place(place))
            return remote.options(scheduling_strategy=place.strategy()).remote(*given)

        queue = TaskQueue(self.session, self.places, submit, shard_name)

        def look() -> None:
            waiting(set(done))
            if before + queue.lost > self.lost:
                self.lost = before + queue.lost
                self.tell(said_of_lost(self.lost))

        for shard, result in queue.run(arguments, waiting=look):
            done[shard] = result
        look()
        return done


@dataclass
class _ClusterBookWriter(BookWriter):
    """Writes to the shards' copies by tasks; all else is done here, as on one machine."""

    tasks: _ShardTasks = field(kw_only=True)
    _signs: dict[int, CopyAddress] = field(init=False, default_factory=dict)
    """Of the copies that workers may write to."""
    _has_batch: bool = field(init=False, default=False)
    """Whether a batch is written that is not committed."""

    def write(self, documents: Sequence[AnyDocument], replaced: Iterable[str]) -> int:
        if self._has_batch:
            self.publish()
        chunks = super().write(documents, replaced)
        self._has_batch = True
        return chunks

    def is_due(self) -> bool:
        """Commit before the next batch: the last one is committed with what follows from it."""
        return False

    def write_parts(self, parts: Mapping[int, ShardPart]) -> int:
        copies = {place: self.copy(place) for place in parts}
        before = {place: copy.folder.catalog.head() for place, copy in copies.items()}
        characters = {place: sum(map(characters_of, part.documents)) for place, part in parts.items()}
        board = BoardReader(self.tasks.session)

        def tell_progress(done: set[int]) -> None:
            told = sum(characters[place] for place in done) + board.done(but=done)
            self.text_progress.part(told, sum(characters.values()))

        largest_first = sorted(parts, key=lambda place: -characters[place])
        for place in largest_first:
            write_part_file(self._address(place).part_file, parts[place])
        counted_unknown = self.tasks.run(
            add_part,
            {place: (self._address(place), before[place].version) for place in largest_first},
            waiting=tell_progress,
            with_place=lambda place: (place.encoder, self.tasks.encoder, board.actor),
        )
        for place in parts:
            self.unknown.include(counted_unknown[place])
        heads = {place: copy.folder.catalog.head() for place, copy in copies.items()}
        return sum(heads[place].num_chunks - before[place].num_chunks for place in parts)

    def finish_shards(
        self,
        places: Sequence[int],
        *,
        shards: int,
        trained: TrainedIndex | None = None,
        bulk: bool,
        progress: Progress,
    ) -> None:
        copies = {place: self.copy(place).opened() for place in places}
        behind = [place for place in places if needs_index(copies[place], shards=shards, bulk=bulk)]
        told = stage(progress, "completing the indexes") if behind else silent
        self.tasks.run(
            index_copy,
            {place: (self._address(place), shards, trained, bulk) for place in behind},
            waiting=lambda done: told(len(done), len(behind)),
        )

    def shard(self, place: int) -> DatabaseWriter:
        self._withdraw(place)
        return super().shard(place)

    def _address(self, place: int) -> CopyAddress:
        """Let workers write to a shard's copy."""
        copy = self.copy(place)
        copy.close()
        if place not in self._signs:
            folder = copy.folder.path
            address = CopyAddress(str(self.opened.path), place, str(folder), f"{uuid4().hex}.lock")
            address.sign_file.touch()
            self._signs[place] = address
        return self._signs[place]

    def _withdraw(self, place: int) -> None:
        """Let no worker write to a shard's copy any more, also none that was given up and still runs."""
        if (address := self._signs.pop(place, None)) is not None:
            address.sign_file.unlink()
            require_free_shard(self.opened.path, place)
            address.part_file.unlink(missing_ok=True)

    def publish(self) -> None:
        self.renew_words()
        for place in tuple(self._signs):
            self._withdraw(place)
        self._has_batch = False
        super().publish()

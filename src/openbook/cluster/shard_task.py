"""Building one shard in a worker: beside its place, resumed if a worker before was lost, then put there.

Nothing that stands in a shard follows from who builds it: batches end after so much text, not after so much
time, and a resumed shard goes on where a batch ended. So the arrays of chunks and vectors are the same bytes
whatever was lost on the way (on the same kind of processor; others may round vectors differently).
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openbook.cluster.build_plan import BUILDING, BuildPlan, book_tokenizer, shard_name
from openbook.cluster.remote_encoder import remote_embedder
from openbook.cluster.shared_index import fill_shared_index, needs_index, trained_index
from openbook.cluster.source_plan import ChangedSourceError
from openbook.database.search.embedder import Embedder
from openbook.database.shards.shard_copies import LONGEST_LOCK
from openbook.database.storage.catalog import FILE_NAME, Catalog
from openbook.database.storage.catalog_columns import Commit
from openbook.database.storage.database_folder import DatabaseFolder, open_folder
from openbook.database.storage.sealed import naming_errors
from openbook.database.write.creation import create_folder
from openbook.database.write.database_writer import DatabaseWriter
from openbook.database.write.writer import AddReport
from openbook.durable import sync_folder, sync_tree
from openbook.errors import ClusterError
from openbook.lock import wait_for_lock

ENCODED_CHARACTERS = 400_000
"""Of text between two commits: some seconds of a core that encodes, and what is lost with a worker."""
INDEXED_CHARACTERS = 4_000_000
"""The same where only words are indexed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardReport:
    """What a shard holds, and what building it found out."""

    documents: int
    chunks: int
    is_new: bool
    """Whether it was written by this call; else it was there."""
    waits: bool = False
    """Whether it is to be put in its place by `index_shard`, when all shards' vectors are there."""
    unknown_tokens: int = 0
    unknown_examples: tuple[str, ...] = ()


def build_shard(book: str, number: int, encoder: Any = None, board: Any = None) -> ShardReport:
    """Write a shard of a planned book, unless it is there, and put it in its place.

    A large shard with vectors waits for an index that all of them share.

    Args:
        book: the folder.
        number: of the shard.
        encoder: Ray's handle of an `EncoderActor`; None: words only.
        board: Ray's handle of a `ProgressBoard`; None: nobody asks.

    Raises:
        SourceError: the sources cannot be read, or are not what was planned any more.
        ClusterError: another worker is at the shard and does not end.
    """
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # a worker is one core, whatever runs beside it
    shard = _Shard(Path(book), number)
    with shard.held() as found:
        if found is not None:
            return found
        plan = BuildPlan.read(shard.book)
        embedder = None if plan.encoder is None else remote_embedder(encoder, plan.encoder)
        written = shard.write(plan, embedder, telling(board, number))
        waits = needs_index(shard.unfinished, shards=len(plan.shards))
        if waits:
            shard.complete_rows.touch()
        else:
            shard.put_in_place()
        now = shard.report(is_new=True, waits=waits)
        return replace(now, unknown_tokens=written.unknown_tokens, unknown_examples=written.unknown_examples)


def write_shard(
    book: Path, number: int, plan: BuildPlan, embedder: Embedder | None, progress: "TextTold"
) -> ShardReport:
    """Write a shard in a folder that no other worker sees; a large one with vectors waits for its index.

    Args:
        book: the folder, with plan and tokenizer.
        number: of the shard.
        plan: of the book.
        embedder: the encoder; None: words only.
        progress: told how much text is done.

    Raises:
        SourceError: as by `build_shard`.
    """
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    shard = _Shard(book, number)
    written = shard.write(plan, embedder, progress)
    waits = needs_index(shard.unfinished, shards=len(plan.shards))
    shard.put_in_place()
    now = replace(shard.report(is_new=True), waits=waits)
    return replace(now, unknown_tokens=written.unknown_tokens, unknown_examples=written.unknown_examples)


def index_shard(book: str, number: int, shards: int) -> None:
    """Make the dense index of a shard whose rows are complete, and put it in its place.

    Args:
        book: the folder.
        number: of the shard.
        shards: of the book.

    Raises:
        ClusterError: another worker is at the shard and does not end.
    """
    shard = _Shard(Path(book), number)
    with shard.held():
        if not shard.final.is_dir():
            fill_shared_index(shard.unfinished, trained_index(shard.book), shards=shards)
            shard.put_in_place()


class _Shard:
    """The places of a shard.

    Args:
        book: the folder.
        number: of the shard.
    """

    def __init__(self, book: Path, number: int) -> None:
        name = shard_name(number)
        self.book = book
        self.number = number
        self.final = book / name
        self.unfinished = book / BUILDING / name
        self.complete_rows = book / BUILDING / f"{name}.rows"
        """A file that says that only the dense index is missing."""

    @contextmanager
    def held(self) -> Iterator[ShardReport | None]:
        """Let no other worker write the shard; gives what it holds if there is nothing to write."""
        if self.final.is_dir():
            yield self.report()
            return
        lock = wait_for_lock(
            self.book / BUILDING / f"{self.final.name}.lock", seconds=LONGEST_LOCK, error=ClusterError
        )
        try:
            if self.final.is_dir():  # a worker that was given up has completed it meanwhile
                yield self.report()
            elif self.complete_rows.exists():
                yield self.report(waits=True)
            else:
                yield None
        finally:
            lock.release()

    def report(self, *, is_new: bool = False, waits: bool = False) -> ShardReport:
        """What it holds."""
        head = Catalog(self.unfinished if waits else self.final).head()
        return ShardReport(
            documents=head.totals.documents, chunks=head.num_chunks, is_new=is_new, waits=waits
        )

    def put_in_place(self) -> None:
        """Put it where it belongs: complete or absent."""
        with naming_errors(self.final):
            sync_tree(self.unfinished)
            self.unfinished.rename(self.final)
            sync_folder(self.book, files=False)
            self.complete_rows.unlink(missing_ok=True)

    def write(self, plan: BuildPlan, embedder: Embedder | None, progress: "TextTold") -> AddReport:
        """Write what a worker before has not written."""
        arguments = plan, self.book, self.unfinished, self.number, embedder, progress
        try:
            report = _write(*arguments)
            if not _is_whole(Catalog(self.unfinished).head(), plan.shards[self.number].documents):
                shutil.rmtree(self.unfinished)  # a reading before found other text than was planned
                report = _write(*arguments)
        except ChangedSourceError:
            shutil.rmtree(self.unfinished, ignore_errors=True)
            raise
        return report


def _write(
    plan: BuildPlan,
    book: Path,
    unfinished: Path,
    number: int,
    embedder: Embedder | None,
    progress: "TextTold",
) -> AddReport:
    """Write all documents of the shard that are not written yet."""

    def loaded() -> Embedder:
        assert embedder is not None
        return embedder

    folder = _opened(plan, book, unfinished, embedder)
    documents = plan.shards[number].read(plan.sources)
    characters = INDEXED_CHARACTERS if embedder is None else ENCODED_CHARACTERS
    with DatabaseWriter(folder, loaded, of_book=True, dense=False) as writer:
        return writer.add(documents, batch_characters=characters, progress=progress)


def _opened(plan: BuildPlan, book: Path, unfinished: Path, embedder: Embedder | None) -> DatabaseFolder:
    """The shard's folder, made if no worker before has."""
    if (unfinished / FILE_NAME).is_file():
        return open_folder(unfinished)
    settings, tokenizer = plan.settings, book_tokenizer(book)
    tokenizer.name = settings.tokenizer
    return create_folder(
        unfinished,
        tokenizer,
        embedder,
        chunk_size=settings.chunk_size,
        holdout=settings.holdout,
        holdout_ids=settings.holdout_ids,
        decontaminate=settings.decontaminate,
        deduplicate=settings.deduplicate,
    )


def _is_whole(head: Commit, documents: int) -> bool:
    """Whether a shard holds as many documents as were planned, and nothing that was replaced."""
    return head.totals.documents == documents and head.totals.chunks == head.num_chunks


class TextTold:
    """A Progress that tells the board how much text is done."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell

    def __call__(self, done: int, of: int | None) -> None:
        """Documents are not counted."""

    def text_done(self, characters: int) -> None:
        """Tell the board."""
        self._tell(characters)


def telling(board: Any, number: int) -> TextTold:
    """Tell the board how far the task is; None: nobody."""
    return TextTold(lambda done: None if board is None else board.tell.remote(number, done))

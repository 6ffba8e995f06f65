"""Computing the neighbor table, in blocks of rows that stay when it is interrupted, and only where needed.

A table of an older version is extended: its rows are copied, and searched again where something may have
changed. That is where a neighbor was lost, where the chunk is new or held out, and where a new chunk finds an
old one, which may have it as a neighbor now. A table of neighbors in another database is extended by new
chunks while that database stays as it was; if it did not, all are searched.
"""

import shutil
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.database import Database
from openbook.database.near_copies.exclusions import awaits_comparison
from openbook.database.neighbors.finder import BlockSearch, NeighborFinder, book_of, search_blocks
from openbook.database.neighbors.table import NeighborTable
from openbook.database.search.dense import nothing_found
from openbook.database.search.dense_store import TAIL_FOR_BULK, is_large, needs_care
from openbook.database.search.searcher import check_mode
from openbook.database.storage.database_folder import require_no_shard
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.neighbor_files import BEGUN, BookStamp, TableStamp, table_stamp, wanted_stamp
from openbook.database.storage.remote_folder import require_no_copy
from openbook.database.storage.sealed import naming_errors, read_sealed, write_sealed
from openbook.errors import DatabaseError, OpenbookWarning, SettingsError, empty_error, type_error
from openbook.given import require_whole
from openbook.lock import take_lock
from openbook.phrases import command, part_of
from openbook.progress import Progress, silent, stage
from openbook.search_modes import SearchMode

_REVERSE_NEIGHBORS = 64
"""Old chunks that each new one names as possibly changed."""
_SEARCH_ALL_ABOVE = 0.5
"""Share of the chunks; if more may have changed neighbors, searching all is little more work, misses none."""
_SAVED = 10
"""Neighbors of each chunk, unless more are asked for."""
_MANY_WITHOUT = 0.5
"""Share of the chunks without a neighbor from which on it is worth a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableBlocks:
    """How much of a table is computed at a time."""

    chunks: int = 2048
    """Searched in one call."""
    seconds: float = 2.0
    """Between two writes, for each waits for the disk."""
    rebuild_below: int = 5_000
    """Chunks; a table of fewer is not extended, for searching all of them takes seconds."""


def build_neighbors(
    database: Database,
    *,
    book: Database | None = None,
    k: int | None = None,
    mode: str | None = None,
    rebuild: bool = False,
    blocks: TableBlocks | None = None,
    search: BlockSearch = search_blocks,
    progress: Progress = silent,
) -> NeighborTable:
    """Compute and save the table of the database's version; resume where an interrupted call stopped.

    A chunk is never its own neighbor, nor is any chunk of its document, nor of a document of the book that
    has the same id or the same tokens; held-out documents have neighbors and are nobody's.

    Args:
        database: not empty; it keeps the table.
        book: the database whose chunks are the neighbors; None: that of the table there is, else the same
            one.
        k: neighbors to save for each chunk; None: 10, or as many as the table there is has, if those are
            more.
        mode: of search in the book; None: that of the table there is, if it is of this book, else hybrid
            where it has vectors, else bm25.
        rebuild: search every chunk, even where an older table could be extended.
        blocks: how much is computed at a time; None: as much as suits most machines.
        search: searches the blocks, such as `openbook.cluster.neighbor_job.ClusterSearch`.
        progress: called with how many chunks are searched, and of how many.

    Raises:
        DatabaseError: a database is empty or cannot be written to, or another process is at this table.
        MismatchError: tokenizer or chunk size of the book are others.
        SettingsError: k below 1, or a mode that the book does not have.
    """
    for where, one in (("database", database), ("book", book)):
        if one is not None and not isinstance(one, Database):
            raise type_error(one, "a Database", where=where, remedy="give openbook.Database.open(folder)")
    before = wanted_stamp(database.opened.files.neighbors)
    if k is None:
        k = _SAVED if before is None else max(_SAVED, before.k)
    require_whole(k, where="k")
    if k < 1:
        raise SettingsError(f"k = {k}: at least 1 neighbor must be saved")
    require_no_shard(database.path)
    if book is None and before is not None and before.book is not None:
        book = _book_before(before.book, database.path)
    if book is None or book.path.resolve() == database.path.resolve():
        book = database
    if mode is None and before is not None and _is_book(before, database, book):
        mode = before.mode
    has_dense = book_of(database.opened, book.opened).vectors is not None
    checked = check_mode(mode, has_dense=has_dense)
    _make_ready(database, book, mode=checked, progress=progress)
    finder = NeighborFinder(database.opened, book.opened)
    if not finder.corpus.layout.live.any():
        raise empty_error(database.path)
    require_no_copy(database.path)
    lock = take_lock(database.path / "neighbors.lock")
    try:
        if database.catalog.head().generation != finder.corpus.files.generation:
            raise DatabaseError(f"{database.path}: was compacted since it was opened; open it again")
        writer = _TableWriter(finder, k, checked, blocks or TableBlocks(), search, progress)
        writer.write(rebuild=rebuild)
    finally:
        lock.release()
    table = NeighborTable.load(finder.corpus, book=finder.book)
    _warn_of_few(finder, table)
    return table


def _book_before(stamp: BookStamp, corpus: Path) -> Database:
    """Open the book of the last table.

    Raises:
        DatabaseError: it is gone; says what to do.
    """
    place = stamp.place(corpus)
    try:
        return Database.open(place)
    except DatabaseError as error:
        raise DatabaseError(
            f"{corpus}: the book of its neighbor table cannot be opened: {error}; name a book: "
            f"{command('neighbors', corpus, '--book', corpus)}"
        ) from error


def _is_book(stamp: TableStamp, database: Database, book: Database) -> bool:
    """Whether a table's neighbors are in this book."""
    place = database.path if stamp.book is None else stamp.book.place(database.path)
    return place.resolve() == book.path.resolve()


def _warn_of_few(finder: NeighborFinder, table: NeighborTable) -> None:
    """Say so where most chunks have no neighbor: a model that trains on them learns to do without."""
    rows = _live_rows(finder.corpus.layout)
    without = int((table.ids[:, :1][:][rows, 0] < 0).sum())
    if without > _MANY_WITHOUT * rows.sum():
        book = finder.book.path
        found = "shares a word with them" if table.mode == "bm25" else "is there for them"
        warnings.warn(
            f"{finder.corpus.path}: {part_of(without, int(rows.sum()), 'chunk', 'have')} no "
            "neighbor: no other "
            f"document of {book} {found}; see what it holds: {command('info', book)}",
            OpenbookWarning,
            stacklevel=3,
        )


def _make_ready(database: Database, book: Database, *, mode: SearchMode, progress: Progress) -> None:
    """Complete what an interrupted `add` left, and let the book's indexes catch up.

    Raises:
        DatabaseError: an `add` is to be completed while another process is writing.
    """
    for each in {database, book}:
        if awaits_comparison(each.layout, each.settings):
            each.catch_up(progress=stage(progress, "completing the last addition"))
    if mode != "dense":
        with suppress(DatabaseError):  # while another process writes, its words are those of before
            if not book.opened.searcher.indexes.lexical.is_current:
                book.catch_up(progress=progress)
    if mode == "bm25" or not is_large(book.layout):
        return
    # What the dense index does not hold yet is searched exactly: expensive where every chunk is a query.
    if needs_care(book.opened.files.dense, book.layout, longest_tail=TAIL_FOR_BULK):
        with suppress(DatabaseError):  # while another process writes, it is done without
            book.catch_up(bulk=True, progress=progress)


Block = tuple[int, NDArray[np.int64], NDArray[np.float32]]
"""Number of the first row, ids and scores of rows that follow each other."""


class _TableWriter:
    """Writes the table of one version, in the folder of its generation.

    Args:
        finder: of the neighbors.
        k: neighbors of each chunk.
        mode: of search.
        blocks: how much is computed at a time.
        search: searches the blocks.
        progress: called with how many chunks are searched, and of how many.
    """

    def __init__(
        self,
        finder: NeighborFinder,
        k: int,
        mode: SearchMode,
        blocks: TableBlocks,
        search: BlockSearch,
        progress: Progress,
    ) -> None:
        self.finder = finder
        self.blocks = blocks
        self.search = search
        self.progress = progress
        self.layout = finder.corpus.layout
        self.folder = finder.corpus.files.neighbors
        self.stamp = finder.table_stamp(k=k, mode=mode)

    def write(self, *, rebuild: bool) -> None:
        """Write the table unless it is there, beside the older one, then put it in its place."""
        _finish_move(self.folder)
        old = None if rebuild else self._older_table()
        if old is not None and old.version == self.stamp.version:
            return
        unfinished = self.folder.with_name(f"{self.folder.name}.new")
        with naming_errors(unfinished):
            done = _begin(unfinished, self.stamp, old)
            wanted = self._rows_to_search(old)
            ids, scores = self.stamp.arrays(unfinished)
            for first, found_ids, found_scores in self._gathered(self._computed(old, wanted, done)):
                ids.append(found_ids, first=first)
                scores.append(found_scores, first=first)
            self.stamp.write(unfinished)
        _finish_move(self.folder)

    def _older_table(self) -> NeighborTable | None:
        """The table to extend; None if there is none of this kind, or none that is sound."""
        wanted = self.stamp
        try:
            found = table_stamp(self.folder)
            if found is None or found.version > wanted.version:
                return None
            if found.kind != wanted.kind:
                return None
            ids, scores = (array.rows(found.num_chunks) for array in found.arrays(self.folder))
            if len(ids.damaged()) or len(scores.damaged()):
                return None
        except DatabaseError:
            return None
        return NeighborTable(ids, scores, found.version, found.mode, self.finder.book)

    def _rows_to_search(self, old: NeighborTable | None) -> NDArray[np.bool_]:
        """[num_chunks]: the rows that cannot be copied from the older table."""
        layout, finder = self.layout, self.finder
        live = _live_rows(layout)
        if old is None or (finder.is_own_book and layout.num_chunks < self.blocks.rebuild_below):
            return live
        ids = np.full((layout.num_chunks, self.stamp.k), -1, dtype=np.int64)
        ids[: len(old.ids)] = old.ids[:]
        new = (layout.added > old.version)[layout.document_of] | (ids[:, 0] < 0)
        lost = ((ids >= 0) & ~finder.retrievable[np.where(ids >= 0, ids, 0)]).any(axis=1)
        if not finder.is_own_book:
            return live & (new | lost)
        wanted = live & (new | lost | layout.holdout[layout.document_of])
        for named in self._nearest_of_new(np.flatnonzero(live & new & layout.retrievable)):
            wanted[named] = True
            if wanted.sum() > _SEARCH_ALL_ABOVE * live.sum():
                return live
        return wanted

    def _nearest_of_new(self, chunks: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """The chunks that new ones find, some of these after the others: they may be neighbors now."""
        corpus = self.finder.corpus
        for start in range(0, len(chunks), self.blocks.chunks):
            queries = corpus.chunk_queries(chunks[start : start + self.blocks.chunks])
            named, _ = corpus.searcher.search(queries, k=_REVERSE_NEIGHBORS, mode=self.stamp.mode)
            yield named[named >= 0]

    def _computed(self, old: NeighborTable | None, wanted: NDArray[np.bool_], done: int) -> Iterator[Block]:
        """All rows from `done` on, searched where wanted, else those of the older table.

        A block ends before the next row to search, here for wanted rows 1 2 5 6 and two of them at a time:

            rows     0 1 2 3 4 | 5 6 7 8
            search     x x       x x
        """
        live, k = _live_rows(self.layout), self.stamp.k
        rows = np.flatnonzero(wanted)
        searched = int(np.searchsorted(rows, done))
        starts = range(searched, len(rows), self.blocks.chunks)
        parts = [rows[start : start + self.blocks.chunks] for start in starts]
        found = self.search(self.finder, parts, k, self.stamp.mode)
        while done < self.stamp.num_chunks:
            part = rows[searched : searched + self.blocks.chunks]
            searched += len(part)
            end = int(rows[searched]) if searched < len(rows) else self.stamp.num_chunks
            ids, scores = nothing_found(end - done, k)
            if old is not None and done < len(old.ids):
                copied = old.ids[done:end]
                ids[: len(copied)], scores[: len(copied)] = copied, old.scores[done:end]
            dead = ~live[done:end]
            ids[dead], scores[dead] = -1, 0
            if len(part):
                ids[part - done], scores[part - done] = next(found)
            yield done, ids, scores
            done = end
            self.progress(searched, len(rows))

    def _gathered(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Blocks joined until some seconds have passed."""
        held: list[Block] = []
        last = time.monotonic()
        for block in blocks:
            held.append(block)
            if time.monotonic() - last > self.blocks.seconds:
                yield _joined(held)
                held, last = [], time.monotonic()
        if held:
            yield _joined(held)


def _finish_move(final: Path) -> None:
    """Put a complete new table in the old one's place; after an interruption the next call does the rest."""
    new = final.with_name(f"{final.name}.new")
    old = final.with_name(f"{final.name}.old")
    with naming_errors(new):
        if (new / "table.json").exists():
            if final.exists():
                shutil.rmtree(old, ignore_errors=True)
                final.rename(old)
            new.rename(final)
        shutil.rmtree(old, ignore_errors=True)


def _begin(folder: Path, stamp: TableStamp, old: NeighborTable | None) -> int:
    """Make the folder ready; returns how many sound rows an interrupted call left there."""
    purpose = stamp.values() | {"extends": None if old is None else old.version}
    try:
        begun = read_sealed(folder / BEGUN)
    except DatabaseError:
        begun = {}
    if begun != purpose:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        write_sealed(folder / BEGUN, purpose)
        return 0
    arrays = stamp.arrays(folder)
    done = min(stamp.num_chunks, *(array.whole_rows() for array in arrays))
    for array in arrays:
        damaged = array.rows(done).damaged()
        done = int(damaged[0]) if len(damaged) else done
    for array in arrays:
        array.truncate(done)
    return done


def _live_rows(layout: ChunkLayout) -> NDArray[np.bool_]:
    """[num_chunks]: the chunks that have neighbors at all."""
    live: NDArray[np.bool_] = layout.live[layout.document_of] & ~layout.kept_out
    return live


def _joined(blocks: list[Block]) -> Block:
    return blocks[0][0], np.concatenate([b[1] for b in blocks]), np.concatenate([b[2] for b in blocks])

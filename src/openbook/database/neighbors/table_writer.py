"""Computing the neighbor table, in blocks of rows that stay when it is interrupted, and only where needed.

A table of an older version is extended: its rows are copied, and searched again where something may have
changed. That is where a neighbor was lost, where the chunk is new or held out, and where a new chunk, asked
for its own nearest, names an old one. A table of neighbors in another database is extended by new chunks
while that database stays as it was; if it did not, all are searched.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.database import Database
from openbook.database.near_copies.exclusions import awaits_comparison
from openbook.database.neighbors.finder import NeighborFinder, book_of
from openbook.database.neighbors.table import NeighborTable
from openbook.database.search.dense_store import TAIL_FOR_BULK, is_large, needs_care
from openbook.database.search.searcher import check_mode
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.neighbor_files import BEGUN, TableStamp, table_stamp
from openbook.database.storage.sealed import naming_errors, read_sealed, write_sealed
from openbook.database.storage.settings import SearchMode
from openbook.errors import DatabaseError, SettingsError
from openbook.lock import take_lock
from openbook.progress import Progress, silent, stage

_BATCH = 2048
"""Chunks searched at a time."""
_SECONDS_BETWEEN_WRITES = 2.0
_REVERSE_NEIGHBORS = 64
"""Old chunks that each new one names as possibly changed."""
_REBUILD_BELOW = 5_000
"""Chunks; searching all of them takes seconds."""


def build_neighbors(
    database: Database,
    *,
    book: Database | None = None,
    k: int = 10,
    mode: str | None = None,
    rebuild: bool = False,
    progress: Progress = silent,
) -> NeighborTable:
    """Compute and save the table of the database's version; goes on where an interrupted call stopped.

    A chunk is never its own neighbor, nor is any chunk of its document, nor of a document of the book that
    has the same id or the same tokens; held-out documents have neighbors and are nobody's.

    Args:
        database: not empty; it keeps the table.
        book: the database whose chunks are the neighbors; None: the same one.
        k: neighbors to save for each chunk.
        mode: of search in the book; None: dense where it has vectors, else bm25.
        rebuild: search every chunk, even where an older table could be extended.
        progress: told how many chunks are searched, and of how many.

    Raises:
        DatabaseError: a database is empty or cannot be written to, or another process is at this table.
        MismatchError: tokenizer or chunk size of the book are others.
        SettingsError: k below 1, or a mode that the book does not have.
    """
    if book is None or book.path.resolve() == database.path.resolve():
        book = database
    has_dense = book_of(database.opened, book.opened).vectors is not None
    checked = check_mode(mode, has_dense=has_dense)
    _make_ready(database, book, mode=checked, progress=progress)
    finder = NeighborFinder(database.opened, book.opened)
    corpus, layout = finder.corpus, finder.corpus.layout
    if not layout.live.any():
        raise DatabaseError(
            f"{database.path}: is empty; add documents first: openbook add {database.path} SOURCE"
        )
    if k < 1:
        raise SettingsError(f"k = {k}: at least 1 neighbor must be saved")
    stamp = TableStamp(layout.version, checked, k, layout.num_chunks, finder.stamp())
    lock = take_lock(database.path / "neighbors.lock")
    try:
        if database.catalog.head().generation != corpus.files.generation:
            raise DatabaseError(f"{database.path}: was compacted since it was opened: open it again")
        _finish_move(corpus.files.neighbors)
        old = None if rebuild else _older_table(finder, stamp)
        if old is None or old.version != stamp.version:
            _build(finder, stamp, old, progress)
    finally:
        lock.release()
    return NeighborTable.load(corpus, book=finder.book)


def _make_ready(database: Database, book: Database, *, mode: SearchMode, progress: Progress) -> None:
    """Complete what an interrupted `add` left, and let the book's dense index catch up.

    Raises:
        DatabaseError: an `add` is to be completed while another process is writing.
    """
    for each in {database, book}:
        if awaits_comparison(each.layout, each.settings):
            each.catch_up(progress=stage(progress, "completing the last addition"))
    if mode == "bm25" or not is_large(book.layout):
        return
    # What the dense index does not hold yet is searched exactly: expensive where every chunk is a query.
    if needs_care(book.opened.files.dense, book.layout.num_chunks, longest_tail=TAIL_FOR_BULK):
        with suppress(DatabaseError):  # while another process writes, it is done without
            book.catch_up(bulk=True, progress=progress)


def _older_table(finder: NeighborFinder, stamp: TableStamp) -> NeighborTable | None:
    """The table to extend; None if there is none of this kind, or none that is sound."""
    folder = finder.corpus.files.neighbors
    kind = (stamp.mode, stamp.k, stamp.book)
    try:
        found = table_stamp(folder)
        if found is None or (found.mode, found.k, found.book) != kind or found.version > stamp.version:
            return None
        ids, scores = (array.rows(found.num_chunks) for array in found.arrays(folder))
        if len(ids.damaged()) or len(scores.damaged()):
            return None
    except DatabaseError:
        return None
    return NeighborTable(ids, scores, found.version, found.mode, finder.book)


def _build(finder: NeighborFinder, stamp: TableStamp, old: NeighborTable | None, progress: Progress) -> None:
    """Write the table beside the one that is there, then put it in its place."""
    final = finder.corpus.files.neighbors
    folder = final.with_name(f"{final.name}.new")
    with naming_errors(folder):
        done = _begin(folder, stamp, old)
        wanted = _rows_to_search(finder, stamp, old)
        ids, scores = stamp.arrays(folder)
        for first, found_ids, found_scores in _gathered(_blocks(finder, stamp, old, wanted, done, progress)):
            ids.append(found_ids, first=first)
            scores.append(found_scores, first=first)
        stamp.write(folder)
    _finish_move(final)


def _finish_move(final: Path) -> None:
    """Put a complete new table in the old one's place; after an interruption the next call does the rest."""
    new, old = (final.with_name(f"{final.name}.{end}") for end in ("new", "old"))
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
    arrays = stamp.arrays(folder)
    if begun != purpose:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        write_sealed(folder / BEGUN, purpose)
        return 0
    done = min(stamp.num_chunks, *(array.whole_rows() for array in arrays))
    for array in arrays:
        damaged = array.rows(done).damaged()
        done = int(damaged[0]) if len(damaged) else done
    for array in arrays:
        array.truncate(done)
    return done


def _rows_to_search(
    finder: NeighborFinder, stamp: TableStamp, old: NeighborTable | None
) -> NDArray[np.bool_]:
    """[num_chunks]: the rows that cannot be copied from the older table."""
    corpus, layout = finder.corpus, finder.corpus.layout
    live = _live_rows(layout)
    if old is None or (finder.is_own_book and layout.num_chunks < _REBUILD_BELOW):
        return live
    ids = np.full((layout.num_chunks, stamp.k), -1, dtype=np.int64)
    ids[: len(old.ids)] = old.ids[:]
    new = (layout.added > old.version)[layout.document_of] | (ids[:, 0] < 0)
    lost = ((ids >= 0) & ~finder.retrievable[np.where(ids >= 0, ids, 0)]).any(axis=1)
    if not finder.is_own_book:
        return live & (new | lost)
    wanted = live & (new | lost | layout.holdout[layout.document_of])
    for part in _in_batches(np.flatnonzero(live & new & layout.retrievable)):
        named, _ = corpus.searcher.search(corpus.chunk_queries(part), k=_REVERSE_NEIGHBORS, mode=stamp.mode)
        wanted[named[named >= 0]] = True
        if wanted.sum() > 0.5 * live.sum():
            return live
    return wanted


def _in_batches(chunks: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    return (chunks[start : start + _BATCH] for start in range(0, len(chunks), _BATCH))


Block = tuple[int, NDArray[np.int64], NDArray[np.float32]]
"""Number of the first row, ids and scores of rows that follow each other."""


def _blocks(
    finder: NeighborFinder,
    stamp: TableStamp,
    old: NeighborTable | None,
    wanted: NDArray[np.bool_],
    done: int,
    progress: Progress,
) -> Iterator[Block]:
    """All rows from `done` on, searched where wanted, else those of the older table."""
    live = _live_rows(finder.corpus.layout)
    rows = np.flatnonzero(wanted)
    searched = int(np.searchsorted(rows, done))
    total = len(rows)
    while done < stamp.num_chunks:
        part = rows[searched : searched + _BATCH]
        searched += len(part)
        end = int(rows[searched]) if searched < total else stamp.num_chunks
        ids = np.full((end - done, stamp.k), -1, dtype=np.int64)
        scores = np.zeros((end - done, stamp.k), dtype=np.float32)
        if old is not None and done < len(old.ids):
            copied = old.ids[done:end]
            ids[: len(copied)], scores[: len(copied)] = copied, old.scores[done:end]
        dead = ~live[done:end]
        ids[dead], scores[dead] = -1, 0
        if len(part):
            ids[part - done], scores[part - done] = finder.nearest(part, k=stamp.k, mode=stamp.mode)
        yield done, ids, scores
        done = end
        progress(searched, total)


def _live_rows(layout: ChunkLayout) -> NDArray[np.bool_]:
    """[num_chunks]: the chunks that have neighbors at all."""
    live: NDArray[np.bool_] = (layout.live & ~layout.excluded)[layout.document_of]
    return live


def _gathered(blocks: Iterator[Block]) -> Iterator[Block]:
    """Blocks joined until some seconds have passed: each write waits for the disk."""
    held: list[Block] = []
    last = time.monotonic()
    for block in blocks:
        held.append(block)
        if time.monotonic() - last > _SECONDS_BETWEEN_WRITES:
            yield _joined(held)
            held, last = [], time.monotonic()
    if held:
        yield _joined(held)


def _joined(blocks: list[Block]) -> Block:
    return blocks[0][0], np.concatenate([b[1] for b in blocks]), np.concatenate([b[2] for b in blocks])

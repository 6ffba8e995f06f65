"""Repair of a damaged database, as far as its files follow from others.

Indexes and the neighbor table are deleted and built from scratch, vectors are encoded again from their
chunks, and tokens are believed where their document's fingerprint in the catalog still holds. What is left
has lost its truth: `verify` still names it.
"""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.database import Database
from openbook.database.near_copies.exclusions import awaits_comparison
from openbook.database.neighbors.table_writer import build_neighbors
from openbook.database.search.dense_store import TrainedIndex, trained_index_of
from openbook.database.search.embedder import Embedder, recorded_embedder
from openbook.database.search.lexical import is_current
from openbook.database.shards.book_manifest import BookManifest, is_sharded
from openbook.database.storage import catalog_sql
from openbook.database.storage.arrays import AppendOnlyArray
from openbook.database.storage.catalog import FILE_NAME
from openbook.database.storage.database_folder import DatabaseFolder, open_folder, require_no_shard
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.manifest import NAME as MANIFEST
from openbook.database.storage.manifest import Problem, write_manifest
from openbook.database.storage.neighbor_files import TableStamp, wanted_stamp
from openbook.database.verify import VerifyReport, parts_of, verify, verify_one
from openbook.database.write.database_writer import DatabaseWriter
from openbook.errors import DatabaseError, OpenbookError
from openbook.lock import take_lock
from openbook.progress import Progress, silent, stage
from openbook.text import Tokenizer

_ENCODED_AT_ONCE = 512


def repair(folder: str | Path, *, progress: Progress = silent) -> VerifyReport:
    """Repair what can be repaired, and complete what an interrupted `add` left.

    An index of words that an earlier analyzer made is made again.

    Args:
        folder: of the database.
        progress: called with how much is done, in stages.

    Returns:
        What is damaged afterwards.

    Raises:
        DatabaseError: another process is writing; there is no database.
    """
    folder = Path(folder)
    if is_sharded(folder):
        return _repair_book(folder, progress)
    require_no_shard(folder)
    report = verify(folder, progress=progress)
    if report.ok:
        database = Database.open(folder)
        has_old_words = not is_current(database.opened.files.lexical)
        if has_old_words or awaits_comparison(database.layout, database.settings):
            database.catch_up(progress=progress)
        return report
    try:
        opened = open_folder(folder)
        table = _restore_and_delete(folder, opened, report.problems, progress)
        database = Database.open(folder)
        database.catch_up(progress=progress)
        if table is not None:
            book = None if table.book is None else Database.open(table.book.place(folder))
            stage_progress = stage(progress, "finding neighbors")
            build_neighbors(database, book=book, k=table.k, mode=table.mode, progress=stage_progress)
        write_manifest(opened.catalog)
    except OpenbookError:
        if (after := verify(folder)).ok:
            raise  # nothing is damaged: something else stood in the way
        return after
    return verify(folder)


def _repair_book(book: Path, progress: Progress) -> VerifyReport:
    """Repair each shard in its place, for no document changes, then what is of the book alone."""
    manifest = BookManifest.read(book)
    table = None
    parts = parts_of(book, manifest)
    lock = take_lock(book / "write.lock")
    try:
        for shard in manifest.shards:
            with suppress(OpenbookError):  # what is left is named at the end
                told = stage(progress, f"repairing {shard.folder}")
                others = [book / other.folder for other in manifest.shards if other != shard]
                _repair_shard(book / shard.folder, parts, others, told)
        place = Files.place_of_generation(book, manifest.head.generation) / "neighbors"
        if any(
            problem.file.startswith(place.relative_to(book).as_posix()) for problem in verify(book).problems
        ):
            table = wanted_stamp(place)
            shutil.rmtree(place, ignore_errors=True)
    finally:
        lock.release()
    if not verify(book).ok:
        return verify(book)
    database = Database.open(book)
    database.catch_up(progress=progress)
    if table is not None:
        other = None if table.book is None else Database.open(table.book.place(book))
        build_neighbors(database, book=other, k=table.k, mode=table.mode, progress=progress)
    return verify(book)


def _repair_shard(folder: Path, shards: int, others: Sequence[Path], progress: Progress) -> None:
    """Repair one of so many shards; a new dense index is filled from what the others' were filled from."""
    report = verify_one(folder, shards=shards, progress=progress)
    opened = open_folder(folder)
    if not report.ok:
        _restore_and_delete(folder, opened, report.problems, progress)
    elif is_current(opened.files(opened.catalog.head().generation).lexical):
        return  # else with older words it could not be searched together with one that is repaired
    embedder = cache(lambda: recorded_embedder(opened.settings, where=folder))
    trained = next(filter(None, map(_trained_index, others)), None)
    with DatabaseWriter(opened, embedder, progress, of_book=True, shards=shards, trained=trained) as writer:
        writer.finish(progress=progress)
    write_manifest(opened.catalog)


def _trained_index(folder: Path) -> TrainedIndex | None:
    """What the dense index of a shard was filled from; None: it has none, or a damaged one."""
    with suppress(OpenbookError):
        opened = open_folder(folder)
        return trained_index_of(opened.files(opened.catalog.head().generation).dense)
    return None


def _restore_and_delete(
    folder: Path, opened: DatabaseFolder, problems: list[Problem], progress: Progress
) -> TableStamp | None:
    """Restore the arrays, and delete the indexes and the neighbor table that are damaged.

    Returns:
        What the table was to be, if it is deleted and is to be built again.
    """
    catalog, tokenizer = opened.catalog, opened.tokenizer
    lock = take_lock(folder / "write.lock")
    try:
        snapshot = catalog.snapshot()
        files = opened.files(snapshot.head.generation)
        layout = ChunkLayout.from_snapshot(snapshot, chunk_size=opened.settings.chunk_size)
        if any(problem.file in (FILE_NAME, MANIFEST) for problem in problems):
            _rewrite_catalog(catalog.path, folder / MANIFEST)
        if files.lengths is not None:
            _restore_lengths(files.lengths, files.tokens, layout, tokenizer.eos_id)
            layout = files.layout(snapshot)
        _restore_tokens(files.tokens, layout, catalog.sha256s(), tokenizer)
        if files.vectors is not None:
            embedder = cache(lambda: recorded_embedder(opened.settings, where=folder))
            stage_progress = stage(progress, "encoding damaged chunks")
            _restore_vectors(files, layout, tokenizer, embedder, stage_progress)
        return _delete_damaged(folder, files, problems)
    finally:
        lock.release()


def _delete_damaged(folder: Path, files: Files, problems: list[Problem]) -> TableStamp | None:
    """Delete what is built from scratch by those who need it; see `_restore_and_delete`."""
    table = None
    for part in (files.lexical, files.dense, files.neighbors):
        name = str(part.relative_to(folder))
        if any(problem.file.startswith(name) for problem in problems):
            if part == files.neighbors:
                table = wanted_stamp(part)
            if part.is_dir() and not part.is_symlink():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink(missing_ok=True)
    return table


def _rewrite_catalog(path: Path, manifest: Path) -> None:
    """Write its rows again, which are sound, or it would not have been opened; their checksum comes later."""
    try:
        with closing(catalog_sql.connect(path)) as connection:
            connection.execute("REINDEX")
            connection.execute("VACUUM")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise DatabaseError(f"{path}: cannot be written again: {error}; restore it from a copy") from error
    manifest.unlink(missing_ok=True)


def _damaged_rows(array: AppendOnlyArray, count: int) -> NDArray[np.int64]:
    whole = min(count, array.whole_rows())
    return np.concatenate([array.rows(whole).damaged(), np.arange(whole, count)])


def _restore_lengths(
    array: AppendOnlyArray, tokens: AppendOnlyArray, layout: ChunkLayout, eos_id: int
) -> None:
    """Count the tokens of each chunk where a document's rows are sound, and believe it if the sum is right.

    Padding is end-of-text tokens E at the end of a row, and the document's own end is one of them:

        5 6 7 8    no E at the end    4 tokens
        9 5 E E    two                2, and 1 more for the document's own end
    """
    for place in np.unique(layout.document_of[_damaged_rows(array, layout.num_chunks)]):
        chunks = layout.chunks_of(int(place))
        with suppress(DatabaseError):
            rows = tokens.rows(layout.num_chunks)[chunks.start : chunks.stop]
            ends = rows[:, ::-1] == eos_id
            lengths = layout.chunk_size - np.cumprod(ends, axis=1).sum(axis=1)
            lengths[-1] += 1  # the document's own end
            if lengths.min() > 0 and lengths.sum() == layout.document_tokens[place]:
                array.overwrite(np.arange(chunks.start, chunks.stop), lengths[:, None])


def _restore_tokens(
    array: AppendOnlyArray, layout: ChunkLayout, sha256s: dict[int, str], tokenizer: Tokenizer
) -> None:
    """Give rows new checksums where the document's text still has the fingerprint in the catalog."""
    damaged = _damaged_rows(array, layout.num_chunks)
    whole = array.path.stat().st_size // (array.width * array.dtype.itemsize) if array.path.exists() else 0
    values = (
        np.memmap(array.path, array.dtype, "r", shape=(whole, array.width)) if whole else np.empty((0, 1))
    )
    for place in np.unique(layout.document_of[damaged]):
        chunks = layout.chunks_of(int(place))
        if chunks.stop > whole:
            continue
        tokens = np.array(values[chunks.start : chunks.stop])
        there = layout.token_mask(slice(chunks.start, chunks.stop))
        tokens[~there] = tokenizer.eos_id  # no fingerprint covers the padding
        ids = tokens[there]
        ids[-1] = tokenizer.eos_id  # as every document ends
        tokens[there] = ids
        if sha256s[int(layout.number[place])] in _fingerprints(ids, tokenizer):
            array.overwrite(np.arange(chunks.start, chunks.stop), tokens)


def _fingerprints(ids: NDArray[np.integer], tokenizer: Tokenizer) -> set[str]:
    """Of the documents that are stored as these tokens: a text, or tokens with or without their end."""
    tokens = ids.astype("<u4")
    contents = (
        tokenizer.decode([ids.tolist()])[0].encode(),
        b"tokens:" + tokens.tobytes(),
        b"tokens:" + tokens[:-1].tobytes(),
    )
    return {hashlib.sha256(content).hexdigest() for content in contents}


def _restore_vectors(
    files: Files,
    layout: ChunkLayout,
    tokenizer: Tokenizer,
    embedder: Callable[[], Embedder],
    progress: Progress,
) -> None:
    """Encode the chunks again whose vectors are damaged or missing."""
    assert files.vectors is not None
    damaged = _damaged_rows(files.vectors, layout.num_chunks)
    tokens = files.tokens.rows(layout.num_chunks)
    for start in range(0, len(damaged), _ENCODED_AT_ONCE):
        part = damaged[start : start + _ENCODED_AT_ONCE]
        vectors = embedder().encode(tokenizer.decode(tokens[part].tolist()))
        files.vectors.overwrite(part, vectors.astype(np.float16))
        progress(start + len(part), len(damaged))

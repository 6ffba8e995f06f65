"""The approximate dense index on the disk: when there is one, how it is made, how it keeps up.

Below `EXACT_BELOW` indexed chunks, or a shard's part of as many, there is none: exact search is fast enough.
An index is a file of faiss' own and `index.json`, written last, which names it; so a new one replaces the old
one at once or not at all. The chunks that came after the index was written are its tail; a tail that has
grown is added to the lists, and an index that its corpus has outgrown is trained again.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openbook.database.search.dense import ApproximateIndex, DenseIndex, ExactIndex, add_rows
from openbook.database.search.dense_tuning import train_index, tune_index
from openbook.database.storage.arrays import Rows
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.sealed import (
    database_of,
    file_digest,
    naming_errors,
    read_sealed_if_there,
    write_sealed,
)
from openbook.errors import DatabaseError
from openbook.phrases import agreeing, command, counted
from openbook.progress import Progress, silent, stage

EXACT_BELOW = 100_000
"""Chunks; exact search over as many of 384 dimensions answers some thousand queries a second on two cores."""
_SMALLEST_SHARD = 10_000
"""Chunks of a shard below which its exact search takes no longer than what an index takes to begin with."""
_TRAINED_AGAIN_AT = 4
"""Times the chunks that the lists were trained on."""
LONGEST_TAIL = 0.1
"""Of the indexed chunks; more are added to the lists."""
TAIL_FOR_BULK = 0.002
"""The same where as many queries follow as there are chunks."""
_CHECKED_BYTES = 512_000_000
"""Index files up to this size are compared with their checksum when they are opened; by `verify` always."""


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """What `index.json` says."""

    file: str
    digest: str
    name: str
    rows: int
    """Of the arrays: the index holds every indexed chunk below this number."""
    trained_rows: int
    nprobe: int
    rerank: int
    recall_at_10: float


@dataclass(frozen=True, slots=True)
class TrainedIndex:
    """What an index has learned from the vectors of several databases, to be filled with those of one."""

    name: str
    """As faiss' factory reads it."""
    path: Path
    """Of faiss' file; what the index in it holds does not matter."""
    rows: int | None = None
    """Of the database that it was trained for; None: of the one that is filled."""

    def load(self) -> Any:
        """Read it; it holds nothing.

        Raises:
            DatabaseError: the file is damaged or gone.
        """
        import faiss

        try:
            index = faiss.read_index(str(self.path))
            index.reset()
            return index
        except (OSError, RuntimeError) as error:
            raise DatabaseError(
                f"{self.path}: cannot be read: {error}; delete it and {self.path.with_suffix('.json').name} "
                "beside it, and run the same command again"
            ) from error


def stored_index(folder: Path) -> StoredIndex | None:
    """The index that this folder names, None if there is none.

    Raises:
        DatabaseError: `index.json` is damaged.
    """
    path = folder / "index.json"
    values = read_sealed_if_there(path)
    try:
        return None if values is None else StoredIndex(**values)
    except TypeError as error:
        raise DatabaseError(
            f"{path}: of another version of openbook ({error}); to have it built again: openbook verify "
            f"{database_of(folder.parent)} --repair"
        ) from error


def trained_index_of(folder: Path) -> TrainedIndex | None:
    """What the index that this folder names was filled from; None: it names none, or a damaged one."""
    with suppress(DatabaseError, OSError):
        found = stored_index(folder)
        if found is not None and file_digest(folder / found.file) == found.digest:
            return TrainedIndex(found.name, folder / found.file, found.trained_rows)
    return None


def is_outgrown(found: StoredIndex, layout: ChunkLayout) -> bool:
    """Whether there are so many more chunks than its lists were trained on that they are trained again."""
    return layout.num_chunks > _TRAINED_AGAIN_AT * found.trained_rows


def is_large(*layouts: ChunkLayout, shards: int = 1) -> bool:
    """Whether a database of this layout, or one of all that these hold, has an approximate index.

    Args:
        layouts: whose chunks count.
        shards: of the book that these chunks are a shard of. It has its part of the chunks from which one
            database has an index, for of a book all shards are searched: 25,000 of 100,000 in one of four.
    """
    part = max(EXACT_BELOW // shards, min(EXACT_BELOW, _SMALLEST_SHARD))
    return sum(len(layout.indexed) for layout in layouts) >= part


def judged_as(shards: int, layouts: Sequence[ChunkLayout]) -> int:
    """Of how many shards each of a book is judged as one, when it is asked whether it needs an index.

    In a book of few chunks, which is searched as one database is, none does: it is judged alone.
    """
    return shards if is_large(*layouts) else 1


def load_dense(
    folder: Path, layout: ChunkLayout, vectors: Rows, *, held: DenseIndex | None = None
) -> DenseIndex:
    """The dense index of a version: the stored one with its tail, memory-mapped, or an exact one.

    Args:
        folder: of the index.
        layout: of the version.
        vectors: [num_chunks, E].
        held: of the version before: if the file is still the same, it is not read again.

    Raises:
        DatabaseError: the stored one is damaged.
    """
    retrievable = np.flatnonzero(layout.retrievable)
    found = stored_index(folder)
    if found is None or found.rows > layout.num_chunks:
        return ExactIndex.build(vectors, retrievable)
    chunk_ids = layout.indexed[layout.indexed < found.rows]
    if isinstance(held, ApproximateIndex) and held.digest == found.digest:
        index = held.index
    else:
        try:
            index = _read(folder / found.file, found, len(chunk_ids))
        except DatabaseError:
            if stored_index(folder) == found:
                raise
            return load_dense(folder, layout, vectors)  # a writer has put another in its place meanwhile
    tail = ExactIndex.build(vectors, retrievable[retrievable >= found.rows])
    return ApproximateIndex(
        chunk_ids,
        index,
        tail,
        found.name,
        nprobe=found.nprobe,
        rerank=found.rerank,
        recall_at_10=found.recall_at_10,
        digest=found.digest,
    )


def _read(path: Path, found: StoredIndex, expected: int, *, mapped: bool = True) -> Any:
    import faiss

    problem = ""
    try:
        if path.stat().st_size <= _CHECKED_BYTES and file_digest(path) != found.digest:
            problem = "does not match its checksum"
        else:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
            if index.ntotal == expected:
                return index
            held = counted(index.ntotal, "vector")
            problem = f"holds {held} where {expected:,} {agreeing(expected, 'are')} expected"
    except (OSError, RuntimeError) as error:
        problem = f"cannot be read: {error}"
    raise DatabaseError(
        f"{path}: {problem}: the file is damaged; repair it: "
        f"{command('verify', database_of(path.parent.parent), '--repair')}"
    )


def needs_care(
    folder: Path, layout: ChunkLayout, *, shards: int = 1, longest_tail: float = LONGEST_TAIL
) -> bool:
    """Whether an index is to be built, caught up or deleted, see `maintain_dense`."""
    if not is_large(layout, shards=shards):
        return folder.exists()
    found = stored_index(folder)
    return found is None or layout.num_chunks - found.rows > longest_tail * found.rows


def maintain_dense(
    folder: Path,
    layout: ChunkLayout,
    vectors: Rows,
    *,
    shards: int = 1,
    trained: TrainedIndex | None = None,
    progress: Progress = silent,
) -> StoredIndex | None:
    """Build the index, add its tail to it, or delete it, as the number of chunks asks for.

    Args:
        folder: of the index.
        layout: of the newest version.
        vectors: [num_chunks, E].
        shards: see `is_large`.
        trained: to fill in place of an index that is trained on these vectors; None: train one.
        progress: called with the number of chunks done.

    Returns:
        The stored index afterwards; None where exact search is fast enough.
    """
    if not is_large(layout, shards=shards):
        shutil.rmtree(folder, ignore_errors=True)
        return None
    found = stored_index(folder)
    stage_progress = stage(progress, "building the dense index")
    if found is None or is_outgrown(found, layout):
        index, name = _new_index(trained, vectors, layout)
        trained_rows = trained.rows if trained and trained.rows else layout.num_chunks
        return _fill(folder, index, name, layout, vectors, 0, trained_rows, stage_progress)
    held = int((layout.indexed < found.rows).sum())
    index = _read(folder / found.file, found, held, mapped=False)
    return _fill(folder, index, found.name, layout, vectors, held, found.trained_rows, stage_progress)


def _new_index(trained: TrainedIndex | None, vectors: Rows, layout: ChunkLayout) -> tuple[Any, str]:
    """An index that holds nothing yet, and its name."""
    return train_index(vectors, layout.indexed) if trained is None else (trained.load(), trained.name)


def _fill(
    folder: Path,
    index: Any,
    name: str,
    layout: ChunkLayout,
    vectors: Rows,
    held: int,
    trained_rows: int,
    progress: Progress,
) -> StoredIndex:
    """Add what the index does not hold, measure its recall and put it in the old one's place."""
    chunk_ids = layout.indexed
    add_rows(index, vectors, chunk_ids[held:], report=lambda done: progress(held + done, len(chunk_ids)))
    tail = ExactIndex.build(vectors, chunk_ids[:0])
    tuned = tune_index(ApproximateIndex(chunk_ids, index, tail, name, nprobe=1, rerank=1), vectors)
    path = folder / f"{layout.num_chunks}.faiss"
    write_index(path, index)
    entry = StoredIndex(
        path.name,
        file_digest(path),
        name,
        layout.num_chunks,
        trained_rows,
        tuned.nprobe,
        tuned.rerank,
        tuned.recall_at_10,
    )
    write_sealed(folder / "index.json", asdict(entry))
    for old in folder.glob("*.faiss"):
        if old != path:
            old.unlink(missing_ok=True)
    return entry


def write_index(path: Path, index: Any) -> None:
    """Write an index, whole and on the disk when this returns.

    Raises:
        DatabaseError: it cannot be written.
    """
    import faiss

    with naming_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # never write into a file that a reader may have mapped
    try:
        faiss.write_index(index, str(path))
        with path.open("r+b") as file:
            os.fsync(file.fileno())
        faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)  # of a full disk, faiss may say nothing
    except (OSError, RuntimeError) as error:
        path.unlink(missing_ok=True)
        raise DatabaseError(
            f"{path}: cannot be written: {error}; make room on its disk, or allow it to be written"
        ) from error

"""The neighbor table: for each chunk of the corpus its nearest chunks, computed once, read by every training.

Neighbors belong to chunks, not to samples, so any sequence length, seed or split works from one table.
Files in the folder `neighbors`: ids.i64 [num_chunks, K], scores.f32 [num_chunks, K], and table.json, written
last, which says for which version and mode they were computed.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.database import Database
from openbook.database.lock import take_lock
from openbook.database.search import Queries, SearchMode, check_mode
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.progress import Progress, silent

_FOLDER = "neighbors"
_BATCH = 2048


@dataclass(frozen=True, slots=True)
class _Stamp:
    version: int
    mode: SearchMode
    k: int
    num_chunks: int


@dataclass(frozen=True)
class NeighborTable:
    """Neighbors of every live chunk of one version.

    ids: int64 [num_chunks, K], best first, -1 where there are no more (all of a removed document's rows).
    scores: float32 [num_chunks, K].
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    version: int
    mode: SearchMode

    @classmethod
    def load(cls, database: Database) -> "NeighborTable":
        """Open the table, memory-mapped.

        Raises:
            DatabaseError: there is none, or its files are cut.
            MismatchError: it was computed for another version of the database.
        """
        folder = database.path / _FOLDER
        remedy = f"run: openbook neighbors {database.path}"
        if not (folder / "table.json").is_file():
            raise DatabaseError(f"{database.path}: has no neighbor table; {remedy}")
        try:
            stamp = _Stamp(**json.loads((folder / "table.json").read_text(encoding="utf-8")))
            shape = (stamp.num_chunks, stamp.k)
            ids = np.memmap(folder / "ids.i64", dtype="<i8", mode="r", shape=shape)
            scores = np.memmap(folder / "scores.f32", dtype="<f4", mode="r", shape=shape)
        except (OSError, ValueError, TypeError) as error:
            raise DatabaseError(f"{folder}: damaged ({error}); {remedy}") from error
        if stamp.version != database.version:
            raise MismatchError(
                f"{folder}: of version {stamp.version}, the database is at {database.version}; {remedy}"
            )
        return cls(ids, scores, stamp.version, stamp.mode)

    def first(self, k: int) -> NDArray[np.int64]:
        """The k best of each chunk: [num_chunks, k].

        Raises:
            SettingsError: the table has fewer.
        """
        if not 1 <= k <= self.ids.shape[1]:
            raise SettingsError(
                f"{k} neighbors asked for, the table holds {self.ids.shape[1]}: run openbook neighbors -k {k}"
            )
        return self.ids[:, :k]


def build_neighbors(
    database: Database, *, k: int = 10, mode: str | None = None, progress: Progress = silent
) -> NeighborTable:
    """Compute and save the table of the database's version.

    A chunk is never its own neighbor, nor is any chunk of its document; held-out documents have neighbors
    and are nobody's.

    Args:
        database: not empty.
        k: neighbors to save for each chunk.
        mode: of search; None: dense where there are vectors, else bm25.
        progress: told how many chunks are done, and of how many.

    Raises:
        DatabaseError: the database is empty or cannot be written to, or another process is at this table.
        SettingsError: k below 1, or a mode that the database does not have.
    """
    checked = check_mode(mode, has_dense=database.vectors is not None)
    layout = database.layout
    chunks = np.flatnonzero(layout.live[layout.document_of])
    if len(chunks) == 0:
        raise DatabaseError(
            f"{database.path}: is empty; add documents first: openbook add {database.path} SOURCE"
        )
    if k < 1:
        raise SettingsError(f"k = {k}: at least 1 neighbor must be saved")
    shape = (layout.num_chunks, k)
    with _unfinished(database.path) as folder:
        ids = np.memmap(folder / "ids.i64", dtype="<i8", mode="w+", shape=shape)
        scores = np.memmap(folder / "scores.f32", dtype="<f4", mode="w+", shape=shape)
        ids[:] = -1
        for start in range(0, len(chunks), _BATCH):
            part = chunks[start : start + _BATCH]
            own = layout.document_of[part]
            queries = chunk_queries(database, part)
            ids[part], scores[part] = database.search_chunks(queries, k=k, mode=checked, exclude=own)
            progress(min(start + _BATCH, len(chunks)), len(chunks))
        ids.flush()
        scores.flush()
        _finish(folder, database.path / _FOLDER, _Stamp(database.version, checked, k, layout.num_chunks))
    return NeighborTable.load(database)


def chunk_queries(database: Database, chunk_ids: NDArray[np.int64]) -> Queries:
    """Stored chunks as queries: their vectors are in the database, nothing is encoded again."""

    def vectors() -> NDArray[np.float32]:
        assert database.vectors is not None
        return database.vectors[chunk_ids].astype(np.float32)

    return Queries(lambda: database.chunk_texts(chunk_ids), vectors, len(chunk_ids))


@contextmanager
def _unfinished(database: Path) -> Iterator[Path]:
    """An empty folder for the table to be, for one process at a time."""
    lock = take_lock(database / f"{_FOLDER}.lock")
    try:
        folder = database / f"{_FOLDER}.new"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield folder
    except OSError as error:
        raise DatabaseError(f"{database}: cannot be written to: {error}") from error
    finally:
        lock.release()


def _finish(unfinished: Path, final: Path, stamp: _Stamp) -> None:
    """Put the new table in the old one's place; table.json comes last and goes first."""
    (unfinished / "table.json").write_text(json.dumps(asdict(stamp)), encoding="utf-8")
    if final.exists():
        (final / "table.json").unlink(missing_ok=True)
        shutil.rmtree(final)
    unfinished.rename(final)

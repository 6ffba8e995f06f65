"""The neighbor table on the disk: for each chunk of the corpus its nearest chunks, read by every training.

Neighbors belong to chunks, not to samples, so any sequence length, seed or split works from one table.
Files in the folder `neighbors`: ids.i64 [num_chunks, K], scores.f32 [num_chunks, K], their checksums, and
table.json, written last, which says for which version and mode they were computed; begun.json says it too,
from the beginning.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openbook.database.arrays import AppendOnlyArray, Rows
from openbook.database.search import SearchMode
from openbook.database.storage import read_sealed, read_sealed_if_there, write_sealed
from openbook.errors import DatabaseError, MismatchError, SettingsError

if TYPE_CHECKING:
    from openbook.database.database import Database


@dataclass(frozen=True, slots=True)
class Stamp:
    """What table.json says."""

    version: int
    mode: SearchMode
    k: int
    num_chunks: int

    def arrays(self, folder: Path) -> tuple[AppendOnlyArray, AppendOnlyArray]:
        """Ids and scores in this folder."""
        return (
            AppendOnlyArray(folder / "ids.i64", dtype="<i8", width=self.k),
            AppendOnlyArray(folder / "scores.f32", dtype="<f4", width=self.k),
        )

    def write(self, folder: Path) -> None:
        """Declare the folder's arrays complete."""
        write_sealed(folder / "table.json", asdict(self))


BEGUN = "begun.json"
"""What a table is to be: only the same call goes on with it, and `repair` makes the same one again."""


def table_stamp(folder: Path) -> Stamp | None:
    """The stamp of the table in this folder, None if there is no table.

    Raises:
        DatabaseError: it is damaged.
    """
    path = folder / "table.json"
    values = read_sealed_if_there(path)
    try:
        return None if values is None else Stamp(**values)
    except TypeError as error:
        raise DatabaseError(f"{path}: written by another version of openbook: {error}") from error


def wanted_stamp(folder: Path) -> Stamp | None:
    """What the table in this folder was to be, as far as that can still be read."""
    for name in ("table.json", BEGUN):
        with suppress(DatabaseError, KeyError):
            values = read_sealed(folder / name)
            return Stamp(*(values[field.name] for field in fields(Stamp)))
    return None


@dataclass(frozen=True)
class NeighborTable:
    """Neighbors of every live chunk of one version.

    ids: int64 [num_chunks, K], best first, -1 where there are no more (all of a removed document's rows).
    scores: float32 [num_chunks, K].
    """

    ids: NDArray[np.int64] | Rows
    scores: NDArray[np.float32] | Rows
    version: int
    mode: SearchMode

    @classmethod
    def load(cls, database: "Database") -> "NeighborTable":
        """Open the table, memory-mapped.

        Raises:
            DatabaseError: there is none, or its files are damaged.
            MismatchError: it was computed for another version of the database.
        """
        folder = database.opened.files.neighbors
        remedy = f"run: openbook neighbors {database.path}"
        try:
            stamp = table_stamp(folder)
            if stamp is not None:
                ids, scores = (array.rows(stamp.num_chunks) for array in stamp.arrays(folder))
        except DatabaseError as error:
            raise DatabaseError(f"{error}; {remedy}") from error
        if stamp is None:
            raise DatabaseError(f"{database.path}: has no neighbor table; {remedy}")
        if stamp.version != database.version:
            raise MismatchError(
                f"{folder}: of version {stamp.version}, the database is at {database.version}; {remedy}"
            )
        return cls(ids, scores, stamp.version, stamp.mode)

    def first(self, k: int) -> NDArray[np.int64] | Rows:
        """The k best of each chunk: [num_chunks, k].

        Raises:
            SettingsError: the table has fewer.
        """
        if not 1 <= k <= self.ids.shape[1]:
            raise SettingsError(
                f"{k} neighbors asked for, the table holds {self.ids.shape[1]}: run openbook neighbors -k {k}"
            )
        return self.ids[:, :k]

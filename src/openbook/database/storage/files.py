"""What stands where in a database's folder, beside the catalog.

The files of generation 0 stand in the folder itself; each `compact` writes a new generation, in a folder of
its own, and the catalog's commit says which one counts.
"""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openbook.database.storage.arrays import AppendOnlyArray
from openbook.database.storage.catalog_columns import Snapshot
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.sealed import GENERATION, NEIGHBORS
from openbook.database.storage.settings import DatabaseSettings

NAMES = (
    "tokens.bin",
    "tokens.sum",
    "lengths.u16",
    "lengths.sum",
    "vectors.f16",
    "vectors.sum",
    "lexical",
    "lexical.new",
    "lexical.old",
    "dense",
    "neighbors",
    "neighbors.new",
    "neighbors.old",
)


@dataclass(frozen=True)
class Files:
    """The arrays and indexes of one generation of a database."""

    folder: Path
    """Of the database."""
    generation: int
    tokens: AppendOnlyArray
    vectors: AppendOnlyArray | None
    lengths: AppendOnlyArray | None = None
    """Tokens in each chunk, where that does not follow from its document's."""

    @classmethod
    def of(cls, folder: Path, settings: DatabaseSettings, *, vocab_size: int, generation: int) -> "Files":
        """`tokens.bin` is uint16 where the vocabulary allows."""
        place = cls.place_of_generation(folder, generation)
        dtype = np.uint16 if vocab_size <= 2**16 else np.uint32
        tokens = AppendOnlyArray(place / "tokens.bin", dtype=dtype, width=settings.chunk_size)
        vectors = lengths = None
        if settings.stores_lengths:
            lengths = AppendOnlyArray(place / "lengths.u16", dtype=np.uint16, width=1)
        if settings.embedding_size:
            vectors = AppendOnlyArray(place / "vectors.f16", dtype=np.float16, width=settings.embedding_size)
        return cls(folder, generation, tokens, vectors, lengths)

    @staticmethod
    def place_of_generation(folder: Path, generation: int) -> Path:
        """The folder that has the files of a generation of the database in `folder`."""
        return folder / f"{GENERATION}{generation}" if generation else folder

    @property
    def arrays(self) -> tuple[AppendOnlyArray, ...]:
        """All that have a row for each chunk."""
        return tuple(array for array in (self.tokens, self.lengths, self.vectors) if array is not None)

    def layout(self, snapshot: Snapshot) -> ChunkLayout:
        """Which chunk is of which document in a version of this generation.

        Raises:
            DatabaseError: the file of the chunks' lengths is too short.
        """
        lengths = None if self.lengths is None else self.lengths.rows(snapshot.head.num_chunks)
        return ChunkLayout.from_snapshot(snapshot, chunk_size=self.tokens.width, stored_lengths=lengths)

    @property
    def place(self) -> Path:
        """The folder of this generation's files."""
        return self.tokens.path.parent

    @property
    def lexical(self) -> Path:
        """The folder of the lexical index."""
        return self.place / "lexical"

    @property
    def dense(self) -> Path:
        """The folder of the dense index."""
        return self.place / "dense"

    @property
    def neighbors(self) -> Path:
        """The folder of the neighbor table."""
        return self.place / NEIGHBORS

    def clear_other_generations(self) -> None:
        """Delete the files of every other generation, as far as no reader's open files prevent it."""
        stale = [path for path in self.folder.glob(f"{GENERATION}*") if path != self.place]
        if self.generation:
            stale += [self.folder / name for name in NAMES]
        for path in stale:
            if path.is_dir():
                delete_withdrawn(path)
            else:
                _unlink(path)

    def sizes(self) -> dict[str, int]:
        """Bytes on the disk of each part that exists, checksums included."""
        parts = {
            "catalog": [self.folder / "catalog.sqlite"],
            "tokens": _paths(self.tokens) + _paths(self.lengths),
            "vectors": _paths(self.vectors),
            "lexical": [self.lexical],
            "dense": [self.dense],
            "neighbors": [self.neighbors],
            "tokenizer": [self.folder / "tokenizer"],
        }
        found = {name: sum(_bytes_of(path) for path in paths) for name, paths in parts.items()}
        return {name: size for name, size in found.items() if size}


def _paths(array: AppendOnlyArray | None) -> list[Path]:
    return [] if array is None else [array.path, array.sums_path]


def _bytes_of(path: Path) -> int:
    total = 0
    for file in path.rglob("*") if path.is_dir() else [path]:
        with suppress(FileNotFoundError):  # a writer has deleted it meanwhile
            total += file.stat().st_size if file.is_file() else 0
    return total


def delete_withdrawn(folder: Path) -> None:
    """Delete a folder that no commit names any more, as far as no reader's open files prevent it."""
    # The lists first: so readers know an index that is going from one that is damaged.
    for list_of_files in (*folder.rglob("meta.json"), *folder.rglob("index.json")):
        _unlink(list_of_files)
    shutil.rmtree(folder, ignore_errors=True)


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # on Windows, a file that a reader has open stays; the next writer tries again
        return

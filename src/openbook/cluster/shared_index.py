"""The dense indexes of large shards: centroids and codes trained once, on vectors of all of them.

Training takes about as long for one shard as for all, and lists that are everybody's suit everybody's text.
A small shard is searched exactly and needs none.
"""

from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from openbook.cluster.build_plan import BUILDING, shard_name
from openbook.database.search.dense_store import TrainedIndex, is_large, maintain_dense
from openbook.database.shards.shared_training import train_together
from openbook.database.storage.arrays import Rows
from openbook.database.storage.database_folder import open_folder
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.sealed import read_sealed_if_there, write_sealed

_FILE, _NAME, _LOCK = "trained.faiss", "trained.json", "trained.lock"
TRAINED = (_FILE, _NAME)
"""What is trained, in the order in which it is written."""


def trained_index(book: Path) -> TrainedIndex | None:
    """The index that the book's shards share; None: none is trained yet."""
    folder = book / BUILDING
    values = read_sealed_if_there(folder / _NAME)
    return None if values is None else TrainedIndex(values["name"], folder / _FILE)


def train_shared_index(book: str, numbers: Sequence[int]) -> str:
    """Train an index on vectors of these shards, whose rows are complete; returns its name.

    The sample follows from the shards alone.

    Args:
        book: the folder.
        numbers: of the shards.
    """
    import faiss

    faiss.omp_set_num_threads(1)
    folder = Path(book) / BUILDING
    with FileLock(folder / _LOCK):  # a worker that was given up may still be at it
        found = trained_index(Path(book))
        return _train(folder, numbers) if found is None else found.name


def _train(folder: Path, numbers: Sequence[int]) -> str:
    name = train_together(folder / _FILE, [_rows(folder / shard_name(number)) for number in numbers])
    write_sealed(folder / _NAME, {"name": name})
    return name


def fill_shared_index(shard: Path, trained: TrainedIndex | None, *, shards: int) -> None:
    """Make the dense index of one of so many shards of what was trained; a small shard gets none."""
    import faiss

    faiss.omp_set_num_threads(1)
    opened = open_folder(shard)
    layout, vectors = _rows(shard)
    dense = opened.files(opened.catalog.head().generation).dense
    maintain_dense(dense, layout, vectors, shards=shards, trained=trained)


def needs_index(shard: Path, *, shards: int) -> bool:
    """Whether one of so many shards is large enough for a dense index, and has vectors."""
    opened = open_folder(shard)
    return bool(opened.settings.embedding_size) and is_large(_rows(shard)[0], shards=shards)


def _rows(folder: Path) -> tuple[ChunkLayout, Rows]:
    """Layout and vectors of a shard."""
    opened = open_folder(folder)
    files = opened.files(opened.catalog.head().generation)
    layout = files.layout(opened.catalog.snapshot())
    assert files.vectors is not None
    return layout, files.vectors.rows(layout.num_chunks)

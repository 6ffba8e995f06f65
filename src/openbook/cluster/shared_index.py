"""The dense indexes of large shards: centroids and codes trained once, on vectors of all of them.

Training takes about as long for one shard as for all, and lists that are everybody's suit everybody's text.
A small shard is searched exactly and needs none.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from openbook.cluster.build_plan import BUILDING, shard_name
from openbook.database.search.dense_store import TrainedIndex, is_large, maintain_dense, write_index
from openbook.database.search.dense_tuning import TRAINING_VECTORS_A_LIST, index_name, train_on_sample
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
    import faiss

    shards = [_rows(folder / shard_name(number)) for number in numbers]
    counts = [len(layout.indexed) for layout, _ in shards]
    size = shards[0][1].shape[1]
    name = index_name(max(counts), size)
    index = faiss.index_factory(size, name, faiss.METRIC_INNER_PRODUCT)
    drawn = _drawn(counts, TRAINING_VECTORS_A_LIST * faiss.extract_index_ivf(index).nlist)
    parts = zip(shards, drawn, strict=True)
    sample = np.concatenate([vectors[layout.indexed[part]] for (layout, vectors), part in parts])
    train_on_sample(index, sample, np.arange(len(sample)))
    write_index(folder / _FILE, index)
    write_sealed(folder / _NAME, {"name": name})
    return name


def _drawn(counts: Sequence[int], size: int) -> list[NDArray[np.int64]]:
    """Draw from several lists of these lengths as from one: the places in each.

    Of lists of 3, 2 and 4, five are drawn, which are numbered 0 … 8 together:

        drawn     1 2   4   5 8
        places    1 2 | 1 | 0 3
    """
    total = sum(counts)
    drawn = np.sort(np.random.default_rng(0).choice(total, size=min(size, total), replace=False))
    ends = np.cumsum(counts)
    bounds = np.searchsorted(drawn, ends)
    parts = np.split(drawn, bounds[:-1])
    return [part - (end - count) for part, end, count in zip(parts, ends, counts, strict=True)]


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

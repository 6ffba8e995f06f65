"""Writing a database again without what was removed: a new generation of files, then one transaction.

Until that transaction, which is the writer's, the old files count, after it the new ones; whichever do not
count are deleted by the next writer. The neighbor table is carried over, with its chunks renumbered.
"""

import shutil
from contextlib import closing
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense_store import TrainedIndex, maintain_dense
from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.whole_words import texts_to_index
from openbook.database.storage.arrays import AppendOnlyArray
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.neighbor_files import BEGUN, table_stamp
from openbook.database.storage.sealed import naming_errors, write_sealed
from openbook.errors import DatabaseError
from openbook.progress import Progress, stage
from openbook.text import Tokenizer

_ROWS_AT_ONCE = 65_536


def write_compacted(
    old: Files,
    new: Files,
    layout: ChunkLayout,
    tokenizer: Tokenizer,
    *,
    shards: int = 1,
    trained: TrainedIndex | None = None,
    progress: Progress,
) -> None:
    """Write the files of a new generation, of the chunks that are kept; if that fails, there are none.

    Args:
        old: of the generation before.
        new: of one that no catalog names yet.
        layout: of the old files.
        tokenizer: of the tokens.
        shards: of the book, if the files are of a shard.
        trained: what a new dense index is filled from; None: it is trained on these vectors.
        progress: called in stages.

    Raises:
        DatabaseError: the disk has no room for them.
    """
    with naming_errors(new.place):
        shutil.rmtree(new.place, ignore_errors=True)
        new.place.mkdir(parents=True)
    kept = np.flatnonzero(layout.live[layout.document_of])
    try:
        for source, target in zip(old.arrays, new.arrays, strict=True):
            name = f"copying {source.path.stem}"
            stage_progress = progress if source is old.tokens else stage(progress, name)
            _copy(source, target, layout.num_chunks, kept, stage_progress)
        compacted = layout.without_removed()
        build_indexes(new, compacted, tokenizer, shards=shards, trained=trained, progress=progress)
        renumber_table(old, new, layout, kept)
    except BaseException:
        shutil.rmtree(new.place, ignore_errors=True)  # a full disk has better uses for the room
        raise


def _copy(
    source: AppendOnlyArray,
    target: AppendOnlyArray,
    num_rows: int,
    kept: NDArray[np.int64],
    progress: Progress,
) -> None:
    rows = source.rows(num_rows)
    for start in range(0, len(kept), _ROWS_AT_ONCE):
        part = kept[start : start + _ROWS_AT_ONCE]
        target.append(rows[part], first=start)
        progress(start + len(part), len(kept))


def build_indexes(
    files: Files,
    layout: ChunkLayout,
    tokenizer: Tokenizer,
    *,
    shards: int = 1,
    trained: TrainedIndex | None = None,
    progress: Progress,
) -> None:
    """Make the indexes of files that have none, from their arrays.

    Args:
        files: of a generation that no catalog names yet.
        layout: of its documents, none of them removed.
        tokenizer: of the tokens.
        shards: of the book, if the files are of a shard.
        trained: see `write_compacted`.
        progress: called in stages.
    """
    tokens, stage_progress = files.tokens.rows(layout.num_chunks), stage(progress, "indexing words")
    with closing(LexicalIndex(files.lexical)) as index:
        for start in range(0, len(layout.indexed), _ROWS_AT_ONCE):
            part = layout.indexed[start : start + _ROWS_AT_ONCE]
            index.add(part.tolist(), texts_to_index(tokens, tokenizer, layout, part))
            stage_progress(start + len(part), len(layout.indexed))
        index.commit()
    if files.vectors is not None:
        rows = files.vectors.rows(layout.num_chunks)
        maintain_dense(files.dense, layout, rows, shards=shards, trained=trained, progress=progress)


def renumber_table(old: Files, new: Files, layout: ChunkLayout, kept: NDArray[np.int64]) -> None:
    """Carry the neighbor table over, as that of the new version if it was the old one's and lost nothing.

    Rows that name a chunk that is no longer there become -1, to be searched again.
    """
    try:
        stamp = table_stamp(old.neighbors)
        if stamp is None:
            return
        ids, scores = (array.rows(stamp.num_chunks)[:] for array in stamp.arrays(old.neighbors))
    except DatabaseError:  # a damaged table is built again anyway
        return
    kept = kept[kept < stamp.num_chunks]
    ids = ids[kept]
    is_current = stamp.version == layout.version
    if stamp.book is None:
        renumbered = np.full(layout.num_chunks + 1, -1, dtype=np.int64)  # the last is what -1 becomes
        renumbered[kept] = np.arange(len(kept))
        lost = ((ids >= 0) & (renumbered[ids] < 0)).any(axis=1)
        ids = renumbered[ids]
        ids[lost] = -1
        is_current &= not lost.any()
    with naming_errors(new.neighbors):
        new.neighbors.mkdir()
    version = layout.version + 1 if is_current else stamp.version
    moved = replace(stamp, num_chunks=len(kept), version=version)
    for array, values in zip(moved.arrays(new.neighbors), (ids, scores[kept]), strict=True):
        array.append(values, first=0)
    write_sealed(new.neighbors / BEGUN, moved.values())
    moved.write(new.neighbors)

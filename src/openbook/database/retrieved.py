"""The retrieved value of a chunk: its own tokens and its continuation's (paper, section 2.3: [N, F])."""

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.arrays import Rows
from openbook.database.storage.layout import ChunkLayout


def retrieved_tokens(
    tokens: Rows, layout: ChunkLayout, chunk_ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Fetch neighbors with their continuations.

    Args:
        tokens: [num_chunks, M]; only the rows asked for are read.
        layout: at the version that the ids come from.
        chunk_ids: [..., K]; -1 for a neighbor that does not exist.

    Returns:
        token ids int64 [..., K, 2M] and their mask [..., K, 2M]: False for filling, which stands at the end,
        for the continuation of a document's last chunk, and for all of a missing neighbor.
    """
    M = layout.chunk_size
    R = 2 * M
    exists = chunk_ids >= 0
    rows = np.where(exists, chunk_ids, 0)
    continued = exists & layout.has_continuation[rows]
    following = np.where(continued, rows + 1, rows)
    lengths = np.where(exists, layout.lengths[rows], 0)
    lengths_after = np.where(continued, layout.lengths[following], 0)
    ids = np.empty((*chunk_ids.shape, R), dtype=np.int64)
    ids[..., :M] = tokens[rows]
    ids[..., M:] = tokens[following]
    place = np.arange(M)
    mask = np.concatenate([place < lengths[..., None], place < lengths_after[..., None]], axis=-1)
    if layout.stored_lengths is not None:  # else what has a continuation is full
        order = np.argsort(~mask, axis=-1, kind="stable")
        ids, mask = (np.take_along_axis(x, order, axis=-1) for x in (ids, mask))
    return ids, mask

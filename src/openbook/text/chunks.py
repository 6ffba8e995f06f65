"""Cutting a document's tokens into chunks. Chunks never cross documents: one call cuts one document."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def cut_chunks(
    token_ids: Sequence[int], *, chunk_size: int, padding: int, dtype: type[np.uint16] | type[np.uint32]
) -> NDArray[np.uint16 | np.uint32]:
    """Cut one document into chunks of equal length.

    >>> cut_chunks([5, 6, 7, 8, 9], chunk_size=2, padding=0, dtype=np.uint16).tolist()
    [[5, 6], [7, 8], [9, 0]]

    Args:
        token_ids: the document's tokens, at least one.
        chunk_size: M, tokens in a chunk.
        padding: the token that the last chunk is padded with (the tokenizer's end of text).
        dtype: of the result; the caller picks the smallest that holds the vocabulary.

    Returns:
        [ceil(len(token_ids) / M), M]: row after row, the document.
    """
    assert len(token_ids) > 0, "a document has at least its end-of-text token"
    num_chunks = -(-len(token_ids) // chunk_size)
    chunks = np.full(num_chunks * chunk_size, padding, dtype=dtype)
    chunks[: len(token_ids)] = token_ids
    return chunks.reshape(num_chunks, chunk_size)

"""Hits of which none repeats what a better one shows, for whoever reads each with its continuation.

Neighboring chunks are often found together. A document's chunks a b c d e f, found c, d and b, best first:

    as they are    c d   d e   b c     d and c are read twice
    distinct       c d   e f   a b     d is read already, so the chunk after it; b with the chunk before it

So k passages show all that the k best hits show, as far as it fits, and more of what stands around them.
"""

import numpy as np

from openbook.database.search.dense import Ranking
from openbook.database.storage.layout import ChunkLayout

DEPTH = 6
"""Hits to choose from, for each that is wanted."""


def distinct_passages(found: Ranking, layout: ChunkLayout, *, k: int) -> Ranking:
    """Choose k of the hits of each query.

    Args:
        found: ids and scores [n, more than k], best first, -1 where there are no more.
        layout: of the chunks.
        k: passages wanted.

    Returns:
        ids and scores [n, k]; an id may be of the chunk before or after the one that was found.
    """
    ids = np.full((len(found[0]), k), -1, dtype=np.int64)
    scores = np.zeros((len(found[0]), k), dtype=np.float32)
    for row, (hits, values) in enumerate(zip(found[0].tolist(), found[1].tolist(), strict=True)):
        chosen: dict[int, float] = {}
        for hit, score in zip(hits, values, strict=True):
            if hit < 0 or len(chosen) == k:
                break
            chunk = _place(hit, chosen, layout)
            if chunk is not None:
                chosen[chunk] = score
        ids[row, : len(chosen)], scores[row, : len(chosen)] = list(chosen), list(chosen.values())
    return ids, scores


def _place(hit: int, chosen: dict[int, float], layout: ChunkLayout) -> int | None:
    """The chunk to read a hit from, beside those that are chosen; None: nothing is left to read."""
    if hit in chosen:
        return None
    if hit - 1 in chosen and _continues(hit - 1, layout):
        after = hit + 1
        is_free = _continues(hit, layout) and layout.retrievable[after] and after not in chosen
        return after if is_free else None
    next_is_chosen = hit + 1 in chosen and _continues(hit, layout)
    before_is_free = hit > 0 and layout.retrievable[hit - 1] and _continues(hit - 1, layout)
    return hit - 1 if next_is_chosen and before_is_free and hit - 2 not in chosen else hit


def _continues(chunk: int, layout: ChunkLayout) -> bool:
    return bool(layout.has_continuation[chunk])

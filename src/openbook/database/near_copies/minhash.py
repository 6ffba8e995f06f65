"""Which documents may be similar, by MinHash, and how similar they are: the Jaccard index of their 13-grams.

A sketch has 128 slots, each equal in two documents with a probability that is their similarity s. Documents
are compared if all 5 slots of one of 25 bands are equal, which happens with 1 - (1 - s^5)^25: 0.99995 at
s = 0.8, 0.55 at 0.5, 0.06 at 0.3; and if at least 65 % of all slots are, which fails with 0.00005 at 0.8.
So a pair at 0.8 is found with 0.9999. What is found is compared exactly: nothing less similar ever passes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.hashing import Block, Documents, mix, run_hashes

GRAM = 13
SIMILAR = 0.8
BANDS = 25
SLOTS = 128
_BAND_SLOTS, _SEED = 5, 13
_LEAST_EQUAL_SLOTS = 0.65
_MOST_COMPARED = 16


def sketches(block: Block) -> NDArray[np.uint32]:
    """[documents, 128]: the MinHash of each document's set of 13-grams."""
    from rensa import RMinHash

    hashes, offsets = run_hashes(block, GRAM)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets.astype(np.uint64), SLOTS, _SEED)
    return np.array(matrix.to_rows(), dtype=np.uint32).reshape(-1, SLOTS)


def band_keys(sketches: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """[documents, 25]: equal keys of two documents say that all slots of the same band are equal."""
    keys = np.broadcast_to(np.arange(BANDS, dtype=np.uint64), (len(sketches), BANDS))
    for slot in range(_BAND_SLOTS):
        keys = mix(keys ^ sketches[:, slot * BANDS : (slot + 1) * BANDS])
    return keys


def most_similar(
    tokens: Documents,
    document: int,
    sketch: NDArray[np.uint32],
    others: NDArray[np.int64],
    other_sketches: NDArray[np.uint32],
) -> tuple[int, float] | None:
    """The document among `others` that is most similar, the first of equals, if it is similar enough.

    Only the 16 whose sketches are the most alike are compared: documents of much boilerplate have many others
    that are half alike.

    Args:
        tokens: of the documents.
        document: its place.
        sketch: [128], its own.
        others: [n]: places.
        other_sketches: [n, 128].

    Returns:
        Its place and the exact Jaccard index.
    """
    alike = (other_sketches == sketch).mean(axis=1)
    best = np.argsort(-alike, kind="stable")[:_MOST_COMPARED]
    chosen = others[np.sort(best[alike[best] >= _LEAST_EQUAL_SLOTS])].tolist()
    if not chosen:
        return None
    similarities = jaccards(tokens, document, chosen)
    place = int(similarities.argmax())
    return (chosen[place], float(similarities[place])) if similarities[place] >= SIMILAR else None


def jaccards(tokens: Documents, document: int, others: Sequence[int]) -> NDArray[np.float64]:
    """[others]: the Jaccard index of the sets of 13-grams of the document and of each other."""
    places = [document, *others]
    hashes, offsets = run_hashes(Block.of(places, [tokens(place) for place in places], shortest=GRAM), GRAM)
    rows = np.repeat(np.arange(len(places)), np.diff(offsets))
    order = np.lexsort((hashes, rows))
    hashes, rows = hashes[order], rows[order]
    new = np.ones(len(rows), dtype=np.bool_)
    new[1:] = (hashes[1:] != hashes[:-1]) | (rows[1:] != rows[:-1])
    hashes, rows = hashes[new], rows[new]
    sizes = np.bincount(rows, minlength=len(places))
    shared = np.bincount(rows[np.isin(hashes, hashes[rows == 0])], minlength=len(places))
    similarities: NDArray[np.float64] = shared / (sizes + sizes[0] - shared)
    return similarities[1:]

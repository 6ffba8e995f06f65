"""Which documents may be similar, by MinHash, and how similar they are: the Jaccard index of their 13-grams.

A sketch has 128 slots, each equal in two documents with a probability that is their similarity s. Documents
are compared if all 5 slots of one of 25 bands are equal, which happens with 1 - (1 - s^5)^25: 0.99995 at
s = 0.8, 0.55 at 0.5, 0.06 at 0.3; and if at least 65 % of all slots are, which fails with 0.00005 at 0.8.
So a pair at 0.8 is found with 0.9999. What is found is compared exactly: nothing less similar ever passes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.hashing import Block, Documents, run_hashes, splitmix64
from openbook.database.storage.segments import segment_owners

GRAM = 13
SIMILAR = 0.8
BANDS = 25
SLOTS = 128
_BAND_SLOTS, _SEED = 5, 13
_LEAST_EQUAL_SLOTS = 0.65
_MOST_COMPARED = 16


def sketches(block: Block) -> NDArray[np.uint32]:
    """Compute the MinHash of each document's set of 13-grams: [documents, 128].

    Each slot has a hash function of its own and holds the least hash of any 13-gram of the document. Two
    documents agree in a slot if the same gram is the least of both, which is as likely as their sets overlap:

        hashes of A    7 3 9      least 3
        hashes of B    7 3 5      least 3, as 2 of the 4 grams are in both: equal in every second slot
    """
    from rensa import RMinHash

    hashes, offsets = run_hashes(block, GRAM)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets.astype(np.uint64), SLOTS, _SEED)
    return np.array(matrix.to_rows(), dtype=np.uint32).reshape(-1, SLOTS)


def band_keys(sketches: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Make a key for each band of a document: [documents, 25]; equal where all 5 slots of the band are.

    The slots of band b stand 25 apart, and its key is made of them one after the other, beginning with b so
    that no two bands have the same keys (slots 125 to 127 are of no band):

        band 0     slots 0 25 50 75 100      key = mix(mix(mix(mix(mix(0 ^ s0) ^ s25) ^ s50) ^ s75) ^ s100)
        band 1     slots 1 26 51 76 101
        …
        band 24    slots 24 49 74 99 124
    """
    keys = np.broadcast_to(np.arange(BANDS, dtype=np.uint64), (len(sketches), BANDS))
    for slot in range(_BAND_SLOTS):
        keys = splitmix64(keys ^ sketches[:, slot * BANDS : (slot + 1) * BANDS])
    return keys


def most_similar(
    tokens: Documents,
    document: int,
    sketch: NDArray[np.uint32],
    others: NDArray[np.int64],
    other_sketches: NDArray[np.uint32],
) -> tuple[int, float] | None:
    """Find the document among `others` that is most similar, the first of equals, if it is similar enough.

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
    # others     4    6    9
    # alike     .7   .5   .9      share of equal slots
    # best       2    0    1      their order, the most alike first
    # chosen     4    9           those of at least .65 in the old order, so that the first of equals wins
    alike = (other_sketches == sketch).mean(axis=1)
    best = np.argsort(-alike, kind="stable")[:_MOST_COMPARED]
    best = best[alike[best] >= _LEAST_EQUAL_SLOTS]
    chosen = others[np.sort(best)].tolist()
    if not chosen:
        return None
    similarities = jaccards(tokens, document, chosen)
    place = int(similarities.argmax())
    if similarities[place] < SIMILAR:
        return None
    return chosen[place], float(similarities[place])


def jaccards(tokens: Documents, document: int, others: Sequence[int]) -> NDArray[np.float64]:
    """Compute the Jaccard index [others] of the sets of 13-grams of the document and of each other.

    Document 0 with the grams a b a and document 1 with b c share one gram of three; sorted, a gram that a
    document has twice stands side by side and is counted once:

        rows       0 0 0 1 1        of each hash, its document
        hashes     a a b b c        sorted within each
        new        T F T T T        counted
        sizes      2     2
        shared     2     1          of these, grams of document 0
        index            1 / (2 + 2 - 1)
    """
    places = [document, *others]
    hashes, offsets = run_hashes(Block.of(places, [tokens(place) for place in places], shortest=GRAM), GRAM)
    rows = segment_owners(np.diff(offsets))
    order = np.lexsort((hashes, rows))
    hashes, rows = hashes[order], rows[order]
    new = np.ones(len(rows), dtype=np.bool_)
    new[1:] = (hashes[1:] != hashes[:-1]) | (rows[1:] != rows[:-1])
    hashes, rows = hashes[new], rows[new]
    sizes = np.bincount(rows, minlength=len(places))
    in_document = np.isin(hashes, hashes[rows == 0])
    shared = np.bincount(rows[in_document], minlength=len(places))
    similarities: NDArray[np.float64] = shared / (sizes + sizes[0] - shared)
    return similarities[1:]

"""Which documents nearly equal a held-out one, or an earlier one.

A document is a near-copy of a held-out one if their sets of 13-grams are similar (Jaccard index at least 0.8)
or if they share a run of 32 tokens, for similarity alone misses a copied paragraph in a long text; of the
latter only the shared stretches are copies, and runs that stand in many documents do not count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.common_runs import RUN, HeldOutRuns, Matches, Stretch
from openbook.database.near_copies.hashing import (
    USUAL_SIZE,
    Block,
    BlockSize,
    Documents,
    EqualKeys,
    blocks,
    run_hashes,
)
from openbook.database.near_copies.minhash import BANDS, GRAM, SLOTS, band_keys, most_similar, sketches
from openbook.progress import Progress, silent, stage

BUCKET = 64
"""Most documents that one band finds, so that the work grows no faster than the documents. More share a band
only where it is of boilerplate in all of them; similar documents share 8 bands of 25, and so others too."""

Reason = Literal["common run", "similar", "duplicate"]


@dataclass(frozen=True, slots=True)
class NearCopy:
    """A document that nearly equals another, or of which stretches stand in another."""

    document: int
    """Place of the copy."""
    original: int
    """Place of the held-out or earlier document."""
    reason: Reason
    jaccard: float | None
    """Similarity of the sets of 13-grams, exact; None for a common run."""
    stretches: tuple[Stretch, ...] = ()
    """Of a common run: the tokens of the document that stand in the original too, in order."""


def copies_of_held_out(
    tokens: Documents,
    candidates: Sequence[int],
    held_out: Sequence[int],
    *,
    others: Sequence[int] = (),
    block_size: BlockSize = USUAL_SIZE,
    bucket: int = BUCKET,
    progress: Progress = silent,
) -> list[NearCopy]:
    """Find the candidates that are near-copies of a held-out document, in order.

    A similar candidate comes once; the original is the most similar held-out document (of equally similar
    ones that which has the same tokens, then the first). Another that shares runs comes once for each
    original; that of a run is the first held-out document that has it. A run is boilerplate, and no sign of a
    copy, if it stands in more than `boilerplate_limit` of all documents that are not found similar.

    Args:
        tokens: of the documents.
        candidates: places of those to compare.
        held_out: places of those to compare with.
        others: places of the other documents, which count where a run is to be boilerplate.
        block_size: how much is hashed at a time.
        bucket: documents that one band finds at most.
        progress: called with the number of candidates done.
    """
    if not candidates or not held_out:
        return []
    originals = _HeldOut(tokens, held_out, block_size, bucket)
    similar: dict[int, NearCopy] = {}
    matches, done = [], 0
    for block in blocks(tokens, candidates, shortest=GRAM, size=block_size):
        similar |= originals.similar(block)
        matches.append(originals.runs.find(block))
        done += len(block.places)
        progress(done, len(candidates))
    common = _common_runs(
        originals.runs,
        Matches.joined(matches),
        similar=np.array(list(similar), dtype=np.int64),
        counted=np.array([*candidates, *held_out, *others], dtype=np.int64),
        others=blocks(tokens, others, shortest=GRAM, size=block_size),
    )
    found = ([similar[place]] if place in similar else common.get(place, []) for place in candidates)
    return [copy for copies in found for copy in copies]


def _common_runs(
    runs: HeldOutRuns,
    matches: Matches,
    *,
    similar: NDArray[np.int64],
    counted: NDArray[np.int64],
    others: Iterable[Block],
) -> dict[int, list[NearCopy]]:
    """Make near-copies of the matches that are no boilerplate, by document; those found similar need none.

    Args:
        runs: of the held-out documents.
        matches: of all candidates.
        similar: places of the candidates that are similar.
        counted: places of all documents.
        others: those of them that are neither candidates nor held out.
    """
    is_counted = np.zeros(int(counted.max()) + 1, dtype=np.bool_)
    is_counted[counted] = True
    is_counted[similar] = False
    matches = matches.where(is_counted[matches.places])
    stretches = runs.stretches(runs.rare(matches, others, documents=int(is_counted.sum())))
    return {
        place: [
            NearCopy(place, original, "common run", None, tuple(found))
            for original, found in by_original.items()
        ]
        for place, by_original in stretches.items()
    }


class _HeldOut:
    """What candidates are compared with.

    Bands of all held-out documents stand in one lookup; which document one is of follows from where it
    stands. Of two documents with (2 bands, not 25) 2 band keys each:

        band keys   k0 k1 k2 k3        two a document: key 3 is of document 3 // 2 = 1
    """

    def __init__(
        self, tokens: Documents, held_out: Sequence[int], block_size: BlockSize, bucket: int
    ) -> None:
        self._tokens = lru_cache(maxsize=8)(tokens)  # candidates in a row often copy the same documents
        self._bucket = bucket
        self._equal: dict[bytes, int] = {}
        distinct, slots, runs, counts = [], [], [], []
        for block in blocks(tokens, held_out, shortest=GRAM, size=block_size):
            new = _first_equals(block, self._equal) == block.places
            distinct.append(np.array(block.places, dtype=np.int64)[new])
            slots.append(sketches(block)[new])
            hashes, offsets = run_hashes(block, RUN)
            runs.append(hashes)
            counts.append(np.diff(offsets))
        places = np.array(held_out, dtype=np.int64)
        self.runs = HeldOutRuns(self._tokens, places, np.concatenate(runs), np.concatenate(counts))
        self._distinct = np.concatenate(distinct)
        self._slots = np.concatenate(slots)
        self._bands = EqualKeys(band_keys(self._slots).reshape(-1))

    def similar(self, block: Block) -> dict[int, NearCopy]:
        """Find the documents that are similar to a held-out one, by their places."""
        # With 2 bands a document, not 25, of the block's rows 0, 1, 2:
        #   queries   1 4 5       bands that some held-out document has too, in order
        #   // 2      0 2 2       their rows
        #   bounds    0 1 1 3     where each row's begin, and the end: none of row 1
        slots = sketches(block)
        queries, keys = self._bands.find(band_keys(slots).reshape(-1), limit=self._bucket)
        bounds = np.searchsorted(queries // BANDS, np.arange(len(block.places) + 1))
        copies: dict[int, NearCopy] = {}
        for row, (place, fingerprint) in enumerate(zip(block.places, block.fingerprints(), strict=True)):
            if fingerprint in self._equal:
                copies[place] = NearCopy(place, self._equal[fingerprint], "similar", 1.0)
            elif bounds[row] < bounds[row + 1]:
                others = np.unique(keys[bounds[row] : bounds[row + 1]] // BANDS)
                best = most_similar(
                    self._tokens, place, slots[row], self._distinct[others], self._slots[others]
                )
                if best is not None:
                    copies[place] = NearCopy(place, best[0], "similar", best[1])
        return copies


def duplicates(
    tokens: Documents,
    documents: Sequence[int],
    *,
    known: Sequence[int] = (),
    block_size: BlockSize = USUAL_SIZE,
    bucket: int = BUCKET,
    progress: Progress = silent,
) -> list[NearCopy]:
    """Find the documents that are similar to an earlier one, in order, each once; that one is kept itself.

    So each document that is left out has a near-copy that is kept. The original is the most similar of those
    that are kept (of equally similar ones that which has the same tokens, then the first).

    Memory grows by about 1.6 kB for each document that is not the same as another.

    Args:
        tokens: of the documents.
        documents: places of those to compare, the earliest first.
        known: places of earlier documents that are kept whatever they equal.
        block_size: how much is hashed at a time.
        bucket: documents that one band finds at most.
        progress: called with the number of documents read, and of those compared.
    """
    if not documents:
        return []
    places = np.array([*known, *documents], dtype=np.int64)
    first_equals, slots = _read(tokens, places, block_size, progress)
    different = first_equals == places
    originals = _similar_to_kept(
        tokens,
        places[different],
        slots,
        known=int(different[: len(known)].sum()),
        bucket=bucket,
        progress=stage(progress, "comparing documents"),
    )
    found = []
    for document, first in zip(documents, first_equals[len(known) :].tolist(), strict=True):
        if first in originals:
            found.append(NearCopy(document, originals[first][0], "duplicate", originals[first][1]))
        elif first != document:
            found.append(NearCopy(document, first, "duplicate", 1.0))
    return found


def _read(
    tokens: Documents, places: NDArray[np.int64], block_size: BlockSize, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Read documents [n] once.

    Returns:
        first_equals: [n], the place of the first document that equals each.
        slots: [different, 128], the sketches of those that equal no earlier one.
    """
    seen: dict[bytes, int] = {}
    first_equals = np.empty_like(places)
    slots = np.empty((len(places), SLOTS), dtype=np.uint32)  # only what is written takes memory
    done = different = 0
    for block in blocks(tokens, places.tolist(), shortest=GRAM, size=block_size):
        rows = slice(done, done + len(block.places))
        first_equals[rows] = _first_equals(block, seen)
        new = sketches(block)[first_equals[rows] == places[rows]]
        slots[different : different + len(new)] = new
        done = rows.stop
        different += len(new)
        progress(done, len(places))
    return first_equals, slots[:different]


def _first_equals(block: Block, seen: dict[bytes, int]) -> NDArray[np.int64]:
    """[documents]: the place of the first document that equals each; `seen` holds those of earlier blocks."""
    fingerprints = zip(block.fingerprints(), block.places, strict=True)
    return np.array([seen.setdefault(fingerprint, place) for fingerprint, place in fingerprints])


def _similar_to_kept(
    tokens: Documents,
    places: NDArray[np.int64],
    slots: NDArray[np.uint32],
    *,
    known: int,
    bucket: int,
    progress: Progress,
) -> dict[int, tuple[int, float]]:
    """Go through different documents in order and keep those that are similar to none that is kept.

    Args:
        tokens: of the documents.
        places: [n].
        slots: [n, 128], their sketches.
        known: so many at the start are kept without a comparison.
        bucket: documents that one band finds at most.
        progress: called with the number of documents done.

    Returns:
        For the place of each other document that of the most similar kept one, and their Jaccard index.
    """
    keys = band_keys(slots)
    shared = _repeated(keys)
    found_by: dict[int, list[int]] = {}  # by the key of a band, the rows of those kept that have it
    originals = {}
    for row in np.flatnonzero(shared.any(axis=1)).tolist():
        mine = [found_by.setdefault(key, []) for key in keys[row, shared[row]].tolist()]
        others = np.array(sorted({other for rows in mine for other in rows}), dtype=np.int64)
        if row >= known and len(others):
            best = most_similar(tokens, int(places[row]), slots[row], places[others], slots[others])
            progress(row, len(places))
            if best is not None:
                originals[int(places[row])] = best
                continue
        for rows in mine:
            if len(rows) < bucket:
                rows.append(row)
    progress(len(places), len(places))
    return originals


def _repeated(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """[n, 25]: whether the key [n, 25] is that of another document too.

    flat         7 3 7 5
    order        1 3 0 2          so that equal keys stand side by side
    sorted       3 5 7 7
    same           F F T          as the one before
    repeated     T F T F          both of such a pair
    """
    flat = keys.reshape(-1)
    order = np.argsort(flat)
    same = flat[order[1:]] == flat[order[:-1]]
    repeated = np.zeros(len(flat), dtype=np.bool_)
    repeated[order[1:][same]] = True
    repeated[order[:-1][same]] = True
    return repeated.reshape(keys.shape)

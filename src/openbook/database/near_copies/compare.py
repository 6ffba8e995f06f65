"""Which documents nearly equal a held-out one, or an earlier one.

A document is a near-copy of a held-out one if their sets of 13-grams are similar (Jaccard index at least 0.8)
or if they share a run of 32 tokens, for similarity alone misses a copied paragraph in a long text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.hashing import (
    USUAL_SIZE,
    Block,
    BlockSize,
    Documents,
    Lookup,
    blocks,
    run_hashes,
)
from openbook.database.near_copies.minhash import BANDS, GRAM, SLOTS, band_keys, most_similar, sketches
from openbook.database.storage.segments import owners_of, segment_offsets
from openbook.progress import Progress, silent, stage

_RUN = 32
BUCKET = 64
"""Most documents that one band finds, so that the work grows no faster than the documents. More share a band
only where it is of boilerplate in all of them; similar documents share 8 bands of 25, and so others too."""

Reason = Literal["common run", "similar", "duplicate"]


@dataclass(frozen=True, slots=True)
class NearCopy:
    """A document that nearly equals another."""

    document: int
    """Place of the copy."""
    original: int
    """Place of the held-out or earlier document."""
    reason: Reason
    jaccard: float | None
    """Similarity of the sets of 13-grams, exact; None for a common run."""


def copies_of_held_out(
    tokens: Documents,
    candidates: Sequence[int],
    held_out: Sequence[int],
    *,
    block_size: BlockSize = USUAL_SIZE,
    bucket: int = BUCKET,
    progress: Progress = silent,
) -> list[NearCopy]:
    """Find the candidates that are near-copies of a held-out document, in order, each once.

    The original is the most similar held-out document if one is similar (of equally similar ones that which
    has the same tokens, then the first), and else the first that shares a run.

    Args:
        tokens: of the documents.
        candidates: places of those to compare.
        held_out: places of those to compare with.
        block_size: how much is hashed at a time.
        bucket: documents that one band finds at most.
        progress: called with the number of candidates done.
    """
    found: list[NearCopy] = []
    if not candidates or not held_out:
        return found
    originals = _HeldOut(tokens, held_out, block_size, bucket)
    done = 0
    for block in blocks(tokens, candidates, shortest=GRAM, size=block_size):
        copies = originals.sharing_a_run(block) | originals.similar(block)
        found += [copies[row] for row in sorted(copies)]
        done += len(block.places)
        progress(done, len(candidates))
    return found


class _HeldOut:
    """What candidates are compared with: memory of about 60 bytes for each held-out token.

    Runs and bands of all held-out documents stand in one lookup each; which document one is of follows from
    where it stands. Of two documents with 3 runs and 1, and (with 2 bands, not 25) 2 band keys each:

        runs        r0 r1 r2 r3        offsets 0 3 4: run 3 is of document 1
        band keys   k0 k1 k2 k3        two a document: key 3 is of document 3 // 2 = 1
    """

    def __init__(
        self, tokens: Documents, held_out: Sequence[int], block_size: BlockSize, bucket: int
    ) -> None:
        self._tokens = lru_cache(maxsize=8)(tokens)  # candidates in a row often copy the same documents
        self._bucket = bucket
        self._places = np.array(held_out, dtype=np.int64)
        self._equal: dict[bytes, int] = {}
        distinct, slots, runs, counts = [], [], [], []
        for block in blocks(tokens, held_out, shortest=GRAM, size=block_size):
            new = _first_equals(block, self._equal) == block.places
            distinct.append(np.array(block.places, dtype=np.int64)[new])
            slots.append(sketches(block)[new])
            hashes, offsets = run_hashes(block, _RUN)
            runs.append(hashes)
            counts.append(np.diff(offsets))
        self._runs = Lookup(np.concatenate(runs))
        self._offsets = segment_offsets(np.concatenate(counts))
        self._distinct = np.concatenate(distinct)
        self._slots = np.concatenate(slots)
        self._bands = Lookup(band_keys(self._slots).reshape(-1))

    def similar(self, block: Block) -> dict[int, NearCopy]:
        """Find the documents that are similar to a held-out one, by their rows in the block."""
        # With 2 bands a document, not 25, of the block's rows 0, 1, 2:
        #   queries   1 4 5       bands that some held-out document has too, in order
        #   // 2      0 2 2       their rows
        #   bounds    0 1 1 3     where each row's begin, and the end: none of row 1
        slots = sketches(block)
        queries, keys = self._bands.find(band_keys(slots).reshape(-1), limit=self._bucket)
        bounds = np.searchsorted(queries // BANDS, np.arange(len(block.places) + 1))
        copies = {}
        for row, (place, fingerprint) in enumerate(zip(block.places, block.fingerprints(), strict=True)):
            if fingerprint in self._equal:
                copies[row] = NearCopy(place, self._equal[fingerprint], "similar", 1.0)
            elif bounds[row] < bounds[row + 1]:
                others = np.unique(keys[bounds[row] : bounds[row + 1]] // BANDS)
                best = most_similar(
                    self._tokens, place, slots[row], self._distinct[others], self._slots[others]
                )
                if best is not None:
                    copies[row] = NearCopy(place, best[0], "similar", best[1])
        return copies

    def sharing_a_run(self, block: Block) -> dict[int, NearCopy]:
        """Find the documents that share a run of 32 tokens with a held-out one, by rows in the block."""
        # offsets     0   3 5       the block's row 0 has the runs 0 1 2, row 1 has 3 4
        # numbers     1 2 4         runs of the block that a held-out document has too
        # rows        0 0 1         whose they are
        # runs        7 2 2         the held-out runs that equal them
        # originals   1 0 0         whose those are, where the held-out offsets are 0 5 9
        # So row 0 is compared with original 0 first (run 2 with run 2), and then with 1 (run 1 with run 7).
        hashes, offsets = run_hashes(block, _RUN)
        numbers, runs = self._runs.find(hashes, limit=1)
        rows = owners_of(numbers, offsets)
        originals = owners_of(runs, self._offsets)
        copies = {}
        for row in np.unique(rows).tolist():
            first, end = np.searchsorted(rows, [row, row + 1])
            for match in first + np.argsort(originals[first:end], kind="stable"):
                original = originals[match]
                theirs = self._tokens(int(self._places[original]))[runs[match] - self._offsets[original] :]
                ours = block.document(row)[numbers[match] - offsets[row] :]
                if np.array_equal(ours[:_RUN], theirs[:_RUN]):  # two runs may have one hash, hardly ever
                    copies[row] = NearCopy(block.places[row], int(self._places[original]), "common run", None)
                    break
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

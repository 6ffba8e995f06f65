"""Near-copies are those that sets and loops find, at each boundary, in time that grows with the documents."""

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openbook.database.near_copies import compare, hashing
from openbook.database.near_copies.compare import NearCopy, copies_of_held_out, duplicates

Tokens = list[int]

_random = np.random.default_rng(0)
PIECES: list[Tokens] = [_random.integers(0, 50, size).tolist() for size in (1, 4, 12, 13, 31, 32, 70)]
pieces = st.lists(st.sampled_from(PIECES), max_size=5).map(lambda chosen: list(chain(*chosen)))
documents = st.lists(pieces, max_size=9)
# MinHash misses one similar pair in ten thousand: the examples are the same in every run.
fixed = settings(max_examples=150, deadline=None, derandomize=True)


def reader(docs: Sequence[Tokens]) -> Callable[[int], NDArray[np.uint16]]:
    return lambda place: np.array(docs[place], dtype=np.uint16)


def fresh(count: int, seed: int) -> Tokens:
    """Tokens in which no two documents agree by chance."""
    return np.random.default_rng(seed).integers(0, 60_000, count).tolist()


def runs(document: Tokens, n: int) -> set[tuple[int, ...]]:
    return {tuple(document[start : start + n]) for start in range(len(document) - n + 1)}


def jaccard(one: Tokens, other: Tokens) -> float:
    ours, theirs = (runs(document, min(13, len(document))) for document in (one, other))
    return len(ours & theirs) / len(ours | theirs)


def nearest(docs: Sequence[Tokens], place: int, others: Sequence[int]) -> tuple[float, int] | None:
    """The most similar of the others, first of all one of the same tokens, if it is similar."""
    ranked = [
        (jaccard(docs[place], docs[other]), docs[place] == docs[other], -rank)
        for rank, other in enumerate(others)
    ]
    best = max(ranked, default=(0.0, False, 0))
    return (best[0], others[-best[2]]) if best[0] >= 0.8 else None


def slow_copies(docs: Sequence[Tokens], candidates: Sequence[int], held_out: Sequence[int]) -> list[NearCopy]:
    found = []
    for place in candidates:
        sharing = [other for other in held_out if runs(docs[place], 32) & runs(docs[other], 32)]
        if best := nearest(docs, place, held_out):
            found.append(NearCopy(place, best[1], "similar", best[0]))
        elif sharing:
            found.append(NearCopy(place, sharing[0], "common run", None))
    return found


def slow_duplicates(docs: Sequence[Tokens], places: Sequence[int], known: Sequence[int]) -> list[NearCopy]:
    found, kept = [], list(known)
    for place in places:
        if best := nearest(docs, place, kept):
            found.append(NearCopy(place, best[1], "duplicate", best[0]))
        else:
            kept.append(place)
    return found


@given(documents, documents)
@fixed
def test_copies_of_held_out_documents_are_those_that_loops_find(
    ours: list[Tokens], held: list[Tokens]
) -> None:
    docs = ours + held
    candidates, held_out = range(len(ours)), range(len(ours), len(docs))[::-1]
    assert copies_of_held_out(reader(docs), candidates, held_out) == slow_copies(docs, candidates, held_out)


@given(documents, documents)
@fixed
def test_duplicates_are_those_that_loops_find(known: list[Tokens], new: list[Tokens]) -> None:
    docs = known + new
    old, places = range(len(known)), range(len(known), len(docs))
    assert duplicates(reader(docs), places, known=old) == slow_duplicates(docs, places, old)


@given(documents, documents)
@fixed
def test_documents_in_two_parts_have_the_same_duplicates(first: list[Tokens], second: list[Tokens]) -> None:
    docs = first + second
    tokens, places = reader(docs), range(len(docs))
    early = duplicates(tokens, places[: len(first)])
    kept = sorted(set(places[: len(first)]) - {copy.document for copy in early})
    late = duplicates(tokens, places[len(first) :], known=kept)
    assert early + late == duplicates(tokens, places)


@given(documents, st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_runs_have_equal_hashes_if_and_only_if_they_are_equal(docs: list[Tokens], n: int) -> None:
    blocks = list(hashing.blocks(reader(docs), range(len(docs)), shortest=0))
    assert len(blocks) == (len(docs) > 0)
    for block in blocks:
        hashes, offsets = hashing.run_hashes(block, n)
        expected = [
            tuple(document[start : start + n]) for document in docs for start in range(len(document) - n + 1)
        ]
        assert np.diff(offsets).tolist() == [max(0, len(document) - n + 1) for document in docs]
        assert len(hashes) == len(expected)
        assert len(set(zip(hashes.tolist(), expected, strict=True))) == len(set(expected)) == len({*hashes})


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 12)), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_a_lookup_finds_the_first_equal_keys(keys: list[int], queries: list[int], limit: int) -> None:
    hashes = hashing.splitmix64(np.array(keys, dtype=np.uint64))
    found = hashing.Lookup(hashes).find(hashing.splitmix64(np.array(queries, dtype=np.uint64)), limit=limit)
    expected = [
        (number, row)
        for number, query in enumerate(queries)
        for row in [row for row, key in enumerate(keys) if key == query][:limit]
    ]
    assert list(zip(*(numbers.tolist() for numbers in found), strict=True)) == expected


@pytest.mark.parametrize(("shared", "copied"), [(31, False), (32, True), (33, True)])
@pytest.mark.parametrize("before", [0, 200])
@pytest.mark.parametrize("after", [0, 200])
def test_a_common_run_has_32_tokens(shared: int, copied: bool, before: int, after: int) -> None:
    run = fresh(shared, 1)
    docs = [[*fresh(before, 2), *run, *fresh(after, 3)], [*fresh(300, 4), *run, *fresh(300, 5)]]
    expected = [NearCopy(0, 1, "common run", None)] if copied else []
    assert copies_of_held_out(reader(docs), [0], [1]) == expected


def test_a_run_does_not_cross_documents() -> None:
    text = fresh(100, 1)
    docs = [text[:20], text[20:51], text[51:71], text]
    assert copies_of_held_out(reader(docs), [0, 1, 2], [3]) == []
    assert copies_of_held_out(reader(docs), [3], [0, 1, 2]) == []
    gram = fresh(13, 2)
    assert copies_of_held_out(reader([gram[:6], gram[6:], gram]), [0, 1], [2]) == []


@pytest.mark.parametrize(("length", "similar"), [(92, True), (91, False)])
def test_documents_are_similar_from_eight_grams_in_ten(length: int, similar: bool) -> None:
    text = fresh(112, 1)  # 100 grams, of which the other document holds 80 or 79
    docs = [text, text[:length]]
    assert duplicates(reader(docs), [0, 1]) == ([NearCopy(1, 0, "duplicate", 0.8)] if similar else [])
    expected = NearCopy(1, 0, "similar", 0.8) if similar else NearCopy(1, 0, "common run", None)
    assert copies_of_held_out(reader(docs), [1], [0]) == [expected]


def test_documents_too_short_for_a_common_run_can_be_similar() -> None:
    text = fresh(31, 1)
    assert copies_of_held_out(reader([text[:28], text]), [0], [1]) == [NearCopy(0, 1, "similar", 16 / 19)]


@pytest.mark.parametrize("length", [0, 1, 12, 13])
def test_a_document_shorter_than_a_gram_is_one_gram(length: int) -> None:
    text = fresh(length, 1)
    docs = [text, text, [*text, 7], [*text[:-1], 60_001], text[1:]][: 5 if length else 3]
    assert duplicates(reader(docs), range(len(docs))) == [NearCopy(1, 0, "duplicate", 1.0)]
    assert copies_of_held_out(reader(docs), range(1, len(docs)), [0]) == [NearCopy(1, 0, "similar", 1.0)]


def test_a_copy_of_a_duplicate_is_one_of_what_is_kept() -> None:
    text = fresh(112, 1)
    docs = [text, text[:100], text[:90], text[:100]]  # the third is similar to the second only
    found = [(copy.document, copy.original) for copy in duplicates(reader(docs), range(4))]
    assert found == [(1, 0), (3, 0)]
    assert duplicates(reader(docs), [2], known=[0, 1]) == [NearCopy(2, 1, "duplicate", 78 / 88)]


def test_nothing_is_a_copy_of_nothing() -> None:
    tokens = reader([fresh(50, 1)])
    assert copies_of_held_out(tokens, [], [0]) == copies_of_held_out(tokens, [0], []) == []
    assert duplicates(tokens, []) == duplicates(tokens, [], known=[0]) == duplicates(tokens, [0]) == []


def test_it_does_not_matter_how_many_documents_are_read_at_once() -> None:
    chosen = np.random.default_rng(3).integers(0, len(PIECES), (120, 4))
    docs = [[token for piece in row for token in PIECES[piece]] for row in chosen]

    def found(size: hashing.BlockSize) -> tuple[list[NearCopy], list[NearCopy]]:
        return (
            copies_of_held_out(reader(docs), range(100), range(100, 120), block_size=size),
            duplicates(reader(docs), range(120), block_size=size),
        )

    at_once = found(hashing.USUAL_SIZE)
    assert {copy.reason for copy in at_once[0]} == {"common run", "similar"} and at_once[1]
    assert found(hashing.USUAL_SIZE) == at_once
    assert found(hashing.BlockSize(tokens=300)) == at_once
    assert found(hashing.BlockSize(documents=1)) == at_once


def test_one_hash_of_two_runs_makes_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def colliding(block: hashing.Block, n: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        hashes, offsets = hashing.run_hashes(block, n)
        return hashes % np.uint64(2), offsets

    monkeypatch.setattr(compare, "run_hashes", colliding)
    assert copies_of_held_out(reader([fresh(100, 1), fresh(100, 2)]), [0], [1]) == []


@pytest.mark.parametrize("own", [0, 4, 20, 40])
def test_the_work_grows_with_the_documents_and_not_with_their_pairs(own: int) -> None:
    """All the same (own = 0), all similar, or half the same: boilerplate with some tokens of one's own."""
    count, boilerplate = 600, fresh(100, 1)
    docs = [[*fresh(own, 2 + place), *boilerplate] for place in range(count)]
    read = 0

    def tokens(place: int) -> NDArray[np.uint16]:
        nonlocal read
        read += 1
        return np.array(docs[place], dtype=np.uint16)

    assert len(duplicates(tokens, range(count))) == (count - 1 if own <= 4 else 0)
    assert len(copies_of_held_out(tokens, range(300, count), range(300))) == 300
    assert read <= 40 * count


def test_a_band_finds_no_more_than_a_bucket_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    boilerplate, looked_at = fresh(100, 1), []
    docs = [[*fresh(20, 2 + place), *boilerplate] for place in range(60)]
    monkeypatch.setattr(compare, "most_similar", lambda *found: looked_at.append(len(found[3])))
    duplicates(reader(docs), range(60), bucket=1)
    copies_of_held_out(reader(docs), range(30), range(30, 60), bucket=1)
    assert len(looked_at) > 60 and max(looked_at) <= 25


def test_progress_counts_documents() -> None:
    told: list[tuple[int, int | None]] = []
    tokens = reader([fresh(50, place) for place in range(5)])
    copies_of_held_out(tokens, [0, 1, 2], [3, 4], progress=lambda *done: told.append(done))
    duplicates(tokens, [2, 3, 4], known=[0, 1], progress=lambda *done: told.append(done))
    assert told == [(3, 3), (5, 5)]

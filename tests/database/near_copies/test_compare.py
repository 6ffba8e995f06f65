"""Near-copies are those that sets and loops find, at each boundary, in time that grows with the documents."""

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openbook.database.near_copies import common_runs, compare, hashing
from openbook.database.near_copies.common_runs import Stretch
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


def stretches(starts: Sequence[int]) -> tuple[Stretch, ...]:
    """Of runs that begin there, those that overlap or touch joined."""
    covered = {token for start in starts for token in range(start, start + 32)}
    first = [token for token in sorted(covered) if token - 1 not in covered]
    last = [token for token in sorted(covered) if token + 1 not in covered]
    return tuple(Stretch(start, end + 1) for start, end in zip(first, last, strict=True))


def slow_copies(
    docs: Sequence[Tokens], candidates: Sequence[int], held_out: Sequence[int], others: Sequence[int] = ()
) -> list[NearCopy]:
    similar = {place: best for place in candidates if (best := nearest(docs, place, held_out))}
    counted = [runs(docs[place], 32) for place in (*candidates, *held_out, *others) if place not in similar]
    held = {place: runs(docs[place], 32) for place in held_out}
    found = []
    for place in candidates:
        if place in similar:
            found.append(NearCopy(place, similar[place][1], "similar", similar[place][0]))
            continue
        starts: dict[int, list[int]] = {}
        boilerplate = [
            start
            for start in range(len(docs[place]) - 31)
            if any((run := tuple(docs[place][start : start + 32])) in theirs for theirs in held.values())
            and sum(run in theirs for theirs in counted) > 3
        ]
        for start in range(len(docs[place]) - 31):
            run = tuple(docs[place][start : start + 32])
            sharing = [other for other in held_out if run in held[other]]
            if sharing and all(abs(start - other) >= 32 for other in boilerplate):
                starts.setdefault(sharing[0], []).append(start)
        found += [
            NearCopy(place, other, "common run", None, stretches(starts[other]))
            for other in held_out
            if other in starts
        ]
    return found


def slow_duplicates(docs: Sequence[Tokens], places: Sequence[int], known: Sequence[int]) -> list[NearCopy]:
    found, kept = [], list(known)
    for place in places:
        if best := nearest(docs, place, kept):
            found.append(NearCopy(place, best[1], "duplicate", best[0]))
        else:
            kept.append(place)
    return found


@given(documents, documents, documents)
@fixed
def test_copies_of_held_out_documents_are_those_that_loops_find(
    ours: list[Tokens], held: list[Tokens], rest: list[Tokens]
) -> None:
    docs = ours + held + rest
    candidates, held_out = range(len(ours)), range(len(ours), len(ours) + len(held))[::-1]
    others = range(len(ours) + len(held), len(docs))
    found = copies_of_held_out(reader(docs), candidates, held_out, others=others)
    assert found == slow_copies(docs, candidates, held_out, others)


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
    found = hashing.EqualKeys(hashes).find(
        hashing.splitmix64(np.array(queries, dtype=np.uint64)), limit=limit
    )
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
    stretch = Stretch(before, before + shared)
    expected = [NearCopy(0, 1, "common run", None, (stretch,))] if copied else []
    assert copies_of_held_out(reader(docs), [0], [1]) == expected


@pytest.mark.parametrize(("documents", "copies"), [(2, 1), (3, 2), (4, 0), (60, 0)])
@pytest.mark.parametrize("elsewhere", [False, True], ids=["candidates", "others"])
def test_a_run_that_stands_in_many_documents_is_boilerplate(
    documents: int, copies: int, elsewhere: bool
) -> None:
    footer = fresh(56, 1)
    docs = [[*fresh(150, 2 + place), *footer] for place in range(documents)]
    places = range(1, 2 if elsewhere else documents)
    found = copies_of_held_out(reader(docs), places, [0], others=range(places.stop, documents))
    expected = places if copies else []
    assert found == [NearCopy(place, 0, "common run", None, (Stretch(150, 206),)) for place in expected]


@pytest.mark.parametrize(("sharing", "copies"), [(5, True), (6, False)])
def test_boilerplate_is_of_more_than_one_document_in_a_hundred(sharing: int, copies: bool) -> None:
    docs = [[*fresh(40, 2 + place), *(fresh(40, 1) if place < sharing else [])] for place in range(500)]
    found = copies_of_held_out(reader(docs), range(1, 500), [0])
    assert [copy.document for copy in found] == (list(range(1, sharing)) if copies else [])


def test_beside_boilerplate_a_copied_paragraph_is_found() -> None:
    footer, paragraph = fresh(56, 1), fresh(50, 2)
    docs = [[*fresh(150, 3 + place), *footer] for place in range(20)]
    docs[0] += paragraph
    docs[7] = paragraph + docs[7]
    assert copies_of_held_out(reader(docs), range(1, 20), [0]) == [
        NearCopy(7, 0, "common run", None, (Stretch(0, 50),))
    ]


@pytest.mark.parametrize(("before", "copies"), [(31, False), (32, True)])
@pytest.mark.parametrize("first", [False, True], ids=["before", "after"])
def test_words_beside_boilerplate_are_copied_if_they_are_a_run_themselves(
    before: int, copies: bool, first: bool
) -> None:
    footer, words = fresh(56, 1), fresh(before, 2)
    own = [fresh(150, 3 + place) for place in range(20)]
    shared = [words if place in (0, 7) else [] for place in range(20)]
    docs = [[*footer, *w, *o] if first else [*o, *w, *footer] for o, w in zip(own, shared, strict=True)]
    found = copies_of_held_out(reader(docs), range(1, 20), [0])
    start = 56 if first else 150
    expected = [NearCopy(7, 0, "common run", None, (Stretch(start, start + 32),))]
    assert found == (expected if copies else [])


def test_copies_of_a_text_make_no_boilerplate_of_it() -> None:
    text = fresh(300, 1)
    docs = [text, *[[*text, place] for place in range(9)], [*fresh(300, 2), *text[:60], *fresh(300, 3)]]
    found = copies_of_held_out(reader(docs), range(1, 11), [0])
    assert [copy.reason for copy in found] == 9 * ["similar"] + ["common run"]


def test_the_most_frequent_run_is_that_of_the_most_documents() -> None:
    once, often = fresh(40, 1), fresh(32, 2)
    pieces = [(0, [*once, *often, *once]), (0, once), (1, often), (2, [5, *often])]
    found, documents = common_runs.most_frequent_run([(place, np.array(part)) for place, part in pieces])
    assert (found.tolist(), documents) == (often, 3)
    assert common_runs.most_frequent_run([(0, np.array(once[:31]))])[1] == 0


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
    expected = (
        NearCopy(1, 0, "similar", 0.8) if similar else NearCopy(1, 0, "common run", None, (Stretch(0, 91),))
    )
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
    monkeypatch.setattr(common_runs, "run_hashes", colliding)
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
    assert len(copies_of_held_out(tokens, range(300, count), range(300))) == (300 if own <= 4 else 0)
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

"""A sharded book finds what one database of the same documents finds: the same texts in the same order."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes import WORDS
from openbook.database import Database, DocumentFilter, Hit, build_neighbors
from openbook.database.neighbors.finder import nearest_neighbors
from openbook.database.shards import book_indexes
from openbook.text import Document

MODES = ("dense", "bm25", "hybrid")
Make = Callable[..., Database]
Corpus = Callable[..., dict[str, str]]


@pytest.fixture(autouse=True, params=["one index", "an index of each shard"])
def vectors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How they are searched: in a book of few chunks, and in one of many."""
    if request.param == "an index of each shard":
        monkeypatch.setattr(book_indexes, "is_large", lambda *layouts: True)


def split(texts: dict[str, str], shards: int) -> list[dict[str, str]]:
    """Consecutive documents, some shards with few or none."""
    names = list(texts)
    bounds = [0, *(len(names) * (place + 1) ** 2 // shards**2 for place in range(shards))]
    return [{name: texts[name] for name in names[a:b]} for a, b in pairwise(bounds)]


def require_equal(ours: list[list[Hit]], theirs: list[list[Hit]]) -> None:
    """The same hits in the same order, scores but for rounding."""
    for some, others in zip(ours, theirs, strict=True):
        assert [replace(hit, score=0) for hit in some] == [replace(hit, score=0) for hit in others]
        assert [hit.score for hit in some] == pytest.approx([hit.score for hit in others], rel=1e-5)


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_searches_find_the_same(make_book: Make, make_one: Make, corpus: Corpus, shards: int) -> None:
    texts = corpus(40)
    book, one = make_book(split(texts, shards)), make_one(texts)
    queries = ["river stone unique3", "copper", "a word that nothing has", *list(texts.values())[:6]]
    for mode in MODES:
        for k in (1, 4, 50, 400):
            require_equal(book.search(queries, k=k, mode=mode), one.search(queries, k=k, mode=mode))


def test_words_weigh_the_same_when_what_was_removed_is_compacted(
    make_book: Make, make_one: Make, corpus: Corpus
) -> None:
    """All documents of one shard go, and one of another changes."""
    texts = corpus(24)
    parts = split(texts, 3)
    kept = {name: text for name, text in texts.items() if name not in parts[1]}
    changed = dict.fromkeys(list(parts[2])[:1], "copper river of another kind")
    book, one = make_book(parts, dense=False), make_one(texts, dense=False)
    for each in (book, one):
        each.remove(list(parts[1]))
        each.add([Document(id=name, text=text) for name, text in changed.items()])
        each.compact()
    fresh = make_one(kept | changed, dense=False)
    queries = ["river stone copper", *list(kept.values())[:4]]
    ours, theirs, anew = (
        [
            sorted((hit.score, hit.document_id, hit.text) for hit in hits)
            for hits in each.search(queries, k=400, mode="bm25")
        ]
        for each in (book, one, fresh)
    )
    assert ours == theirs == anew and all(ours), "to the last bit"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_texts_in_any_shards(make_book: Make, make_one: Make, data: st.DataObject) -> None:
    words = st.lists(st.sampled_from([*WORDS[:6], "ß", "水位", "x"]), min_size=1, max_size=30).map(" ".join)
    texts = data.draw(st.lists(words, min_size=1, max_size=12))
    places = data.draw(st.lists(st.integers(0, 3), min_size=len(texts), max_size=len(texts)))
    shards: list[dict[str, str]] = [{} for _ in range(4)]
    for number, (text, place) in enumerate(zip(texts, places, strict=True)):
        shards[place][f"d{number}"] = f"{text} own{number}"
    book = make_book(shards)
    one = make_one({name: text for shard in shards for name, text in shard.items()})
    queries = data.draw(st.lists(words, min_size=1, max_size=3))
    k = data.draw(st.integers(1, 9))
    for mode in MODES:
        for ours, theirs in zip(
            book.search(queries, k=k, mode=mode), one.search(queries, k=k, mode=mode), strict=True
        ):
            # Of chunks with equal scores any may be cut, in one database too: those above are the same.
            assert [hit.score for hit in ours] == pytest.approx([hit.score for hit in theirs], rel=1e-5)
            lowest = theirs[-1].score * (1 + 1e-5) if theirs else 0
            above = {hit.chunk_id for hit in theirs if hit.score > lowest}
            assert {hit.chunk_id for hit in ours if hit.score > lowest} == above


def test_filters_and_own_documents_are_left_out_alike(
    make_book: Make, make_one: Make, corpus: Corpus
) -> None:
    texts = corpus(40, longest=400)
    book, one = make_book(split(texts, 3)), make_one(texts)
    wanted = DocumentFilter(ids=["unique3", "unique2*", "unique35"])
    layout = one.layout
    chunks = np.flatnonzero(layout.retrievable)[::17]
    own = layout.document_of[chunks]
    for mode in MODES:
        found = [each.search(["river stone"] * 2, k=7, mode=mode, documents=wanted) for each in (book, one)]
        require_equal(*found)
        assert {hit.document_id for hit in found[0][0]} <= {"unique3", "unique35"} | {
            f"unique2{digit}" for digit in ["", *range(10)]
        }
        ids, scores = zip(
            *(
                each.search_chunks(each.opened.chunk_queries(chunks), k=5, mode=mode, exclude=own)
                for each in (book, one)
            ),
            strict=True,
        )
        assert ids[0].tolist() == ids[1].tolist()
        assert np.allclose(scores[0], scores[1], rtol=1e-5)


def test_everything_that_is_read_of_chunks(make_book: Make, make_one: Make, corpus: Corpus) -> None:
    texts = corpus(30)
    book, one = make_book(split(texts, 4)), make_one(texts)
    assert book.layout.num_chunks == one.layout.num_chunks
    chunks = np.arange(one.layout.num_chunks)
    assert np.array_equal(book.tokens[:], one.tokens[:])
    assert book.vectors is not None and one.vectors is not None
    assert np.array_equal(book.vectors[chunks[::-1]], one.vectors[chunks[::-1]])
    assert np.array_equal(book.tokens[:, :2][5], one.tokens[:, :2][5])
    assert book.tokens.content_sums().tolist() == one.tokens.content_sums().tolist()
    assert book.chunk_texts([3, -1, 50]) == one.chunk_texts([3, -1, 50])
    for name in ("lengths", "document_of", "has_continuation", "retrievable", "indexed"):
        assert np.array_equal(getattr(book.layout, name), getattr(one.layout, name)), name
    ours, theirs = book.opened.retrieved_tokens(chunks), one.opened.retrieved_tokens(chunks)
    assert all(np.array_equal(*pair) for pair in zip(ours, theirs, strict=True))
    assert book.documents() == one.documents()
    counted = ("documents", "chunks", "tokens", "bytes", "holdout_documents", "removed_chunks")
    assert [getattr(book.info(), name) for name in counted] == [getattr(one.info(), name) for name in counted]


def near_copies(corpus: Corpus) -> dict[str, str]:
    """Documents of which some nearly equal others, and some share a run."""
    texts = corpus(40, longest=120)
    names = list(texts)
    for number in range(0, 12, 3):
        texts[f"copy{number}"] = texts[names[number]] + " anchor"
    for number in (4, 7, 13):
        run = " ".join(f"own{number}w{word}" for word in range(45))
        texts[names[number]] += f" {run}"
        texts[f"quotes{number}"] = f"{corpus(1, longest=300, seed=number)['unique0']} {run} {run[:40]}"
    return texts


@pytest.mark.parametrize("deduplicate", [False, True])
def test_holdout_and_near_copies_across_shards(
    make_book: Make, make_one: Make, corpus: Corpus, deduplicate: bool
) -> None:
    texts = near_copies(corpus)
    made = {"holdout": ["unique0", "unique4", "unique7", "unique9"], "deduplicate": deduplicate}
    parts = [{name: text for name, text in texts.items() if hash_of(name) == place} for place in range(3)]
    book, one = make_book(parts, **made), make_one({k: v for part in parts for k, v in part.items()}, **made)
    theirs = {(copy.document_id, copy.original_id, copy.reason, copy.chunks) for copy in one.excluded()}
    assert {reason for _, _, reason, _ in theirs} >= {"similar", "common run"}
    ours = {(copy.document_id, copy.original_id, copy.reason, copy.chunks) for copy in book.excluded()}
    assert ours == theirs
    apart = {copy for copy in theirs if hash_of(copy[0]) != hash_of(copy[1])}
    assert apart, "no near-copy is in another shard than its original: the test shows nothing"
    assert np.array_equal(book.layout.retrievable, one.layout.retrievable)
    assert np.array_equal(book.layout.kept_out, one.layout.kept_out)
    queries = [texts[name] for name in ("copy0", "unique0", "quotes4", "unique5")]
    for mode in MODES:
        require_equal(book.search(queries, k=20, mode=mode), one.search(queries, k=20, mode=mode))


def hash_of(name: str) -> int:
    return sum(name.encode()) % 3


@pytest.mark.parametrize("mode", MODES)
def test_the_neighbor_table_is_the_same(make_book: Make, make_one: Make, corpus: Corpus, mode: str) -> None:
    texts = corpus(30, longest=90)
    book, one = make_book(split(texts, 3), holdout=0.2), make_one(texts, holdout=0.2)
    ours, theirs = (build_neighbors(each, k=4, mode=mode) for each in (book, one))
    assert np.array_equal(ours.ids[:], theirs.ids[:])
    assert np.allclose(ours.scores[:], theirs.scores[:], rtol=1e-5)
    again = Database.open(book.path)
    assert again.info().neighbors is not None and again.info().neighbors.state == "current"


def test_a_corpus_of_its_own_beside_the_book(make_book: Make, make_one: Make, corpus: Corpus) -> None:
    """Documents that both have are left out by id and by tokens, whichever shard they are in."""
    texts = corpus(30)
    reading = {"other id": texts["unique4"], "unique20": texts["unique20"], "new": "river stone copper" * 9}
    book, one, text = make_book(split(texts, 3)), make_one(texts), make_one(reading)
    chunks = np.arange(text.layout.num_chunks)
    for mode in MODES:
        found = [
            nearest_neighbors(text.opened, chunks, book=each.opened, k=5, mode=mode) for each in (book, one)
        ]
        assert found[0].tolist() == found[1].tolist()


def test_a_book_may_itself_be_the_corpus_of_another_book(
    make_book: Make, make_one: Make, corpus: Corpus
) -> None:
    texts, others = corpus(20), {f"x{name}": text for name, text in corpus(20, seed=3).items()}
    sharded, one, book = make_book(split(texts, 3)), make_one(texts), make_one(others)
    tables = [build_neighbors(each, book=book, k=3, mode="hybrid") for each in (sharded, one)]
    assert np.array_equal(tables[0].ids[:], tables[1].ids[:])

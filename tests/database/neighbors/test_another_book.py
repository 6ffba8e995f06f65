"""A table of a corpus' neighbors in another database: right, without leaks, refused when it is stale."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from openbook.database import Database, NeighborTable, SequenceDataset, TableBlocks, build_neighbors, repair
from openbook.database.info import NeighborsInfo
from openbook.database.neighbors.same_documents import same_documents
from openbook.database.search.embedder import Embedder
from openbook.database.storage.arrays import Rows
from openbook.database.storage.database_folder import open_folder
from openbook.database.storage.neighbor_files import table_stamp
from openbook.database.storage.settings import is_held_out
from openbook.errors import DatabaseError, MismatchError
from openbook.text import Document, TokenizedDocument, train_tokenizer

Make = Callable[..., Database]
Corpus = Callable[..., dict[str, str]]
Documents = Callable[[Mapping[str, str]], Iterator[Document]]
K = 3
M = 8
SHARED = "shared0 river stone copper lantern winter harbour engine violin marble thunder meadow"


@pytest.fixture(scope="module")
def pair(make: Make, corpus: Corpus, documents: Documents) -> tuple[Database, Database]:
    """A corpus and a book: one document in both by id, one by text under two other ids, one as tokens."""
    texts, other = corpus(12, seed=1), corpus(20, seed=2)
    book_texts = {f"book{name}": text for name, text in other.items()}
    book_texts |= {"same-id": "river copper " * 12, "twin1": SHARED, "twin2": SHARED}
    tokens_text = "anchor velvet pepper island feather castle " * 3
    book = make(book_texts | {"as text": tokens_text}, dense=True, holdout=0.2)
    book.remove(["bookunique3"])
    ours = make(texts | {"same-id": "river copper stone " * 9, "twin": SHARED}, dense=True, holdout=0.2)
    ids = np.array(ours.tokenizer.encode([tokens_text])[0])
    ours.add([TokenizedDocument(token_ids=ids, id="as tokens")])
    assert book.info().holdout_documents and ours.info().holdout_documents
    return ours, book


def names(database: Database) -> list[str]:
    """The id of each document, by its place."""
    return [item.id for item in database.catalog.describe(database.layout.number.tolist())]


@cache
def forbidden(ours: Database, book: Database, place: int) -> set[int]:
    """Places in the book of what is the same document, by a walk over all; neither database may change."""

    def text(database: Database, place: int) -> str:
        return "".join(database.chunk_texts(list(database.layout.chunks_of(place))))

    name, content = names(ours)[place], text(ours, place)
    live = np.flatnonzero(book.layout.live).tolist()
    return {other for other in live if names(book)[other] == name or text(book, other) == content}


def candidates(ours: Database, book: Database, chunk: int) -> list[int]:
    return candidates_of_document(ours, book, int(ours.layout.document_of[chunk]))


@cache
def candidates_of_document(ours: Database, book: Database, own: int) -> list[int]:
    layout = book.layout
    held_out = np.flatnonzero(ours.layout.live & ours.layout.holdout).tolist()
    out = set().union(*(forbidden(ours, book, place) for place in (own, *held_out)))
    return [
        other
        for other, place in enumerate(layout.document_of.tolist())
        if layout.live[place] and not layout.holdout[place] and place not in out
    ]


def test_what_is_the_same_is_found_by_id_by_text_and_by_tokens(pair: tuple[Database, Database]) -> None:
    ours, book = pair
    same, places = same_documents(ours.opened, book.opened), names(ours)
    for name, expected in {
        "same-id": ["same-id"],
        "twin": ["twin1", "twin2"],
        "as tokens": ["as text"],
        "unique1": [],
    }.items():
        found = same.of(np.array([places.index(name)]))
        assert [names(book)[place] for place in found] == expected
    both = np.array([places.index("twin"), places.index("unique1")])
    assert [set(row) - {-1} for row in same.rows(both).tolist()] == [set(same.of(both).tolist()), set()]
    assert same.of(both[:0]).tolist() == []


def test_documents_are_not_the_same_because_their_checksums_are(
    pair: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = [database.opened for database in pair]
    expected = [same_documents(*opened).of(np.array([place])).tolist() for place in range(14)]
    monkeypatch.setattr(Rows, "content_sums", lambda self: np.zeros(len(self), dtype=np.uint64))
    assert [same_documents(*opened).of(np.array([place])).tolist() for place in range(14)] == expected


def test_dense_neighbors_are_those_of_brute_force(pair: tuple[Database, Database]) -> None:
    ours, book = pair
    table = build_neighbors(ours, book=book, k=K, mode="dense")
    assert table.book == book.opened and ours.vectors is not None and book.vectors is not None
    queries, keys = (vectors[:].astype(np.float32) for vectors in (ours.vectors, book.vectors))
    for chunk in range(ours.layout.num_chunks):
        products = {other: float(keys[other] @ queries[chunk]) for other in candidates(ours, book, chunk)}
        assert table.scores[chunk].tolist() == pytest.approx(
            sorted(products.values(), reverse=True)[:K], abs=1e-5
        )
        ids = table.ids[chunk].tolist()
        assert table.scores[chunk].tolist() == pytest.approx([products[other] for other in ids], abs=1e-5)


@pytest.mark.parametrize("mode", ["bm25", "hybrid"])
def test_no_neighbor_is_the_same_document_held_out_or_gone(
    pair: tuple[Database, Database], mode: str
) -> None:
    ours, book = pair
    table = build_neighbors(ours, book=book, k=40, mode=mode)
    assert (table.ids[:] >= 0).any(axis=1).mean() > 0.9
    for chunk, row in enumerate(table.ids[:].tolist()):
        assert set(row) - {-1} <= set(candidates(ours, book, chunk))


def test_without_vectors_of_its_own_the_texts_are_encoded(make: Make, corpus: Corpus) -> None:
    texts = corpus(6, seed=3)
    book = make({f"b{name}": text for name, text in corpus(12, seed=4).items()}, dense=True)
    lexical, dense = make(texts), make(texts, dense=True)
    table = build_neighbors(lexical, book=book, k=K, mode="dense")
    stored = build_neighbors(dense, book=book, k=K, mode="dense")
    assert np.array_equal(table.ids, stored.ids)
    assert table.scores[:] == pytest.approx(stored.scores[:], abs=2e-3)  # those are float16


def test_vectors_of_another_encoder_are_not_asked_with(
    make: Make, corpus: Corpus, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = make({f"b{name}": text for name, text in corpus(9).items()}, dense=True)
    ours = make(corpus(4), dense=True)
    expected = build_neighbors(make(corpus(4)), book=book, k=K, mode="dense").scores[:]
    settings = replace(ours.settings, embedder_fingerprint="0" * 16)
    ours = Database(replace(open_folder(ours.path), settings=settings))
    assert np.array_equal(build_neighbors(ours, book=book, k=K, mode="dense").scores, expected)


def test_neighbors_of_documents_of_the_sequence_are_masked(pair: tuple[Database, Database]) -> None:
    """By a loop, for a table in which all chunks of the book are neighbors of each chunk."""
    ours, book = pair
    count = book.layout.num_chunks
    table = np.tile(np.arange(count), (ours.layout.num_chunks, 1))
    samples = SequenceDataset(ours, "train", 4 * M, table, book=book)
    hidden = shown = 0
    for index in range(len(samples)):
        sample, chunks = samples[index], samples.chunk_ids[index]
        there = chunks[chunks >= 0]
        out = set().union(*(forbidden(ours, book, int(ours.layout.document_of[chunk])) for chunk in there))
        for place, chunk in enumerate(chunks[:-1]):
            follows = chunks[place + 1] >= 0 and ours.layout.has_continuation[chunk]
            for column, neighbor in enumerate(table[chunk] if chunk >= 0 else ()):
                leaks = int(book.layout.document_of[neighbor]) in out
                visible = bool(sample["neighbor_mask"][place, column, 0])  # type: ignore[call-overload]
                assert visible == (follows and not leaks)
                hidden, shown = hidden + (leaks and follows), shown + visible
                if visible:
                    tokens = book.tokens[int(neighbor)]
                    assert np.array_equal(sample["neighbor_ids"][place, column, :M], tokens)  # type: ignore[call-overload]
    assert hidden and shown


@pytest.fixture
def moved(tmp_path: Path, make: Make, corpus: Corpus) -> tuple[Database, Database]:
    """A corpus and a book in one folder, to change."""
    ours = shutil.copytree(make(corpus(5)).path, tmp_path / "corpus")
    book = shutil.copytree(
        make({f"b{name}": text for name, text in corpus(9, seed=5).items()}).path, tmp_path / "book"
    )
    return Database.open(ours), Database.open(book)


def test_the_table_finds_its_book_again_also_when_both_have_moved(
    moved: tuple[Database, Database], tmp_path: Path
) -> None:
    ours, book = moved
    built = build_neighbors(ours, book=book, k=K)
    stamp = table_stamp(ours.path / "neighbors")
    assert stamp is not None and stamp.book is not None and stamp.book.path == "../book"
    (tmp_path / "elsewhere").mkdir()
    for name in ("corpus", "book"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
    table = NeighborTable.load(Database.open(tmp_path / "elsewhere" / "corpus"))
    assert table.book.path == tmp_path / "elsewhere" / "book"
    assert np.array_equal(table.ids, built.ids)


def test_a_stale_table_is_refused_with_the_remedy(
    moved: tuple[Database, Database], documents: Documents
) -> None:
    ours, book = moved
    remedy = rf"run: openbook neighbors {ours.path} --book {book.path}"
    build_neighbors(ours, book=book, k=K)
    book.add(documents({"new": "river stone"}))
    with pytest.raises(MismatchError, match=rf"version 1 .*{book.path}.* 2; {remedy}"):
        NeighborTable.load(ours)
    build_neighbors(ours, book=book, k=K)
    ours.add(documents({"mine": "river stone"}))
    with pytest.raises(MismatchError, match=rf"version 1, .* 2; {remedy}"):
        NeighborTable.load(ours)
    assert build_neighbors(ours, book=book, k=K).version == 2


def test_another_database_in_the_books_place_is_refused(
    moved: tuple[Database, Database], make: Make, corpus: Corpus
) -> None:
    ours, book = moved
    build_neighbors(ours, book=book, k=K)
    shutil.rmtree(book.path)
    with pytest.raises(DatabaseError, match=r"book .*cannot be opened: .*no openbook"):
        NeighborTable.load(ours)
    shutil.copytree(make(corpus(3)).path, book.path)
    with pytest.raises(MismatchError, match="of another database than"):
        NeighborTable.load(ours)


def test_new_chunks_extend_the_table_while_the_book_stays(
    moved: tuple[Database, Database], documents: Documents, corpus: Corpus
) -> None:
    ours, book = moved
    build_neighbors(ours, book=book, k=K)
    before = ours.layout.num_chunks
    searched: list[int] = []
    ours.add(documents({f"more{name}": text for name, text in corpus(3, seed=6).items()}))
    ours.remove(["unique1"])
    ours.compact()
    new = ours.layout.num_chunks - before + 1
    table = build_neighbors(ours, book=book, k=K, progress=lambda done, total: searched.append(total or 0))
    assert searched and 0 < searched[-1] < ours.layout.num_chunks and searched[-1] >= new
    ids = table.ids[:]
    assert np.array_equal(ids, build_neighbors(ours, book=book, k=K, rebuild=True).ids)
    book.add(documents({"new": "river stone"}))
    build_neighbors(ours, book=book, k=K, progress=lambda done, total: searched.append(total or 0))
    assert searched[-1] == ours.layout.num_chunks


def test_what_the_corpus_holds_out_is_nobodys_neighbor_also_where_the_book_has_it(
    make: Make, corpus: Corpus, documents: Documents
) -> None:
    texts = corpus(30, seed=7)
    book, ours = make({f"b{name}": text for name, text in texts.items()}), make(texts, holdout=0.3)
    places = np.flatnonzero(ours.layout.holdout)
    copies = same_documents(ours.opened, book.opened).of(places)
    assert len(copies) == len(places) > 2

    def named(table: NeighborTable) -> set[int]:
        ids = table.ids[:]
        return set(book.layout.document_of[ids[ids >= 0]].tolist())

    table = build_neighbors(ours, book=book, k=10)
    assert len(named(table)) == len(texts) - len(copies)
    assert not named(table) & set(copies.tolist())
    late = next(f"late{number}" for number in range(99) if is_held_out(f"late{number}", 0.3))
    kept = next(name for name in texts if not is_held_out(name, 0.3))
    place = names(book).index(f"b{kept}")
    assert place in named(table)
    ours.add(documents({late: texts[kept]}))
    extended = build_neighbors(ours, book=book, k=10)
    assert place not in named(extended)
    assert np.array_equal(extended.ids, build_neighbors(ours, book=book, k=10, rebuild=True).ids)


def test_a_text_that_is_there_very_often_is_not_shown_to_itself(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search leaves out so many copies, the samples all."""
    monkeypatch.setattr("openbook.database.neighbors.same_documents._SEARCHED_WITHOUT", 2)
    book = make({f"b{number}": SHARED for number in range(6)} | {"other": f"{SHARED} castle"})
    ours = make({f"c{number}": SHARED for number in range(3)})
    same = same_documents(ours.opened, book.opened)
    assert same.rows(np.arange(3)).shape == (3, 1 + 2)
    assert [names(book)[place] for place in same.of(np.arange(3))] == [f"b{number}" for number in range(6)]
    table = build_neighbors(ours, book=book, k=6)
    assert set(book.layout.document_of[table.ids[0]].tolist()) - set(same.of(np.arange(1)).tolist())
    samples = SequenceDataset(ours, "train", 2 * M, table.first(6), book=book)
    ids, mask = samples[0]["neighbor_ids"], np.asarray(samples[0]["neighbor_mask"])
    shown = np.asarray(ids)[mask.any(axis=-1)]
    other = names(book).index("other")
    assert len(shown) and {tuple(row[:M]) for row in shown.tolist()} <= {
        tuple(book.tokens[chunk].tolist()) for chunk in book.layout.chunks_of(other)
    }


def test_an_interrupted_build_is_resumed(moved: tuple[Database, Database]) -> None:
    ours, book = moved
    whole = build_neighbors(ours, book=book, k=K).ids[:]
    blocks = TableBlocks(chunks=4, seconds=-1.0)
    steps: list[int] = []

    def die(done: int, total: int | None) -> None:
        if done > 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_neighbors(ours, book=book, k=K, rebuild=True, blocks=blocks, progress=die)
    again = build_neighbors(
        ours, book=book, k=K, rebuild=True, blocks=blocks, progress=lambda done, total: steps.append(done)
    )
    assert steps[0] > 4
    assert np.array_equal(again.ids, whole)


def test_databases_that_do_not_fit_are_named_with_both(pair: tuple[Database, Database], make: Make) -> None:
    ours, book = pair
    with pytest.raises(MismatchError, match=r"chunk size 16, .* 8.*--tokenizer .* --chunk-size 8"):
        build_neighbors(make({"a": "river"}, chunk_size=16), book=book)
    with pytest.raises(DatabaseError, match="is empty; add documents"):
        build_neighbors(ours, book=make())


def test_another_tokenizer_is_refused(tmp_path: Path, pair: tuple[Database, Database]) -> None:
    _, book = pair
    tokenizer = train_tokenizer(["other words"], vocab_size=300)
    other = Database.create(tmp_path / "other", tokenizer=tokenizer, embedder=None, chunk_size=M)
    other.add([Document(id="a", text="other words")])
    fingerprints = rf"{tokenizer.fingerprint}\), the book .*{book.settings.tokenizer_fingerprint}\)"
    with pytest.raises(MismatchError, match=fingerprints):
        build_neighbors(other, book=book)


def test_a_database_named_as_its_own_book_has_an_ordinary_table(moved: tuple[Database, Database]) -> None:
    ours, _ = moved
    table = build_neighbors(ours, book=Database.open(ours.path), k=K)
    assert table.book == ours.opened
    stamp = table_stamp(ours.path / "neighbors")
    assert stamp is not None and stamp.book is None


def test_a_later_call_keeps_the_book_of_the_table(moved: tuple[Database, Database]) -> None:
    ours, book = moved
    build_neighbors(ours, book=book, k=K)
    assert build_neighbors(ours, k=K).book == book.opened
    assert build_neighbors(ours, book=ours, k=K).book == ours.opened
    build_neighbors(ours, book=book, k=K)
    shutil.rmtree(book.path)
    with pytest.raises(DatabaseError, match=f"{book.path}.*--book"):
        build_neighbors(ours, k=K)


def test_info_names_the_book_and_says_when_it_has_moved_on(
    moved: tuple[Database, Database], documents: Documents
) -> None:
    ours, book = moved
    build_neighbors(ours, book=book, k=K)
    about = NeighborsInfo(state="current", mode="bm25", k=3, version=1, book=book.path, book_version=1)
    assert ours.info().neighbors == about
    book.add(documents({"new": "river stone"}))
    assert ours.info().neighbors == replace(about, state="stale")
    shutil.rmtree(book.path)
    assert ours.info().neighbors == replace(about, state="book missing")


def test_repair_makes_it_again_or_says_that_its_book_is_missing(moved: tuple[Database, Database]) -> None:
    ours, book = moved
    ids = build_neighbors(ours, book=book, k=K).ids[:]
    assert ours.verify().ok
    file = ours.path / "neighbors" / "ids.i64"
    file.write_bytes(file.read_bytes()[::-1])
    assert not ours.verify().ok
    assert repair(ours.path).ok
    assert np.array_equal(NeighborTable.load(Database.open(ours.path)).ids, ids)
    file.write_bytes(file.read_bytes()[::-1])
    shutil.rmtree(book.path)
    with pytest.raises(DatabaseError, match=rf"{book.path}: no openbook database here"):
        repair(ours.path)

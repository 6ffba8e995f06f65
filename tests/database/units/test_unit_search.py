"""Documents as units: found by titles, beginnings and vectors; and which of their chunks then."""

from pathlib import Path

import numpy as np
import pytest

from openbook.database import Database, DocumentFilter, SearchUnit
from openbook.database.search.embedder import Embedder
from openbook.database.search.searcher import Queries
from openbook.database.units import unit_searches
from openbook.database.units.unit_search import UnitSearch
from openbook.database.units.unit_searches import documents_of
from openbook.errors import NoDocumentError
from openbook.text import Document, Tokenizer

FILLER = "river stone orchard lantern harbour violin marble thunder meadow "
SUBJECTS = {"mill": "copper mill", "tower": "silver tower", "bridge": "velvet bridge"}


def text_of(subject: str, number: int, *, named: bool) -> str:
    """The subject in the first sentence, if at all, and in the fourth chunk what is said of it."""
    begins = f"the {subject} stands here " if named else "here it stands "
    return f"{begins}{FILLER * 3} it was founded in {number} {FILLER * 2}"


@pytest.fixture(params=[True, False], ids=["named in the text", "named in the title"])
def database(
    tmp_path: Path, tokenizer: Tokenizer, embedder: Embedder, request: pytest.FixtureRequest
) -> Database:
    """Three documents that say the same of three things; one more is held out, one was removed."""
    made = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder="fake", chunk_size=16, holdout=["held"]
    )
    title = (lambda subject: "") if request.param else (lambda subject: f"The {subject}")
    made.add(
        Document(id=name, title=title(subject), text=text_of(subject, 1900 + place, named=request.param))
        for place, (name, subject) in enumerate(SUBJECTS.items())
    )
    made.add(
        [
            Document(id="held", title="The copper mill", text=text_of("copper mill", 1800, named=True)),
            Document(id="gone", title="The copper mill", text=text_of("copper mill", 1700, named=True)),
        ]
    )
    made.remove(["gone"])
    return made


@pytest.mark.parametrize(("name", "subject"), SUBJECTS.items())
def test_what_is_said_of_a_subject_is_found_in_its_document(
    database: Database, name: str, subject: str
) -> None:
    book, question = database.opened, f"when was the {subject} founded"
    (hits,) = book.search(question, k=3, mode="bm25", by="document")
    assert hits[0].document_id == name
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    found, _ = book.search_passages([question], k=2, mode="bm25", by="document")
    texts = [hit.text + hit.continuation for hit in book.hits(found[0], np.zeros(2, np.float32))]
    assert any(f"founded in {1900 + list(SUBJECTS).index(name)}" in text for text in texts)


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_each_mode_finds_chunks_of_live_documents(database: Database, mode: str) -> None:
    found = database.search(["copper mill", "founded"], k=50, mode=mode, by="document")
    for hits in found:
        assert 0 < len(hits) <= database.layout.retrievable.sum()
        assert {hit.document_id for hit in hits} <= set(SUBJECTS)
        assert len({hit.chunk_id for hit in hits}) == len(hits)


def test_held_out_and_removed_documents_are_no_units(database: Database) -> None:
    book = database.opened
    units, queries = UnitSearch(book, documents_of(book)), database.text_queries(["the copper mill"])
    for mode in ("bm25", "dense", "hybrid"):
        found, _ = units.search(queries, k=9, mode=mode)  # type: ignore[arg-type]
        places = found[found >= 0].tolist()
        records = database.catalog.describe(database.layout.number[places].tolist())
        assert {record.id for record in records} <= set(SUBJECTS)


def test_a_document_has_the_mean_of_its_vectors(database: Database) -> None:
    layout, vectors = database.layout, database.vectors
    assert vectors is not None
    chunks = layout.chunks_of(1)
    mean = vectors[np.arange(chunks.start, chunks.stop)].astype(np.float32).mean(axis=0)
    queries = Queries(lambda: [""], lambda: mean[None] / np.linalg.norm(mean), 1)
    found, scores = UnitSearch(database.opened, documents_of(database.opened)).search(
        queries, k=1, mode="dense"
    )
    assert found.tolist() == [[1]]
    assert scores[0, 0] == pytest.approx(1, abs=1e-3)


def test_a_filter_leaves_documents_out(database: Database) -> None:
    only = DocumentFilter(ids=["tower"])
    (hits,) = database.search("when was the copper mill founded", k=9, documents=only, by="document")
    assert {hit.document_id for hit in hits} == {"tower"}
    with pytest.raises(NoDocumentError):
        database.search("mill", documents=DocumentFilter(ids=["nobody"]), by="document")


def test_where_no_document_is_found_no_chunk_is(database: Database) -> None:
    assert database.search("xylophone", mode="bm25", by="document") == [[]]


def test_a_long_document_is_found_by_what_its_middle_says(tmp_path: Path, tokenizer: Tokenizer) -> None:
    """Others begin with words of the question, two of them with its subject; they answer nothing."""
    book = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=16)
    middle = "the copper mill was founded in 1612 by a glazier "
    book.add([Document(id="long", text=f"{FILLER * 60}{middle}{FILLER * 60}")])
    begins = [*["the copper mill was here"] * 2, *[f"the year {n} was good" for n in range(10)]]
    book.add(Document(id=f"short{n}", text=f"{begin} {FILLER * 2}") for n, begin in enumerate(begins))
    question = "in which year was the copper mill founded by a glazier"
    units: tuple[SearchUnit, ...] = ("chunk", "document")
    for by in units:
        (hits,) = book.opened.search(question, k=4, mode="bm25", by=by)
        assert any("1612" in hit.text + hit.continuation for hit in hits), by


def test_a_unit_that_has_only_the_small_words_is_not_before_the_chunk_with_the_rare_one(
    tmp_path: Path, tokenizer: Tokenizer
) -> None:
    """It is the best of all units, for no unit's names or beginning have the rare word."""
    made = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=16)
    names = [f"{place} {thing}" for place in FILLER.split() for thing in ("lantern", "marble", "thunder")]
    made.add(Document(id=name, title=name, text=f"the {name} at last {FILLER * 6}") for name in names)
    made.add([Document(id="notes", title="notes", text=f"{FILLER * 6} zanzibar forty seven {FILLER}")])
    for question in ("how long did the zanzibar last", "what was the last zanzibar", "the zanzibar"):
        for by in ("chunk", "document"):
            (hits,) = made.search(question, k=1, mode="bm25", by=by)
            assert hits[0].document_id == "notes"
    (hits,) = made.search("how long did the stone lantern last", k=1, mode="bm25", by="document")
    assert hits[0].document_id == "stone lantern"


@pytest.mark.parametrize(("few", "short", "first"), [(4, 8, "document"), (3, 8, "chunk"), (4, 1, "chunk")])
def test_questions_find_documents_first_where_these_are_few_and_short(
    database: Database, monkeypatch: pytest.MonkeyPatch, few: int, short: int, first: SearchUnit
) -> None:
    monkeypatch.setattr(unit_searches, "_FEW", few)
    monkeypatch.setattr(unit_searches, "_SHORT", short)
    book, questions = database.opened, [f"when was the {subject} founded" for subject in SUBJECTS.values()]

    def found(by: SearchUnit | None) -> list[list[int]]:
        ids: list[list[int]] = book.search_passages(questions, k=3, mode="bm25", by=by)[0].tolist()
        return ids

    assert found("document") != found("chunk")
    assert found(None) == found(first)

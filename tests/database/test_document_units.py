"""Documents as units: found by titles, beginnings and vectors; and which of their chunks then."""

from pathlib import Path

import numpy as np
import pytest

from openbook.database import Database, DocumentFilter, document_units
from openbook.database.document_units import DocumentUnits
from openbook.database.search.embedder import Embedder
from openbook.database.search.searcher import Queries
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
    (hits,) = book.search(question, k=3, mode="bm25", by_document=True)
    assert hits[0].document_id == name
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    found, _ = book.search_passages([question], k=2, mode="bm25", by_document=True)
    texts = [hit.text + hit.continuation for hit in book.hits(found[0], np.zeros(2, np.float32))]
    assert any(f"founded in {1900 + list(SUBJECTS).index(name)}" in text for text in texts)


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_each_mode_finds_chunks_of_live_documents(database: Database, mode: str) -> None:
    found = database.search(["copper mill", "founded"], k=50, mode=mode, by_document=True)
    for hits in found:
        assert 0 < len(hits) <= database.layout.retrievable.sum()
        assert {hit.document_id for hit in hits} <= set(SUBJECTS)
        assert len({hit.chunk_id for hit in hits}) == len(hits)


def test_held_out_and_removed_documents_are_no_units(database: Database) -> None:
    units, queries = DocumentUnits(database.opened), database.text_queries(["the copper mill"])
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
    found, scores = DocumentUnits(database.opened).search(queries, k=1, mode="dense")
    assert found.tolist() == [[1]]
    assert scores[0, 0] == pytest.approx(1, abs=1e-3)


def test_a_filter_leaves_documents_out(database: Database) -> None:
    only = DocumentFilter(ids=["tower"])
    (hits,) = database.search("when was the copper mill founded", k=9, documents=only, by_document=True)
    assert {hit.document_id for hit in hits} == {"tower"}
    with pytest.raises(NoDocumentError):
        database.search("mill", documents=DocumentFilter(ids=["nobody"]), by_document=True)


def test_where_no_document_is_found_no_chunk_is(database: Database) -> None:
    assert database.search("xylophone", mode="bm25", by_document=True) == [[]]


def test_a_long_document_is_found_by_what_its_middle_says(tmp_path: Path, tokenizer: Tokenizer) -> None:
    """Others begin with words of the question, two of them with its subject; they answer nothing."""
    book = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=16)
    middle = "the copper mill was founded in 1612 by a glazier "
    book.add([Document(id="long", text=f"{FILLER * 60}{middle}{FILLER * 60}")])
    begins = [*["the copper mill was here"] * 2, *[f"the year {n} was good" for n in range(10)]]
    book.add(Document(id=f"short{n}", text=f"{begin} {FILLER * 2}") for n, begin in enumerate(begins))
    question = "in which year was the copper mill founded by a glazier"
    for by_document in (False, True):
        (hits,) = book.opened.search(question, k=4, mode="bm25", by_document=by_document)
        assert any("1612" in hit.text + hit.continuation for hit in hits), by_document


@pytest.mark.parametrize(("few", "short", "first"), [(4, 8, True), (3, 8, False), (4, 1, False)])
def test_questions_find_documents_first_where_these_are_few_and_short(
    database: Database, monkeypatch: pytest.MonkeyPatch, few: int, short: int, first: bool
) -> None:
    monkeypatch.setattr(document_units, "_FEW", few)
    monkeypatch.setattr(document_units, "_SHORT", short)
    book, questions = database.opened, [f"when was the {subject} founded" for subject in SUBJECTS.values()]

    def found(by_document: bool | None) -> list[list[int]]:
        ids: list[list[int]] = book.search_passages(questions, k=3, mode="bm25", by_document=by_document)[
            0
        ].tolist()
        return ids

    assert found(True) != found(False)
    assert found(None) == found(first)

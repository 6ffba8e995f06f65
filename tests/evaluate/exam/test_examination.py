"""The exam, held with readers of which it is known what they read, and what they make of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from openbook.database import Database
from openbook.errors import SettingsError
from openbook.evaluate.exact_match import holds_answer
from openbook.evaluate.exam import (
    Examination,
    ExamOptions,
    ExamReport,
    ModelAnswer,
    QuestionNeighbors,
    World,
    documents_of,
    facts_of,
    make_world,
)
from openbook.evaluate.exam.examination import choose_questions
from openbook.text import train_tokenizer
from openbook.text.chat_format import REFUSAL

Answering = Callable[[str, list[str]], ModelAnswer]


@pytest.fixture(scope="module")
def world() -> World:
    """What is asked."""
    return make_world(documents=40, seed=2)


@pytest.fixture
def book(world: World, tmp_path: Path) -> Database:
    """The world as a database; exams change it."""
    documents = documents_of(world)
    tokenizer = train_tokenizer((document.text for document in documents), vocab_size=600)
    database = Database.create(tmp_path / "book", tokenizer=tokenizer, embedder=None, chunk_size=64)
    database.add(documents)
    return database


class TextReader:
    """Gives the texts of the neighbors, as tokens say them, to a function.

    answering: from a question and texts of neighbors to an answer.
    """

    def __init__(self, book: Database, answering: Answering) -> None:
        self._tokenizer = book.tokenizer
        self._answering = answering

    def answer(self, questions: Sequence[str], neighbors: QuestionNeighbors | None) -> list[ModelAnswer]:
        texts: list[list[str]] = [[] for _ in questions]
        if neighbors is not None:
            texts = [
                self._tokenizer.decode([row[kept].tolist() for row, kept in zip(*both, strict=True)])
                for both in zip(neighbors.ids, neighbors.mask, strict=True)
            ]
        return [self._answering(*both) for both in zip(questions, texts, strict=True)]


def perfect(world: World) -> Answering:
    """Says which of a fact's answers its neighbors hold, and from which one it has that."""
    known = {asked.fact.question: asked.fact for asked in facts_of(world)}

    def answering(question: str, texts: list[str]) -> ModelAnswer:
        fact = known.get(question)
        for answer in (fact.answer, *fact.swaps) if fact else ():
            shares = tuple(float(holds_answer(text, [answer])) for text in texts)
            if sum(shares):
                return ModelAnswer(answer, shares, shares)
        return ModelAnswer(REFUSAL, (1.0,) * len(texts))

    return answering


def hold(book: Database, world: World, answering: Answering, **options: int) -> ExamReport:
    """One exam."""
    return Examination(TextReader(book, answering), book, world, ExamOptions(**options)).hold()


def test_a_reader_that_follows_the_book(book: Database, world: World) -> None:
    # By chunks, which misses some answers: what the reader then does is asked, too.
    report = hold(book, world, perfect(world), k=8, questions=60, by="chunk")
    assert (report.documents, report.questions, report.k, report.search_mode) == (40, 60, 8, "bm25")
    assert set(report.modes) == {"on", "off", "random", "shuffled", "gold"}
    assert report.modes["on"].exact_match == report.modes["on"].f1 == report.retrieved > 0.8
    assert report.modes["gold"].exact_match > 0.9
    assert report.modes["off"].exact_match == 0
    assert report.modes["random"].exact_match < 0.2  # the book is small
    assert report.modes["shuffled"].exact_match < 0.3
    assert report.right_when_retrieved == 1
    assert report.after_edit.new > 0.8
    assert report.after_edit.old < 0.1
    assert report.after_edit.neighbors_unchanged is not None
    assert report.after_edit.neighbors_unchanged > 0.9
    assert report.after_removal.exact_match < 0.1
    assert report.after_removal.leaked == 0
    assert report.after_removal.refused > 0.7
    assert report.unanswerable.refused == report.unanswerable.unknown_refused == 1
    assert 0 < report.unanswerable.answerable_refused <= 1 - report.retrieved
    assert report.citation_precision == report.attended_precision == report.copied_precision == 1


def test_a_reader_that_knows_everything_by_heart(book: Database, world: World) -> None:
    known = {asked.fact.question: asked.fact.answer for asked in facts_of(world)}
    report = hold(book, world, lambda question, _: ModelAnswer(known.get(question, "Zo")), questions=20)
    assert {scores.exact_match for scores in report.modes.values()} == {1.0}
    assert report.after_edit == replace(report.after_edit, new=0.0, old=1.0, neighbors_unchanged=1.0)
    assert report.after_removal.exact_match == 0
    assert report.unanswerable.refused == 0
    assert report.citation_precision is None
    assert report.copied_precision is None


def test_what_is_left_after_removal_leaked_or_stands_elsewhere(book: Database, world: World) -> None:
    news = {asked.fact.question: asked.new_answer for asked in facts_of(world)}
    report = hold(book, world, lambda question, _: ModelAnswer(news.get(question, "Zo")), questions=60, k=2)
    left = report.after_removal
    assert left.exact_match == 1
    assert left.leaked + left.found_elsewhere + left.near_match == pytest.approx(1)
    assert left.leaked > 0.8


def test_a_reader_that_cites_the_wrong_neighbor(book: Database, world: World) -> None:
    def wrong(question: str, texts: list[str]) -> ModelAnswer:
        answer = perfect(world)(question, texts)
        return ModelAnswer(answer.text, tuple(1 - share for share in answer.shares))

    report = hold(book, world, wrong, questions=30, k=4)
    assert report.attended_precision is not None
    assert report.attended_precision < 0.3
    assert report.citation_precision == 1, "what has the answer's words is cited first"


def test_one_fact_of_each_document_is_never_asked_and_some_documents_stay(world: World) -> None:
    asked, without = choose_questions(world, count=10_000, seed=1)
    documents = {fact.document.id for fact in asked}
    assert len(documents) == 30
    assert all(fact.place < len(fact.document.facts) - 1 for fact in asked)
    assert len(asked) > 100
    assert 10 < len(without) <= round(0.2 * len(asked))
    assert choose_questions(world, count=9, seed=1) == choose_questions(world, count=9, seed=1)
    assert choose_questions(world, count=9, seed=1) != choose_questions(world, count=9, seed=2)


@pytest.mark.parametrize(
    ("options", "value"),
    [({"k": 0}, "k = 0"), ({"questions": 3}, "3 questions")],
)
def test_wrong_options(options: dict[str, int], value: str) -> None:
    with pytest.raises(SettingsError, match=value):
        ExamOptions(**options)


def test_a_world_too_small_to_remove_some_of_it(book: Database) -> None:
    with pytest.raises(SettingsError, match="2 documents"):
        hold(book, make_world(documents=2, seed=1), lambda *_: ModelAnswer("Zo"))


def test_a_search_that_the_book_does_not_have(book: Database, world: World) -> None:
    with pytest.raises(SettingsError, match="bm25"):
        Examination(TextReader(book, perfect(world)), book, world, ExamOptions(search_mode="dense"))


def test_progress_comes_to_its_end(book: Database, world: World) -> None:
    told: list[tuple[int, int | None]] = []
    reader = TextReader(book, perfect(world))
    Examination(reader, book, world, ExamOptions(questions=5)).hold(lambda *now: told.append(now))
    assert told[-1] == (len(told), len(told))
    assert np.all(np.diff([done for done, _ in told]) == 1)


def test_documents_first_and_heads_reach_the_reader(tmp_path: Path) -> None:
    world = make_world(documents=40, seed=2, naming="title")
    documents = documents_of(world)
    tokenizer = train_tokenizer((document.text for document in documents), vocab_size=600)
    book = Database.create(tmp_path / "book", tokenizer=tokenizer, embedder=None, chunk_size=64)
    book.add(documents)
    seen: list[tuple[str, list[str]]] = []

    def note(question: str, texts: list[str]) -> ModelAnswer:
        seen.append((question, texts))
        return ModelAnswer("Zo")

    found = []
    for options in ({}, {"by": "document"}, {"by": "section"}, {"by": "document", "bring_head": True}):
        exam = Examination(TextReader(book, note), book, world, ExamOptions(k=2, questions=30, **options))
        exam._ask_in_modes(book.opened)
        titles = {asked.fact.question: asked.document.title for asked in exam.facts}
        on = seen[len(exam.facts) : 2 * len(exam.facts)]
        found.append(sum(any(titles[question] in text for text in texts) for question, texts in on))
        seen.clear()
    assert found[:3] == [0, 0, 0]  # no text names its subject
    assert found[3] >= 20

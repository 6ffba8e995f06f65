"""Documents that questions name and no passage can come from are named, with the nearest id."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from openbook.database import Database, Version
from openbook.database.shards.book_creation import create_book
from openbook.errors import SettingsError
from openbook.evaluate.answering.named_documents import unreadable_documents
from openbook.evaluate.answering.questions import Question
from openbook.text import Document


def test_ids_that_the_book_has_need_no_word(facts: Database, questions: list[Question]) -> None:
    nowhere = Question("Who?", ("Ada",), "nowhere", passages=("Ada is it.",))
    found = Question("Who?", ("Ada",), "nowhere", found=("Ada is it.",))
    assert unreadable_documents(facts.opened, [*questions, nowhere, found, Question("What?", ())]) == []


def test_ids_that_the_book_does_not_have_are_named(facts: Database, questions: list[Question]) -> None:
    misspelled = [replace(row, document=f"doc/{row.document}") for row in questions[:4]]
    (said,) = unreadable_documents(facts.opened, [*misspelled, *questions[4:]])
    assert said.startswith(
        "4 of 6 questions name a document that the book does not have: 'doc/doc/Orl' (nearest: 'doc/Orl'"
    )
    assert said.endswith(f", … (all documents: openbook list {facts.path})")
    (said,) = unreadable_documents(facts.opened, [*questions, Question("Who?", ("Ada",), "zzzzzzzzz")])
    assert said.startswith("1 of 7 questions names a document that the book does not have: 'zzzzzzzzz' (all")


def test_where_no_answer_is_left_it_is_an_error(facts: Database, questions: list[Question]) -> None:
    misspelled = [replace(row, document="x") for row in questions]
    with pytest.raises(SettingsError, match=r"^6 of 7 questions name .* write the ids as the book has them"):
        unreadable_documents(facts.opened, [*misspelled, Question("What?", ())])
    (said,) = unreadable_documents(facts.opened, misspelled, needed=False)
    assert said.startswith("6 of 6 questions name a document that the book does not have: 'x'")


def test_documents_that_are_held_out_have_their_own_words(
    facts: Database, questions: list[Question], tmp_path: Path
) -> None:
    place = tmp_path / "book"
    book = Database.create(
        place, tokenizer=facts.tokenizer, embedder=None, chunk_size=16, holdout=["doc/Orl"]
    )
    book.add([Document(id=row.document or "", text=f"{row.answers[0]} it is.") for row in questions])
    (said,) = unreadable_documents(book.opened, questions)
    assert said == (
        "1 of 6 questions names a document that the book holds out, so that no search finds it: 'doc/Orl'"
    )
    remedy = "finds it: 'doc/Orl'; ask about others, or build a book that does not hold them out"
    with pytest.raises(SettingsError, match=f"{remedy}$"):
        unreadable_documents(book.opened, questions[:1])
    remedies = "; write the ids as the book has them; ask about others, or build a book that does not hold"
    with pytest.raises(SettingsError, match=remedies):
        unreadable_documents(book.opened, [questions[0], replace(questions[1], document="x")])


def test_a_document_may_be_in_a_shard_that_is_missing(
    facts: Database, questions: list[Question], tmp_path: Path
) -> None:
    place, names = tmp_path / "book", ["shard-0", "shard-1"]
    for name in names:
        Database.create(place / name, tokenizer=facts.tokenizer, embedder=None, chunk_size=16, holdout=0)
    create_book(place, names)
    shutil.rmtree(place / "shard-1")
    book = Version.open(place, allow_missing_shards=True)
    (said,) = unreadable_documents(book, questions, needed=False)
    assert said == (
        "6 of 6 questions name a document that is in no shard but perhaps the missing shard-1: 'doc/Orl', "
        "'doc/Vane', 'doc/Tesk', …"
    )
    with pytest.raises(SettingsError, match=r"…; restore the missing shards$"):
        unreadable_documents(book, questions)

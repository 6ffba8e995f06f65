"""What questions find in a book, and which of it answers them."""

import shutil
from pathlib import Path

import pytest

from openbook.database import Database
from openbook.errors import DatabaseError
from openbook.evaluate.answering.passages import AskedQuestion, Passage, as_read, ask_book
from openbook.evaluate.answering.questions import Question
from openbook.text import Document


def test_found_passages_are_what_asking_reads(facts: Database, questions: list[Question]) -> None:
    asked = ask_book(facts.opened, questions, k=4)
    ids, scores = facts.opened.search_passages([item.question.question for item in asked], k=4)
    for item, *found in zip(asked, ids, scores, strict=True):
        hits = facts.opened.hits(*found)
        assert [(p.chunk, p.document, p.text) for p in item.found] == [
            (hit.chunk_id, hit.document_id, hit.text + hit.continuation) for hit in hits
        ]


def test_gold_is_of_the_document_and_holds_the_answer(facts: Database, questions: list[Question]) -> None:
    for item in ask_book(facts.opened, questions, k=4):
        assert item.gold
        for passage in item.gold:
            assert passage.document == item.question.document
            assert item.question.answers[0] in passage.text
        for passage in item.distractors:
            assert passage.document != item.question.document
            assert item.question.answers[0] not in passage.text


def test_without_a_document_what_was_found_and_answers_is_gold(facts: Database) -> None:
    (item,) = ask_book(facts.opened, [Question("Where does Orl live?", ("Abelin",))], k=6)
    assert item.gold == tuple(passage for passage in item.found if "Abelin" in passage.text)


def test_gold_that_was_not_found_takes_the_last_place(facts: Database) -> None:
    question = Question("gate of iron in the garden of Vane", ("Abelin",), "doc/Orl")
    (item,) = ask_book(facts.opened, [question], k=5)
    assert not set(item.found[:2]) & set(item.gold)
    assert item.with_gold(2) == (item.found[0], item.gold[0])
    (found,) = ask_book(facts.opened, [Question("Where does Orl live?", ("Abelin",), "doc/Orl")], k=3)
    assert found.with_gold(3) == found.found


def test_given_passages_and_finds_need_no_search(facts: Database, tmp_path: Path) -> None:
    rows = [
        Question("A?", ("red",), passages=("It is red.",), found=("It is blue.", "red too")),
        Question("B?", ("blue",), found=("It is red.", "It is blue.")),
        Question("C?", (), found=("It is red.",)),
    ]
    empty = Database.create(tmp_path / "empty", tokenizer=facts.tokenizer, embedder=None)
    first, second, third = ask_book(empty.opened, rows, k=8)
    assert first.gold == (Passage("It is red.", None, -1),)
    assert first.distractors == (Passage("It is blue.", None, -1),)
    assert second.gold == (Passage("It is blue.", None, -1),)
    assert second.distractors == (Passage("It is red.", None, -1),)
    assert third.gold == ()
    with pytest.raises(DatabaseError, match="is empty"):
        ask_book(empty.opened, [Question("A?", ("red",))], k=8)


def test_a_document_that_is_gone_has_no_gold(
    facts: Database, questions: list[Question], tmp_path: Path
) -> None:
    book = Database.open(shutil.copytree(facts.path, tmp_path / "copy"))
    book.remove(["doc/Orl"])
    first, second = ask_book(book.opened, questions[:2], k=3)
    assert first.gold == ()
    assert second.gold


def test_progress_counts_questions(facts: Database, questions: list[Question]) -> None:
    told: list[tuple[int, int | None]] = []
    ask_book(facts.opened, questions, k=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(6, 6)]


def test_documents_first_and_their_heads_before_passages(facts: Database, tmp_path: Path) -> None:
    towns = {"Vane": "Abelin", "Orl": "Brask", "Tam": "Corvo"}
    book = Database.create(
        tmp_path / "titles", tokenizer=facts.tokenizer, embedder=None, chunk_size=16, holdout=0
    )
    texts = {name: f"The owner lives in {town} all year." for name, town in towns.items()}
    book.add([Document(id=name, title=name, source="", text=text) for name, text in texts.items()])
    rows = [Question(f"Where does the owner of {name} live?", (town,), name) for name, town in towns.items()]
    asked = ask_book(book.opened, rows, k=1, by="document", bring_head=True)
    for item, (name, town) in zip(asked, towns.items(), strict=True):
        assert [passage.text for passage in item.found] == [f"{name}\nThe owner lives in {town} all year."]
        assert item.gold == item.found


def test_what_stands_behind_what_is_read_does_not_answer(facts: Database) -> None:
    tokenizer = facts.tokenizer
    long = Passage("Orl lives in Abelin. " + "The gate is of iron. " * 9 + "Vane lives in Tesk.", "d", 0)
    short = Passage("Quor lives in Abelin.", "d", 1)
    item = AskedQuestion(Question("Where does Vane live?", ("Tesk",)), (long,), (short, long))
    (read,) = as_read([item], tokenizer, 30)
    assert read.gold == ()
    assert read.found[0] == short
    (tokens,) = tokenizer.encode([long.text])
    assert read.found[1].text == tokenizer.decode([tokens[:30]])[0]
    assert as_read([item], tokenizer, len(tokens)) == [item]

"""What questions read in each mode."""

from pathlib import Path

import numpy as np
import pytest

from openbook.database import Database
from openbook.errors import SettingsError
from openbook.evaluate.exact_match import holds_answer
from openbook.evaluate.exam import documents_of, make_world
from openbook.evaluate.exam.examination import choose_questions
from openbook.evaluate.exam.read_modes import gold_chunks, random_chunks, search, shuffled_chunks
from openbook.evaluate.exam.reading import QuestionNeighbors, passages_of
from openbook.text import train_tokenizer


def documents_of_chunks(book: Database, chunks: np.ndarray) -> list[str]:
    """Ids, in the order of the chunks."""
    return [passage.document for [passage] in passages_of(book.opened, chunks.reshape(-1, 1)) if passage]


def test_random_chunks_are_of_other_documents(book: Database) -> None:
    names = ["doc1", "doc2", None] * 20
    drawn = random_chunks(book.opened, names, k=4, seed=1)
    assert drawn.shape == (60, 4)
    assert (drawn >= 0).all()
    for name, row in zip(names, drawn, strict=True):
        assert name not in documents_of_chunks(book, row)
        assert len(set(row.tolist())) == 4
    assert book.layout.retrievable[drawn].all()
    assert np.array_equal(drawn, random_chunks(book.opened, names, k=4, seed=1))
    assert not np.array_equal(drawn, random_chunks(book.opened, names, k=4, seed=2))


def test_more_random_chunks_than_there_are(book: Database) -> None:
    there = int(book.layout.retrievable.sum())
    drawn = random_chunks(book.opened, [None], k=there + 3, seed=1)
    assert (drawn[0] >= 0).sum() == there


def test_shuffled_chunks_come_from_questions_about_other_documents() -> None:
    names = ["b", "a", "b", "c", "a", "c"]
    chunks = np.arange(6)[:, None]
    shuffled = shuffled_chunks(chunks, names)
    assert sorted(shuffled[:, 0].tolist()) == list(range(6))
    assert all(names[place] != names[other] for place, other in enumerate(shuffled[:, 0].tolist()))
    with pytest.raises(SettingsError, match="3 of 4"):
        shuffled_chunks(chunks[:4], ["a", "a", "b", "a"])
    assert shuffled_chunks(chunks[:0], []).shape == (0, 1)


def test_gold_chunks_hold_the_answer(book: Database) -> None:
    text = book.chunk_texts(np.flatnonzero(book.layout.retrievable))[5]
    [hit] = book.search(text, k=1)[0]
    answer = " ".join(hit.text.split()[2:4])
    others = random_chunks(book.opened, [hit.document_id], k=2, seed=3)
    gold = gold_chunks(book.opened, others, [hit.document_id], [[answer]])
    assert gold[0, 0] == others[0, 0]
    [passage] = passages_of(book.opened, gold[:, 1:])[0]
    assert passage is not None
    assert passage.document == hit.document_id
    assert answer in passage.text
    assert np.array_equal(gold, gold_chunks(book.opened, gold, [hit.document_id], [[answer]]))
    assert np.array_equal(others, gold_chunks(book.opened, others, [hit.document_id], [["nowhere"]]))
    assert np.array_equal(others, gold_chunks(book.opened, others, [None], [[answer]]))


def test_a_search_without_questions(book: Database) -> None:
    assert search(book.opened, [], k=3, mode="bm25").shape == (0, 3)
    found = search(book.opened, ["kemo"], k=3, mode="bm25")
    assert found.shape == (1, 3)


def test_gold_holds_the_answer_in_what_is_read_after_a_head(tmp_path: Path) -> None:
    """A head takes room from the end of a passage."""
    world = make_world(documents=40, seed=1, naming="title")
    documents = documents_of(world)
    tokenizer = train_tokenizer((document.text for document in documents), vocab_size=400)
    database = Database.create(tmp_path / "book", tokenizer=tokenizer, embedder=None, chunk_size=16)
    database.add(documents)
    book = database.opened
    facts, _ = choose_questions(world, count=100, seed=0)
    answers = [[asked.fact.answer] for asked in facts]
    documents_asked = [asked.document.id for asked in facts]
    found = search(book, [asked.fact.question for asked in facts], k=3, mode="bm25")
    counts = []
    for heads in (True, False):
        gold = gold_chunks(book, found, documents_asked, answers, bring_head=heads)
        read = QuestionNeighbors.of(book, gold, bring_head=True)
        texts = [
            tokenizer.decode([row[kept].tolist() for row, kept in zip(*each, strict=True)])
            for each in zip(read.ids, read.mask, strict=True)
        ]
        passages = passages_of(book, gold, bring_head=True)
        held = [
            any(holds_answer(text, right) for text in row) for row, right in zip(texts, answers, strict=True)
        ]
        said = [
            any(passage is not None and holds_answer(passage.text, right) for passage in row)
            for row, right in zip(passages, answers, strict=True)
        ]
        assert said == held
        counts.append(sum(held))
    assert counts[0] > counts[1]

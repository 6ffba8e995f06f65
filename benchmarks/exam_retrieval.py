"""Of the exam's questions, how many have their answer among the k passages found: by search, and by choice.

    python benchmarks/exam_retrieval.py --documents 400 --seed 11 --work /tmp/exam-book

A passage is a chunk with its continuation. "As found" are the k best chunks, "distinct" those of which none
repeats another (`Version.search_passages`); "by document" are distinct ones of the documents that a question
is about. With --naming once or title a document names its subject in its first sentence, or its title, alone.
An answer counts if it stands in a passage of its own document.
The database is kept in the folder --work, so that a second run encodes the questions only.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, SearchMode, Version
from openbook.database.search.distinct_passages import DEPTH, distinct_passages
from openbook.database.search.embedder import DEFAULT_EMBEDDER
from openbook.evaluate.exact_match import holds_answer
from openbook.evaluate.exam import AskedFact, documents_of, facts_of, make_world
from openbook.evaluate.exam.prose import NAMINGS
from openbook.evaluate.exam.reading import passages_of

MODES: tuple[SearchMode, ...] = ("dense", "bm25", "hybrid")
NEIGHBORS = (1, 2, 4, 10)


def recall(
    book: Version, facts: Sequence[AskedFact], chunks: NDArray[np.int64], *, of_documents: bool = False
) -> float:
    """Share of the facts [Q] whose answer stands in one of the passages [Q, k] of its document.

    With `of_documents` any passage of the document will do.
    """
    found = [
        any(
            passage is not None
            and passage.document == asked.document.id
            and (of_documents or holds_answer(passage.text, [asked.fact.answer]))
            for passage in passages
        )
        for asked, passages in zip(facts, passages_of(book, chunks), strict=True)
    ]
    return float(np.mean(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tokenizer", default="HuggingFaceTB/SmolLM2-135M-Instruct")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--naming", default="often", choices=NAMINGS)
    given = parser.parse_args()
    world = make_world(documents=given.documents, seed=given.seed, naming=given.naming)
    modes = given.modes.split(",")
    if given.work.exists():
        database = Database.open(given.work)
    else:
        embedder = None if modes == ["bm25"] else DEFAULT_EMBEDDER
        database = Database.create(given.work, tokenizer=given.tokenizer, embedder=embedder)
    database.add(documents_of(world), sync=True)
    book = database.opened
    facts = facts_of(world)
    drawn = np.random.default_rng(given.seed).permutation(len(facts))[: given.questions]
    asked = [facts[place] for place in drawn]
    questions = [one.fact.question for one in asked]
    print(f"{len(asked)} questions, {book.layout.num_chunks / given.documents:.1f} chunks a document")
    for mode in modes:
        queries = book.text_queries(questions)  # encoded once
        for k in NEIGHBORS:
            found = book.search_chunks(queries, k=DEPTH * k, mode=mode)
            distinct = distinct_passages(found, book.layout, k=k)[0]
            best = book.search_chunks(queries, k=k, mode=mode)[0]
            of_documents = book.search_by_document(queries, k=DEPTH * k, mode=mode)
            by_document = distinct_passages(of_documents, book.layout, k=k)[0]
            print(
                f"{mode:8} k {k:<3} as found {recall(book, asked, best):.3f}  "
                f"distinct {recall(book, asked, distinct):.3f}  "
                f"the document {recall(book, asked, best, of_documents=True):.3f}  "
                f"by document {recall(book, asked, by_document):.3f}"
            )


if __name__ == "__main__":
    main()

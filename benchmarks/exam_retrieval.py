"""Of the exam's questions, how many have their answer among the k passages found: by search, and by choice.

    python benchmarks/exam_retrieval.py --documents 400 --seed 11 --work /tmp/exam-book

A passage is a chunk with its continuation. "As found" are the k best chunks, "distinct" those of which none
repeats another (`Version.search_passages`); "by document" and "by section" are distinct ones of the
documents, or sections, that a question is about. With --naming once or title a document names its subject in
its first sentence, or its title, alone. With --join 20 each twenty documents are one long one in Markdown, in
which their titles are headings. An answer counts if it stands in a passage where its own document says it.
The database is kept in the folder --work, so that a second run encodes the questions only.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, SearchMode, SearchUnit, Version
from openbook.database.search.distinct_passages import DEPTHS, distinct_passages
from openbook.database.search.embedder import DEFAULT_EMBEDDER
from openbook.evaluate.answering.passages import Passage
from openbook.evaluate.exam import AskedFact, documents_of, facts_of, make_world
from openbook.evaluate.exam.prose import NAMINGS
from openbook.evaluate.exam.reading import passages_of
from openbook.text import Document
from openbook.text.readers.html import parse_page

MODES: tuple[SearchMode, ...] = ("dense", "bm25", "hybrid")
UNITS: tuple[SearchUnit, ...] = ("document", "section")
NEIGHBORS = (1, 2, 4, 10)
_BEFORE = 15
"""Characters."""


def joined(documents: Sequence[Document], count: int, *, pages: bool) -> Iterator[Document]:
    """Make one long document of so many each time, in Markdown or as what is read of a page of HTML."""
    for number in range(0, len(documents), count):
        name, parts = f"volume-{number // count}", documents[number : number + count]
        sections = "\n\n".join(f"## {one.title}\n\n{one.text}" for one in parts)
        yield Document(id=name, title=name, text=page_of(parts) if pages else f"# {name}\n\n{sections}")


def page_of(documents: Sequence[Document]) -> str:
    """What is read of a page of these documents."""
    sections = (f"<h2>{escape(one.title)}</h2><pre>{escape(one.text)}</pre>" for one in documents)
    return parse_page("".join(sections), "page").text


def says(passage: Passage, asked: AskedFact) -> bool:
    """Whether the answer stands there with the words before it that its own document has."""
    answer, text = asked.fact.answer, passage.text
    places = (found.start() for found in re.finditer(re.escape(answer), text))
    own = asked.document.text()
    return any(text[max(0, start - _BEFORE) : start + len(answer)].strip() in own for start in places)


def recall(
    book: Version,
    facts: Sequence[AskedFact],
    chunks: NDArray[np.int64],
    names: dict[str, str],
    *,
    of_documents: bool = False,
) -> float:
    """Share of the facts [Q] whose answer stands in one of the passages [Q, k] of its document.

    Args:
        book: that was searched.
        facts: what was asked.
        chunks: what was found.
        names: of the document in the book that a fact's document is, or is part of.
        of_documents: any passage of the document will do.
    """
    found = [
        any(
            passage is not None
            and passage.document == names[asked.document.id]
            and (of_documents or says(passage, asked))
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
    parser.add_argument("--join", type=int, default=1, metavar="N", help="documents in one")
    parser.add_argument("--pages", action="store_true", help="these are read from HTML")
    given = parser.parse_args()
    world = make_world(documents=given.documents, seed=given.seed, naming=given.naming)
    modes = given.modes.split(",")
    if given.work.exists():
        database = Database.open(given.work)
    else:
        embedder = None if modes == ["bm25"] else DEFAULT_EMBEDDER
        database = Database.create(given.work, tokenizer=given.tokenizer, embedder=embedder)
    documents = documents_of(world)
    names = {
        one.id: one.id if given.join == 1 else f"volume-{n // given.join}" for n, one in enumerate(documents)
    }
    database.add(
        documents if given.join == 1 else joined(documents, given.join, pages=given.pages), sync=True
    )
    book = database.opened
    facts = facts_of(world)
    drawn = np.random.default_rng(given.seed).permutation(len(facts))[: given.questions]
    asked = [facts[place] for place in drawn]
    questions = [one.fact.question for one in asked]
    print(f"{len(asked)} questions, {book.layout.num_chunks / given.documents:.1f} chunks a document")
    for mode in modes:
        queries = book.text_queries(questions)  # encoded once
        for k in NEIGHBORS:
            found = book.search_chunks(queries, k=DEPTHS[0] * k, mode=mode)
            distinct = distinct_passages(found, book.layout, book.chunk_texts, k=k)[0]
            best = book.search_chunks(queries, k=k, mode=mode)[0]
            by_unit = {
                unit: distinct_passages(
                    book.search_units(queries, k=DEPTHS[0] * k, by=unit, mode=mode),
                    book.layout,
                    book.chunk_texts,
                    k=k,
                )[0]
                for unit in UNITS
            }
            print(
                f"{mode:8} k {k:<3} as found {recall(book, asked, best, names):.3f}  "
                f"distinct {recall(book, asked, distinct, names):.3f}  "
                f"the document {recall(book, asked, best, names, of_documents=True):.3f}",
                *(f" by {unit} {recall(book, asked, found, names):.3f}" for unit, found in by_unit.items()),
            )


if __name__ == "__main__":
    main()

"""What the questions of an exam read in each mode: on, off, random, shuffled, gold.

on: what the search finds. off: nothing. random: chunks of other documents, drawn at random. shuffled: what
was found for a question about another document. gold: what the search finds, and where no neighbor holds the
answer, the last one gives way to a chunk of the document that does:

    question     0      1      2          about documents A, B, C; k = 2
    on           A1 B2  C1 A1  C2 A1      the answers stand in A1, B3 and C2
    shuffled     C1 A1  C2 A1  A1 B2
    gold         A1 B2  C1 B3  C2 A1
"""

from collections import Counter
from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from openbook.database import SearchUnit, Version
from openbook.errors import SettingsError
from openbook.evaluate.exact_match import holds_answer
from openbook.evaluate.exam.reading import passages_of

EXAM_MODES = ("on", "off", "random", "shuffled", "gold")


def search(
    book: Version, questions: Sequence[str], *, k: int, mode: str | None, by: SearchUnit | None = None
) -> NDArray[np.int64]:
    """Look up each question: chunks [Q, k], best first, -1 where there are no more."""
    if not questions or not book.layout.live.any():
        return np.full((len(questions), k), -1, dtype=np.int64)
    return book.search_passages(questions, k=k, mode=mode, by=by)[0]


def random_chunks(book: Version, documents: Sequence[str | None], *, k: int, seed: int) -> NDArray[np.int64]:
    """Draw chunks [Q, k] of other documents than these [Q]; -1 where there is no other."""
    candidates = np.flatnonzero(book.layout.retrievable)
    random = Random(f"random chunks {seed}")
    drawn = np.full((len(documents), k), -1, dtype=np.int64)
    chunks_of = _chunks_of(book, documents)
    for row, document in enumerate(documents):
        own = set(chunks_of.get(document or "", []))
        # However many of these are its own, k others are left, if there are so many.
        some = random.sample(range(len(candidates)), min(k + len(own), len(candidates)))
        others = [chunk for chunk in candidates[some].tolist() if chunk not in own][:k]
        drawn[row, : len(others)] = others
    return drawn


def shuffled_chunks(chunks: NDArray[np.int64], documents: Sequence[str | None]) -> NDArray[np.int64]:
    """Give each question what was found [Q, k] for one about another document.

    Questions are put in the order of their documents, and each takes what the one a step further has; a step
    is as long as the most questions about one document, so it leads to another one.

    Raises:
        SettingsError: more than half of the questions are about one document.
    """
    names = [document or "" for document in documents]
    if not names:
        return chunks
    order = np.array(sorted(range(len(names)), key=names.__getitem__))
    step = most_of_one(names)
    others = np.empty_like(order)
    others[order] = np.roll(order, -step)
    shuffled: NDArray[np.int64] = chunks[others]
    return shuffled


def most_of_one(documents: Sequence[str]) -> int:
    """How many questions at most are about one of these documents, of each question.

    Raises:
        SettingsError: more than half of them are, so that not each can get what one about another found.
    """
    most = Counter(documents).most_common(1)[0][1]
    if 2 * most > len(documents):
        raise SettingsError(
            f"shuffled: {most} of {len(documents)} questions are about one document; ask more questions, "
            "of more documents"
        )
    return most


def gold_chunks(
    book: Version,
    chunks: NDArray[np.int64],
    documents: Sequence[str | None],
    answers: Sequence[Sequence[str]],
    *,
    bring_head: bool = False,
) -> NDArray[np.int64]:
    """What was found [Q, k], with the answer among it wherever its document [Q] has it in one chunk.

    `bring_head`: chunks are read after their documents' heads, so less is read of them.
    """
    gold = chunks.copy()
    chunks_of = _chunks_of(book, documents)
    own = np.array(sorted(chunk for of_one in chunks_of.values() for chunk in of_one), dtype=np.int64)
    read = passages_of(book, own[:, None], bring_head=bring_head)
    texts = {
        chunk: passage.text
        for chunk, [passage] in zip(own.tolist(), read, strict=True)
        if passage is not None
    }
    for row, document in enumerate(documents):
        candidates = chunks_of.get(document or "", [])
        holding = [chunk for chunk in candidates if holds_answer(texts[chunk], answers[row])]
        if holding and not set(holding) & set(gold[row].tolist()):
            # The chunk before the answer's reaches it too, and shows all that stands before it.
            gold[row, -1] = holding[0]
    return gold


def _chunks_of(book: Version, documents: Sequence[str | None]) -> dict[str, list[int]]:
    """The chunks of each of these documents that the book has and that may be retrieved."""
    names = sorted({document for document in documents if document is not None})
    retrievable = book.layout.retrievable
    return {
        name: [
            chunk
            for chunk in range(record.first_chunk, record.first_chunk + record.num_chunks)
            if retrievable[chunk]
        ]
        for name, record in book.catalog.live_records(names).items()
    }

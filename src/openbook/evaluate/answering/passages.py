"""What a question finds in a book: passages, chunks with their continuations, and which of them answer it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openbook.database import SearchUnit, Version
from openbook.database.search.searcher import check_mode
from openbook.errors import empty_error
from openbook.evaluate.answering.questions import Question
from openbook.evaluate.exact_match import holds_answer
from openbook.generation.document_heads import after_head, missing_heads, with_heads
from openbook.progress import Progress, silent
from openbook.text import Tokenizer

_AT_ONCE = 256
"""Questions of one search."""
_GIVEN = -1


@dataclass(frozen=True, slots=True)
class Passage:
    """A neighbor as text.

    text: the chunk with its continuation, as a model reads it.
    document: the id of its document; None: it was given with the question.
    chunk: its number in the book, -1 if it was given.
    head: of its document, without what the text holds; empty also where it was not asked for.
    whole: the text before it was cut to what a model reads; None: it was not cut.
    """

    text: str
    document: str | None
    chunk: int
    head: str = ""
    whole: str | None = None

    @property
    def with_head(self) -> str:
        """The whole text after its head: what a judge reads, here as in `ask`."""
        return after_head(self.head, self.text if self.whole is None else self.whole)

    def cut_to(self, text: str) -> "Passage":
        """The same passage, of which a model reads this text."""
        if text == self.text:
            return self
        return replace(self, text=text, whole=self.text if self.whole is None else self.whole)


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question with what is known of its passages.

    question: the row.
    gold: those that hold an answer and come from its document, the best first; none: it cannot be answered.
    found: what the search finds, best first, gold among it.
    """

    question: Question
    gold: tuple[Passage, ...]
    found: tuple[Passage, ...]

    @property
    def distractors(self) -> tuple[Passage, ...]:
        """What was found in other documents, and holds no answer."""
        answers = self.question.answers
        return tuple(
            passage
            for passage in self.found
            if (passage.document is None or passage.document != self.question.document)
            and passage not in self.gold
            and not (answers and holds_answer(passage.text, answers))
        )

    def with_gold(self, k: int) -> tuple[Passage, ...]:
        """The k passages found, with one that answers in the last place if the search did not find one."""
        best = self.found[:k]
        if not self.gold or any(passage in self.gold for passage in best):
            return best
        return (*best[: k - 1], self.gold[0])


def ask_book(
    database: Version,
    questions: Sequence[Question],
    *,
    k: int,
    mode: str | None = None,
    by: SearchUnit | None = None,
    bring_head: bool = False,
    judged: bool = False,
    progress: Progress = silent,
) -> list[AskedQuestion]:
    """Search a book for each question.

    Args:
        database: the book.
        questions: Q of them.
        k: passages that are kept of each, fewer if the book has fewer.
        mode: of search; None: the database's default.
        by: what is found first, then chunks of the best; None: as `Version.search_passages` does.
        bring_head: put the head of its document before each passage of the book.
        judged: read the heads of passages that do not begin with theirs, too: a judge reads them.
        progress: called with questions done.

    Raises:
        DatabaseError: the book is empty.
        SettingsError: a mode that the database does not have.
    """
    if database.layout.num_chunks == 0 and not all(question.found for question in questions):
        raise empty_error(database.path)
    asked: dict[int, AskedQuestion] = {}
    for number, question in enumerate(questions):
        if question.found:
            found = tuple(Passage(text, None, _GIVEN) for text in question.found)
            asked[number] = AskedQuestion(question, _gold(question, found, ()), found[:k])
    to_search = [number for number in range(len(questions)) if number not in asked]
    checked = check_mode(mode, has_dense=database.vectors is not None) if to_search else None
    for start in range(0, len(to_search), _AT_ONCE):
        searched = to_search[start : start + _AT_ONCE]
        rows = [questions[number] for number in searched]
        ids, _ = database.search_passages([row.question for row in rows], k=k, mode=checked, by=by)
        asked |= zip(searched, _read(database, rows, ids, heads=bring_head, judged=judged), strict=True)
        progress(len(asked), len(questions))
    return [asked[number] for number in range(len(questions))]


def _read(
    database: Version, questions: Sequence[Question], ids: NDArray[np.int64], *, heads: bool, judged: bool
) -> Iterator[AskedQuestion]:
    """Put the chunks that were found [questions, k] and those of the documents that answer into words."""
    chunks_of = _chunks_of(database, questions)
    own = [chunks_of.get(question.document or "", []) for question in questions]
    chunks = np.unique(np.concatenate([ids[ids >= 0], *own]).astype(np.int64))
    known = read_passages(database, chunks, heads=heads, judged=judged)
    for question, row, of_document in zip(questions, ids.tolist(), own, strict=True):
        found = tuple(known[chunk] for chunk in row if chunk >= 0)
        yield AskedQuestion(question, _gold(question, found, [known[chunk] for chunk in of_document]), found)


def _gold(
    question: Question, found: Sequence[Passage], of_document: Sequence[Passage]
) -> tuple[Passage, ...]:
    """Those that hold an answer: first what the search found, then the rest of the document."""
    given = [Passage(text, None, _GIVEN) for text in question.passages]
    if given or question.document is not None:
        candidates = [*(passage for passage in found if passage in of_document), *given, *of_document]
    else:
        candidates = list(found)
    return tuple(dict.fromkeys(p for p in candidates if holds_answer(p.text, question.answers)))


def _chunks_of(database: Version, questions: Sequence[Question]) -> dict[str, list[int]]:
    """The retrievable chunks of each document that a question names and the book has."""
    names = sorted({question.document for question in questions if question.document is not None})
    retrievable = database.layout.retrievable
    return {
        name: [
            chunk
            for chunk in range(record.first_chunk, record.first_chunk + record.num_chunks)
            if retrievable[chunk]
        ]
        for name, record in database.catalog.live_records(names).items()
    }


def as_read(asked: Sequence[AskedQuestion], tokenizer: Tokenizer, num_tokens: int) -> list[AskedQuestion]:
    """Cut passages to what a reader takes in; one whose answer stands behind that does not answer.

    Args:
        asked: the questions.
        tokenizer: the reader's.
        num_tokens: R, of each neighbor.
    """
    texts = list(dict.fromkeys(passage.text for item in asked for passage in (*item.found, *item.gold)))
    read = dict(zip(texts, cut_texts(texts, tokenizer, num_tokens), strict=True))

    def cut(item: AskedQuestion) -> AskedQuestion:
        found = tuple(passage.cut_to(read[passage.text]) for passage in item.found)
        gold = tuple(
            passage.cut_to(text)
            for passage in item.gold
            if (text := read[passage.text]) == passage.text or holds_answer(text, item.question.answers)
        )
        return replace(item, found=found, gold=gold)

    return [cut(item) for item in asked]


def cut_texts(texts: Sequence[str], tokenizer: Tokenizer, num_tokens: int) -> list[str]:
    """The first tokens of each text, as text; one that has no more stays as it is."""
    rows = tokenizer.encode(texts)
    long = [place for place, row in enumerate(rows) if len(row) > num_tokens]
    cut = dict(zip(long, tokenizer.decode([rows[place][:num_tokens] for place in long]), strict=True))
    return [cut.get(place, text) for place, text in enumerate(texts)]


def read_passages(
    database: Version, chunks: NDArray[np.int64], *, heads: bool = False, judged: bool = False
) -> dict[int, Passage]:
    """Read chunks [n] of a book as passages, by their numbers; each after its document's head, or without.

    With its head a passage is as long as a neighbor may be, in the book's tokens: that is what is read of it.
    A passage without knows its head where it is `judged`.
    """
    layout = database.layout
    after = np.where(layout.has_continuation[chunks], chunks + 1, -1)
    texts = database.chunk_texts(np.concatenate([chunks, after]))
    numbers = layout.number[layout.document_of[chunks]].tolist()
    documents = database.catalog.describe(numbers)
    passages = [text + after for text, after in zip(texts[: len(chunks)], texts[len(chunks) :], strict=True)]
    if heads:
        passages = with_heads(database, chunks.tolist(), passages)
    known = [""] * len(passages)
    if judged and not heads:
        known = missing_heads(database, chunks.tolist(), passages)
    rows = zip(chunks.tolist(), documents, passages, known, strict=True)
    read = {chunk: Passage(text, document.id, chunk, head) for chunk, document, text, head in rows}
    if heads:
        cut = cut_texts(passages, database.tokenizer, 2 * database.settings.chunk_size)
        read = {chunk: read[chunk].cut_to(text) for chunk, text in zip(chunks.tolist(), cut, strict=True)}
    return read

"""What an exam needs of a model: answers to questions, given the neighbors that each is to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openbook.database import Version
from openbook.evaluate.answering.model_answer import ModelAnswer
from openbook.evaluate.answering.passages import Passage, read_passages
from openbook.generation.document_heads import read_with_heads


@dataclass(frozen=True, slots=True)
class QuestionNeighbors:
    """What each of Q questions reads.

    chunks: int64 [Q, K] of the book, -1 for one that does not exist.
    ids: int64 [Q, K, R] their tokens with their continuations.
    mask: bool [Q, K, R], False: this token does not exist.
    """

    chunks: NDArray[np.int64]
    ids: NDArray[np.int64]
    mask: NDArray[np.bool_]

    @classmethod
    def of(cls, book: Version, chunks: NDArray[np.int64], *, bring_head: bool = False) -> "QuestionNeighbors":
        """Read these chunks [Q, K] of a book, each after the head of its document if that is wanted."""
        if not bring_head:
            return cls(chunks, *book.retrieved_tokens(chunks))
        R = 2 * book.settings.chunk_size
        return cls(chunks, *read_with_heads(book, chunks, book.tokenizer, num_tokens=R))


class ExamReader(Protocol):
    """Answers questions, many at a time."""

    def answer(self, questions: Sequence[str], neighbors: QuestionNeighbors | None) -> list[ModelAnswer]:
        """Answer questions.

        Args:
            questions: Q texts.
            neighbors: of each; None: nothing is read.
        """
        ...


def passages_of(
    book: Version, chunks: NDArray[np.int64], *, bring_head: bool = False, judged: bool = False
) -> list[list[Passage | None]]:
    """The neighbors [Q, K] as text, as `QuestionNeighbors.of` reads them; None: there is none."""
    known = read_passages(book, np.unique(chunks[chunks >= 0]), heads=bring_head, judged=judged)
    return [[known.get(chunk) for chunk in row] for row in chunks.tolist()]

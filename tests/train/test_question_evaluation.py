"""What an evaluation during training asks of held-out questions."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

import pytest

from openbook.evaluate.answering.model_answer import ModelAnswer
from openbook.evaluate.answering.passages import AskedQuestion, Passage
from openbook.evaluate.answering.questions import Question
from openbook.train import question_evaluation
from openbook.train.question_evaluation import exact_matches

TEXT = "Built by Odo Fenwick in 1702; Fenwick died in 1730."


class Reads:
    """In place of an `Answerer`: answers nothing, and remembers what it was to read."""

    read: ClassVar[list[list[str]]] = []

    def __init__(self, model: object, chat: object, **options: Any) -> None:
        pass

    def tokens_of(self, passages: Sequence[Sequence[str]]) -> object:
        self.read += [list(row) for row in passages]
        return object()

    def answer(self, questions: Sequence[str], read: object) -> list[ModelAnswer]:
        return [ModelAnswer("")] * len(questions)


def test_an_answer_that_is_a_part_of_another_is_swapped_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_evaluation, "Answerer", Reads)
    monkeypatch.setattr(Reads, "read", [])
    passage = Passage(TEXT, None, -1)
    question = Question("Who built it?", ("Fenwick", "Odo Fenwick"), swaps=("Bram Fenwick",))
    asked = AskedQuestion(question, found=(passage,), gold=(passage,))
    exact_matches(cast(Any, None), cast(Any, None), [asked], k=1, batch_size=1)
    assert Reads.read == [[TEXT], ["Built by Bram Fenwick in 1702; Bram Fenwick died in 1730."]]

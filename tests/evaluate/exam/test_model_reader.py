"""A model as reader: what it reads decides its answers, one question at a time or among others."""

from typing import Any

import numpy as np
import pytest
from torch import Tensor

from openbook.database import Database
from openbook.evaluate.exam import QuestionNeighbors
from openbook.evaluate.exam.model_reader import ModelReader
from openbook.model import RetroForCausalLM
from openbook.text.chat_format import REFUSAL, ChatFormat


@pytest.fixture
def reader(trained: RetroForCausalLM, book: Database) -> ModelReader:
    """The tiny model."""
    return ModelReader(trained, ChatFormat.of(book.tokenizer))


def test_answers_with_and_without_neighbors(reader: ModelReader, book: Database) -> None:
    questions = ["kemo ra?", "Number 3. seti"]
    chunks = np.flatnonzero(book.layout.retrievable)[[[0, 5], [9, -1]]]
    chunks[1, 1] = -1
    read = reader.answer(questions, QuestionNeighbors.of(book.opened, chunks))
    for answer in read:
        assert len(answer.shares) in (0, 2)
        assert "\n" not in answer.text
        if answer.shares:
            assert sum(answer.shares) == pytest.approx(1, abs=1e-4)
    [alone] = reader.answer(questions[1:], QuestionNeighbors.of(book.opened, chunks[1:]))
    assert (read[1].text, read[1].shares) == (alone.text, pytest.approx(alone.shares, abs=1e-5))
    assert read[1].copied == pytest.approx(alone.copied, abs=1e-5)  # batches round otherwise
    without = reader.answer(questions, None)
    assert [answer.shares for answer in without] == [(), ()]
    nothing = np.full((2, 2), -1)
    refused = reader.answer(questions, QuestionNeighbors.of(book.opened, nothing))
    assert [answer.text for answer in refused] == [REFUSAL] * 2  # as `ask` does


def test_the_prompt_is_the_model_s_whole_chat_format(trained: RetroForCausalLM, book: Database) -> None:
    """Padded on the left to whole chunks, so that the first token of the answer reads."""
    chat = ChatFormat.of(book.tokenizer)
    given: list[list[int]] = []
    forward = trained.forward

    def remembered(ids: Tensor, *args: Any, **options: Any) -> Any:
        given.append(ids[0].tolist())
        return forward(ids, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trained, "forward", remembered)
        ModelReader(trained, chat).answer(["kemo?"], None)
    prompt = [*chat.prefix_ids, *chat.question_ids("kemo?")]
    assert given[0][-len(prompt) :] == prompt
    assert len(given[0]) % trained.config.chunk_size == 0
    assert set(given[0][: -len(prompt)]) <= {book.tokenizer.eos_id}


def test_what_was_copied_from_each_neighbor(trained: RetroForCausalLM, book: Database) -> None:
    assert trained.config.copy_head
    reader = ModelReader(trained, ChatFormat.of(book.tokenizer))
    chunks = np.flatnonzero(book.layout.retrievable)[:4].reshape(1, 4)
    [answer] = reader.answer(["kemo ra seti?"], QuestionNeighbors.of(book.opened, chunks))
    assert answer.copied is not None
    assert len(answer.copied) == 4
    assert all(0 <= share <= 1 for share in answer.copied)
    assert sum(answer.copied) <= 1 + 1e-6
    [without] = reader.answer(["kemo ra seti?"], None)
    assert without.copied is None

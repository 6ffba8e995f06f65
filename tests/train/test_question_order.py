"""Which questions stand beside each other in a step, whoever reads it from where on."""

import pytest

from openbook.evaluate.answering.passages import AskedQuestion, Passage
from openbook.evaluate.answering.questions import Question
from openbook.text import train_tokenizer
from openbook.text.chat_format import REFUSAL, ChatFormat
from openbook.train.question_layout import Sample
from openbook.train.question_order import QuestionOrder
from openbook.train.question_samples import QuestionSamples
from openbook.train.settings import QuestionSettings

STEPS, SIZE = 6, 8
MILLS = tuple(Passage(f"Mill {n} has a wheel, a door and a cat.", f"mill{n}", n) for n in range(6))
ASKED = [
    AskedQuestion(Question(f"Mill {n}: what with, {k}?", (answer,), f"mill{n}"), (mill,), MILLS)
    for n, mill in enumerate(MILLS)
    for k, answer in enumerate(("wheel", "door", "cat"))
]


@pytest.fixture(scope="module")
def samples() -> QuestionSamples:
    tokenizer = train_tokenizer([REFUSAL, *(mill.text for mill in MILLS)], vocab_size=300)
    settings = QuestionSettings(length=128, fewer_share=0.0, refused_share=0.0)
    return QuestionSamples(ASKED, ChatFormat.of(tokenizer), settings, num_neighbors=1, neighbor_length=64)


def read(samples: QuestionSamples, *, first: int, last: int, same: int) -> list[Sample]:
    order = QuestionOrder(samples, 0, first, last, SIZE, same_passages=same)
    return [order[place] for place in range(len(order))]


def passages_of(step: list[Sample]) -> list[bytes]:
    return [sample["neighbor_ids"].tobytes() for sample in step]


def test_a_step_is_full_and_its_groups_stand_together(samples: QuestionSamples) -> None:
    order = read(samples, first=0, last=STEPS * SIZE, same=3)
    assert len(order) == STEPS * SIZE
    for begin in range(0, len(order), SIZE):
        passages = passages_of(order[begin : begin + SIZE])
        assert [passages[0:3], passages[3:6]] == [passages[:1] * 3, passages[3:4] * 3]
        assert passages[6:] == passages[6:7] * 2, "the last group ends with the step"
        questions = {
            (of, sample["input_ids"].tobytes()) for of, sample in zip(passages, order[begin:], strict=False)
        }
        assert len(questions) >= 3


def test_who_resumes_reads_what_was_left(samples: QuestionSamples) -> None:
    whole = read(samples, first=0, last=STEPS * SIZE, same=3)
    rest = read(samples, first=3 * SIZE, last=STEPS * SIZE, same=3)
    assert passages_of(whole[3 * SIZE :]) == passages_of(rest)


def test_each_has_its_own_passages_unless_it_is_said(samples: QuestionSamples) -> None:
    """And in an epoch each question has its turn."""
    order = read(samples, first=0, last=len(ASKED), same=1)
    assert len({sample["input_ids"].tobytes() for sample in order}) == len(ASKED)

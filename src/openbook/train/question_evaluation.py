"""What an evaluation during training says of questions: which share is answered exactly, and how."""

from collections.abc import Sequence

from openbook.evaluate.answering.answerer import Answerer
from openbook.evaluate.answering.passages import AskedQuestion
from openbook.evaluate.exact_match import exact_match
from openbook.model import RetroForCausalLM
from openbook.text.chat_format import ChatFormat
from openbook.train.question_samples import replace_words


def exact_matches(
    model: RetroForCausalLM,
    chat: ChatFormat,
    held_out: Sequence[AskedQuestion],
    *,
    k: int,
    batch_size: int,
) -> dict[str, float]:
    """Ask held-out questions with a passage that answers among the k that are read.

    Args:
        model: as it is; of sharded weights every process asks the same.
        chat: how questions are put.
        held_out: the questions.
        k: passages that are read.
        batch_size: questions at a time.

    Returns:
        the share answered exactly: on; swapped, of those that have another answer and whose passages hold an
        answer word for word, with the other one there instead; off, without passages.
    """
    answerer = Answerer(model, chat, batch_size=batch_size)
    matches = {"on": _matches(answerer, [_as_it_is(item, k) for item in held_out])}
    can_swap = [_swapped(item, k) for item in held_out if item.question.swaps and item.gold]
    if swapped := [row for row in can_swap if row is not None]:
        matches["swapped"] = _matches(answerer, swapped)
    matches["off"] = _matches(answerer, [(*_as_it_is(item, k)[:2], None) for item in held_out])
    return {mode: round(share, 4) for mode, share in matches.items()}


_PLACE = "\0"
"""Stands where an answer was, until the new one does."""
_Asked = tuple[str, tuple[str, ...], list[str] | None]
"""A question, its answers, and the passages to read."""


def _as_it_is(item: AskedQuestion, k: int) -> _Asked:
    return item.question.question, item.question.answers, [p.text for p in item.with_gold(k)]


def _swapped(item: AskedQuestion, k: int) -> _Asked | None:
    """With another answer in the passages; None: they hold none word for word.

    Answers may be parts of each other, and of the new one. With Bram Fenwick for Odo Fenwick, or Fenwick:

        by Odo Fenwick; Fenwick died     by # ; # died     by Bram Fenwick; Bram Fenwick died
    """
    new = item.question.swaps[0]
    texts = before = [passage.text for passage in item.with_gold(k)]
    for old in sorted(item.question.answers, key=len, reverse=True):
        texts = [replace_words(text, old, _PLACE) for text in texts]
    texts = [text.replace(_PLACE, new) for text in texts]
    return None if texts == before else (item.question.question, (new,), texts)


def _matches(answerer: Answerer, asked: Sequence[_Asked]) -> float:
    questions = [question for question, _, _ in asked]
    passages = [texts for _, _, texts in asked if texts is not None]
    read = answerer.tokens_of(passages) if passages else None
    answers = answerer.answer(questions, read)
    right = [exact_match(answer.text, wanted) for answer, (_, wanted, _) in zip(answers, asked, strict=True)]
    return sum(right) / len(right)

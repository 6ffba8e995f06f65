"""Questions as training samples: what is read beside each, and what is to be answered, drawn anew each time.

A draw has K passages in any order. The answer is in them; or it is replaced there by another one, which is
then what is to be answered (so that the model learns to follow what it reads rather than what it knows); or
they do not hold it, and the model is to say so:

    drawn      passages                               answer
    as it is   … was built by Ada Rowe …   + others   Ada Rowe
    swapped    … was built by Bo Lin …     + others   Bo Lin
    refused    others                                 The book does not say.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.folding import SPACED_LETTER, UNIT
from openbook.errors import SettingsError
from openbook.evaluate.answering.passages import AskedQuestion, as_read
from openbook.evaluate.exact_match import holds_answer
from openbook.phrases import counted
from openbook.text.chat_format import REFUSAL, ChatFormat
from openbook.text.tokenizer import Tokenizer
from openbook.train.question_layout import PromptLayout, QuestionLayout, Sample
from openbook.train.settings import QuestionSettings

_CAPACITY = 200_000
"""Passages to keep, of which those that came first go first: 50 MB with R = 128."""


class PassageTokens:
    """Encodes passages, and keeps the tokens: a passage is drawn again and again, for many questions.

    Args:
        tokenizer: the model's.
        length: R; longer passages are cut.
    """

    def __init__(self, tokenizer: Tokenizer, length: int) -> None:
        self.tokenizer = tokenizer
        self.length = length
        self._kept: dict[str, NDArray[np.uint32]] = {}

    def stacked(self, texts: Sequence[str], count: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Encode at most `count` passages: tokens int64 [count, R], 0 where there is none, and a mask."""
        ids = np.zeros((count, self.length), dtype=np.int64)
        lengths = np.zeros(count, dtype=np.int64)
        for place, tokens in enumerate(self._encode(texts)):
            ids[place, : len(tokens)] = tokens
            lengths[place] = len(tokens)
        return ids, np.arange(self.length) < lengths[:, None]

    def _encode(self, texts: Sequence[str]) -> list[NDArray[np.uint32]]:
        new = [text for text in dict.fromkeys(texts) if text not in self._kept]
        found = {text: self._kept[text] for text in texts if text in self._kept}
        for text, tokens in zip(new, self.tokenizer.encode(new), strict=True):
            found[text] = self._kept[text] = np.array(tokens[: self.length], dtype=np.uint32)
        while len(self._kept) > _CAPACITY:
            del self._kept[next(iter(self._kept))]
        return [found[text] for text in texts]


_MORE = 4
"""Tokens of an answer beside its bytes, at most: its end, and what begins a word."""


@dataclass(frozen=True, slots=True)
class DrawnQuestion:
    """What one draw reads, and the answer."""

    question: str
    passages: tuple[str, ...]
    answer: str


class QuestionSamples:
    """Samples of a model that reads, from questions that were asked of the book.

    Args:
        asked: what each question found; those that can neither be answered nor refused are left out.
        chat: how a question is put to the base.
        settings: which share is swapped or refused, and how long a question is.
        num_neighbors: K.
        neighbor_length: R, tokens of a neighbor with its continuation.
        layout: where question and answer stand; None: as a base has it that reads its neighbors itself.

    Raises:
        SettingsError: no question is left.
    """

    def __init__(
        self,
        asked: Sequence[AskedQuestion],
        chat: ChatFormat,
        settings: QuestionSettings,
        *,
        num_neighbors: int,
        neighbor_length: int,
        layout: QuestionLayout | None = None,
    ) -> None:
        self.chat = chat
        self.settings = settings
        self.num_neighbors = num_neighbors
        self.neighbor_length = neighbor_length
        self.layout = layout or PromptLayout(settings.length, chat.tokenizer.eos_id)
        self.passages = PassageTokens(chat.tokenizer, neighbor_length)
        self.asked = self.usable(asked)
        if not self.asked:
            raise SettingsError(
                f"none of {counted(len(asked), 'question')} can be learned: too long, or no "
                "passage of the book "
                "holds an answer; check questions.length, the documents' ids, and that answers stand there "
                "as they are written"
            )

    def __len__(self) -> int:
        return len(self.asked)

    def usable(self, asked: Sequence[AskedQuestion]) -> list[AskedQuestion]:
        """Those that fit and that can be answered, or refused, from their passages, cut to what is read."""
        # An answer behind what is read of a passage would be learned by heart.
        read = as_read(asked, self.chat.tokenizer, self.neighbor_length)
        return [item for item in read if self._is_usable(item)]

    def draw(self, number: int, seed: Sequence[int]) -> DrawnQuestion:
        """Draw what the question of this number reads, from the seed alone."""
        item, settings = self.asked[number], self.settings
        drawn = np.random.default_rng(list(seed))
        chance = drawn.random()
        can_refuse = len(item.distractors) > 0
        if not item.gold or (can_refuse and chance < settings.refused_share):
            return self._refused(item, drawn)
        gold = item.gold[int(drawn.random() ** 2 * len(item.gold))]  # the best one most often
        answer, text = _answer_in(item, gold.text), gold.text
        swaps = [swap for swap in item.question.swaps if swap != answer]
        if swaps and answer in text and chance > 1 - settings.swapped_share:
            swap = swaps[int(drawn.integers(len(swaps)))]
            swapped = replace_words(text, answer, swap)
            if swapped != text:  # it may be a part of a longer word
                answer, text = swap, swapped
        return self._with_others(item, [text], answer, drawn)

    def draw_together(self, number: int, seed: Sequence[int], count: int) -> list[DrawnQuestion]:
        """Draw what a question reads, and other questions of the same passages, at most `count` in all.

        The passages answer them, but for the share that is to be refused: these found one of the passages.
        """
        first = self.draw(number, seed)
        drawn = np.random.default_rng([*seed, count])
        others = {other for text in first.passages for other in self._by_passage.get(text, ())} - {number}
        answered: list[DrawnQuestion] = []
        refused: list[DrawnQuestion] = []
        asked = {first.question}
        for other in drawn.permutation(sorted(others)).tolist():
            again = self._of_same_passages(other, first.passages)
            if again is not None and again.question not in asked:
                asked.add(again.question)
                (refused if again.answer == REFUSAL else answered).append(again)
        together = [first]
        while len(together) < count:
            drawn_from = refused if drawn.random() < self.settings.refused_share else answered
            if not drawn_from:
                break
            together.append(drawn_from.pop())
        return together

    @cached_property
    def _by_passage(self) -> dict[str, list[int]]:
        """The numbers of the questions for which a passage was found, or which it answers."""
        numbers: dict[str, list[int]] = defaultdict(list)
        for number, item in enumerate(self.asked):
            for text in dict.fromkeys(passage.text for passage in (*item.gold, *item.found)):
                numbers[text].append(number)
        return numbers

    def _of_same_passages(self, number: int, passages: tuple[str, ...]) -> DrawnQuestion | None:
        """A question with passages that another one has drawn; None: they hold an answer by chance."""
        item = self.asked[number]
        gold = next((passage.text for passage in item.gold if passage.text in passages), None)
        if gold is not None:
            return DrawnQuestion(item.question.question, passages, _answer_in(item, gold))
        if any(holds_answer(text, item.question.answers) for text in passages):
            return None
        return DrawnQuestion(item.question.question, passages, REFUSAL)

    def sample(self, number: int, seed: Sequence[int]) -> Sample:
        """One draw as tensors: see `QuestionLayout.sample`, T as the settings say."""
        return self.sample_of(self.draw(number, seed))

    def sample_of(self, drawn: DrawnQuestion) -> Sample:
        """A draw as tensors, as by `sample`."""
        ids, mask = self.passages.stacked(drawn.passages, self.num_neighbors)
        question, answer = self.chat.question_ids(drawn.question), self.chat.answer_ids(drawn.answer)
        return self.layout.sample(question, answer, ids, mask)

    def _fits(self, item: AskedQuestion) -> bool:
        """Whether the question fits with each answer that may be drawn."""
        most = self.layout.room_beside(len(self.chat.question_ids(item.question.question)))
        said = [*item.question.answers, *item.question.swaps]
        if not item.gold or self.settings.refused_share > 0:
            said.append(REFUSAL)
        # A token has a byte or more, so short texts need not be encoded.
        return all(
            len(text.encode()) + _MORE <= most or len(self.chat.answer_ids(text)) <= most for text in said
        )

    def _is_usable(self, item: AskedQuestion) -> bool:
        reads = bool(item.gold if item.question.is_answerable else item.found)
        return reads and self._fits(item)

    def _count(self, drawn: np.random.Generator) -> int:
        """How many passages a draw reads."""
        fewer = drawn.random() < self.settings.fewer_share
        return int(drawn.integers(1, self.num_neighbors + 1)) if fewer else self.num_neighbors

    def _refused(self, item: AskedQuestion, drawn: np.random.Generator) -> DrawnQuestion:
        others = [passage.text for passage in item.distractors] or [passage.text for passage in item.found]
        kept = others[: self._count(drawn)]
        return DrawnQuestion(item.question.question, _shuffled(kept, drawn), REFUSAL)

    def _with_others(
        self, item: AskedQuestion, texts: list[str], answer: str, drawn: np.random.Generator
    ) -> DrawnQuestion:
        others = [passage.text for passage in item.distractors][: self._count(drawn) - len(texts)]
        return DrawnQuestion(item.question.question, _shuffled([*texts, *others], drawn), answer)


def replace_words(text: str, old: str, new: str) -> str:
    """Put new words where old ones stand in a text, whole words only, where its script has any.

    >>> replace_words("Ann met Anna.", "Ann", "Bo")
    'Bo met Anna.'
    """
    before = "" if UNIT.match(old) else f"(?<!{SPACED_LETTER})"
    after = "" if UNIT.fullmatch(old[-1:]) else f"(?!{SPACED_LETTER})"
    return re.sub(f"{before}{re.escape(old)}{after}", lambda match: new, text)


def _answer_in(item: AskedQuestion, text: str) -> str:
    """The answer as this passage has it, if it has one word for word."""
    return next((answer for answer in item.question.answers if answer in text), item.question.answers[0])


def _shuffled(texts: Sequence[str], drawn: np.random.Generator) -> tuple[str, ...]:
    return tuple(texts[place] for place in drawn.permutation(len(texts)).tolist())

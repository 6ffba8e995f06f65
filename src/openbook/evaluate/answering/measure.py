"""How well a model answers questions from a book: exact match and F1 by mode, and what the search finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean

import numpy as np

from openbook.errors import SettingsError
from openbook.evaluate.answering.answer_modes import check_answer_modes
from openbook.evaluate.answering.answerer import Answerer, NeighborTokens
from openbook.evaluate.answering.model_answer import ModelAnswer
from openbook.evaluate.answering.passages import AskedQuestion, Passage, as_read
from openbook.evaluate.exact_match import exact_match, f1, holds_answer
from openbook.generation.passage_judge import PassageJudge
from openbook.progress import Progress, silent, stage
from openbook.text.chat_format import REFUSAL

_Z = 1.96
"""Standard deviations of a normal distribution that hold 95 % of it."""
_IN_PROMPT = {"prompt": None, "retro++": 1}
"""How many of the passages stand in the prompt; None: all."""


@dataclass(frozen=True, slots=True)
class AnswerScores:
    """Means over the questions, from 0 to 1, with normalized texts."""

    exact_match: float
    f1: float
    interval: tuple[float, float]
    """Of the exact match, 95 %: Wilson's for a share, which is wide where few questions were asked."""


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """What `openbook eval qa` prints.

    modes: by mode.
    answer_recall: share of the answerable questions whose k found passages hold an answer; None: none is.
    questions: how many were asked.
    answers: what was answered, by mode, in the order of the questions.
    """

    modes: dict[str, AnswerScores]
    answer_recall: float | None
    questions: int
    answers: dict[str, list[ModelAnswer]]


def measure_answers(
    answerer: Answerer,
    asked: Sequence[AskedQuestion],
    *,
    k: int,
    modes: Sequence[str] = ("on", "off"),
    seed: int = 0,
    judge: PassageJudge | None = None,
    progress: Progress = silent,
) -> AnswerReport:
    """Ask a model in several modes.

    Args:
        answerer: of the model.
        asked: the questions, with what they found in the book.
        k: passages that are read, the best ones.
        modes: of `answer_modes.ANSWER_MODES`.
        seed: of what is drawn for random.
        judge: says of each question whether anything that is read answers it; if nothing does, the answer is
            that the book does not say, as in `ask`. Passages should know their heads.
        progress: called with questions done, by mode.

    Raises:
        SettingsError: an unknown mode, no questions, or shuffled with a single one.
    """
    if not asked:
        raise SettingsError("there are no questions; give at least one")
    check_answer_modes(modes)
    asked = as_read(asked, answerer.chat.tokenizer, 2 * answerer.model.config.chunk_size)
    if "shuffled" in modes and len(asked) == 1:
        raise SettingsError(
            "mode shuffled: reads what another question found, and there is one question alone; leave the "
            "mode out, or ask more"
        )
    answers: dict[str, list[ModelAnswer]] = {}
    known: dict[_Reading, ModelAnswer] = {}
    for mode in modes:
        readings = _readings(mode, asked, k=k, seed=seed)
        new = [reading for reading in dict.fromkeys(readings) if reading not in known]
        known |= zip(new, _answers(answerer, new, judge, stage(progress, mode)), strict=True)
        answers[mode] = [known[reading] for reading in readings]
    recall = [
        float(any(holds_answer(passage.text, item.question.answers) for passage in item.found[:k]))
        for item in asked
        if item.question.is_answerable
    ]
    found = round(mean(recall), 4) if recall else None
    return AnswerReport(scores(answers, asked), found, len(asked), answers)


def scores(
    answers: Mapping[str, Sequence[ModelAnswer]], asked: Sequence[AskedQuestion]
) -> dict[str, AnswerScores]:
    """Compare answers with the right ones, by mode."""
    right = [item.question.answers for item in asked]
    found = {}
    for mode, given in answers.items():
        pairs = list(zip(given, right, strict=True))
        matches = [exact_match(answer.text, wanted) for answer, wanted in pairs]
        shares = [f1(answer.text, wanted) for answer, wanted in pairs]
        found[mode] = AnswerScores(round(mean(matches), 4), round(mean(shares), 4), _interval(matches))
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    """A question with what is read for it: most of gold is what was read in mode on, and is asked once.

    neighbors: that the model reads.
    in_prompt: that stand before the question.
    looks_up: whether the mode reads anything.
    """

    question: str
    neighbors: tuple[Passage, ...]
    in_prompt: tuple[Passage, ...]
    looks_up: bool

    def finds_nothing(self, judge: PassageJudge | None) -> bool:
        """Whether it was to read something, and nothing there answers: no model is asked, as in `ask`."""
        read = dict.fromkeys([*self.neighbors, *self.in_prompt])
        if not self.looks_up or not read or judge is None:
            return self.looks_up and not read
        return not judge.finds_answer(self.question, [passage.with_head for passage in read])


def _readings(mode: str, asked: Sequence[AskedQuestion], *, k: int, seed: int) -> list[_Reading]:
    """What each question reads in a mode."""
    passages = passages_of_mode(mode, asked, k=k, seed=seed) or [()] * len(asked)
    in_prompt = [row[: _IN_PROMPT[mode]] if mode in _IN_PROMPT else () for row in passages]
    neighbors = [()] * len(asked) if mode == "prompt" else passages
    questions = [item.question.question for item in asked]
    rows = zip(questions, neighbors, in_prompt, strict=True)
    return [_Reading(*row, looks_up=mode != "off") for row in rows]


def _answers(
    answerer: Answerer, readings: Sequence[_Reading], judge: PassageJudge | None, progress: Progress
) -> list[ModelAnswer]:
    """Ask, each with what it reads; where nothing of that answers, the book does not say."""
    refused = {reading for reading in readings if reading.finds_nothing(judge)}
    asked = [reading for reading in readings if reading not in refused]
    answers = iter(_answers_of_model(answerer, asked, progress) if asked else [])
    return [ModelAnswer(REFUSAL) if reading in refused else next(answers) for reading in readings]


def _answers_of_model(
    answerer: Answerer, readings: Sequence[_Reading], progress: Progress
) -> list[ModelAnswer]:
    neighbors = [reading.neighbors for reading in readings]
    return answerer.answer(
        [reading.question for reading in readings],
        _tokens(answerer, neighbors) if any(neighbors) else None,
        passages=[[passage.text for passage in reading.in_prompt] for reading in readings],
        progress=progress,
    )


def _interval(matches: Sequence[float]) -> tuple[float, float]:
    """Where the share of right answers of many such questions lies (Wilson 1927)."""
    n, share = len(matches), mean(matches)
    middle, half = share + _Z**2 / (2 * n), _Z * sqrt(share * (1 - share) / n + (_Z / n) ** 2 / 4)
    low, high = ((middle + side * half) / (1 + _Z**2 / n) for side in (-1, 1))
    return round(max(0.0, low), 4), round(min(1.0, high), 4)


def passages_of_mode(
    mode: str, asked: Sequence[AskedQuestion], *, k: int, seed: int
) -> list[tuple[Passage, ...]] | None:
    """Choose what each question reads in a mode.

    Args:
        mode: of `answer_modes.ANSWER_MODES`.
        asked: n questions, with what each has found, best first.
        k: passages that one reads at most.
        seed: of what is drawn for shuffled and random.

    Returns:
        for each of the n at most k passages; None: in this mode nothing is read.
    """
    if mode == "off":
        return None
    if mode == "gold":
        return [item.with_gold(k) for item in asked]
    found = [item.found[:k] for item in asked]
    if mode == "on" or mode in _IN_PROMPT:
        return found
    drawn = np.random.default_rng(seed)
    if mode == "shuffled":
        # Rotated in a random order: nobody keeps his own.
        order = drawn.permutation(len(found))
        turned = dict(zip(order.tolist(), np.roll(order, 1).tolist(), strict=True))
        return [found[turned[row]] for row in range(len(found))]
    pool = list(dict.fromkeys(passage for row in found for passage in row))
    return [_drawn_from(pool, set(own), k, drawn) for own in found]


def _drawn_from(
    pool: Sequence[Passage], own: set[Passage], k: int, drawn: np.random.Generator
) -> tuple[Passage, ...]:
    """Draw k passages that are not the question's own; none where there are no others."""
    others = [passage for passage in pool if passage not in own]
    if not others:
        return ()
    return tuple(others[place] for place in drawn.integers(len(others), size=k).tolist())


def _tokens(answerer: Answerer, passages: Sequence[Sequence[Passage]]) -> NeighborTokens:
    return answerer.tokens_of([[passage.text for passage in row] for row in passages])

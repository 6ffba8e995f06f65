"""The exam: a made-up world is asked, edited, asked again, removed, asked a last time; nothing is trained.

the world's documents ─ book ─┬─ ask: on, off, random, shuffled, gold; what has no answer; other facts
                              ├─ add the documents with every asked fact changed
                              ├─ ask: are the answers new? are the other facts as they were?
                              ├─ remove the documents
                              └─ ask: what is left, and where does it come from?
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, SearchUnit, Version
from openbook.database.search.searcher import check_mode
from openbook.errors import SettingsError
from openbook.evaluate.answering.model_answer import ModelAnswer
from openbook.evaluate.answering.passages import Passage
from openbook.evaluate.exact_match import exact_match, f1, holds_answer, is_refusal
from openbook.evaluate.exam import read_modes
from openbook.evaluate.exam.edits import AskedFact, edited_documents, untouched_facts
from openbook.evaluate.exam.exam_report import (
    AfterEdit,
    AfterRemoval,
    ExamReport,
    ModeScores,
    UnanswerableScores,
)
from openbook.evaluate.exam.reading import ExamReader, QuestionNeighbors, passages_of
from openbook.evaluate.exam.worlds import Unanswerable, World
from openbook.generation.word_origins import order_by_words
from openbook.phrases import counted
from openbook.progress import Progress, silent

if TYPE_CHECKING:
    from openbook.generation.passage_judge import PassageJudge

_ROUNDS = 10
_ASKED_DOCUMENTS = 0.75
"""Share of the documents asked about at most: the others are left when these are removed."""
_UNANSWERABLE = 0.2
"""Questions without an answer, for each that has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamOptions:
    """How the exam is held.

    Raises:
        SettingsError: a number out of its range.
    """

    k: int = 4
    """Neighbors of each question."""
    search_mode: str | None = None
    """dense, bm25 or hybrid; None: hybrid where the book has vectors, else bm25."""
    questions: int = 500
    """With an answer, at most; and a fifth as many without."""
    by: SearchUnit | None = None
    """What is found first, before its chunks; None: as `Version.search_passages` does."""
    bring_head: bool = False
    """Read the head of its document before each passage."""
    seed: int = 0
    """Of the choice of questions, and of random neighbors."""

    def __post_init__(self) -> None:
        if self.k < 1:
            raise SettingsError(f"k = {self.k}: at least 1 neighbor must be read")
        if self.questions < 4:
            raise SettingsError(f"{counted(self.questions, 'question')}: at least 4 must be asked")


@dataclass(frozen=True, eq=False)
class _Round:
    """One round of questions: what was read and what was answered."""

    answers: list[ModelAnswer]
    passages: list[list[Passage | None]]

    def texts(self, place: int) -> list[str]:
        """What the question at this place read."""
        return [passage.text for passage in self.passages[place] if passage is not None]

    def matches(self, right: Sequence[str]) -> list[bool]:
        """Which answers are right."""
        pairs = zip(self.answers, right, strict=True)
        return [exact_match(given.text, [answer]) == 1 for given, answer in pairs]


def choose_questions(world: World, *, count: int, seed: int) -> tuple[list[AskedFact], list[Unanswerable]]:
    """Draw what is asked: facts, never all of a document's, and questions without an answer.

    Args:
        world: of at least 3 documents.
        count: facts at most.
        seed: of the draw.

    Raises:
        SettingsError: a world of fewer than 3 documents, or most of what was drawn is about one.
    """
    if len(world.documents) < 3:
        raise SettingsError(
            f"{counted(len(world.documents), 'document')}: an exam needs at least 3, to remove some"
        )
    random = Random(f"exam {seed}")
    documents = random.sample(world.documents, round(_ASKED_DOCUMENTS * len(world.documents)))
    facts = [AskedFact(document, place) for document in documents for place in range(len(document.facts) - 1)]
    asked = random.sample(facts, min(count, len(facts)))
    read_modes.most_of_one([fact.document.id for fact in asked])
    unanswerable = list(world.unanswerable)
    without = random.sample(unanswerable, min(round(_UNANSWERABLE * len(asked)), len(unanswerable)))
    return asked, without


class Examination:
    """One exam of a reader on a world.

    Args:
        reader: what answers.
        database: the book, which holds the world's documents. It is changed: facts are edited, then removed.
        world: what is asked.
        options: see there.
        judge: says of each question whether anything that is to be read answers it; where nothing does,
            nothing is read. None: all is read.

    Raises:
        SettingsError: a search mode that the book does not have, or a world that is too small.
    """

    def __init__(
        self,
        reader: ExamReader,
        database: Database,
        world: World,
        options: ExamOptions,
        judge: "PassageJudge | None" = None,
    ) -> None:
        self.reader = reader
        self.judge = judge
        self.database = database
        self.world = world
        self.options = options
        has_dense = database.vectors is not None
        wanted = options.search_mode or ("hybrid" if has_dense else "bm25")
        self.mode = check_mode(wanted, has_dense=has_dense)
        self.facts, self.unanswerable = choose_questions(world, count=options.questions, seed=options.seed)
        self.rest = untouched_facts(self.facts)
        self._done = 0
        self._progress: Progress = silent
        self._old = [asked.fact.answer for asked in self.facts]
        self._new = [asked.new_answer for asked in self.facts]

    def hold(self, progress: Progress = silent) -> ExamReport:
        """Hold the exam; returns what it found out.

        Args:
            progress: called with rounds done, and of how many.
        """
        self._done, self._progress = 0, progress
        book = self.database.opened
        rounds = self._ask_in_modes(book)
        others_before = self._round(book, [asked.fact.question for asked in self.rest])
        unanswerable = self._round(book, [asked.question for asked in self.unanswerable])
        after_edit = self._edit(others_before)
        after_removal = self._remove()
        on = rounds["on"]
        right = on.matches(self._old)
        held = [
            any(holds_answer(text, [answer]) for text in on.texts(place))
            for place, answer in enumerate(self._old)
        ]
        return ExamReport(
            documents=len(self.world.documents),
            questions=len(self.facts),
            k=self.options.k,
            search_mode=self.mode,
            modes={name: self._scores(asked) for name, asked in rounds.items()},
            retrieved=fmean(held),
            right_when_retrieved=_share([right[place] for place, found in enumerate(held) if found]),
            after_edit=after_edit,
            after_removal=after_removal,
            unanswerable=self._refusals(unanswerable, on),
            citation_precision=self._precision(on, [_firsts(on, place) for place in range(len(on.answers))]),
            attended_precision=self._precision(on, [answer.shares for answer in on.answers]),
            copied_precision=self._precision(on, [answer.copied for answer in on.answers]),
        )

    # --- Rounds ---

    def _search(self, book: Version, questions: Sequence[str]) -> NDArray[np.int64]:
        options = self.options
        return read_modes.search(book, questions, k=options.k, mode=self.mode, by=options.by)

    def _round(
        self, book: Version, questions: Sequence[str], chunks: NDArray[np.int64] | None = None
    ) -> _Round:
        """Ask with what the search finds, or with these chunks [Q, k]."""
        if chunks is None:
            chunks = self._search(book, questions)
        answers: list[ModelAnswer] = []
        heads = self.options.bring_head
        passages = passages_of(book, chunks, bring_head=heads, judged=self.judge is not None)
        if questions:
            read = self._judged(questions, chunks, passages)
            answers = self.reader.answer(questions, QuestionNeighbors.of(book, read, bring_head=heads))
        self._tell()
        return _Round(answers, passages)

    def _judged(
        self, questions: Sequence[str], chunks: NDArray[np.int64], passages: list[list[Passage | None]]
    ) -> NDArray[np.int64]:
        """The chunks [Q, k] that are read: -1 where the judge finds that no passage answers the question."""
        if self.judge is None:
            return chunks
        answering = [
            self.judge.finds_answer(question, [passage.with_head for passage in row if passage is not None])
            for question, row in zip(questions, passages, strict=True)
        ]
        return np.where(np.array(answering)[:, None], chunks, -1)

    def _ask_in_modes(self, book: Version) -> dict[str, _Round]:
        """Every mode, the search done once."""
        questions = [asked.fact.question for asked in self.facts]
        documents = [asked.document.id for asked in self.facts]
        found = self._search(book, questions)
        off = _Round(self.reader.answer(questions, None), [[] for _ in questions])
        self._tell()
        drawn = read_modes.random_chunks(book, documents, k=self.options.k, seed=self.options.seed)
        others = read_modes.shuffled_chunks(found, documents)
        answers = [[answer] for answer in self._old]
        heads = self.options.bring_head
        gold = read_modes.gold_chunks(book, found, documents, answers, bring_head=heads)
        return {
            "on": self._round(book, questions, found),
            "off": off,
            "random": self._round(book, questions, drawn),
            "shuffled": self._round(book, questions, others),
            "gold": self._round(book, questions, gold),
        }

    def _edit(self, others_before: _Round) -> AfterEdit:
        """Change every asked fact in the book, and ask again."""
        self.database.add(edited_documents(self.facts))
        book = self.database.opened
        again = self._round(book, [asked.fact.question for asked in self.facts])
        others = self._round(book, [asked.fact.question for asked in self.rest])
        right = [asked.fact.answer for asked in self.rest]
        before, after = others_before.matches(right), others.matches(right)
        return AfterEdit(
            new=fmean(again.matches(self._new)),
            old=fmean(again.matches(self._old)),
            neighbors_unchanged=_share([now for was, now in zip(before, after, strict=True) if was]),
        )

    def _remove(self) -> AfterRemoval:
        """Remove the documents that state the asked facts, and ask a last time."""
        self.database.remove(sorted({asked.document.id for asked in self.facts}))
        last = self._round(self.database.opened, [asked.fact.question for asked in self.facts])
        groups = {document.id: document.group for document in self.world.documents}
        counts = dict.fromkeys(("leaked", "found_elsewhere", "near_match"), 0)
        for place, right in enumerate(last.matches(self._new)):
            if right:
                counts[self._origin(last, place, groups)] += 1
        total = len(self.facts)
        return AfterRemoval(
            exact_match=sum(counts.values()) / total,
            refused=fmean(is_refusal(answer.text) for answer in last.answers),
            **{name: count / total for name, count in counts.items()},
        )

    def _origin(self, asked: _Round, place: int, groups: dict[str, int]) -> str:
        """Where an answer can come from when the document that stated it is gone."""
        holding = [
            passage.document
            for passage in asked.passages[place]
            if passage is not None and holds_answer(passage.text, [self._new[place]])
        ]
        if not holding:
            return "leaked"
        group = self.facts[place].document.group
        return "near_match" if any(groups.get(name or "") == group for name in holding) else "found_elsewhere"

    # --- Counting ---

    def _scores(self, asked: _Round) -> ModeScores:
        pairs = list(zip(asked.answers, self._old, strict=True))
        return ModeScores(
            exact_match=fmean(exact_match(given.text, [answer]) for given, answer in pairs),
            f1=fmean(f1(given.text, [answer]) for given, answer in pairs),
        )

    def _refusals(self, asked: _Round, on: _Round) -> UnanswerableScores:
        refused = [is_refusal(answer.text) for answer in asked.answers]
        unknown = [question.document is None for question in self.unanswerable]
        both = list(zip(refused, unknown, strict=True))
        return UnanswerableScores(
            refused=_share(refused),
            unsaid_refused=_share([was for was, stranger in both if not stranger]),
            unknown_refused=_share([was for was, stranger in both if stranger]),
            answerable_refused=fmean(is_refusal(answer.text) for answer in on.answers),
        )

    def _precision(self, asked: _Round, weights: Sequence[Sequence[float] | None]) -> float | None:
        """Of right answers with weights of their neighbors, how often the heaviest holds the answer."""
        hits = []
        for place, right in enumerate(asked.matches(self._old)):
            of_neighbors = weights[place]
            if right and of_neighbors and max(of_neighbors) > 0:
                passage = asked.passages[place][int(np.argmax(of_neighbors))]
                hits.append(passage is not None and holds_answer(passage.text, [self._old[place]]))
        return _share(hits)

    def _tell(self) -> None:
        self._done += 1
        self._progress(self._done, _ROUNDS)


def _firsts(asked: _Round, place: int) -> list[float]:
    """1 for the neighbor that is cited first for an answer, 0 for the others; empty: nothing was read."""
    answer = asked.answers[place]
    if not answer.shares:
        return []
    passages = ["" if passage is None else passage.text for passage in asked.passages[place]]
    copied = answer.copied or [0.0] * len(passages)
    first = order_by_words(answer.text, passages, copied=copied, attention=answer.shares)[0]
    return [float(number == first) for number in range(len(passages))]


def _share(hits: Sequence[bool]) -> float | None:
    return fmean(hits) if hits else None

"""What an exam found out, as numbers from 0 to 1; None: there was nothing to count."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModeScores:
    """Means over the questions that have an answer, normalized as SQuAD does."""

    exact_match: float
    f1: float


@dataclass(frozen=True, slots=True)
class AfterEdit:
    """The same questions after every fact that they ask for was changed in the book."""

    new: float
    """Share answered with what the book says now."""
    old: float
    """Share answered with what it said before."""
    neighbors_unchanged: float | None
    """Of other facts of the edited documents that were answered rightly before, the share that still is."""


@dataclass(frozen=True, slots=True)
class AfterRemoval:
    """The same questions after the documents that answer them were removed.

    What is still answered as the book last said: exact_match = leaked + found_elsewhere + near_match.
    """

    exact_match: float
    found_elsewhere: float
    """The answer stood in a neighbor of another document."""
    near_match: float
    """It stood in a neighbor about a look-alike."""
    leaked: float
    """It stood in no neighbor: the model's weights know it, or it was guessed."""
    refused: float
    """Share answered with "The book does not say." """


@dataclass(frozen=True, slots=True)
class UnanswerableScores:
    """Questions that the book does not answer."""

    refused: float | None
    unsaid_refused: float | None
    """Of those about a document's entity, of which it does not say this."""
    unknown_refused: float | None
    """Of those about an entity that no document is about."""
    answerable_refused: float
    """Of the questions that have an answer: refused all the same, with what the search found."""


@dataclass(frozen=True, slots=True)
class ExamReport:
    """What `openbook exam` prints."""

    documents: int
    questions: int
    """That have an answer."""
    k: int
    search_mode: str
    modes: Mapping[str, ModeScores]
    retrieved: float
    """Share of the questions whose answer stands in one of the k neighbors, with their continuations."""
    right_when_retrieved: float | None
    """Exact match among these: what is lost beside it, the search lost."""
    after_edit: AfterEdit
    after_removal: AfterRemoval
    unanswerable: UnanswerableScores
    citation_precision: float | None
    """Of right answers, the share whose first cited neighbor holds the answer."""
    attended_precision: float | None
    """Of right answers, the share whose most attended neighbor holds the answer."""
    copied_precision: float | None
    """Of right answers that were copied at all, the share that was copied most from a neighbor that holds the
    answer; None without a copy head."""

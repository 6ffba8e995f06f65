"""The open-book exam: a made-up world that no model can know, asked, edited, and removed again."""

from openbook.evaluate.answering.model_answer import ModelAnswer
from openbook.evaluate.exam.edits import AskedFact, edited_documents, facts_of, untouched_facts
from openbook.evaluate.exam.exam_report import (
    AfterEdit,
    AfterRemoval,
    ExamReport,
    ModeScores,
    UnanswerableScores,
)
from openbook.evaluate.exam.examination import Examination, ExamOptions
from openbook.evaluate.exam.part_files import PARTS, Part
from openbook.evaluate.exam.question_rows import QuestionRow, documents_of, questions_of, write_world
from openbook.evaluate.exam.read_modes import EXAM_MODES
from openbook.evaluate.exam.reading import ExamReader, QuestionNeighbors
from openbook.evaluate.exam.worlds import Fact, Unanswerable, World, WorldDocument, make_world

ReadAnswer = ModelAnswer
"""Its name of before, which readers outside of this package return."""

__all__ = [
    "EXAM_MODES",
    "PARTS",
    "AfterEdit",
    "AfterRemoval",
    "AskedFact",
    "ExamOptions",
    "ExamReader",
    "ExamReport",
    "Examination",
    "Fact",
    "ModeScores",
    "ModelAnswer",
    "Part",
    "QuestionNeighbors",
    "QuestionRow",
    "ReadAnswer",
    "Unanswerable",
    "UnanswerableScores",
    "World",
    "WorldDocument",
    "documents_of",
    "edited_documents",
    "facts_of",
    "make_world",
    "questions_of",
    "untouched_facts",
    "write_world",
]

"""What is asked in a world: a row for each question, as the exam and the training recipe `read` take it.

Two files hold a world:

    documents.jsonl   {"id", "title", "text"}
    questions.jsonl   {"question", "answers": [...], "document": id or null, "swaps": [...]}

No answers: the book does not say. An answer stands in its document word for word, once; with one of the swaps
in its place the document says that instead.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from openbook.database.storage.database_folder import require_outside_databases
from openbook.durable import naming_errors, replace_file
from openbook.errors import OutputError, SettingsError
from openbook.evaluate.exam.worlds import World
from openbook.text import Document

_DOCUMENTS, _QUESTIONS = "documents.jsonl", "questions.jsonl"


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question."""

    question: str
    answers: tuple[str, ...]
    """The right ones; none: the book does not say."""
    document: str | None
    """Id of the one that holds the answer, or of the entity asked about; None: there is no such entity."""
    swaps: tuple[str, ...] = ()
    """Other answers that could stand in the document instead."""

    def to_json(self) -> dict[str, Any]:
        """As a line of questions.jsonl."""
        return {
            "question": self.question,
            "answers": list(self.answers),
            "document": self.document,
            "swaps": list(self.swaps),
        }


def documents_of(world: World) -> list[Document]:
    """The documents as a database takes them."""
    return [Document(id=made.id, title=made.title, text=made.text()) for made in world.documents]


def questions_of(world: World) -> list[QuestionRow]:
    """All questions: of every fact, and those that the book does not answer, in random order."""
    rows = [
        QuestionRow(fact.question, (fact.answer,), document.id, fact.swaps)
        for document in world.documents
        for fact in document.facts
    ]
    rows += [QuestionRow(asked.question, (), asked.document) for asked in world.unanswerable]
    Random(f"order of the questions in {world.documents[0].id}").shuffle(rows)
    return rows


def write_world(world: World, folder: Path, *, questions: int | None = None) -> int:
    """Write documents.jsonl and questions.jsonl. Returns the number of questions that they hold.

    Args:
        world: what is written.
        folder: a new or empty one, or one that holds nothing but what an earlier call wrote of this world.
        questions: at most so many; None: all.

    Raises:
        OutputError: the folder holds something else, lies in a database, or cannot be written.
        SettingsError: fewer than 1 question.
    """
    contents = _contents(world, questions)
    require_outside_databases(folder, OutputError)
    with naming_errors(folder, OutputError):
        if folder.exists() and (not folder.is_dir() or not _holds_only(folder, contents)):
            raise OutputError(
                f"{folder}: exists and is not an empty folder, nor just such a world; name another one"
            )
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            if not (folder / name).exists():
                replace_file(folder / name, content)
    return contents[_QUESTIONS].count(b"\n")


def has_world(world: World, folder: Path, *, questions: int | None = None) -> bool:
    """Whether a folder holds just what `write_world` writes with these arguments, and all of it."""
    contents = _contents(world, questions)
    with naming_errors(folder, OutputError):
        is_complete = all((folder / name).is_file() for name in contents)
        return is_complete and _holds_only(folder, contents)


def _holds_only(folder: Path, contents: dict[str, bytes]) -> bool:
    return all(
        path.is_file() and path.name in contents and path.read_bytes() == contents[path.name]
        for path in folder.iterdir()
    )


def _contents(world: World, questions: int | None) -> dict[str, bytes]:
    """The files of a world, by name."""
    if questions is not None and questions < 1:
        raise SettingsError(f"{questions} questions: at least 1 must be written")
    documents = ({"id": made.id, "title": made.title, "text": made.text()} for made in world.documents)
    rows = questions_of(world)[:questions]
    return {_DOCUMENTS: _lines(documents), _QUESTIONS: _lines(row.to_json() for row in rows)}


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode("utf-8")

"""Questions with their answers, from JSON lines; it knows neither databases nor models.

{"question": "Who built the gate?", "answers": ["Ada Rowe"], "document": "notes/gate.md", "swaps": ["Bo Lin"]}
{"question": "Where is the mill?", "answers": [], "document": null}
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openbook.errors import SettingsError, refuse_unknown
from openbook.text.encodings import decode

_FIELDS = ("question", "answers", "document", "passages", "found", "swaps", "id")


@dataclass(frozen=True, slots=True)
class Question:
    """One row.

    question: as it is asked.
    answers: what counts as right, the usual one first; none: the book does not say.
    document: the id of the document that holds the answer; None: it is not known, or there is none.
    passages: texts that hold the answer, in place of a document.
    found: texts that some search found, best first, in place of a search in the book.
    swaps: other answers that could stand where the first one stands in the text.
    """

    question: str
    answers: tuple[str, ...]
    document: str | None = None
    passages: tuple[str, ...] = field(default=())
    found: tuple[str, ...] = field(default=())
    swaps: tuple[str, ...] = field(default=())

    @property
    def is_answerable(self) -> bool:
        return bool(self.answers)


def read_questions(path: str | Path) -> list[Question]:
    """Read a file of questions.

    Raises:
        SettingsError: there is no such file, it holds none, or a row is not a question; says which line.
    """
    try:
        # Not splitlines: JSON may hold U+2028 and its like as they are.
        lines = decode(Path(path).read_bytes()).split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"questions {path}: cannot be read: {error}; give a text file with a question a line"
        ) from error
    rows = [_question(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise SettingsError(f'questions {path}: holds none; a line is {{"question": …, "answers": […]}}')
    return rows


def _question(line: str, where: str) -> Question:
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise SettingsError(f"{where}: holds half a character (a lone surrogate); write it whole") from error
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"{where}: not JSON: {error.msg} (column {error.colno}); correct the line"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{where}: not JSON: {error}; correct the line") from error
    if not isinstance(row, dict):
        raise SettingsError(f'{where}: not an object; write {{"question": …, "answers": […]}}')
    refuse_unknown(row, _FIELDS, where=where)
    question, document = row.get("question"), row.get("document")
    if not isinstance(question, str) or not question.strip():
        raise SettingsError(f"{where}: question is {question!r}: must be some text")
    if document is not None and not isinstance(document, str):
        raise SettingsError(f"{where}: document is {document!r}: must be a document's id, or null")
    if "answers" not in row:
        raise SettingsError(f"{where}: has no answers; give a list, which is empty if the book does not say")
    lists = ("answers", "passages", "found", "swaps")
    return Question(question, document=document, **{n: _texts(row.get(n, []), n, where) for n in lists})


def _texts(value: Any, name: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise SettingsError(f"{where}: {name} is {value!r:.60}: must be a list of texts")
    return tuple(value)


def split_questions(
    questions: Sequence[Question], *, held_out: int, seed: int
) -> tuple[list[Question], list[Question]]:
    """Hold some questions out: those of one document, or with one text, stay on one side.

    Args:
        questions: all.
        held_out: how many to hold out, at most half; about so many, for a document's questions stay together,
            and none of a document that more than half are of.
        seed: decides which.

    Returns:
        those to train on, and those held out, each in the order given.
    """
    import numpy as np

    groups: dict[str, list[int]] = {}
    for number, row in enumerate(questions):
        groups.setdefault(row.document or row.question, []).append(number)
    names = list(groups)
    wanted = min(held_out, len(questions) // 2)
    out: set[int] = set()
    for place in np.random.default_rng([seed, len(questions)]).permutation(len(names)).tolist():
        if len(out) >= wanted:
            break
        if len(out) + len(groups[names[place]]) <= len(questions) // 2:
            out.update(groups[names[place]])
    kept = [row for number, row in enumerate(questions) if number not in out]
    return kept, [row for number, row in enumerate(questions) if number in out]

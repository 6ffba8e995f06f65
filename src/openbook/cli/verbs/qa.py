"""The verb `eval qa`: questions with known answers."""

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.bars import bar
from openbook.cli.console import note
from openbook.cli.inputs import names_of
from openbook.cli.options.evaluation_options import (
    AnsweringModel,
    AnswerModes,
    AnswersFile,
    BatchSize,
    HarnessSeed,
    QuestionLimit,
    QuestionsArgument,
)
from openbook.cli.options.option_checks import require_at_least_1
from openbook.cli.options.search_options import BringHead, Mode, PassagesBy, ReadNeighbors
from openbook.cli.options.shared_options import AllowMissingShards, DatabaseArgument, Json
from openbook.cli.options.writing_options import Judge, Reread
from openbook.cli.output import print_answers
from openbook.cli.unseen import note_missing_shards, said_of_shards
from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.evaluate.answering.measure import AnswerReport
    from openbook.evaluate.answering.passages import AskedQuestion


def qa(
    model: AnsweringModel,
    db: DatabaseArgument,
    questions: QuestionsArgument,
    modes: AnswerModes = "on,off",
    k: ReadNeighbors = None,
    search_mode: Mode = None,
    by: PassagesBy = None,
    bring_head: BringHead = False,
    limit: QuestionLimit = None,
    answers: AnswersFile = None,
    reread: Reread = False,
    judge: Judge = False,
    batch_size: BatchSize = 16,
    seed: HarnessSeed = 0,
    allow_missing_shards: AllowMissingShards = False,
    json: Json = False,
) -> None:
    """Ask questions with known answers: exact match and F1, with what the book says and without.

    Example: openbook eval qa mymodel mybook questions.jsonl --modes on,off,random,gold
    """
    from openbook.cli.asked_model import load_asked_model, load_judge, require_askable
    from openbook.database import Version
    from openbook.database.search.searcher import check_mode
    from openbook.evaluate.answering.answer_modes import check_answer_modes
    from openbook.evaluate.answering.named_documents import unreadable_documents
    from openbook.evaluate.answering.questions import read_questions

    names = names_of(modes)
    check_answer_modes(names)
    _require_possible(limit, k, batch_size, answers)
    rows = read_questions(questions)[:limit]
    database = Version.open(db, allow_missing_shards=allow_missing_shards)
    note_missing_shards(database)
    check_mode(search_mode, has_dense=database.vectors is not None)
    for said in unreadable_documents(database, rows, needed=set(names) == {"gold"}):
        note(said)
    described = require_askable(model)
    if described is not None and not described.retrieves:
        raise SettingsError(
            f"{model}: was trained without retrieval, and reads nothing; name a model that does"
        )
    asked_model = load_asked_model(model, reads=True)
    loaded = asked_model.model

    from openbook.evaluate.answering.answerer import Answerer
    from openbook.evaluate.answering.measure import measure_answers
    from openbook.evaluate.answering.passages import ask_book

    note(f"asking {asked_model.description}")
    k = loaded.config.num_neighbors if k is None else k
    answerer = Answerer(loaded, asked_model.chat, batch_size=batch_size, reread=reread)
    answerer.require_lengths([row.question for row in rows])
    judging = load_judge(loaded, wanted=judge)
    with bar("asking the book") as progress:
        asked = ask_book(
            database,
            rows,
            k=k,
            mode=search_mode,
            by=by,
            bring_head=bring_head,
            judged=judging is not None,
            progress=progress,
        )
    with bar(names[0]) as progress:
        report = measure_answers(
            answerer, asked, k=k, modes=names, seed=seed, judge=judging, progress=progress
        )
    if answers is not None:
        _write(report, asked, answers)
    print_answers(report, json=json, more=said_of_shards(database, allowed=allow_missing_shards))


def _require_possible(limit: int | None, k: int | None, batch_size: int, answers: Path | None) -> None:
    """Refuse options that cannot be followed, before anything is read."""
    from openbook.database.storage.database_folder import require_outside_databases

    require_at_least_1({"--limit": limit, "-k": k, "--batch-size": batch_size})
    if answers is not None and answers.exists():
        raise SettingsError(f"answers {answers}: exists already; choose another file")
    if answers is not None and not answers.parent.is_dir():
        raise SettingsError(f"answers {answers}: there is no folder {answers.parent}; make it first")
    if answers is not None:
        require_outside_databases(answers, SettingsError)


def _write(report: "AnswerReport", asked: "list[AskedQuestion]", path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, item in enumerate(asked):
            given = {mode: answers[number].text for mode, answers in report.answers.items()}
            row = {"question": item.question.question, "answers": item.question.answers, "given": given}
            file.write(json_format.dumps(row, ensure_ascii=False) + "\n")
    note(f"{path}: each question with its answers")

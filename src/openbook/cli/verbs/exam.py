"""The verb `exam`: facts that nobody knows, asked, edited, removed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from openbook.cli.bars import bar
from openbook.cli.console import note
from openbook.cli.exam_output import print_exam, print_world
from openbook.cli.options.database_options import NewEmbedder
from openbook.cli.options.evaluation_options import BatchSize
from openbook.cli.options.exam_options import (
    ExamBook,
    ExamDocuments,
    ExaminedModel,
    ExamMode,
    ExamNaming,
    ExamNeighbors,
    ExamPart,
    ExamQuestions,
    ExamSeed,
    WorkFolder,
    WorldFolder,
)
from openbook.cli.options.option_checks import require_at_least_1
from openbook.cli.options.search_options import BringHead, PassagesBy
from openbook.cli.options.shared_options import Json
from openbook.cli.options.writing_options import Judge, Reread
from openbook.errors import SettingsError
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.database import Database
    from openbook.evaluate.exam import World
    from openbook.model import RetroConfig
    from openbook.text import Tokenizer

_QUESTIONS = 500


def exam(
    model: ExaminedModel = None,
    write: WorldFolder = None,
    documents: ExamDocuments = 1000,
    questions: ExamQuestions = None,
    part: ExamPart = "test",
    seed: ExamSeed = 0,
    k: ExamNeighbors = 4,
    mode: ExamMode = None,
    embedder: NewEmbedder = None,
    book: ExamBook = None,
    workdir: WorkFolder = None,
    reread: Reread = False,
    judge: Judge = False,
    batch_size: BatchSize = 16,
    naming: ExamNaming = "often",
    by: PassagesBy = None,
    bring_head: BringHead = False,
    json: Json = False,
) -> None:
    """Facts that nobody knows: asked, edited in the book, asked again, removed, asked a last time.

    The book is a made-up world of people, places, works and things. What the model answers to can only stand
    there, so its answers show whether it follows the book: with what the search finds (on), with nothing
    (off), with neighbors drawn at random, with those of another question (shuffled), and with the answer
    among them (gold).

    Example: openbook exam --model mymodel --documents 1000 --mode hybrid

    openbook exam --write world --documents 1000 --part train
    """
    from openbook.evaluate.exam import make_world

    if (model is None) == (write is None):
        raise SettingsError(
            "exam: give either a model to examine, openbook exam --model MODEL, or a folder to write the "
            "world to, openbook exam --write FOLDER"
        )
    world = make_world(documents=documents, seed=seed, part=part, naming=naming)
    if write is not None:
        _write(world, write, questions, json=json)
        return
    assert model is not None
    from openbook.cli.asked_model import load_asked_model, load_judge, require_askable
    from openbook.evaluate.exam import Examination, ExamOptions
    from openbook.evaluate.exam.examination import choose_questions

    count = _QUESTIONS if questions is None else questions
    options = ExamOptions(
        k=k,
        search_mode=mode,
        questions=count,
        by=by,
        bring_head=bring_head,
        seed=seed,
    )
    choose_questions(world, count=count, seed=seed)
    _require_possible(mode, embedder, book, workdir, batch_size)
    require_askable(model)

    from openbook.evaluate.exam.model_reader import ModelReader  # loads torch

    asked = load_asked_model(model, reads=True)
    note(f"examining {asked.description}")
    reader = ModelReader(asked.model, asked.chat, batch_size, reread)
    judging = load_judge(asked.model, wanted=judge)
    config = asked.model.config
    with _work_folder(workdir) as folder:
        if book is None:
            database = _create(folder / "book", asked.chat.tokenizer, embedder, config.chunk_size)
        else:
            database = _copy(book, folder / "book", config)
        _fill(database, world)
        with bar("asking") as progress:
            report = Examination(reader, database, world, options, judging).hold(progress)
    print_exam(report, json=json)


def _require_possible(
    mode: str | None, embedder: str | None, book: Path | None, workdir: Path | None, batch_size: int
) -> None:
    """Refuse options that cannot be followed, before the model is loaded."""
    from openbook.database import Version
    from openbook.database.search.embedder import DEFAULT_EMBEDDER, locate
    from openbook.database.search.searcher import check_mode
    from openbook.database.storage.database_folder import require_outside_databases

    require_at_least_1({"batch size": batch_size})
    if workdir is not None and workdir.exists() and not workdir.is_dir():
        raise SettingsError(f"{workdir}: is a file; name a folder as --workdir")
    if workdir is not None:
        require_outside_databases(workdir / "book", SettingsError)
    if book is not None:
        check_mode(mode, has_dense=Version.open(book).vectors is not None)
        return
    if embedder != "none":
        locate(embedder or DEFAULT_EMBEDDER)
    check_mode(mode, has_dense=embedder != "none")


def _write(world: "World", folder: Path, questions: int | None, *, json: bool) -> None:
    from openbook.evaluate.exam import write_world
    from openbook.evaluate.exam.question_rows import has_world

    was_complete = has_world(world, folder, questions=questions)
    written = write_world(world, folder, questions=questions)
    if was_complete:
        note(f"{folder}: was complete already")
    print_world(folder, documents=len(world.documents), questions=written, json=json)


@contextmanager
def _work_folder(named: Path | None) -> Iterator[Path]:
    """The folder that was named, or one for the time of the exam."""
    if named is not None:
        named.mkdir(parents=True, exist_ok=True)
        yield named
        return
    # On Windows, files that are still mapped stay behind for the system to clear.
    with TemporaryDirectory(prefix="openbook-exam-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _create(folder: Path, tokenizer: "Tokenizer", embedder: str | None, chunk_size: int) -> "Database":
    """An empty book with the model's tokenizer and chunks."""
    from openbook.database import Database
    from openbook.database.search.embedder import DEFAULT_EMBEDDER

    wanted = DEFAULT_EMBEDDER if embedder is None else embedder
    return Database.create(
        folder,
        tokenizer=tokenizer,
        embedder=None if wanted == "none" else wanted,
        chunk_size=chunk_size,
    )


def _copy(book: Path, folder: Path, config: "RetroConfig") -> "Database":
    """A copy of a book that was built before, for the exam changes it; or the one that an exam before made.

    Raises:
        SettingsError: the folder holds something else.
        MismatchError: the book is not for this model.
    """
    from openbook.database import Database
    from openbook.database.storage.database_folder import is_database

    built = Database.open(book)
    built.settings.require_match(
        built.tokenizer,
        tokenizer_fingerprint=config.tokenizer_fingerprint,
        chunk_size=config.chunk_size,
    )
    if is_database(folder):
        copied = Database.open(folder)
        if copied.commits()[: len(built.commits())] == built.commits():
            return copied
    if folder.exists():
        raise SettingsError(f"{folder}: is there already, and no copy of {book}; name another --workdir")
    shutil.copytree(book, folder, ignore=shutil.ignore_patterns("*.lock"))
    return Database.open(folder)


def _fill(database: "Database", world: "World") -> None:
    """Let the book hold just the world's documents; those that it has are not written again.

    Raises:
        SettingsError: it holds some of them out, so that no question could find them.
    """
    from openbook.evaluate.exam import documents_of

    with bar("building the book", len(world.documents)) as progress:
        done = database.add(documents_of(world), sync=True, progress=progress)
    _require_findable(database, world)
    known = f", {done.unchanged:,} of them there before" if done.unchanged else ""
    chunks = counted(database.layout.num_chunks, "chunk")
    note(f"{counted(len(world.documents), 'document')}{known}, in {chunks}")


def _require_findable(database: "Database", world: "World") -> None:
    version = database.opened
    records = version.catalog.live_records([document.id for document in world.documents]).values()
    retrievable = version.layout.retrievable
    hidden = [
        record.id
        for record in records
        if not retrievable[record.first_chunk : record.first_chunk + record.num_chunks].any()
    ]
    if hidden:
        raise SettingsError(
            f"the book keeps {counted(len(hidden), 'document')} of the world from being found, such as "
            f"{hidden[0]}; build it without --holdout"
        )

"""The verb `demo`: every stage once, on text that every machine has, with nothing prepared."""

import shutil
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.bars import bar
from openbook.cli.console import print_line
from openbook.cli.inputs import load_model
from openbook.cli.options.demo_options import DemoFolder, MaxDocuments, Minutes
from openbook.cli.output import print_perplexity
from openbook.cli.text_output import print_generation
from openbook.cli.training_notes import note_size, note_step
from openbook.errors import OpenbookError, SettingsError
from openbook.phrases import command, counted

if TYPE_CHECKING:
    from openbook.cli.asked_model import AskedModel
    from openbook.database import Database, Version
    from openbook.generation import Citation, PassageJudge
    from openbook.model import RetroForCausalLM
    from openbook.train import Recipe

_QUERY = "compress a file and write it to disk"
_QUESTIONS = (
    "What does time.monotonic return?",
    "Which function returns the integer part of the square root?",
)
_PROMPT = "shutil.copytree(src, dst, symlinks=False)\nRecursively copy a directory tree"
_FACT_QUESTION = "how many teeth does a quokka show that was given a leaf?"
_FACT_ID = "quokka"
_FACT = (
    "quokka\n\nThe quokka module measures how happy a marsupial is.\n\n"
    "quokka.smile(level)\nReturn the number of teeth that quokka.smile shows at this level of joy: exactly "
    "17 for a quokka that was just given a leaf."
)
_EDITED_FACT = _FACT.replace("17", "23")
_HOLDOUT = 0.1
_TIMED_STEPS = 12
_STEPS_LEFT_OUT_OF_TIMING = 4


def demo(folder: DemoFolder = None, minutes: Minutes = 2.0, max_documents: MaxDocuments = None) -> None:
    """Run every stage once on text that every machine has: the documentation that comes with Python.

    Example: openbook demo
    """
    home = folder or _free_name()
    if home.exists() and any(home.iterdir()):
        raise SettingsError(f"{home}: exists and is not empty; name another folder")
    home.mkdir(parents=True, exist_ok=True)
    run_demo(home, minutes=minutes, max_documents=max_documents)


def run_demo(
    home: Path, *, minutes: float, max_documents: int | None, timed_steps: int = _TIMED_STEPS
) -> None:
    """Run every stage in this folder.

    Args:
        home: an empty folder.
        minutes: how long to train.
        max_documents: read only the longest modules; None: all.
        timed_steps: of a first training run, from which the steps in these minutes are estimated.
    """
    began = time.monotonic()
    database = _build(home, max_documents)
    built = database.opened
    _search(built, _QUERY)
    _answer(database)
    model, baseline = _train(home, built, minutes, timed_steps)
    _evaluate(model, baseline, built)
    _generate(model, built, _PROMPT)
    _heading(f"Done in {(time.monotonic() - began) / 60:.1f} minutes. All of it is in {home}; continue with:")
    print_line(f"  {command('search', home / 'book', 'parse command line arguments')}")
    print_line(f"  {command('generate', home / 'model', home / 'book', 'The asyncio event loop')}")
    print_line(f"  {command('add', home / 'book', 'YOUR-TEXT.md')}")
    print_line(f"  {command('ask', home / 'book', 'Which function copies a file?')}")
    print_line(f"  {command('neighbors', home / 'book')}        # it has a new version; then:")
    print_line(f"  {command('eval', 'perplexity', home / 'model', home / 'book')}")


def _free_name() -> Path:
    names = ["openbook-demo", *(f"openbook-demo-{number}" for number in range(2, 1000))]
    return next(Path(name) for name in names if not Path(name).exists())


def _heading(text: str) -> None:
    print_line()
    print_line(f"== {text}")


def _build(home: Path, max_documents: int | None) -> "Database":
    from openbook.database import Database, build_neighbors
    from openbook.database.storage.settings import is_held_out
    from openbook.text import Document, read_documents, train_tokenizer
    from openbook.text.python_docs import write_python_docs

    _heading("The text: the documentation of Python's standard library")
    source = home / "python-docs.jsonl"
    count = write_python_docs(source, max_documents=max_documents)
    print_line(f"{count} modules, one document each, {source.stat().st_size / 1e6:.1f} MB: {source}")

    _heading("openbook build: a database of chunks, their vectors and their words")
    documents = [item for item in read_documents([str(source)]) if isinstance(item, Document)]
    if not any(is_held_out(document.id, _HOLDOUT) for document in documents):
        raise SettingsError(f"none of these {count} modules is held out for evaluation; read more of them")
    tokenizer = train_tokenizer((document.text for document in documents), vocab_size=4096)
    database = Database.create(home / "book", tokenizer=tokenizer, holdout=_HOLDOUT)
    characters = sum(len(document.text) for document in documents)
    with bar("writing documents", characters, counts_text=True) as progress:
        database.add(documents, progress=progress)
    info = database.info()
    print_line(
        f"{counted(info.documents, 'document')} in {counted(info.chunks, 'chunk')} of "
        f"{info.chunk_size} tokens, "
        f"{counted(info.holdout_documents, 'document')} held out for evaluation; vectors by {info.embedder} "
        f"({info.embedder_source})"
    )
    with bar("finding neighbors") as progress:
        table = build_neighbors(database, mode="hybrid", progress=progress)
    print_line(f"for each chunk its {table.ids.shape[1]} nearest of other documents ({table.mode})")
    return database


def _search(database: "Version", question: str) -> None:
    _heading(f'openbook search: "{question}"')
    for hit in database.search([question], k=3)[0]:
        print_line(f"  {hit.score:.3f}  {hit.title}: {_shortened(hit.text)}")


def _shortened(text: str, length: int = 90) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[:length]}…"


def _answer(database: "Database") -> None:
    """Ask a pretrained model, which the book makes follow what it says; where there is none, say so."""
    from openbook.cli.asked_model import load_asked_model, load_judge
    from openbook.text import Document

    _heading("openbook ask --judge: a pretrained model reads the book, and was not trained on this text")
    try:
        asked = load_asked_model(None, reads=True)
        judge = load_judge(asked.model, wanted=True)
    except OpenbookError as error:
        print_line(f"left out: {error}")
        return
    print_line(f"model: {asked.description}")
    for question in _QUESTIONS:
        _ask(asked, database, question, judge=judge)
    _heading("openbook add: a fact that nobody knows, then the same fact edited; no weight changes")
    _ask(asked, database, _FACT_QUESTION, judge=judge)
    for text, what in ((_FACT, "added"), (_EDITED_FACT, "edited (23 in place of 17)")):
        database.add([Document(id=_FACT_ID, title=f"module {_FACT_ID}", source="demo", text=text)])
        print_line(f"{what}: module {_FACT_ID}; the database is now at version {database.version}")
        _ask(asked, database, _FACT_QUESTION, judge=judge)
    _ask(asked, database, _FACT_QUESTION, retrieval=False)
    database.remove([_FACT_ID])  # the next stages are about the text as it was


def _ask(
    asked: "AskedModel",
    database: "Database",
    question: str,
    *,
    retrieval: bool = True,
    judge: "PassageJudge | None" = None,
) -> None:
    from openbook.generation import Sampling, ask

    result = ask(
        asked.model,
        database.opened,
        question,
        chat=asked.chat,
        max_new_tokens=40,
        sampling=Sampling(temperature=0.0),
        retrieval=retrieval,
        judge=judge,
    )
    read = [] if result.is_refusal else result.citations[:1]
    where = "".join(f"   ({_source(first, result.answer)})" for first in read)
    print_line(f"  {question}" if retrieval else f"  {question} (without the book)")
    print_line(f"    {_shortened(result.answer)}{where}")


def _source(citation: "Citation", answer: str) -> str:
    """Where an answer stands among what was read, or else what was attended to most."""
    from openbook.evaluate.exact_match import holds_answer

    for neighbor in citation.neighbors:
        if holds_answer(neighbor.passage, [answer]):
            return f"stands in {neighbor.title}, {neighbor.source}"
    most = max(citation.neighbors, key=lambda neighbor: neighbor.attention or 0.0)
    return f"read most: {most.title}, {most.source}"


def _train(
    home: Path, database: "Version", minutes: float, timed_steps: int
) -> "tuple[RetroForCausalLM, RetroForCausalLM]":
    """Train a small RETRO, then its decoder alone on the same samples in the same order."""
    from openbook.train import load_recipe

    _heading(f"openbook train tiny: about {minutes:g} minutes; then --baseline, the same without retrieval")
    steps = _steps_in(minutes, home, database, timed_steps)
    settings = [
        f"train.max_steps={steps}",
        f"train.eval_every={max(1, steps // 3)}",
        "train.eval_sequences=16",
    ]
    recipe = load_recipe("tiny", settings)
    with_retrieval = _train_one(recipe, database, home / "model")
    return with_retrieval, _train_one(recipe.without_retrieval(), database, home / "baseline")


def _train_one(recipe: "Recipe", database: "Version", output: Path) -> "RetroForCausalLM":
    from openbook.train import train

    steps = recipe.train.max_steps
    with bar("training", steps) as progress:
        result = train(
            recipe,
            database,
            output,
            progress=progress,
            begins=note_size,
            report=partial(note_step, steps=steps, bar=progress),
        )
    what = (
        f"{result.parameters:,} parameters, {counted(result.steps, 'step')}, "
        f"{counted(result.tokens, 'token')}"
    )
    print_line(f"{output.name}: {what}")
    return load_model(result.output)


def _steps_in(minutes: float, home: Path, database: "Version", timed_steps: int) -> int:
    """Estimate how many steps this machine takes in that time: some are timed, and thrown away."""
    from openbook.train import load_recipe, train

    moments: list[float] = []
    recipe = load_recipe("tiny", [f"train.max_steps={timed_steps}", "train.eval_every=0"])
    train(recipe, database, home / "timing", progress=lambda done, total: moments.append(time.monotonic()))
    shutil.rmtree(home / "timing")
    timed = moments[_STEPS_LEFT_OUT_OF_TIMING:]
    seconds = (timed[-1] - timed[0]) / (len(timed) - 1)
    return max(timed_steps, round(minutes * 60 / seconds))


def _evaluate(model: "RetroForCausalLM", baseline: "RetroForCausalLM", database: "Version") -> None:
    from openbook.database import NeighborTable
    from openbook.evaluate import EvaluationOptions, Evaluator, ModelScorer, evaluate_perplexity

    _heading("openbook eval perplexity: held-out modules, with the right neighbors, others, and none")
    table, options = NeighborTable.load(database), EvaluationOptions(max_sequences=200)
    evaluator = Evaluator(model, database, table, options=options)
    with bar("evaluating") as progress:
        others = {"baseline": ModelScorer(baseline, evaluator.windows.samples())}
        report = evaluate_perplexity(evaluator, others=others, progress=progress)
    print_perplexity(report)


def _generate(model: "RetroForCausalLM", database: "Version", prompt: str) -> None:
    from openbook.generation import generate

    _heading("openbook generate: a continuation, [n] marks what each span could look at")
    print_generation(prompt, generate(model, database, prompt, max_new_tokens=96, seed=0))

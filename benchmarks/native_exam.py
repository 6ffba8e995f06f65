"""The exam of the published architecture: a RETRO of nine million weights that learned to read.

    python benchmarks/native_exam.py prepare ../shared/data WORK             # half an hour on two cores
    python benchmarks/native_exam.py train WORK --name native --seconds 330  # on a GPU
    python benchmarks/native_exam.py measure WORK --name native              # eval qa and openbook exam

It learns from nothing: chunked cross-attention, encoder and copy head begin with random weights, as the rest
does. Learned are, each with what a BM25 search found: questions of made-up worlds, whose names no other world
has (varied_worlds.py); sentences of Simple English Wikipedia with a gap, the words around it partly left out;
and questions about Wikipedia (DynamicQA, Natural Questions, XQuAD, as in shipped_reader.py). Every few steps
learn Wikipedia's text with its neighbors. The exam's world has other wordings, names and words.

train --seconds chooses the number of steps by how long some take, and stops when the time is over; the model
then is the newest checkpoint.
"""

import argparse
import json
import lzma
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shipped_reader import dynamicqa, natural_questions, with_passages, write, xquad
from varied_worlds import made_up_name, varied_questions, varied_world

from openbook.database import Version
from openbook.errors import TrainingStoppedError
from openbook.evaluate.answering.passages import AskedQuestion, ask_book
from openbook.evaluate.answering.questions import Question, read_questions
from openbook.evaluate.exam import documents_of, make_world
from openbook.evaluate.exam.question_rows import questions_of
from openbook.train import Recipe, checkpoints, load_recipe
from openbook.train import train as train_model

FOUND = 6
WORLDS, DOCUMENTS, QUESTIONS = 24, 1000, 3500
"""Worlds, documents and learned questions of each."""
HELD_OUT_WORLDS = (1001, 1002)
"""One without and one with words of its own."""
EXAM = {"documents": 1000, "seed": 5}
TEXT_CHARACTERS, GAPS = 16_000_000, 40_000
TESTED = ("held_out", "exam", "dynamicqa", "nq", "xquad")

Row = dict[str, Any]


def openbook(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "openbook", *map(str, arguments)], check=True)


def wikipedia(data: Path) -> Iterator[Row]:
    """Every third longer article of Simple English Wikipedia."""
    size = 0
    path = data / "lm/wikipedia/simplewiki-2021-12.jsonl.xz"
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number, row in enumerate(map(json.loads, lines)):
            if len(row["text"]) >= 1500 and number % 3 == 0:
                yield {"id": f"simple/{row['id']}", "title": row["title"], "text": row["text"]}
                size += len(row["text"])
            if size > TEXT_CHARACTERS:
                return


NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*(?=[ ,.;])")
NUMBER = re.compile(r"(?<=[a-z] )\d[\d,]*\d(?=[ ,.;])")


def with_gap(text: str, drawn: random.Random) -> tuple[str, str, str] | None:
    """A question made of a sentence, its answer, and the words around that; None: the text has none."""
    sentences = [part for part in re.split(r"(?<=[.!?])\s+", text) if 60 <= len(part) <= 220]
    if not sentences:
        return None
    sentence = drawn.choice(sentences)
    found = list((NUMBER if drawn.random() < 0.3 else NAME).finditer(sentence))
    if not found:
        return None
    gap = drawn.choice(found)
    answer = gap.group()
    if answer[0].isdigit():
        asked = drawn.choice(["when", "which year", "what year"] if len(answer) == 4 else ["how many"])
    else:
        asked = drawn.choice(["who", "what", "which", "where", "whom"])
    left = drawn.uniform(0.0, 0.5)
    before, after = (
        [word.strip(',.;()"') for word in part.split() if drawn.random() >= left]
        for part in (sentence[: gap.start()], sentence[gap.end() :])
    )
    words = [*before, asked, *after] if drawn.random() < 0.4 else [asked, *before, *after]
    question = " ".join(word for word in words if word) + "?"
    around = sentence[max(0, gap.start() - 20) : gap.end() + 10]
    return question[:1].upper() + question[1:], answer, around


def gaps(book: Path, documents: Path) -> Iterator[Row]:
    """Rows of sentences with a gap."""
    drawn = random.Random(3)
    rows = [json.loads(line) for line in documents.read_text("utf-8").splitlines()]
    made: list[tuple[Question, str]] = []
    for _ in range(2 * GAPS):
        row = drawn.choice(rows)
        if len(made) < GAPS and (found := with_gap(row["text"], drawn)) is not None:
            question, answer, around = found
            swaps = tuple(made_up_name(drawn, answer) for _ in range(3)) if answer[0].isalpha() else ()
            made.append((Question(question, (answer,), row["id"], swaps=swaps), around))
    answers = [item.answers[0] for item, _ in made]
    version = Version.open(book)
    for item, (_, around) in zip(
        ask_book(version, [item for item, _ in made], k=FOUND, by="chunk"), made, strict=True
    ):
        gold = tuple(passage for passage in item.gold if around in passage.text)
        if gold:
            answer = item.question.answers[0]
            others = [
                other for other in drawn.sample(answers, 40) if other[0].isdigit() == answer[0].isdigit()
            ]
            same = [
                other for other in others if len(other.split()) == len(answer.split()) and other != answer
            ]
            row = with_passages(AskedQuestion(item.question, gold, item.found), version, heads=False)
            yield row | {"swaps": [*item.question.swaps, *same[:3]]}


def search(book: Path, questions: Path, count: int | None = None) -> Iterator[Row]:
    rows = read_questions(questions)[:count]
    version = Version.open(book)
    for item in ask_book(version, rows, k=FOUND, mode="bm25", by="chunk"):
        if item.gold or not item.question.answers:
            yield with_passages(item, version, heads=False)


def build(book: Path, documents: Path, tokenizer: object) -> None:
    openbook("build", book, documents, "--tokenizer", tokenizer, "--embedder", "none")


def world(work: Path, seed: int, count: int) -> Path:
    """Rows of a varied world."""
    rows = work / f"world-{seed}.rows"
    if rows.exists():
        return rows
    made = varied_world(seed, documents=DOCUMENTS)
    documents = write(
        work / f"world-{seed}.jsonl",
        ({"id": one.id, "title": one.title, "text": one.text} for one in documents_of(made)),
    )
    questions = write(
        work / f"world-{seed}.questions", (row.to_json() for row in varied_questions(made, seed))
    )
    book = work / f"world-{seed}"
    build(book, documents, work / "text/tokenizer")
    write(work / "rows.part", search(book, questions, count)).rename(rows)
    subprocess.run(["rm", "-r", str(book)], check=True)
    return rows


def prepare(data: Path, work: Path) -> None:
    """Run again, it goes on where it was."""
    work.mkdir(parents=True, exist_ok=True)
    articles = work / "text.jsonl"
    if not articles.exists():
        write(work / "text.part", wikipedia(data)).rename(articles)
    build_text(work, articles)
    if not (work / "gaps.rows").exists():
        write(work / "gaps.part", gaps(work / "text", articles)).rename(work / "gaps.rows")
    for seed in HELD_OUT_WORLDS:
        world(work, seed, 300)
    exam(work)
    real(data, work)
    for seed in range(1, WORLDS + 1):
        world(work, seed, QUESTIONS)
    join(work)


def build_text(work: Path, articles: Path) -> None:
    book = work / "text"
    openbook("build", book, articles, "--tokenizer", "train:8000", "--embedder", "none", "--holdout", 0.01)
    openbook("neighbors", book, "-k", 4, "--mode", "bm25")


def exam(work: Path) -> None:
    """The test world, with which nothing is learned."""
    if (work / "exam.asked.jsonl").exists():
        return
    made = make_world(documents=EXAM["documents"], seed=EXAM["seed"], part="test")
    documents = write(
        work / "exam.jsonl",
        ({"id": one.id, "title": one.title, "text": one.text} for one in documents_of(made)),
    )
    questions = write(work / "exam.questions", (row.to_json() for row in questions_of(made)))
    build(work / "exam", documents, work / "text/tokenizer")
    write(work / "exam.asked.jsonl", search(work / "exam", questions, 1000))


def real(data: Path, work: Path) -> None:
    """DynamicQA, Natural Questions, XQuAD."""
    for make, name in ((dynamicqa, "dynamicqa"), (natural_questions, "nq"), (xquad, "xquad")):
        if (work / f"{name}.rows").exists():
            continue
        make(data, work)
        documents = work / f"{name}.docs"
        build(work / name, documents.rename(documents.with_suffix(".jsonl")), work / "text/tokenizer")
        write(work / f"{name}.asked.jsonl", search(work / name, work / f"{name}.test"))
        rows = map(with_swaps, search(work / name, work / f"{name}.train"))
        write(work / "rows.part", rows).rename(work / f"{name}.rows")


def with_swaps(row: Row) -> Row:
    """With invented answers, where the answer is a name."""
    answer = row["answers"][0] if row["answers"] else "0"
    drawn = random.Random(row["question"])
    if not answer.replace(" ", "").isalpha() or len(answer.split()) > 3:
        return row
    return row | {"swaps": [*row["swaps"], *(made_up_name(drawn, answer) for _ in range(3))]}


def join(work: Path) -> None:
    """One file of what is learned, one of the held-out worlds."""
    names = ["gaps", "dynamicqa", "nq", "xquad", *(f"world-{seed}" for seed in range(1, WORLDS + 1))]
    files = [work / f"{name}.rows" for name in names]
    texts = [file.read_text("utf-8") for file in files if file.exists()]
    # Real questions are few: each counts as three.
    (work / "learned.jsonl").write_text("".join([*texts, *texts[1:4], *texts[1:4]]), encoding="utf-8")
    held_out = [(work / f"world-{seed}.rows").read_text("utf-8") for seed in HELD_OUT_WORLDS]
    (work / "held_out.asked.jsonl").write_text("".join(held_out), encoding="utf-8")


def recipe_of(work: Path, arguments: argparse.Namespace, steps: int, questions: Path) -> Recipe:
    settings = {
        "questions.file": questions,
        "questions.text_every": arguments.text_every,
        "questions.refused_share": 0.08,
        "train.max_steps": steps,
        "train.batch_size": arguments.batch,
        "train.precision": arguments.precision,
        "train.workers": arguments.workers,
        "train.warmup_steps": max(1, min(300, steps // 10)),
        "train.save_every": 0,
    }
    changes = [f"{name}={value}" for name, value in settings.items()]
    return load_recipe(str(arguments.recipe), [*changes, *arguments.set])


def seconds_a_step(work: Path, arguments: argparse.Namespace) -> float:
    """How long a step takes, once the training run is under way; nothing of it stays."""
    probe, first = work / "probe.jsonl", 20
    with (work / "learned.jsonl").open(encoding="utf-8") as lines:
        write(probe, (json.loads(line) for line, _ in zip(lines, range(3000), strict=False)))
    steps = first + arguments.probe
    times: dict[int, float] = {}
    recipe = recipe_of(work, arguments, steps, probe)

    def progress(done: int, total: int | None) -> None:
        times[done] = time.monotonic()

    output = work / f"{arguments.name}.probe"
    train_model(recipe, Version.open(work / "text"), output, overwrite=True, progress=progress)
    subprocess.run(["rm", "-r", str(output)], check=True)
    return (times[steps] - times[first]) / (steps - first)


def train(work: Path, arguments: argparse.Namespace) -> None:
    """Train for some steps, or for some time."""
    began = time.monotonic()
    steps = arguments.steps
    if arguments.seconds is not None:
        rate = seconds_a_step(work, arguments)
        left = arguments.seconds - (time.monotonic() - began) - arguments.start_up
        steps = max(1, int(0.97 * left / rate))
        print(f"{rate:.4f} seconds a step: {steps} steps", flush=True)

    def is_over() -> bool:
        return arguments.seconds is not None and time.monotonic() - began > arguments.seconds

    recipe = recipe_of(work, arguments, steps, work / "learned.jsonl")
    output = work / arguments.name
    try:
        train_model(
            recipe,
            Version.open(work / "text"),
            output,
            report=lambda row: print(json.dumps(row), flush=True),
            note=print,
            stop=is_over,
        )
    except TrainingStoppedError as stopped:
        print(stopped, flush=True)
        newest = checkpoints.folder_of(output, checkpoints.steps_saved(output)[0])
        (output / "stopped").mkdir()
        for name in ("config.json", "model.safetensors", "generation_config.json"):
            if (newest / name).exists():
                (newest / name).rename(output / "stopped" / name)
        Version.open(work / "text").tokenizer.save(output / "stopped")
    print(f"{time.monotonic() - began:.0f} seconds", flush=True)


def measure(work: Path, arguments: argparse.Namespace) -> None:
    model = work / arguments.name
    model = model / "stopped" if (model / "stopped").exists() else model
    limit = () if arguments.limit is None else ("--limit", arguments.limit)
    options = ("--modes", arguments.modes, "-k", 4, "--batch-size", 128, "--json", *limit)
    for name in arguments.tests:
        print(name, flush=True)
        openbook("eval", "qa", model, work / "text", work / f"{name}.asked.jsonl", *options)
    if arguments.exam:
        sizes = ("--documents", EXAM["documents"], "--seed", EXAM["seed"], "--part", "test")
        options = ("--embedder", "none", "--mode", "bm25", "--batch-size", 128, "--json")
        for search in (("-k", 8, "--by", "document"), ("-k", 4, "--by", "chunk")):
            print("exam", *search, flush=True)
            openbook("exam", "--model", model, *sizes, *options, *search)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    preparing = verbs.add_parser("prepare")
    preparing.add_argument("data", type=Path)
    preparing.add_argument("work", type=Path)
    training, measuring = verbs.add_parser("train"), verbs.add_parser("measure")
    for verb in (training, measuring):
        verb.add_argument("work", type=Path)
        verb.add_argument("--name", required=True, help="of the model's folder in WORK")
    training.add_argument("--recipe", default="native-read")
    training.add_argument("--seconds", type=float, help="until the model is there; in place of --steps")
    training.add_argument("--start-up", type=float, default=30.0, help="seconds until the first step")
    training.add_argument("--probe", type=int, default=60, help="steps that are timed for --seconds")
    training.add_argument("--steps", type=int, default=6000)
    training.add_argument("--batch", type=int, default=256)
    training.add_argument("--workers", type=int, default=8)
    training.add_argument("--precision", default="bfloat16")
    training.add_argument("--text-every", type=int, default=4)
    training.add_argument("--set", action="append", default=[], help="section.key=value of the recipe")
    measuring.add_argument("--modes", default="on,off,random,gold")
    measuring.add_argument("--tests", nargs="*", default=TESTED, choices=TESTED)
    measuring.add_argument("--limit", type=int)
    measuring.add_argument("--exam", action="store_true", help="hold openbook exam as well")
    arguments = parser.parse_args()
    if arguments.verb == "prepare":
        prepare(arguments.data, arguments.work)
    else:
        (train if arguments.verb == "train" else measure)(arguments.work, arguments)


if __name__ == "__main__":
    main()

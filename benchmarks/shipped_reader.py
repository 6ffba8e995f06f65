"""The reader that comes with openbook: its data, its training, and how well it answers.

    python benchmarks/shipped_reader.py prepare ../shared/data WORK   # books and searches: half an hour
    python benchmarks/wikipedia_questions.py ../shared/data WORK      # a quarter of an hour
    python benchmarks/shipped_reader.py train WORK --name shipped     # minutes on a GPU
    python benchmarks/shipped_reader.py more WORK                     # wordings that came later; minutes
    python benchmarks/shipped_reader.py train WORK --name more --only more --start-from WORK/shipped \
        --steps 280 --batch 8 --learning-rate 0.0006 --warmup 10 --fewer 0.4   # an hour of two cores
    python benchmarks/shipped_reader.py together WORK                 # that share passages; minutes
    python benchmarks/shipped_reader.py train WORK --name together --only together --start-from WORK/more \
        --steps 160 --batch 16 --accumulate 4 --same-passages 8 --warmup 10    # an hour of two cores
    python benchmarks/shipped_reader.py alike WORK                    # of worlds that confuse; minutes
    python benchmarks/shipped_reader.py train WORK --name alike --only alike --start-from WORK/together \
        --steps 56 --batch 16 --accumulate 4 --same-passages 8 --warmup 4 --fewer 0.4   # did not ship
    python benchmarks/shipped_reader.py measure WORK --name shipped
    python benchmarks/shipped_reader.py ship WORK --name shipped --output FOLDER

Learned are questions of made-up worlds (`openbook exam --part train`), of DynamicQA (Wikipedia passages with
a slot, two entities each; split by subject), of Natural Questions with their gold passages and of XQuAD;
asked are those held out. Each question brings what a search of its own data set's book found: hybrid, words
only in the worlds. DynamicQA is asked twice: of the book, and of the book after every document got its other
entity.

train --only dynamicqa is the comparison: some steps on DynamicQA alone, with --seed, --reading and
--no-copy-head (joint reading without copy head is the same passages in the prompt, with the same low-rank
weights).
"""

import argparse
import csv
import gzip
import io
import json
import lzma
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from openbook.database import Version
from openbook.evaluate.answering.passages import AskedQuestion, ask_book
from openbook.evaluate.answering.questions import read_questions
from openbook.generation.document_heads import with_heads
from openbook.pretrained import SMOLLM2

Row = dict[str, Any]

FOUND, FEWER = 8, 5
"""Passages that are kept of each search; fewer where there are many questions."""
MIXTURE = {"dynamicqa": 6, "nq": 4, "xquad": 4, "search": 1, "patterns": 1, "worlds": 1}
"""How often the questions of each kind are drawn for one of the others."""
WORLDS: tuple[Row, ...] = (
    {"seed": 11},
    {"seed": 12, "naming": "once"},
    {"seed": 13, "naming": "title"},
    {"seed": 14},
)
MORE_WORLDS: tuple[Row, ...] = (
    {"seed": 21},
    {"seed": 22, "naming": "once"},
    {"seed": 23, "naming": "title"},
    {"seed": 24},
    {"seed": 25, "naming": "once"},
    {"seed": 26},
)
"""Of 1,500 documents each; worlds have had 175 relations in 1,551 wordings since, and had 32 in 128."""
ALIKE_WORLDS: tuple[Row, ...] = (
    {"seed": 31},
    {"seed": 32, "naming": "once"},
    {"seed": 33, "naming": "title"},
    {"seed": 34},
    {"seed": 35, "naming": "once"},
    {"seed": 36},
)
"""Likewise; worlds say much of the same sort since, and the same of others as of whom a document is about."""
OF_MORE_WORLDS, OF_EACH = 9000, 2500
MORE = {"dynamicqa": 1829, "nq": 1758, "xquad": 812, "search": 600, "patterns": 1500}
"""Questions of each kind beside them; XQuAD's twice."""
TOGETHER = {"dynamicqa": 1829, "nq": 1758, "xquad": 812}
OFTEN, DOCUMENTS_TOGETHER = 5, 0.4
"""How often these are in the file, for their passages answer few questions; and of the worlds' documents the
share that all questions are taken of."""
DOCUMENTS_OF_WORLD = 3000
QUESTIONS_OF_WORLD = 7000
EXAM = {"documents": 1000, "seed": 5}
TESTED = ("dynamicqa", "edited", "nq", "xquad", "exam", "exam-heads")


def openbook(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "openbook", *map(str, arguments)], check=True)


def write(path: Path, rows: Iterable[Row]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def dynamicqa(data: Path, work: Path) -> None:
    """Documents with the first entity and with the second; questions by subject, one for each state."""
    text = lzma.decompress((data / "qa/dynamicqa/temporal.csv.xz").read_bytes()).decode()
    rows = [
        row
        for row in csv.DictReader(io.StringIO(text))
        if "[ENTITY]" in row["context"] and row["replace_name"]
    ]
    subjects = sorted({row["subj"] for row in rows})
    random.Random(0).shuffle(subjects)
    tested = set(subjects[:500])
    of_relation: dict[str, set[str]] = {}
    for row in rows:
        of_relation.setdefault(row["prop"], set()).add(row["obj"])

    def document(row: dict[str, str], entity: str) -> Row:
        text = row["context"].replace("[ENTITY]", entity).strip()
        return {"id": f"dynamicqa/{row['id']}", "title": row["subj"], "text": text}

    def question(number: int, row: dict[str, str]) -> Row:
        answers = [row["obj"], *(name for name in json.loads(row["possible_answers"]) if name != row["obj"])]
        others = sorted(of_relation[row["prop"]] - set(answers) - {row["replace_name"]})
        swaps = [row["replace_name"], *random.Random(number).sample(others, min(8, len(others)))]
        return {
            "question": row["question"],
            "answers": answers,
            "document": f"dynamicqa/{row['id']}",
            "swaps": swaps,
        }

    write(work / "dynamicqa.docs", (document(row, row["obj"]) for row in rows))
    write(work / "edited.docs", (document(row, row["replace_name"]) for row in rows))
    asked = [(row["subj"] in tested, question(number, row)) for number, row in enumerate(rows)]
    write(work / "dynamicqa.train", (row for is_test, row in asked if not is_test))
    write(work / "dynamicqa.test", (row for is_test, row in asked if is_test))
    edited = ({**row, "answers": row["swaps"][:1], "swaps": []} for is_test, row in asked if is_test)
    write(work / "edited.test", edited)


def natural_questions(data: Path, work: Path) -> None:
    """Gold passages as documents; a third of them is asked about."""
    names: dict[tuple[str, str], str] = {}
    rows = []
    with gzip.open(data / "qa/nq/nq-open-oracle.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            passage = row["ctxs"][0]
            name = names.setdefault((passage["title"], passage["text"]), f"nq/{len(names)}")
            rows.append({"question": f"{row['question']}?", "answers": row["answers"], "document": name})
    write(
        work / "nq.docs",
        ({"id": name, "title": title, "text": text} for (title, text), name in names.items()),
    )
    documents = sorted({row["document"] for row in rows})
    random.Random(0).shuffle(documents)
    tested = set(documents[: len(documents) // 3])
    write(work / "nq.train", (row for row in rows if row["document"] not in tested))
    write(work / "nq.test", (row for row in rows if row["document"] in tested))


def xquad(data: Path, work: Path) -> None:
    """Paragraphs as documents; the last 16 of 48 articles are asked about."""
    articles = json.loads((data / "qa/xquad/xquad.en.json").read_text("utf-8"))["data"]
    documents: list[Row] = []
    parts: dict[str, list[Row]] = {"train": [], "test": []}
    for place, article in enumerate(articles):
        for number, paragraph in enumerate(article["paragraphs"]):
            name = f"xquad/{place}-{number}"
            documents.append({"id": name, "title": article.get("title", ""), "text": paragraph["context"]})
            for item in paragraph["qas"]:
                answers = list(dict.fromkeys(answer["text"] for answer in item["answers"]))
                row = {"question": item["question"], "answers": answers, "document": name}
                parts["train" if place < 32 else "test"].append(row)
    write(work / "xquad.docs", documents)
    for part, rows in parts.items():
        write(work / f"xquad.{part}", rows)


def with_passages(item: AskedQuestion, book: Version, *, heads: bool) -> Row:
    """A row that needs no search any more.

    Args:
        item: the question with what it found.
        book: where it was found.
        heads: the title stands before each passage that does not hold it, as `--bring-head` reads.
    """
    question = item.question
    passages = [*item.found, *item.gold[:2]]
    texts = [passage.text for passage in passages]
    if heads:
        texts = with_heads(book, [passage.chunk for passage in passages], texts)
    return {
        "question": question.question,
        "answers": question.answers,
        "swaps": question.swaps,
        "found": [text for text in texts[: len(item.found)] if text.strip()],
        "passages": texts[len(item.found) :],
    }


def search(
    work: Path,
    book: str,
    questions: Path,
    mode: str,
    count: int | None = None,
    *,
    found: int = FOUND,
    heads: tuple[bool, ...] = (False, True),
) -> Iterator[Row]:
    """Ask a book; every other question's passages get their heads, unless told otherwise."""
    version = Version.open(work / book)
    rows = read_questions(questions)[:count]
    for number, item in enumerate(ask_book(version, rows, k=found, mode=mode, by="chunk")):
        if item.gold or not item.question.answers:
            yield with_passages(item, version, heads=heads[number % len(heads)])


def prepare(data: Path, work: Path) -> None:
    work.mkdir(parents=True)
    for make in (dynamicqa, natural_questions, xquad):
        make(data, work)
    for book in ("dynamicqa", "nq", "xquad"):
        rows = work / f"{book}.docs"
        openbook("build", work / book, rows.rename(rows.with_suffix(".jsonl")), "--tokenizer", SMOLLM2)
    shutil.copytree(work / "dynamicqa", work / "edited")
    edited = work / "edited.docs"
    openbook("add", work / "edited", edited.rename(edited.with_suffix(".jsonl")))
    worlds(work)
    for book in ("dynamicqa", "nq", "xquad"):
        write(work / f"{book}.learned.jsonl", search(work, book, work / f"{book}.train", "hybrid"))
    for book in ("dynamicqa", "edited", "nq", "xquad"):
        asked = search(work, book, work / f"{book}.test", "hybrid", heads=(False,))
        write(work / f"{book}.asked.jsonl", asked)
    questions = work / "exam-text/questions.jsonl"
    for name, head in (("exam", False), ("exam-heads", True)):
        asked = search(work, "exam", questions, "hybrid", 600, heads=(head,))
        write(work / f"{name}.asked.jsonl", asked)


def worlds(work: Path) -> None:
    """Made-up worlds: those to learn from are searched by words, the test's has an encoder, too."""
    exam = {"documents": EXAM["documents"], "seed": EXAM["seed"], "part": "test"}
    write_world(work, "exam", exam)
    learned: list[Row] = []
    for number, world in enumerate(WORLDS):
        name = f"world{number}"
        options = {"documents": DOCUMENTS_OF_WORLD, "part": "train", **world}
        write_world(work, name, options, "--embedder", "none")
        heads = (True,) if world.get("naming") == "title" else (False, True)
        questions = work / f"{name}-text/questions.jsonl"
        learned += search(work, name, questions, "bm25", QUESTIONS_OF_WORLD, found=FEWER, heads=heads)
    write(work / "worlds.learned.jsonl", learned)


def more(work: Path) -> None:
    """Questions of worlds with more wordings, and some of all that was learned before."""
    learned: list[Row] = []
    for number, (name, world) in enumerate(small_worlds(work, "more", MORE_WORLDS).items()):
        heads = (True,) if world.get("naming") == "title" else (False, True)
        rows = list(
            search(work, name, work / f"{name}-text/questions.jsonl", "bm25", found=FEWER, heads=heads)
        )
        random.Random(number).shuffle(rows)
        learned += rows[:OF_EACH]
    random.Random(7).shuffle(learned)
    learned = learned[:OF_MORE_WORLDS]
    for kind, count in MORE.items():
        learned += some_rows(work, kind, count) * (2 if kind == "xquad" else 1)
    random.Random(1).shuffle(learned)
    write(work / "more.learned.jsonl", learned)


def small_worlds(work: Path, prefix: str, settings: Iterable[Row]) -> dict[str, Row]:
    """Books of such worlds, made unless they are there."""
    worlds = {f"{prefix}{number}": world for number, world in enumerate(settings)}
    for name, world in worlds.items():
        if not (work / name).is_dir():
            write_world(work, name, {"documents": 1500, "part": "train", **world}, "--embedder", "none")
    return worlds


def together(work: Path) -> None:
    """Questions that share passages, of the worlds with more wordings."""
    write_together(work, "together", list(small_worlds(work, "more", MORE_WORLDS)))


def alike(work: Path) -> None:
    """Such of the worlds that confuse; those without an answer twice."""
    write_together(work, "alike", list(small_worlds(work, "alike", ALIKE_WORLDS)), unanswered=2)


def write_together(work: Path, target: str, worlds: list[str], *, unanswered: int = 1) -> None:
    """All questions of some documents of these worlds, found as `openbook ask` finds: documents first.

    So a draw's passages answer many of them; heads are a whole world's, for passages are shared as texts.

    Args:
        work: folder of all.
        target: name of what is written.
        worlds: names of books there.
        unanswered: how often a question without an answer is taken.
    """
    learned: list[Row] = []
    for number, name in enumerate(worlds):
        rows = read_questions(work / f"{name}-text/questions.jsonl")
        documents = sorted({row.document for row in rows if row.document is not None})
        random.Random(number).shuffle(documents)
        kept = set(documents[: int(DOCUMENTS_TOGETHER * len(documents))])
        drawn = random.Random(number + 50)
        chosen = [
            row
            for row in rows
            if row.document in kept or (row.document is None and drawn.random() < DOCUMENTS_TOGETHER)
        ]
        version = Version.open(work / name)
        for item in ask_book(version, chosen, k=FOUND, mode="bm25", by="document"):
            if item.gold or not item.question.answers:
                row = with_passages(item, version, heads=number % 2 == 0)
                learned += [row] * (1 if item.question.answers else unanswered)
    for kind, count in TOGETHER.items():
        learned += some_rows(work, kind, count) * OFTEN
    random.Random(1).shuffle(learned)
    write(work / f"{target}.learned.jsonl", learned)


def some_rows(work: Path, kind: str, count: int) -> list[Row]:
    """So many of a kind's rows, drawn."""
    lines = (work / f"{kind}.learned.jsonl").read_text(encoding="utf-8").splitlines()
    random.Random(3).shuffle(lines)
    return [json.loads(line) for line in lines[:count]]


def write_world(work: Path, name: str, options: dict[str, object], *building: str) -> None:
    given = [part for option, value in options.items() for part in (f"--{option}", value)]
    openbook("exam", "--write", work / f"{name}-text", *given)
    documents = work / f"{name}-text/documents.jsonl"
    openbook("build", work / name, documents, "--tokenizer", SMOLLM2, *building)


def mixture(work: Path) -> list[Row]:
    rows = []
    for kind, times in MIXTURE.items():
        lines = (work / f"{kind}.learned.jsonl").read_text(encoding="utf-8").splitlines()
        rows += [json.loads(line) for line in lines] * times
    random.Random(1).shuffle(rows)
    return rows


def train(work: Path, arguments: argparse.Namespace) -> None:
    settings = {
        "train.max_steps": arguments.steps,
        "train.batch_size": arguments.batch,
        "train.gradient_accumulation_steps": arguments.accumulate,
        "train.precision": arguments.precision,
        "train.seed": arguments.seed,
        "train.eval_every": 0,
        "train.workers": arguments.workers,
        "train.warmup_steps": arguments.warmup,
        "train.learning_rate": arguments.learning_rate,
        "train.min_learning_rate_ratio": 0.03,
        "model.mlp_rank": arguments.mlp_rank,
        "questions.length": 64,
        "questions.held_out": 0,
        "model.reading": arguments.reading,
        "model.copy_head": str(arguments.copy_head).lower(),
        "questions.fewer_share": arguments.fewer,
        "questions.same_passages": arguments.same_passages,
    }
    if arguments.start_from is not None:
        settings["train.start_from"] = arguments.start_from
    changes = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    questions = work / f"{arguments.only or 'all'}.learned.jsonl"
    if not arguments.only:
        write(questions, mixture(work))
    command = (
        "retrofit",
        SMOLLM2,
        "--recipe",
        "read",
        "--questions",
        questions,
        "--database",
        work / "dynamicqa",
    )
    openbook(*command, "--output", work / arguments.name, *changes)


def measure(work: Path, arguments: argparse.Namespace) -> None:
    limit = () if arguments.limit is None else ("--limit", arguments.limit)
    options = ("--modes", arguments.modes, "-k", 4, "--batch-size", 64, "--json", *limit)
    for name in arguments.tests:
        print(name, flush=True)
        openbook(
            "eval", "qa", work / arguments.name, work / "dynamicqa", work / f"{name}.asked.jsonl", *options
        )


def ship(work: Path, arguments: argparse.Namespace) -> None:
    """Write what goes into the package: the new weights in half precision, and their settings.

    Of a reader that went on from another one, each weight may lie between both, which forgets less.
    """
    from safetensors.torch import load_file, save_file

    model, target = work / arguments.name, Path(arguments.output)
    target.mkdir(exist_ok=True)
    weights = load_file(model / "model.safetensors")
    if arguments.start_from is not None:
        before, share = load_file(arguments.start_from / "model.safetensors"), arguments.share
        weights = {
            name: (1 - share) * before[name].float() + share * weight for name, weight in weights.items()
        }
    halves = {name: weight.half() for name, weight in weights.items()}
    save_file(halves, target / "model.safetensors", metadata={"format": "pt"})
    for name in ("config.json", "generation_config.json"):
        shutil.copyfile(model / name, target / name)
    print(f"{sum(weight.numel() for weight in weights.values()):,} weights")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    preparing = verbs.add_parser("prepare")
    preparing.add_argument("data", type=Path)
    preparing.add_argument("work", type=Path)
    verbs.add_parser("more").add_argument("work", type=Path)
    verbs.add_parser("together").add_argument("work", type=Path)
    verbs.add_parser("alike").add_argument("work", type=Path)
    training, measuring = verbs.add_parser("train"), verbs.add_parser("measure")
    shipping = verbs.add_parser("ship")
    shipping.add_argument("--output", required=True, help="folder of the package's adapters")
    shipping.add_argument("--start-from", type=Path, help="folder of the reader that it went on from")
    shipping.add_argument("--share", type=float, default=1.0, help="of the later weights, 0 to 1")
    for verb in (training, measuring, shipping):
        verb.add_argument("work", type=Path)
        verb.add_argument("--name", required=True, help="of the model's folder in WORK")
    training.add_argument("--only", choices=["dynamicqa", "nq", "xquad", "more", "together", "alike"])
    training.add_argument("--start-from", type=Path, help="folder of a reader that goes on to learn")
    training.add_argument("--learning-rate", type=float, default=0.001)
    training.add_argument("--warmup", type=int, default=60)
    training.add_argument("--fewer", type=float, default=0.25, help="draws with fewer passages")
    training.add_argument("--steps", type=int, default=565)
    training.add_argument("--batch", type=int, default=64)
    training.add_argument("--accumulate", type=int, default=1, help="such batches in a step")
    training.add_argument("--same-passages", type=int, default=1, help="questions that share them")
    training.add_argument("--mlp-rank", type=int, default=20)
    training.add_argument("--workers", type=int, default=0)
    training.add_argument("--seed", type=int, default=0)
    training.add_argument("--precision", default="bfloat16")
    training.add_argument("--reading", default="joint", choices=["joint", "independent"])
    training.add_argument("--no-copy-head", dest="copy_head", action="store_false")
    measuring.add_argument("--modes", default="on,off,random,gold")
    measuring.add_argument("--tests", nargs="+", default=TESTED, choices=TESTED)
    measuring.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    if arguments.verb == "prepare":
        prepare(arguments.data, arguments.work)
    elif arguments.verb in ("more", "together", "alike"):
        {"more": more, "together": together, "alike": alike}[arguments.verb](arguments.work)
    else:
        {"train": train, "measure": measure, "ship": ship}[arguments.verb](arguments.work, arguments)


if __name__ == "__main__":
    main()

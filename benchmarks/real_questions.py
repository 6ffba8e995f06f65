"""Question answering on real data: books and question files, and `openbook eval qa` asked about them.

    python benchmarks/real_questions.py prepare ../shared/data WORK --encode nq xquad
    python benchmarks/real_questions.py measure WORK --limit 40
    python benchmarks/real_questions.py measure WORK --sets nq --k 1 2 10 20 --modes on --limit 40
    python benchmarks/real_questions.py recall WORK --search-mode bm25     # of all questions, without a model
    python benchmarks/real_questions.py report WORK

    set          the book                                                      asked
    nq           2,600 gold passages of Natural Questions                      of the third not learned from
    nq-found     3,295 passages of Wikipedia 2018 that some search returned    of 1,000 test questions
    xquad        240 paragraphs                                                of the last 16 articles
    popqa        2,135 passages of Wikipedia 2018 that some search returned    of 1,000

Left out are questions that the shipped reader has learned from (shipped_reader.py says which); what is left
is shuffled, and `--limit` takes the first. A question's document is its gold passage; where the passages come
from a search, the first of those returned for it that holds an answer, or none: mode gold then reads what is
found. A result is a file in WORK/results, and is not measured again.
"""

import argparse
import gzip
import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edited_wikipedia import share
from shipped_reader import dynamicqa, natural_questions, write, xquad

from openbook.database import Version
from openbook.evaluate.answering.passages import ask_book
from openbook.evaluate.answering.questions import read_questions
from openbook.evaluate.exact_match import holds_answer
from openbook.pretrained import SMOLLM2

SETS = ("nq", "nq-found", "xquad", "popqa")
Row = dict[str, Any]


def openbook(*arguments: object) -> str:
    command = [sys.executable, "-m", "openbook", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def rows_of(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def prepare(data: Path, work: Path, encoded: Sequence[str]) -> None:
    """Write the documents and questions of each set, and build its book."""
    work.mkdir(parents=True, exist_ok=True)
    for make in (dynamicqa, natural_questions, xquad):
        make(data, work)
    found(data / "qa/evidence-wiki18/nq.jsonl.gz", work, "nq-found", learned=work / "nq.train")
    found(data / "qa/evidence-wiki18/popqa.jsonl.gz", work, "popqa", learned=work / "dynamicqa.train")
    for name in SETS:
        questions = rows_of(work / f"{name}.test")
        random.Random(0).shuffle(questions)
        print(name, len(questions), "questions", flush=True)
        write(work / f"{name}.questions.jsonl", questions)
        if not (work / name).exists():
            documents = (work / f"{name}.docs").rename(work / f"{name}.documents.jsonl")
            encoder = () if name in encoded else ("--embedder", "none")
            openbook("build", work / name, documents, "--tokenizer", SMOLLM2, *encoder)


def found(source: Path, work: Path, name: str, *, learned: Path) -> None:
    """Passages that a search returned are the book; those of a question that hold its answer are gold."""
    known = {row["question"].strip(" ?").lower() for row in rows_of(learned)}
    documents: dict[tuple[str, str], str] = {}
    questions = []
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            passages = [(passage["title"], passage["text"]) for passage in row["passages"]]
            for passage in passages:
                documents.setdefault(passage, f"{name}/{len(documents)}")
            question, answers = (
                row["question"].strip(" ?"),
                [text for text in row["golden_answers"] if text.strip()],
            )
            if question.lower() not in known and answers:
                gold = (documents[passage] for passage in passages if holds_answer(passage[1], answers))
                questions.append(
                    {"question": f"{question}?", "answers": answers, "document": next(gold, None)}
                )
    write(work / f"{name}.test", questions)
    write(
        work / f"{name}.docs", ({"id": id, "title": t, "text": text} for (t, text), id in documents.items())
    )


def measure(work: Path, arguments: argparse.Namespace) -> None:
    results = work / "results"
    results.mkdir(exist_ok=True)
    for name in arguments.sets:
        for k in arguments.k:
            mode = arguments.search_mode or "default"
            path = results / f"{name} k={k} {mode} n={arguments.limit} {arguments.modes}.json"
            if path.exists():
                continue
            search = () if arguments.search_mode is None else ("--search-mode", arguments.search_mode)
            sizes = ("-k", k, "--limit", arguments.limit, "--batch-size", arguments.batch)
            options = ("--modes", arguments.modes, *sizes, *search, "--by", "chunk", "--json")
            questions = work / f"{name}.questions.jsonl"
            print(path.stem, flush=True)
            printed = openbook("eval", "qa", arguments.model, work / name, questions, *options)
            path.with_suffix(".new").write_text(printed, encoding="utf-8")
            path.with_suffix(".new").rename(path)


def recall(work: Path, arguments: argparse.Namespace) -> None:
    """Of how many questions an answer stands in one of the k passages found."""
    for name in arguments.sets:
        book = Version.open(work / name)
        rows = read_questions(work / f"{name}.questions.jsonl")
        asked = ask_book(book, rows, k=max(arguments.k), mode=arguments.search_mode, by="chunk")
        for k in arguments.k:
            hits = [any(holds_answer(p.text, a.question.answers) for p in a.found[:k]) for a in asked]
            print(name, f"k {k}", f"{len(rows)} questions", share(hits), sep=" | ", flush=True)


def report(work: Path) -> None:
    print("set, k, search | mode | exact match | F1 | an answer among the found | questions")
    for path in sorted((work / "results").glob("*.json")):
        result = json.loads(path.read_text("utf-8"))
        for mode, scores in result["modes"].items():
            low, high = scores["interval"]
            exact = f"{scores['exact_match']:.3f} [{low:.3f}, {high:.3f}]"
            shares = (exact, f"{scores['f1']:.3f}", result["answer_recall"], result["questions"])
            print(path.stem.rsplit(" ", 2)[0], mode, *shares, sep=" | ")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    preparing = verbs.add_parser("prepare")
    preparing.add_argument("data", type=Path)
    preparing.add_argument("work", type=Path)
    preparing.add_argument("--encode", nargs="*", default=SETS, choices=SETS, help="others: words only")
    measuring, recalling = verbs.add_parser("measure"), verbs.add_parser("recall")
    for verb, k in ((measuring, [4]), (recalling, [1, 2, 4, 10, 20])):
        verb.add_argument("work", type=Path)
        verb.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
        verb.add_argument("--k", nargs="+", type=int, default=k)
        verb.add_argument("--search-mode", choices=["dense", "bm25", "hybrid"])
    measuring.add_argument("--model", default=SMOLLM2)
    measuring.add_argument("--modes", default="on,off,random,gold,prompt")
    measuring.add_argument("--limit", type=int, default=100)
    measuring.add_argument("--batch", type=int, default=8)
    verbs.add_parser("report").add_argument("work", type=Path)
    arguments = parser.parse_args()
    if arguments.verb == "prepare":
        prepare(arguments.data, arguments.work, arguments.encode)
    elif arguments.verb == "measure":
        measure(arguments.work, arguments)
    elif arguments.verb == "recall":
        recall(arguments.work, arguments)
    else:
        report(arguments.work)


if __name__ == "__main__":
    main()

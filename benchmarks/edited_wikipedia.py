"""Edits of real text: do a model's answers follow passages of Wikipedia that are edited, and then removed?

    python benchmarks/edited_wikipedia.py prepare ../shared/data WORK     # a book, twice encoded: minutes
    python benchmarks/edited_wikipedia.py ask WORK --questions 200 --searches hybrid bm25 dense
    python benchmarks/edited_wikipedia.py report WORK

The book is DynamicQA's 2,495 passages with their first entity. Asked are questions about subjects that the
shipped reader has not learned from (shipped_reader.py splits them; it has learned of all relations). Then
every document gets its other entity (`add`), the same is asked again, and a last time after the documents
that are asked about were removed:

    round      right             stale                read
    first      first entity      second               as found; with the first among k
    edited     second            first                as found; with the second among k
    removed    second            first                as found

What was answered stands in WORK/answers.jsonl, by what was read: `ask` goes on from there, and what reads the
same passages is asked once. With `--reader prompt` the same base has the passages in its prompt, untrained,
and after the question what --instruction says. `report` prints what has been answered so far.
"""

import argparse
import csv
import hashlib
import io
import json
import lzma
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from shipped_reader import dynamicqa

from openbook.cli.asked_model import load_asked_model
from openbook.database import Database, Version
from openbook.evaluate.answering.answerer import Answerer, NeighborTokens
from openbook.evaluate.answering.passages import AskedQuestion, ask_book
from openbook.evaluate.answering.questions import Question, read_questions
from openbook.evaluate.exact_match import exact_match, f1, holds_answer, is_refusal
from openbook.pretrained import SMOLLM2
from openbook.text import load_tokenizer, read_documents

K = 4
ROUNDS = ("first", "edited", "removed")
BATCH = 8
Row = dict[str, Any]


def prepare(data: Path, work: Path) -> None:
    """The questions, and the book before and after the edit, each complete or absent."""
    work.mkdir(parents=True, exist_ok=True)
    dynamicqa(data, work)
    text = lzma.decompress((data / "qa/dynamicqa/temporal.csv.xz").read_bytes()).decode()
    relations = {row["question"]: row["prop"] for row in csv.DictReader(io.StringIO(text))}
    (work / "relations.json").write_text(json.dumps(relations), encoding="utf-8")
    for name, before in (("first", None), ("edited", "first")):
        if (work / name).exists():
            continue
        shutil.rmtree(work / "new", ignore_errors=True)
        if before is None:
            book = Database.create(work / "new", tokenizer=load_tokenizer(SMOLLM2))
        else:
            book = copied(work / before, work / "new")
        rows = work / ("edited.docs" if before else "dynamicqa.docs")
        print(name, book.add(read_documents(str(rows.rename(rows.with_suffix(".jsonl"))))), flush=True)
        (work / "new").rename(work / name)


def copied(book: Path, folder: Path) -> Database:
    shutil.copytree(book, folder, ignore=shutil.ignore_patterns("*.lock"))
    return Database.open(folder)


class Answers:
    """What was answered, by what was read: a file with a line for each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, str] = {}
        if path.exists():
            # A line that was cut off is asked again.
            lines = [line for line in path.read_text("utf-8").split("\n") if line.endswith("}")]
            self.known = {row["key"]: row["answer"] for row in map(json.loads, lines)}

    def add(self, key: str, answer: str) -> None:
        self.known[key] = answer
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "answer": answer}, ensure_ascii=False) + "\n")


@dataclass(frozen=True)
class Asked:
    """One question in one round: what it reads, what is right, what is not any more or not yet."""

    relation: str
    question: str
    right: tuple[str, ...]
    stale: tuple[str, ...]
    passages: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether a passage says what is right."""
        return any(holds_answer(passage, self.right) for passage in self.passages)

    def key(self, reader: str) -> str:
        read = json.dumps([reader, self.question, self.passages])
        return hashlib.sha256(read.encode()).hexdigest()[:24]


def rounds(
    work: Path, searches: Sequence[str], count: int
) -> Iterator[tuple[tuple[str, str, str], list[Asked]]]:
    """What is asked, by search, round and whether the answer is put among the k."""
    first, second = (read_questions(work / name) for name in ("dynamicqa.test", "edited.test"))
    order = np.random.default_rng(0).permutation(len(first))[:count].tolist()
    pairs = [(first[place], second[place]) for place in order]
    relations = json.loads((work / "relations.json").read_text("utf-8"))
    for search in searches:
        for name in ROUNDS:
            book = removed(work, second, order) if name == "removed" else Version.open(work / name)
            rights = [pair[name != "first"] for pair in pairs]
            found = ask_book(book, rights, k=K, mode=search, by="chunk")
            stale = [pair[name == "first"].answers for pair in pairs]
            for read in ("found",) if name == "removed" else ("found", "gold"):
                yield (search, name, read), list(asked(found, stale, relations, gold=read == "gold"))


def removed(work: Path, questions: Sequence[Question], order: Sequence[int]) -> Version:
    """The edited book without the documents that are asked about."""
    folder = work / "removed"
    shutil.rmtree(folder, ignore_errors=True)
    book = copied(work / "edited", folder)
    book.remove(sorted({name for place in order if (name := questions[place].document)}))
    return book.opened


def asked(
    found: Sequence[AskedQuestion], stale: Sequence[tuple[str, ...]], relations: dict[str, str], *, gold: bool
) -> Iterator[Asked]:
    """With gold, those alone that have a passage with the answer: a border can cut it in two."""
    for item, old in zip(found, stale, strict=True):
        passages = item.with_gold(K) if gold else item.found[:K]
        question = item.question
        if item.gold or not gold:
            texts = tuple(passage.text for passage in passages)
            yield Asked(relations[question.question], question.question, question.answers, old, texts)


def ask(work: Path, arguments: argparse.Namespace) -> None:
    """Ask what has no answer yet."""
    answers = Answers(work / "answers.jsonl")
    reader = reader_name(arguments)
    model = load_asked_model(None, reads=True)
    answerer = Answerer(model.model, model.chat, batch_size=BATCH)
    for name, rows in rounds(work, arguments.searches, arguments.questions):
        if name[1] not in arguments.rounds or name[2] not in arguments.read:
            continue
        new = list({row.key(reader): row for row in rows if row.key(reader) not in answers.known}.values())
        print(*name, len(rows), "questions,", len(new), "to be asked", flush=True)
        # Short ones beside short ones: a batch is as long as its longest.
        new.sort(key=lambda row: sum(map(len, row.passages)))
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            for row, text in zip(batch, answered(answerer, batch, arguments), strict=True):
                answers.add(row.key(reader), text)


def answered(answerer: Answerer, batch: list[Asked], arguments: argparse.Namespace) -> list[str]:
    questions = [row.question for row in batch]
    if arguments.reader == "prompt":
        questions = [f"{question}{arguments.instruction}" for question in questions]
        found = answerer.answer(questions, passages=[row.passages for row in batch])
    else:
        tokens = [answerer.chat.tokenizer.encode(list(row.passages)) for row in batch]
        length = 2 * answerer.model.config.chunk_size
        found = answerer.answer(questions, NeighborTokens.of(tokens, length=length))
    return [answer.text for answer in found]


def reader_name(arguments: argparse.Namespace) -> str:
    return f"prompt{arguments.instruction}" if arguments.reader == "prompt" else "shipped"


def report(work: Path, arguments: argparse.Namespace) -> None:
    """Shares with 95 % intervals: of all, what is found; of what has been answered so far, the rest."""
    answers = Answers(work / "answers.jsonl")
    reader = reader_name(arguments)
    print("search, round, read | n | among the read | answered | right | where read | stale | F1 | holds it")
    for name, all_rows in rounds(work, arguments.searches, arguments.questions):
        found = [len(all_rows), share([row.holds for row in all_rows])]
        pairs = [(row, answers.known[key]) for row in all_rows if (key := row.key(reader)) in answers.known]
        if not pairs:
            print(", ".join(name), *found, sep=" | ")
            continue
        right = [exact_match(text, row.right) for row, text in pairs]
        cells = [
            *found,
            len(pairs),
            share(right),
            share([hit for hit, (row, _) in zip(right, pairs, strict=True) if row.holds]),
            share([exact_match(text, row.stale) for row, text in pairs]),
            f"{np.mean([f1(text, row.right) for row, text in pairs]):.3f}",
            f"{np.mean([holds_answer(text, row.right) for row, text in pairs]):.3f}",
        ]
        print(", ".join(name), *cells, sep=" | ")
        outcomes = Counter(outcome(row, text) for row, text in pairs)
        print("   ", ", ".join(f"{what} {count}" for what, count in outcomes.most_common()))
        if arguments.relations:
            print("   ", *of_relations(pairs), sep=" ")


def outcome(row: Asked, text: str) -> str:
    """What an answer is, and whether what was read says it."""
    saying = [passage for passage in row.passages if holds_answer(passage, [text])]
    read = "" if saying else ", read nowhere"
    if exact_match(text, row.right):
        return f"right{read}"
    if is_refusal(text):
        return "refused"
    if exact_match(text, row.stale):
        return f"stale{read}"
    if f1(text, row.right) > 0:
        return "partly right"
    if any(holds_answer(passage, row.right) for passage in saying):
        return "from the right passage"
    return "from another passage" if saying else "other, read nowhere"


def of_relations(pairs: Sequence[tuple[Asked, str]]) -> Iterator[str]:
    for relation, count in Counter(row.relation for row, _ in pairs).most_common():
        hits = sum(bool(exact_match(text, row.right)) for row, text in pairs if row.relation == relation)
        yield f"{relation} {hits} of {count};"


def share(hits: Sequence[float]) -> str:
    if not hits:
        return "-"
    low, high = interval(hits)
    return f"{np.mean(hits):.3f} [{low:.3f}, {high:.3f}]"


def interval(hits: Sequence[float]) -> tuple[float, float]:
    """Of a share, 95 % (Wilson's)."""
    n, p, z = len(hits), float(np.mean(hits)), 1.96
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    preparing = verbs.add_parser("prepare")
    preparing.add_argument("data", type=Path)
    preparing.add_argument("work", type=Path)
    for verb in (verbs.add_parser("ask"), verbs.add_parser("report")):
        verb.add_argument("work", type=Path)
        verb.add_argument("--questions", type=int, default=200)
        verb.add_argument("--searches", nargs="+", default=["hybrid", "bm25", "dense"])
        verb.add_argument("--rounds", nargs="+", choices=ROUNDS, default=ROUNDS)
        verb.add_argument("--read", nargs="+", choices=["found", "gold"], default=["found", "gold"])
        verb.add_argument("--reader", choices=["shipped", "prompt"], default="shipped")
        verb.add_argument("--instruction", default="")
        verb.add_argument("--relations", action="store_true", help="report each relation, too")
    arguments = parser.parse_args()
    if arguments.verb == "prepare":
        prepare(arguments.data, arguments.work)
    else:
        (ask if arguments.verb == "ask" else report)(arguments.work, arguments)


if __name__ == "__main__":
    main()
